"""Plays a conversation line by line and tells where it went otherwise than written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from dialogs.durations import parse_duration
from dialogs.messages import (
    Attachment,
    Event,
    Media,
    Preference,
    Reachability,
    Reaction,
    Referral,
    Referred,
    Tap,
    Text,
)
from dialogs.records import Taken
from dialogs.shop import OrderStatus, Parcel
from dialogs.simulation.chat import Chat
from dialogs.simulation.checks import Pair, Since, check_bot, check_kept, shown
from dialogs.simulation.conversation import Conversation, Line
from dialogs.simulation.format import (
    Agent,
    Bot,
    Customer,
    Expect,
    Later,
    Republish,
    Setting,
    Shop,
    Tag,
    Tracking,
)
from dialogs.simulation.house import Buyer, House
from dialogs.simulation.republishing import CannotRepublish, republished
from dialogs.simulation.world import Restless, World
from dialogs.timing import zone
from dialogs.words import Language

_BETWEEN: Final = timedelta(minutes=2)
"""Between two lines of the buyer: long enough that nothing counts as a double tap."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A line that went otherwise than written, and what was said since something last happened."""

    file: str
    line: int
    turn: int
    expected: Mapping[Language, str]
    said: tuple[str, ...]

    def told(self, language: Language = "en") -> str:
        """All of it, for people."""
        word = "Erwartet" if language == "de" else "Expected"
        said = "Gesagt wurde" if language == "de" else "What was said"
        nothing = "nichts" if language == "de" else "nothing"
        lines = "".join(f"\n    {one}" for text in self.said for one in text.splitlines())
        return f"{self.file}:{self.line}: {word}: {self.expected[language]}. {said}:{lines or ' ' + nothing}"


def play(conversation: Conversation, house: House) -> tuple[Mismatch, ...]:
    """Play a conversation in a shop of its own; return where it went otherwise than written."""
    return Play(conversation, house).run()


def played(conversation: Conversation, house: House) -> tuple[tuple[Mismatch, ...], frozenset[Taken]]:
    """The same, and all that was taken of the scripts meanwhile."""
    play = Play(conversation, house)
    return play.run(), frozenset(play.world.taken)


class Play:
    """One conversation being played."""

    def __init__(self, conversation: Conversation, house: House) -> None:
        self.conversation = conversation
        self.world = world_of(conversation.setting, house)
        self.chat = self.world.open_chat(conversation.setting.all_channels[0])
        self.since = Since()
        self.problems: list[Mismatch] = []
        self._began = False

    def run(self) -> tuple[Mismatch, ...]:
        """Play every line."""
        for line in self.conversation.lines:
            try:
                self._play(line)
            except Restless:
                self._miss(
                    line,
                    "der Ablauf kommt zur Ruhe; er erinnert sich aber endlos selbst",
                    "the script comes to rest; it reminds itself without end",
                )
                break
        return tuple(self.problems)

    def _play(self, line: Line) -> None:
        act = line.act
        if isinstance(act, Bot | Expect):
            chat = self._at(act.on) if act.on is not None else None
            check = check_bot if isinstance(act, Bot) else check_kept
            for pair in check(self.world, self.since, act, chat):  # type: ignore[arg-type]  # the same class twice
                self._miss(line, *pair)
            return
        if isinstance(act, Customer) and self._began:
            self.world.forward(self.world.now + _BETWEEN)
        self._began = True
        self.since = Since(len(self.world.said), len(self.world.records))
        match act:
            case Customer():
                self._customer(line, act)
            case Shop():
                self._shop(line, act)
            case Tag():
                self._tag(line, act)
            case Later():
                self.world.forward(self._moment(act))
            case Agent():
                self._agent(act)
            case Republish():
                self._republish(line, act)

    def _at(self, channel: str | None) -> Chat:
        """The chat on a channel, opened when it is first spoken of; without one the chat last spoken in."""
        if channel is None:
            return self.chat
        known = next((chat for chat in self.world.chats if chat.channel == channel), None)
        return known if known is not None else self.world.open_chat(channel)

    def _customer(self, line: Line, act: Customer) -> None:
        self.chat = self._at(act.on)
        events = self._events(line, act)
        if events:
            self.world.speak(self.chat, *events)

    def _events(self, line: Line, act: Customer) -> list[Event]:
        events: list[Event] = [Text(text) for text in act.says]
        if act.scan is not None:
            code = self.world.code(
                f"o{act.scan}", act.code if f"o{act.scan}" in self.world.orders else "unknown"
            )
            events.append(Referred(Referral(ref=code)))
        if act.link is not None:
            events.append(Referred(Referral(ref=act.link)))
        if act.taps is not None:
            payload = self.chat.buttons.get(act.taps)
            if payload is None:
                known = " | ".join(self.chat.buttons) or "–"
                self._miss(
                    line,
                    f"ein Knopf „{act.taps}“; gezeigt wurden: {known}",
                    f"a button “{act.taps}”; shown were: {known}",
                )
            else:
                events.append(Tap(payload, act.taps))
        if act.photo is not None:
            events.append(Media((Attachment("image"),), caption=act.photo))
        if act.reacts is not None:
            events.append(Reaction("m", act.reacts))
        if act.blocks is not None:
            events.append(Reachability(reachable=not act.blocks))
        if act.platform is not None:
            events.append(Preference("marketing_messages", allowed=act.platform == "resume"))
        return events

    def _shop(self, line: Line, act: Shop) -> None:
        world = self.world
        order_id = f"o{act.order}"
        if act.buy:
            status: OrderStatus = "open" if act.event == "placed" else "paid"
            world.buy(act.order, *act.buy, what=status, quantity=act.quantity)
            return
        if order_id not in world.orders:
            self._miss(
                line, f"eine Bestellung {act.order}; es gibt keine", f"an order {act.order}; there is none"
            )
            return
        world.happen(order_id, act.event, _parcel(act))

    def _tag(self, line: Line, act: Tag) -> None:
        if not act.waiting_for and f"o{act.order}" not in self.world.orders:
            self._miss(
                line, f"eine Bestellung {act.order}; es gibt keine", f"an order {act.order}; there is none"
            )
            return
        self.world.tag(act.tag, f"o{act.order}", act.waiting_for)

    def _agent(self, act: Agent) -> None:
        chat = self._at(act.on)
        if act.phone is not None:
            self.world.write_from_phone(chat, act.phone)
        if act.says is not None:
            self.world.write_as_agent(chat, act.says)
        if act.takes:
            chat.hush(self.world.now)
        if act.does is not None:
            reason = {"solved": "solved", "hands back": "back"}.get(act.does, "quiet")
            self.world.hand_back(chat, solved=act.does == "solved", cause=act.cause, reason=reason)

    def _moment(self, act: Later) -> datetime:
        if act.until is not None:
            return max(local_time(act.until, self.world.house), self.world.now)
        return self.world.now + (parse_duration(act.span) if act.span is not None else timedelta(0))

    def _republish(self, line: Line, act: Republish) -> None:
        try:
            self.world.house = republished(self.world.house, act.flows)
        except CannotRepublish as error:
            self._miss(line, f"ein lesbares Skript: {error}", f"a script that can be read: {error}")

    def _miss(self, line: Line, german: str, english: str) -> None:
        said = tuple(shown(one) for one in self.world.said[self.since.said :])
        self.problems.append(
            Mismatch(self.conversation.file, line.line, line.number, {"de": german, "en": english}, said)
        )


def _parcel(act: Shop) -> Parcel | None:
    given = act.tracking
    if given is None:
        given = act.event == "shipped"
    if given is True:
        given = Tracking()
    if given is False:
        return None
    return Parcel(given.number, given.carrier, given.url)


def world_of(setting: Setting, house: House) -> World:
    """The world at the beginning: the orders are paid, and no chat is tied to them."""
    if setting.shop_sample is not None:
        house = house.as_sample(setting.shop_sample)
    house = replace(
        house,
        voice=setting.voice or house.voice,
        mirror_voice=house.mirror_voice if setting.mirror_voice is None else setting.mirror_voice,
        language=setting.language or house.language,
        country=setting.country or house.country,
    )
    buyer = Buyer(
        number=setting.number,
        name=setting.name,
        language=setting.buyer_language or house.language,
        country=house.country,
        birthday=setting.birthday,
        mailable=setting.mailable,
    )
    world = World(house, buyer, local_time(setting.start, house))
    for number, skus in enumerate((setting.buy, *setting.orders) if setting.buy else setting.orders, 1001):
        world.buy(str(number), *skus)
    return world


def local_time(text: str, house: House) -> datetime:
    """A local date and time as it stands in a conversation, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone(house.timezone)).astimezone(UTC)


__all__ = ["Mismatch", "Pair", "Play", "local_time", "play", "played", "world_of"]
