"""Draft to outgoing messages: the one place where a channel's limits are met and its riches used.

The ladder for choices is buttons → quick replies → list → numbered text. Among the rungs that can hold the
choices the first one wins that needs the fewest messages: on WhatsApp every bubble costs money. Typed numbers
always work, because the order of the choices never changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from dialogs.channel import ButtonLimits, Capabilities
from dialogs.cutting import ELLIPSIS, Unit, clean, cut, measure, split
from dialogs.messages import Button, Card, Choice, Draft, Link, OutCard, Outgoing, Style, Template
from dialogs.payloads import STORED_LENGTH, Tapped, parse_payload, payload_of, stored_key

__all__ = ["Tapped", "parse_payload", "payload_of", "render"]

_NO_WORDS: Final = "…"
"""The body of a question without a text: platforms refuse an empty one."""

_LIST_LABEL: Final = "▾"
_TEMPLATE_PAYLOAD: Final = 128


def render(draft: Draft, capabilities: Capabilities) -> tuple[Outgoing, ...]:
    """Turn ``draft`` into messages that the channel can send as they stand, in order. Pure and total.

    Nothing exceeds a limit of ``capabilities``. A long text goes ahead in plain parts and the last one
    carries the buttons. A picture that cannot hold the text goes first. What may stand in for the whole once
    the window has closed is on the last message, and only where the channel knows templates. Nothing to say:
    ().
    """
    page = _Page(draft, capabilities)
    if draft.cards:
        messages = _with_cards(page)
    else:
        messages = _plain(page, clean(draft.text).strip(), draft.choices, draft.link)
    if messages and draft.template is not None and capabilities.templates:
        messages[-1] = _with_template(page, messages[-1], draft.template)
    return tuple(messages)


@dataclass(frozen=True, slots=True)
class _Page:
    """A draft on its way to one channel."""

    draft: Draft
    channel: Capabilities

    @property
    def unit(self) -> Unit:
        return self.channel.text_unit

    def payload(self, choice: str, limit: int, stored: dict[str, str]) -> str:
        """The choice's payload, or a short key whose meaning is noted in ``stored``."""
        payload = payload_of(self.draft.flow, self.draft.step, choice, self.draft.asked)
        if measure(payload, "bytes") <= limit:
            return payload
        key = stored_key(payload)
        stored[key] = payload
        return key


@dataclass(frozen=True, slots=True)
class _Plan:
    """One way to say it: the plain parts, and the message that carries the buttons."""

    parts: tuple[str, ...]
    style: Style
    body_limit: int
    buttons: tuple[Button, ...] = ()
    link: Link | None = None
    stored: dict[str, str] = field(default_factory=dict)


def _plain(page: _Page, text: str, choices: tuple[Choice, ...], link: Link | None) -> list[Outgoing]:
    """A draft without cards."""
    draft, channel = page.draft, page.channel
    if link is not None and not link.url:
        link = None
    plan = _plan(page, text, choices, link)
    messages: list[Outgoing] = []
    if draft.picture is not None:
        joined = _captioned(page, plan, text, choices, link)
        if joined is not None:
            return [joined]
        messages.append(Outgoing("media", picture=draft.picture))
    messages += [Outgoing("text", part) for part in plan.parts[:-1]]
    if plan.parts:
        label = draft.list_label.strip() or _LIST_LABEL
        messages.append(
            Outgoing(
                plan.style,
                plan.parts[-1],
                buttons=plan.buttons,
                link=plan.link,
                list_label=cut(_one_line(label), channel.list_label, page.unit)
                if plan.style == "list"
                else "",
                stored=plan.stored,
            )
        )
    return messages


def _captioned(
    page: _Page, plan: _Plan, text: str, choices: tuple[Choice, ...], link: Link | None
) -> Outgoing | None:
    """Picture, text and buttons in one message, where the channel can."""
    picture, channel = page.draft.picture, page.channel
    if picture is None or picture.type == "audio" or channel.caption <= 0:
        return None
    if plan.buttons or plan.link is not None:
        if not channel.media_with_buttons or plan.style not in {"buttons", "link"} or len(plan.parts) != 1:
            return None
        if measure(plan.parts[0], page.unit) > channel.caption:
            return None
        return Outgoing(
            plan.style,
            plan.parts[0],
            buttons=plan.buttons,
            link=plan.link,
            picture=picture,
            stored=plan.stored,
        )
    words = _join(text, _numbered(choices), _written(link))
    if not words or measure(words, page.unit) > channel.caption:
        return None
    return Outgoing("media", words, picture=picture)


def _plan(page: _Page, text: str, choices: tuple[Choice, ...], link: Link | None) -> _Plan:
    """The best way to say it: fewest messages, then the highest rung."""
    if choices:
        plans = [
            plan
            for style, limits in _rungs(page.channel)
            if (plan := _on_rung(page, style, limits, text, choices, link)) is not None
        ]
        if plans:
            return min(plans, key=lambda plan: len(plan.parts))
    return _without_buttons(page, _join(text, _numbered(choices)), link)


def _rungs(channel: Capabilities) -> Iterator[tuple[Style, ButtonLimits]]:
    if channel.buttons is not None:
        yield "buttons", channel.buttons
    if channel.quick_replies is not None:
        yield "quick_replies", channel.quick_replies
    # A label must at least have room for the sign that something was cut off.
    if channel.list is not None and channel.list_label >= measure(ELLIPSIS, channel.text_unit):
        yield "list", channel.list


def _on_rung(
    page: _Page, style: Style, limits: ButtonLimits, text: str, choices: tuple[Choice, ...], link: Link | None
) -> _Plan | None:
    """The plan on one rung of the ladder, or None if the choices do not fit on it."""
    if len(choices) > limits.count:
        return None
    titles = _titles(choices, limits.title, page.unit)
    if titles is None:
        return None
    stored: dict[str, str] = {}
    payloads = [page.payload(choice.id, limits.payload, stored) for choice in choices]
    if stored and limits.payload < STORED_LENGTH:
        return None
    as_button = link is not None and limits.with_link and len(choices) < limits.count
    label = _link_button(link, limits.title, page.unit) if as_button else None
    untold = any(choice.description for choice in choices) and limits.description <= 0
    body = _join(
        text,
        _numbered(choices) if untold or not limits.desktop else "",
        _written(link) if label is None else "",
    )
    buttons = tuple(
        Button(payload, title, cut(_one_line(choice.description), limits.description, page.unit))
        for payload, title, choice in zip(payloads, titles, choices, strict=True)
    )
    limit = min(limits.body, page.channel.text_limit)
    parts = _parts(page, body or _NO_WORDS, limit)
    return _Plan(parts, style, limit, buttons, label, stored) if parts else None


def _without_buttons(page: _Page, text: str, link: Link | None) -> _Plan:
    """Text alone, or with one labelled link."""
    limit = page.channel.text_limit
    pictured = page.draft.picture is not None and page.channel.caption > 0
    if link is not None and (not pictured or page.channel.media_with_buttons):
        limits = page.channel.link
        style: Style = "link"
        if limits is None and page.channel.buttons is not None and page.channel.buttons.with_link:
            limits, style = page.channel.buttons, "buttons"
        label = _link_button(link, limits.title, page.unit) if limits is not None else None
        if limits is not None and label is not None:
            body = min(limits.body, limit)
            parts = _parts(page, text or _one_line(link.title) or _NO_WORDS, body)
            plain = split(_join(text, _written(link)), limit, page.unit)
            if parts and len(parts) <= len(plain):
                return _Plan(parts, style, body, link=label)
    return _Plan(split(_join(text, _written(link)), limit, page.unit), "text", limit)


def _parts(page: _Page, text: str, last: int) -> tuple[str, ...]:
    """``text`` in parts of the channel's limit, of which the last is at most ``last`` long."""
    if measure(text, page.unit) <= last:
        return (text,)
    parts = split(text, page.channel.text_limit, page.unit)
    if not parts or measure(parts[-1], page.unit) <= last:
        return parts
    return parts[:-1] + split(parts[-1], last, page.unit)


def _titles(choices: tuple[Choice, ...], limit: int, unit: Unit) -> tuple[str, ...] | None:
    """Titles within ``limit``, all different (WhatsApp refuses equal ones); None if that is impossible."""
    taken: set[str] = set()
    titles: list[str] = []
    for choice in choices:
        title = _one_line(choice.title) or _one_line(choice.id) or _NO_WORDS
        short = cut(title, limit, unit)
        number = 1
        while not short or short.casefold() in taken:
            number += 1
            suffix = f" {number}"
            base = cut(title, limit - len(suffix), unit)
            short = f"{base}{suffix}" if base else str(number)
            if number > len(choices) + 1 or measure(short, unit) > limit:
                return None
        taken.add(short.casefold())
        titles.append(short)
    return tuple(titles)


def _link_button(link: Link | None, limit: int, unit: Unit) -> Link | None:
    if link is None:
        return None
    title = cut(_one_line(link.title) or _one_line(link.url), limit, unit)
    return Link(title, link.url) if title else None


def _with_cards(page: _Page) -> list[Outgoing]:
    """A carousel where the channel has one that holds all of it, else one message per card."""
    draft, channel = page.draft, page.channel
    text = clean(draft.text).strip()
    stored: dict[str, str] = {}
    cards = [_card(page, card, stored) for card in draft.cards] if channel.cards > 0 else [None]
    asks = bool(draft.choices or draft.link)
    messages: list[Outgoing] = []
    if text and not asks:
        messages += _plain(page, text, (), None)
    elif draft.picture is not None and not asks:
        messages.append(Outgoing("media", picture=draft.picture))
    if all(card is not None for card in cards):
        whole = [card for card in cards if card is not None]
        for first in range(0, len(whole), channel.cards):
            messages.append(
                Outgoing("cards", cards=tuple(whole[first : first + channel.cards]), stored=stored)
            )
    else:
        for card in draft.cards:
            messages += _card_as_text(page, card)
    if asks:
        messages += _plain(page, text, draft.choices, draft.link)
    return messages


def _card(page: _Page, card: Card, stored: dict[str, str]) -> OutCard | None:
    """The card within the limits, or None if something of it would be lost."""
    channel = page.channel
    link = card.link if card.link is not None and card.link.url else None
    limits = channel.buttons or channel.quick_replies
    if len(card.choices) + (link is not None) > channel.card_buttons:
        return None
    title = cut(_one_line(card.title), channel.card_title, page.unit)
    if not title:
        return None
    buttons: tuple[Button, ...] = ()
    label = None
    if card.choices or link is not None:
        if limits is None or (card.choices and limits.payload < STORED_LENGTH):
            return None
        titles = _titles(card.choices, limits.title, page.unit)
        label = _link_button(link, limits.title, page.unit)
        if titles is None or (link is not None and label is None):
            return None
        buttons = tuple(
            Button(page.payload(choice.id, limits.payload, stored), short)
            for choice, short in zip(card.choices, titles, strict=True)
        )
    subtitle = cut(_one_line(card.subtitle), channel.card_title, page.unit)
    return OutCard(title, subtitle, card.image_url, label, buttons)


def _card_as_text(page: _Page, card: Card) -> list[Outgoing]:
    words = "\n".join(part for part in (clean(card.title).strip(), clean(card.subtitle).strip()) if part)
    return _plain(replace(page, draft=replace(page.draft, picture=None)), words, card.choices, card.link)


def _with_template(page: _Page, message: Outgoing, template: Template) -> Outgoing:
    """``message`` with the template whose payloads, choice ids until now, say where they belong."""
    limit = page.channel.buttons.payload if page.channel.buttons is not None else _TEMPLATE_PAYLOAD
    stored = dict(message.stored)
    payloads = tuple(page.payload(choice, max(limit, STORED_LENGTH), stored) for choice in template.payloads)
    return replace(message, template=replace(template, payloads=payloads), stored=stored)


def _numbered(choices: tuple[Choice, ...]) -> str:
    """The choices as lines of text: "1. Title – description"."""
    lines = []
    for number, choice in enumerate(choices, 1):
        description = _one_line(choice.description)
        title = _one_line(choice.title) or _one_line(choice.id)
        lines.append(f"{number}. {title} – {description}" if description else f"{number}. {title}")
    return "\n".join(lines)


def _written(link: Link | None) -> str:
    if link is None:
        return ""
    title = _one_line(link.title)
    return f"{title}: {clean(link.url)}" if title else clean(link.url)


def _join(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
