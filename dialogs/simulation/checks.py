"""Compares what was said and kept with what a conversation expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from dialogs.records import DECIDED
from dialogs.simulation.chat import Chat, Said, Touch
from dialogs.simulation.format import Bot, Expect, FateLine

if TYPE_CHECKING:
    from dialogs.simulation.world import World

Pair: TypeAlias = tuple[str, str]
"""What was expected, in German and in English."""


@dataclass(frozen=True, slots=True)
class Since:
    """How much had been said and kept when something last happened."""

    said: int = 0
    records: int = 0


def shown(said: Said) -> str:
    """A message as it is shown to whoever looks for the mistake."""
    titles = " | ".join(button.title for button in said.buttons)
    by = " (Mensch)" if said.speaker == "agent" else ""
    template = f" ({said.template})" if said.template else ""
    return f"{said.channel}{by}{template}: {said.text}" + (f" [{titles}]" if titles else "")


def check_bot(world: World, since: Since, bot: Bot, chat: Chat | None) -> Iterator[Pair]:
    """What was said otherwise than expected."""
    said = [
        one
        for one in world.said[since.said :]
        if one.speaker != "agent" and (chat is None or one.channel == chat.channel)
    ]
    if bot.silent:
        if said:
            yield "nichts wird gesagt", "nothing is said"
        return
    yield from _words(said, bot)
    yield from _form(said, bot)


def _words(said: list[Said], bot: Bot) -> Iterator[Pair]:
    for part in bot.says:
        if not any(part in one.text for one in said):
            yield f"„{part}“", f"“{part}”"
    for part in bot.never:
        if any(part in one.text for one in said):
            yield f"nicht „{part}“", f"not “{part}”"


def _form(said: list[Said], bot: Bot) -> Iterator[Pair]:
    if bot.messages is not None and len(said) != bot.messages:
        yield f"{bot.messages} Nachrichten, nicht {len(said)}", f"{bot.messages} messages, not {len(said)}"
    if bot.buttons is not None:
        titles = next(([button.title for button in one.buttons] for one in reversed(said) if one.buttons), [])
        if titles != list(bot.buttons):
            wanted = " | ".join(bot.buttons) or "–"
            yield f"die Knöpfe {wanted}", f"the buttons {wanted}"
    if bot.template is not None:
        template = "" if bot.template == "none" else bot.template
        if not any(one.template == template for one in said):
            yield f"die Vorlage {bot.template}", f"the template {bot.template}"


def check_kept(world: World, since: Since, expect: Expect, chat: Chat | None) -> Iterator[Pair]:
    """What was kept otherwise than expected."""
    chats = world.chats if chat is None else [chat]
    yield from _records(world, since, expect)
    yield from _fates(chats, expect)
    found: dict[str, tuple[object, object]] = {}
    allowed = consents(world, chat)
    found |= {f"consents.{one}": (want, allowed.get(one, False)) for one, want in expect.consents.items()}
    if expect.floor is not None:
        human = any(one.human for one in (chats if chat is not None else world.chats))
        found["floor"] = expect.floor, "human" if human else "bot"
    if expect.handoff is not None:
        opened = [record.reason for one in chats for _, record in one.handoffs]
        found["handoff"] = expect.handoff, opened[-1] if opened else "none"
    scores = {record.order_id: record.score for record in world.ratings}
    found |= {f"ratings.{one}": (want, scores.get(f"o{one}")) for one, want in expect.ratings.items()}
    found |= {f"notes.{one}": (want, world.notes.get(one, "")) for one, want in expect.notes.items()}
    if expect.offered is not None:
        skus = sorted({sku for offer in world.offered for sku in offer.skus})
        found["offered"] = sorted(expect.offered), skus
    if expect.mailed is not None:
        found["mailed"] = list(expect.mailed), [one.flow for one in world.mailed]
    for name, (wanted, is_) in found.items():
        if wanted != is_:
            yield (
                f"{name}: {_plain(wanted)}, nicht {_plain(is_)}",
                f"{name}: {_plain(wanted)}, not {_plain(is_)}",
            )


def _plain(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(map(str, value)) or "–"
        case None:
            return "–"
        case _:
            return str(value) or "–"


def _records(world: World, since: Since, expect: Expect) -> Iterator[Pair]:
    kinds = Counter(type(record).__name__ for _, record in world.records[since.records :])
    listed = ", ".join(kinds.elements()) or "–"
    if missing := Counter(expect.records) - kinds:
        words = ", ".join(missing.elements())
        yield f"{words} wird festgehalten; es waren: {listed}", f"{words} is kept; there were: {listed}"
    if wrong := [kind for kind in expect.never if kinds[kind]]:
        words = ", ".join(wrong)
        yield f"{words} wird nicht festgehalten", f"{words} is not kept"


def _fates(chats: list[Chat], expect: Expect) -> Iterator[Pair]:
    for name, wanted in expect.fates.items():
        want = FateLine(fate=wanted) if isinstance(wanted, str) else wanted
        touch = fate_of(chats, name)
        fate, reason = (touch.what.fate, touch.what.reason) if touch is not None else ("none", "")
        if fate != want.fate or (want.reason is not None and reason != want.reason):
            wish = f"{want.fate} ({want.reason})" if want.reason is not None else want.fate
            have = f"{fate} ({reason})" if reason else fate
            yield f"`{name}` ist {wish}, nicht {have}", f"`{name}` is {wish}, not {have}"


def fate_of(chats: list[Chat], name: str) -> Touch | None:
    """What became of a touchpoint, by its flow (the newest) or by ``flow:order``, over several chats."""
    flow, _, order = name.partition(":")
    found = [
        touch
        for chat in chats
        for touch in chat.touches.values()
        if touch.what.flow == flow and (not order or touch.what.key in {name, f"{flow}:o{order}"})
    ]
    waiting = {"planned", "handed"}
    return max(
        found,
        key=lambda touch: (touch.what.fate in DECIDED, touch.what.fate not in waiting, touch.at),
        default=None,
    )


def consents(world: World, chat: Chat | None) -> dict[str, bool]:
    """What the ledger says of each purpose; ``all`` is whether anything at all may be said unasked.

    What was agreed to counts until it is withdrawn, by itself or with everything; news about an order need no
    agreement.
    """
    given: dict[str, int] = {}
    withdrawn: dict[str, int] = {}
    for number, one in enumerate(world.ledger, 1):
        if chat is None or one.chat == chat.id:
            (given if one.allowed else withdrawn)[one.purpose] = number
    everything = withdrawn.get("all", 0)
    left = max(everything, withdrawn.get("service", 0)) > max(given.get("all", 0), given.get("service", 0))
    return {
        "all": not everything > given.get("all", 0),
        "service": not left,
        **{
            purpose: given.get(purpose, 0) > max(withdrawn.get(purpose, 0), everything)
            for purpose in ("feedback", "offers")
        },
    }
