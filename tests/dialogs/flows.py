"""Flows of every kind, as Hypothesis makes them up: whole ones whose ways all lead somewhere."""

from __future__ import annotations

import string
from dataclasses import fields, is_dataclass, replace
from datetime import date, time, timedelta
from typing import Any, Final, get_args

from hypothesis import strategies as st

from dialogs.expressions import Expression, Filling, parse_expression, parse_filling
from dialogs.flow import (
    RESERVED,
    After,
    Ask,
    Call,
    Carousel,
    Checklist,
    ChoiceSpec,
    Closed,
    Consent,
    End,
    Example,
    Flow,
    Go,
    Handoff,
    If,
    LinkSpec,
    MediaSpec,
    Milestone,
    Note,
    Occasion,
    Offer,
    Purpose,
    Remind,
    Say,
    Set,
    Silence,
    Step,
    Target,
    Trigger,
    Wait,
)
from dialogs.names import NAMES
from dialogs.script_wiring import with_needs
from dialogs.words import REGIONAL, VARIANTS, Lines, Words, parse
from nlu.text import key
from nlu.understanding import Intent

_LETTERS: Final = string.ascii_lowercase + string.digits + "_"
_SIMPLE: Final = st.text(
    st.characters(codec="utf-8", exclude_characters="{}", exclude_categories=("Cs", "Cn", "Co")), max_size=40
)
_PIECES: Final = st.sampled_from(
    ["{brand}", "{hello}", "{my.cups|default('–')}", "{notes.usage}", "{'ja' if has_order else 'nein'}",
     "\n\n", "„Grüße“ – 5 %", "🧵", "yes", "08", "1e3", ": #", "- ", "~", "null", "&a", "*b", "!!c", "'",
     '"', "<<"]
)  # fmt: skip

ids: Final = st.text(_LETTERS, min_size=1, max_size=40).filter(lambda one: one != "end")
texts: Final = (
    st.lists(_SIMPLE | _PIECES, min_size=1, max_size=4).map(lambda parts: "".join(parts).strip()).filter(bool)
)
conditions: Final[st.SearchStrategy[Expression]] = st.sampled_from(
    ["has_order", "not is_rated and order_count >= 3", "my.cups == 'viele'", "status in ['paid', 'shipped']",
     "notes.usage", "score > 3 or true"]
).map(lambda one: parse_expression(one, NAMES))  # fmt: skip
fillings: Final[st.SearchStrategy[Filling]] = (
    st.lists(_SIMPLE | _PIECES, max_size=3)
    .map("".join)
    .filter(lambda one: len(one) <= 400)
    .map(lambda one: parse_filling(one, NAMES))
)
words: Final[st.SearchStrategy[Words]] = st.dictionaries(
    st.sampled_from(["de", *VARIANTS, *REGIONAL]), texts, min_size=1, max_size=4
).map(lambda one: parse(one, NAMES))
lines: Final[st.SearchStrategy[Lines]] = st.builds(Lines, words, st.dictionaries(ids, words, max_size=2))
urls: Final = st.sampled_from(["https://shop.example/a", "https://shop.example/b?c=d#e"])


def spans(least: int = 1, most: int = 3660 * 1440) -> st.SearchStrategy[timedelta]:
    """Durations in whole minutes."""
    usual = st.sampled_from([timedelta(days=3), timedelta(hours=48), timedelta(minutes=30)])
    return usual | st.integers(least, most).map(lambda minutes: timedelta(minutes=minutes))


clocks: Final = st.times().map(lambda one: time(one.hour, one.minute))
media: Final = st.builds(MediaSpec, st.sampled_from(["image", "video"]), urls, st.none() | words)
carousels: Final = st.builds(Carousel, st.sampled_from(["bought", "complements"])) | st.builds(
    Carousel, st.just("named"), st.lists(texts, max_size=3).map(tuple)
)
values: Final = st.dictionaries(ids | st.sampled_from(RESERVED), fillings, min_size=1, max_size=3).map(
    lambda one: tuple(one.items())
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What may be left out."""
    return st.none() | strategy


_SOMEWHERE: Final = "?"
_target: Final = st.integers(0, 20).map(lambda number: Target(_SOMEWHERE, str(number)))
_to: Final = maybe(_target)
_id: Final = st.just("")
_word: Final = st.just("") | ids

says: Final = st.builds(
    Say, _id, lines, _to, maybe(media), maybe(st.builds(LinkSpec, words, urls)), maybe(carousels),
    st.booleans(), _word,
)  # fmt: skip
choices: Final = st.builds(
    ChoiceSpec, ids.filter(lambda one: one != "skip"), words, _to,
    st.frozensets(st.sampled_from(get_args(Intent)), max_size=2), maybe(words),
)  # fmt: skip
_skips: Final[st.SearchStrategy[dict[str, Any]]] = st.just({}) | st.builds(
    lambda title, to: {"skip": title, "skipped": to}, words, _to
)
_questions: Final = st.fixed_dictionaries(
    {
        "lines": lines, "to": _to, "again": maybe(words), "tries": st.integers(1, 5), "otherwise": _to,
        "silence": maybe(st.builds(Silence, spans(), _to)), "save": _word, "note": _word,
        "picture": maybe(media), "tracking": st.booleans(), "template": _word,
    }
)  # fmt: skip
_kinds: Final = st.one_of(
    st.fixed_dictionaries(
        {
            "expects": st.just("choice"),
            "choices": st.lists(choices, min_size=1, max_size=10, unique_by=lambda one: one.id).map(tuple),
        }
    ),
    st.fixed_dictionaries(
        {
            "expects": st.just("rating"),
            "choices": st.tuples(*(st.builds(ChoiceSpec, st.just(str(one)), words) for one in range(1, 6))),
            "low": _to, "middle": _to, "high": _to,
        }
    ),
    st.fixed_dictionaries(
        {"expects": st.just("number"), "least": maybe(st.integers(-9, 9)), "most": maybe(st.integers(10, 99))}
    ),
    *(
        st.just({"expects": one})
        for one in ("text", "comment", "photo", "date", "email", "order_number", "product")
    ),
)  # fmt: skip
asks: Final = st.builds(lambda one, two, three: Ask("", **one, **two, **three), _questions, _kinds, _skips)
checklists: Final = st.builds(Checklist, _id, lines, words, words, words, words, words, _to, _to)
ifs: Final = st.builds(If, _id, st.lists(st.tuples(conditions, _to), min_size=1, max_size=3).map(tuple), _to)
sets: Final = st.builds(Set, _id, values, _to)
notes: Final = st.builds(Note, _id, values, _to)
waits: Final = st.one_of(
    st.builds(lambda span, to: Wait("", span=span, to=to, otherwise=to), spans(), _to),
    st.builds(lambda clock, to: Wait("", clock=clock, to=to, otherwise=to), clocks, _to),
    st.builds(Wait, _id, maybe(spans()), st.none(), st.sampled_from(get_args(Milestone)), _to, _to),
)
gos: Final = st.builds(Go, _id, _target)
calls: Final = st.builds(lambda flow, to: Call("", Target(flow), to), ids, _to)
offers: Final = st.builds(
    Offer, _id, st.sampled_from(["bundle", "code"]), lines, st.integers(0, 90),
    st.sampled_from(["", "KAFFEE10"]), st.sampled_from(["DANKE", "", "008"]), spans(), st.integers(1, 10),
    st.booleans(), _word, _to, _to,
)  # fmt: skip
reminds: Final = st.builds(Remind, _id, _target, maybe(spans()), _to)
consents: Final = st.builds(
    Consent, _id, st.sampled_from(get_args(Purpose)), st.just("ask"), lines, words, words, maybe(words),
    st.booleans(), _to, _to,
) | st.builds(
    Consent, _id, st.sampled_from(get_args(Purpose)), st.sampled_from(["grant", "withdraw"]), lines,
    maybe(words), maybe(words), maybe(words), st.booleans(), _to, _to,
)  # fmt: skip
handoffs: Final = st.builds(Handoff, _id, lines, ids, st.sampled_from(["normal", "high"]))
ends: Final = st.builds(End, _id)

steps: Final[st.SearchStrategy[Step]] = st.one_of(
    says, asks, checklists, ifs, sets, notes, waits, gos, calls, offers, reminds, consents, handoffs, ends
)
"""A step of any kind, with an empty id, whose ways lead somewhere: `placed` says where."""


def placed(part: Any, targets: list[Target]) -> Any:
    """The same part of a step with every way leading to one of ``targets``."""
    match part:
        case Target(flow, step):
            return targets[int(step) % len(targets)] if flow == _SOMEWHERE else part
        case tuple():
            return tuple(placed(one, targets) for one in part)
        case _ if is_dataclass(part) and not isinstance(part, type | Words | Lines):
            return replace(
                part, **{one.name: placed(getattr(part, one.name), targets) for one in fields(part)}
            )
        case _:
            return part


def _triggers() -> st.SearchStrategy[Trigger]:
    days = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda one: f"{one:%m-%d}")
    unasked = st.one_of(
        st.tuples(st.just("order"), st.sampled_from(get_args(Milestone))),
        st.tuples(st.just("tag"), ids),
        st.tuples(st.just("date"), st.sampled_from(["birthday", "anniversary"]) | days),
        st.tuples(st.just("flow"), ids),
    )
    asked = st.one_of(
        st.tuples(st.just("intent"), st.sampled_from(get_args(Intent))),
        st.tuples(
            st.just("keyword"), texts.map(key).filter(lambda one: 0 < len(one) <= 100 and key(one) == one)
        ),
        st.tuples(st.just("link"), texts.filter(lambda one: len(one) <= 100)),
        st.tuples(st.just("occasion"), st.sampled_from(get_args(Occasion))),
    )
    offset = spans(-1440 * 300, 1440 * 300)
    afters = st.builds(After, offset, offset) | st.builds(
        lambda span, used: After(span, span, used), offset | st.just(timedelta(0)), st.booleans()
    )
    return st.builds(lambda one: Trigger(one[0], one[1]), asked) | st.builds(
        lambda one, after, at, when: Trigger(one[0], one[1], after, at, when),
        unasked, afters, maybe(clocks), maybe(conditions),
    )  # fmt: skip


triggers: Final = _triggers()
"""What may start a flow."""

_DATA: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 9999) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
examples: Final = st.builds(
    Example,
    texts,
    st.dictionaries(st.sampled_from(["buy", "channel", "voice", "start"]), _DATA, max_size=2),
    st.lists(
        st.dictionaries(st.sampled_from(["customer", "bot", "later"]), _DATA, max_size=1), max_size=3
    ).map(tuple),
)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """A flow that a file can hold: its targets are its own steps, and other flows by their names."""
    name = draw(ids)
    names = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    others = draw(st.lists(st.builds(Target, ids, st.just("") | ids), max_size=2))
    own = [Target(name, step) for step in names]
    elsewhere = [one for one in others if one.flow != name]
    targets = [*own, Target(name), *elsewhere]
    made = {step: replace(placed(draw(steps), targets), id=step) for step in names}
    flow = Flow(
        id=name,
        triggers=tuple(draw(st.lists(triggers, max_size=3))),
        steps=made,
        purpose=draw(st.sampled_from(get_args(Purpose))),
        expires=draw(spans()),
        holdout=draw(st.integers(0, 50).map(lambda one: one / 100) | st.floats(0, 0.5)),
        goal=draw(st.just("") | texts.filter(lambda one: len(one) <= 60)),
        closed=draw(st.sampled_from(get_args(Closed))),
        once=draw(st.sampled_from(["order", "buyer"])),
        title=draw(maybe(words)),
        examples=tuple(draw(st.lists(examples, max_size=2))),
    )
    return with_needs({name: flow}, {})[name]
