"""What stands in a topic: its name, the case's card, the messages. Pure.

Whatever a buyer wrote is made harmless and stands behind a bar on every line, so that none of it can pass for
a word of the house's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency

from bot.failures import explain
from bot.telegram_words import Words
from dialogs.handoff import RESOLVED
from dialogs.harmless import harmless
from dialogs.messages import Reachability
from integrations.base import GroupButton
from persistence.desk_rows import QueueRow
from persistence.desk_thread import Item
from persistence.telegram_desk import mark_of

BAR: Final = "│ "
LONGEST: Final = 3900
"""How many signs a message may have, as Telegram counts (UTF-16); a little less than it takes."""
CAPTION: Final = 900
_NAME: Final = 60
_QUOTE: Final = 280
_PAST: Final = 6
"""So many of the last messages stand on the card."""
_LIGHTS: Final[Mapping[int, str]] = {2: "🔴", 1: "🟠", 0: "🟡", -1: "⚪"}
_SIGNS: Final[Mapping[str, str]] = {
    "agent": "🟢", "pending": "🔵", "snoozed": "💤", RESOLVED: "✅", "bot": "🤖",
}  # fmt: skip
_CHANNELS: Final[Mapping[str, str]] = {
    "instagram": "Instagram", "whatsapp": "WhatsApp", "telegram": "Telegram",
}  # fmt: skip
_PRIORITIES: Final[Mapping[int, str]] = {2: "urgent", 1: "high", 0: "normal", -1: "low"}
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_TICKS: Final[Mapping[str, str]] = {
    "waiting": "🕓", "sent": "✓", "delivered": "✓✓", "read": "✓✓", "parked": "⏸", "failed": "⚠️",
    "cancelled": "↩️", "expired": "⚠️", "unknown": "❔",
}  # fmt: skip
MARKS: Final[Mapping[str, str]] = {
    "waiting": "✍", "sent": "👌", "delivered": "👍", "read": "👀", "parked": "😴", "failed": "😢",
    "cancelled": "🤷", "expired": "😢", "unknown": "🤔",
}  # fmt: skip
"""What an agent's own message bears on Telegram: bots may only use a few emoji."""
_FILES: Final = frozenset({"image", "video", "audio", "document", "sticker"})


@dataclass(frozen=True, slots=True)
class Looks:
    """How things are said here: the words, the clock, and what accounts are called."""

    words: Words
    zone: ZoneInfo
    names: Mapping[int, str]

    def name(self, account: int | None) -> str:
        """Return what an account is called."""
        return one_line(self.names.get(account or 0, "")) or self.words("someone")

    def clock(self, moment: datetime) -> str:
        """Return a time of day."""
        return format_time(moment.astimezone(self.zone), "HH:mm", locale=self.locale)

    def moment(self, moment: datetime, now: datetime) -> str:
        """Return a time of day, with the date if it is another than today's."""
        local = moment.astimezone(self.zone)
        if local.date() == now.astimezone(self.zone).date():
            return self.clock(moment)
        pattern = "EEE, d. MMM" if self.words.language == "de" else "EEE, d MMM"
        return f"{format_date(local.date(), pattern, locale=self.locale)}, {self.clock(moment)}"

    @property
    def locale(self) -> str:
        """The locale of the words."""
        return "de_DE" if self.words.language == "de" else "en_GB"


def units(text: str) -> int:
    """Return how long a text is as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def one_line(text: str, most: int = _NAME) -> str:
    """Return a stranger's words for the middle of a line of ours."""
    flat = " ".join(harmless(text).split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def short_name(name: str | None, words: Words) -> str:
    """Return a buyer's name as a group may show it in a list: ``Lena M.``."""
    parts = one_line(name or "").split()
    if not parts:
        return words("someone")
    return parts[0] if len(parts) == 1 else f"{parts[0]} {parts[-1][0]}."


def first_name(name: str | None, words: Words) -> str:
    """Return what to call a buyer in a sentence."""
    parts = one_line(name or "").split()
    return parts[0] if parts else words("someone")


def reason_of(row: QueueRow, words: Words) -> str:
    """Say in a word or two why a human is needed."""
    return words.either(f"reason.{row.why}", f"reason.{row.reason}", "reason.other")


def topic_name(row: QueueRow, words: Words) -> str:
    """Return what a topic is called: ``🔴 Lena M. · defekt · #1042``."""
    light = _SIGNS.get(row.status) or _LIGHTS.get(row.priority, "🟡")
    parts = [f"{light} {short_name(row.name, words)}", reason_of(row, words)]
    if row.order_number:
        parts.append(_number(row.order_number))
    return " · ".join(parts)[:128]


def _number(number: str) -> str:
    flat = one_line(number, 30)
    return flat if flat.startswith("#") else f"#{flat}"


def card(row: QueueRow, past: Sequence[Item], looks: Looks, now: datetime, *, asking: bool) -> str:
    """Return the text of a case's card; ``asking`` for the cause of what is solved."""
    words = looks.words
    lines = [_headline(row, words)]
    channel = _CHANNELS.get(row.channel, row.channel)
    lines.append(f"{one_line(row.name or '') or words('someone')} · {channel}")
    if row.status == "snoozed" and row.snoozed_until is not None:
        lines.append(words("card.snoozed", until=looks.moment(row.snoozed_until, now)))
    elif row.answer_by is not None and row.status in {"waiting", "agent"}:
        key = "card.broken" if row.answer_by <= now else "card.owed"
        lines.append(words(key, until=looks.moment(row.answer_by, now)))
    if row.waiting_since is not None and row.status == "waiting":
        lines.append(words("card.since", since=looks.moment(row.waiting_since, now)))
    owner = words("card.with", name=looks.name(row.assignee)) if row.assignee else words("card.with_nobody")
    lines.append(owner)
    lines += ["", words("card.why", reason=reason_of(row, words))]
    if row.evidence:
        lines.append(f"{BAR}„{one_line(row.evidence, _QUOTE)}“")
    if len(row.moods) > 1:
        lines.append(words("card.mood", curve=curve(row.moods)))
    if row.order_number:
        lines.append(words("card.order", order=_order(row, looks, words)))
    if asking:
        lines += ["", words("card.which_cause")]
    head = "\n".join(lines)
    said = [block(one, row, looks, most=_QUOTE) for one in past if one.side != "event"]
    said = [one for one in said if one][-_PAST:]
    while said and units(head + "\n\n".join(said)) > LONGEST:
        said = said[1:]
    if not said:
        return f"{head}\n\n{words('card.nothing')}"
    return f"{head}\n\n{words('card.before')}\n" + "\n".join(said)


def _headline(row: QueueRow, words: Words) -> str:
    light = _LIGHTS.get(row.priority, "🟡")
    status = words.either(f"status.{row.status}", "status.bot")
    urgency = words(f"priority.{_PRIORITIES.get(row.priority, 'normal')}")
    return f"{light} {urgency} · {status}"


def _order(row: QueueRow, looks: Looks, words: Words) -> str:
    parts = [_number(row.order_number)]
    if row.order_total is not None:
        parts.append(format_currency(row.order_total, row.currency or "EUR", locale=looks.locale))
    if row.tier:
        parts.append(words(f"tier.{row.tier}"))
    return " · ".join(parts)


def curve(moods: Sequence[float]) -> str:
    """Return moods (-1 to 1, the newest last) as a line of blocks with a face at its end."""
    steps = len(_BLOCKS) - 1
    line = "".join(_BLOCKS[round((min(max(one, -1.0), 1.0) + 1) / 2 * steps)] for one in moods)
    newest = moods[-1]
    face = "😠" if newest < -0.5 else "🙁" if newest < -0.1 else "🙂" if newest > 0.3 else "😐"
    return f"{line} {face}"


def card_buttons(
    row: QueueRow, looks: Looks, causes: Sequence[tuple[str, str]], *, asking: bool
) -> tuple[tuple[GroupButton, ...], ...]:
    """Return the buttons below a card."""
    words, place = looks.words, row.id
    if row.status not in {"waiting", "agent", "snoozed", "pending"}:
        return ()
    if asking:
        titled = [GroupButton(title[:40], f"cause:{place}:{cause}") for cause, title in causes]
        pairs = [tuple(titled[i : i + 2]) for i in range(0, len(titled), 2)]
        last = (
            GroupButton(words("button.no_cause"), f"cause:{place}:"),
            GroupButton(words("button.menu"), f"menu:{place}"),
        )
        return (*pairs, last)
    if row.assignee is None:
        take = GroupButton(words("button.take"), f"take:{place}")
    else:
        title = words("button.take_over", name=looks.name(row.assignee))
        take = GroupButton(title[:40], f"over:{place}:{row.assignee}")
    return (
        (take, GroupButton(words("button.draft"), f"draft:{place}:0")),
        (
            GroupButton(words("button.solved"), f"solved:{place}"),
            GroupButton(words("button.back"), f"back:{place}"),
        ),
    )


def block(item: Item, row: QueueRow, looks: Looks, *, most: int = 0) -> str:
    """Return one thing of a thread as it stands in the topic; empty where there is nothing to tell."""
    words = looks.words
    if item.side == "event":
        return _event(item, row, looks)
    head = f"{_speaker(item, row, looks)} · {looks.clock(item.at)}"
    notes = [words("kind.edited")] if item.edited and not item.unsent else []
    if item.quoted is not None and item.quoted.text:
        notes.append(words("kind.reply", text=one_line(item.quoted.text, 40)))
    if notes:
        head += f" ({', '.join(notes)})"
    lines = [head, *(f"{BAR}{line}" for line in _body(item, words, most))]
    if item.buttons:
        offered = (f"[{'✓ ' if one.tapped else ''}{one_line(one.title, 30)}]" for one in item.buttons)
        lines.append(BAR + " ".join(offered))
    if item.reactions:
        lines.append(" ".join(one_line(one, 8) for one in item.reactions))
    if item.side == "agent":
        lines.append(_fate(item, row, words))
    return "\n".join(lines)


def _speaker(item: Item, row: QueueRow, looks: Looks) -> str:
    words = looks.words
    match item.side:
        case "buyer":
            return f"👤 {one_line(row.name or '') or words('someone')}"
        case "agent":
            return f"💬 {looks.name(item.who)} ({words('page')})"
        case "phone":
            return f"📱 {words('phone')}"
        case "note":
            return f"📝 {words('note', name=looks.name(item.who))}"
        case _:
            return f"🤖 {words('bot')}"


def _body(item: Item, words: Words, most: int) -> list[str]:
    """Return the lines of what was said, harmless."""
    if item.unsent:
        return [f"🗑 {words('kind.unsent')}"]
    if item.forgotten is not None:
        return [words("kind.forgotten")]
    if isinstance(item.event, Reachability):
        return [words("kind.reachable" if item.event.reachable else "kind.unreachable")]
    if item.kind in {"unsupported", "referred"}:
        return [words(f"kind.{item.kind}")]
    text = harmless(item.text)
    text = text if not most else one_line(text, most)
    if item.kind == "tap":
        return [words("kind.tap", text=one_line(text, 80))]
    lines = text.split("\n") if text.strip() else []
    return [*(f"📎 {one}" for one in _files(item, words)), *lines] or ["…"]


def _files(item: Item, words: Words) -> list[str]:
    """Name the files of a message: they themselves follow as soon as they have been fetched."""
    kinds: list[str] = []
    attachments = getattr(item.event, "attachments", ())
    kinds += [one.type for one in attachments]
    if item.outgoing is not None and item.outgoing.picture is not None:
        kinds.append(item.outgoing.picture.type)
    return [words(f"kind.{one if one in _FILES else 'media'}") for one in kinds]


def _fate(item: Item, row: QueueRow, words: Words) -> str:
    mark = mark_of(item.status, item.delivery)
    line = f"{_TICKS.get(mark, '❔')} {words.either(f'mark.{mark}', 'mark.unknown')}"
    line = line.format(buyer=first_name(row.name, words))
    failure = explain(
        words.language, channel=row.channel, status=item.status, delivery=item.delivery, code=item.code,
        detail=item.detail,
    )  # fmt: skip
    return f"{line}: {failure.what} {failure.do}" if failure is not None and mark == "failed" else line


def _event(item: Item, row: QueueRow, looks: Looks) -> str:
    if item.desk is None or f"event.{item.desk.kind}" not in looks.words.entries:
        return ""
    account = item.who
    if account is None and item.desk.actor.startswith("account:"):
        account = int(item.desk.actor.partition(":")[2])
    values = {"who": looks.name(account), "buyer": first_name(row.name, looks.words)}
    return f"· {looks.clock(item.at)} {looks.words(f'event.{item.desk.kind}', **values)}"


def pages(blocks: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Put blocks into as few messages as can hold them, in order; what is too long is split at its lines."""
    found: list[str] = []
    for one in blocks:
        for part in _parts(one, longest):
            joined = f"{found[-1]}\n\n{part}" if found else part
            if found and units(joined) <= longest:
                found[-1] = joined
            else:
                found.append(part)
    return found


def _parts(text: str, longest: int) -> list[str]:
    parts: list[str] = []
    for line in text.split("\n"):
        for piece in _pieces(line, longest):
            joined = f"{parts[-1]}\n{piece}" if parts else piece
            if parts and units(joined) <= longest:
                parts[-1] = joined
            else:
                parts.append(piece)
    return parts


def _pieces(line: str, longest: int) -> list[str]:
    """Split a line that alone is too long; each piece keeps the bar in front."""
    bar = BAR if line.startswith(BAR) else ""
    rest, found = line[len(bar) :], []
    most = (longest - len(bar)) // 2  # no sign has more than two units
    while units(bar + rest) > longest:
        found.append(bar + rest[:most])
        rest = rest[most:]
    return [*found, bar + rest]


def print_of(*parts: object) -> str:
    """Return a word that tells whether something looks as it did."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
