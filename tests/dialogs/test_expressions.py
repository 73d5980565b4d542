"""The small language in braces and behind `if`: closed, bounded, and total whatever an owner writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.expressions import (
    FILTERS,
    ExpressionError,
    Fill,
    Value,
    fill_text,
    parse_expression,
    parse_filling,
    parse_text,
)
from dialogs.names import NAMES

T = TypeVar("T")
KNOWN = frozenset({"brand", "score", "has_order", "nothing", "order.risk"})
TOLD: dict[str, Value] = {"brand": "Rösterei", "score": 4, "has_order": True, "nothing": "", "my.cups": "3",
                          "notes.usage": "press", "my.items": "Bohnen", "my.__class__": "ja",
                          "order.risk": 55}  # fmt: skip


def fill(name: str) -> Value:
    return TOLD.get(name, "")


def said(text: str, known: Iterable[str] = KNOWN, told: Fill = fill) -> str:
    return fill_text(text, parse_text(text, known), told)


def worth(source: str) -> Value:
    return parse_expression(source, KNOWN).value(fill)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("has_order", True),
        ("not has_order", False),
        ("has_order and score >= 4", True),
        ("score < 4 or nothing", ""),
        ("1 < score < 4", False),
        ("score in [4, 5]", True),
        ("notes.usage == 'press'", True),
        ("'ess' in notes.usage", True),
        ("notes.other", ""),
        ("order.risk >= 50 and has_order", True),
        ("order.risk + my.cups|int", 58),
        ("score + 1", 5),
        ("score - 5", -1),
        ("-score", -4),
        ("brand + '!'", "Rösterei!"),
        ("'gut' if score > 3 else 'schlecht'", "gut"),
        ("my.cups|int + 1", 4),
        ("brand|int", 0),
        ("brand|int(7)", 7),
        ("nothing|default('–')", "–"),
        ("brand|upper", "RÖSTEREI"),
        (" score ", 4),
        ("score is number", True),
        ("true", True),
        ("none", ""),
        ("[1, 2]", ""),
        ("(1, 2)", ""),
    ],
)
def test_what_conditions_come_to(source: str, value: Value) -> None:
    assert worth(source) == value
    assert parse_expression(source, KNOWN).holds(fill) is bool(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ohne Klammern } 100 %", "ohne Klammern } 100 %"),
        ("{brand} hat {score} Sterne", "Rösterei hat 4 Sterne"),
        ("{ brand }{'{'}{'}'}", "Rösterei{}"),
        ("{brand if has_order else 'der Shop'}", "Rösterei"),
        ("{nothing|default('nichts')|capitalize}", "Nichts"),
        ("{my.cups} {my.gone}.", "3 ."),
        ("{my.cups|round(1)} {brand|round}", "3.0 Rösterei"),
        ("Zeile\n{brand}\n", "Zeile\nRösterei\n"),
        ("{'  a '|trim|upper|lower}", "a"),
    ],
)
def test_what_texts_come_to(text: str, expected: str) -> None:
    assert said(text) == expected


def test_the_names_of_a_text_are_known_beforehand() -> None:
    text = "{brand} {my.cups} {notes.usage if has_order else score|round}"
    assert parse_text(text, KNOWN) == {"brand", "my.cups", "notes.usage", "has_order", "score"}
    assert parse_filling(text, KNOWN).names == parse_text(text, KNOWN)


@pytest.mark.parametrize(
    ("source", "kind", "word"),
    [
        ("brnd", "unknown_placeholder", "brnd"),
        ("brand.lower", "unknown_placeholder", "lower"),
        ("brand.__class__", "unknown_placeholder", "__class__"),
        ("my.cups.real", "unknown_placeholder", "real"),
        ("my", "unknown_placeholder", "my"),
        ("order", "unknown_placeholder", "order"),
        ("order.risks", "unknown_placeholder", "order.risks"),
        ("order.__class__", "unknown_placeholder", "order.__class__"),
        ("order.risk.real", "unknown_placeholder", "real"),
        ("__builtins__", "unknown_placeholder", "__builtins__"),
        ("self", "unknown_placeholder", "self"),
        ("brand()", "not_allowed", "call"),
        ("my.items()", "not_allowed", "call"),
        ("range(9)", "not_allowed", "call"),
        ("brand['lower']", "not_allowed", "getitem"),
        ("brand[0:2]", "not_allowed", "getitem"),
        ("score * 2", "not_allowed", "mul"),
        ("score ** 2", "not_allowed", "pow"),
        ("score / 2", "not_allowed", "div"),
        ("score // 2", "not_allowed", "floordiv"),
        ("score % 2", "not_allowed", "mod"),
        ("brand ~ score", "not_allowed", "concat"),
        ("{'a': 1}", "not_allowed", "dict"),
        ("9999999999999999", "not_allowed", "9999999999999999"),
        ("1e400", "not_allowed", "inf"),
        ("'\\ud800'", "not_allowed", "'\\ud800'"),
        ("brand|join", "unknown_filter", "join"),
        ("brand|attr('x')", "unknown_filter", "attr"),
        ("brand is callable", "unknown_filter", "callable"),
        ("score|round(2, 'ceil')", "not_allowed", "round(…)"),
        ("score|round(99)", "not_allowed", "round(…)"),
        ("score|round(score)", "not_allowed", "round(…)"),
        ("brand|trim('x')", "not_allowed", "trim(…)"),
        ("brand|default('x', 'y')", "not_allowed", "default(…)"),
        ("brand|int(base=2)", "not_allowed", "keyword"),
    ],
)
def test_what_is_not_in_the_language(source: str, kind: str, word: str) -> None:
    for refused in (lambda: parse_expression(source, KNOWN), lambda: parse_text(f"x {{ {source} }}", KNOWN)):
        with pytest.raises(ExpressionError) as caught:
            refused()
        assert (caught.value.kind, caught.value.word) == (kind, word)


@pytest.mark.parametrize(
    "source",
    ["", " ", "brand if", "brand ==", "1 2", "*", "1,", "}{", "brand }{ brand", "(((", "# x", "{% if x %}",
     "x" * 4001, "(" * 300 + ")" * 300],
)  # fmt: skip
def test_what_is_no_condition(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(source, KNOWN)
    assert caught.value.kind == "bad_expression"


@pytest.mark.parametrize(
    "text",
    ["{brand", "{", "{}", "a } b {", "{{brand}}", "{% if brand %}x{% endif %}", "{# x #}", "Nimm {#1",
     "{brand:>5}", "{brand!r}", "{" * 2000],
)  # fmt: skip
def test_a_brace_that_holds_no_placeholder_is_told_and_nothing_is_lost(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_text(text, KNOWN)
    assert caught.value.kind == "open_brace"


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_a_sample_of_its_kind_and_a_meaning_in_both_languages(name: str) -> None:
    known = NAMES[name]
    kinds: dict[str, type] = {"text": str, "flag": bool, "number": int}
    assert type(known.sample) is kinds[known.kind]
    assert known.sample
    assert known.de
    assert known.en
    assert parse_expression(name, NAMES).value(lambda one: NAMES[one].sample) == known.sample
    assert said(f"{{{name}}}", NAMES, lambda one: NAMES[one].sample) == str(known.sample)


def test_what_was_told_is_never_a_method() -> None:
    assert said("{my.items} {my.__class__} {my.keys}{notes.get}{my.update}") == "Bohnen ja "


@pytest.mark.parametrize("source", ["'a' + 1", "brand > 3", "1 in score", "-brand", "brand - 1"])
def test_words_that_do_not_go_together_are_empty_and_never_raise(source: str) -> None:
    expression = parse_expression(source, KNOWN)
    assert expression.value(fill) == ""
    assert not expression.holds(fill)
    assert said(f"x {{ {source} }}") == ""


def test_an_expression_is_bounded() -> None:
    for long in ("not " * 300 + "1", "-" * 300 + "1", "1" + "+1" * 900):
        with pytest.raises(ExpressionError, match="not_allowed"):
            parse_expression(long, KNOWN)


PIECES = st.sampled_from(
    ["brand", "score", "my.cups", "notes.x", "order.risk", "has_order", "nothing", "x", "1", "0", "2.5",
     "'a'", '"{"', "'}'", "[", "]", "(", ")", "{", "}", ",", ".", ":", "|", "+", "-", "*", "**", "/", "//",
     "%", "~", "==", "!=", "<", ">=", "=", "!", " and ", " or ", " not ", " in ", " is ", " if ", " else ",
     "none", "true", "1e308", "#", "\\", "\n", "99999999999999", *FILTERS, "defined", "number", "__class__",
     "ß", "🧵", "{%", "%}", "{#", "#}", "\0%", "\0#"]
)  # fmt: skip
SOURCES = st.text(max_size=20) | st.lists(PIECES, max_size=12).map("".join)
VALUES = st.one_of(
    st.text(max_size=4),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.sampled_from(["3", "{brand}", "inf", "nan"]),
)


KINDS = {"bad_expression", "open_brace", "not_allowed", "unknown_placeholder", "unknown_filter"}


def read(parse: Callable[[], T]) -> T | str:
    """What was parsed, or the kind of the problem for which it is refused."""
    try:
        return parse()
    except ExpressionError as error:
        return error.kind


@settings(max_examples=400, deadline=None)
@given(SOURCES, VALUES)
def test_a_condition_is_refused_or_comes_to_something(source: str, value: Value) -> None:
    expression = read(lambda: parse_expression(source, KNOWN))
    if isinstance(expression, str):
        assert expression in KINDS
        return
    assert isinstance(expression.value(lambda _: value), str | int | float | bool)
    assert expression.holds(lambda _: value) in {True, False}
    assert all(name in KNOWN or name.startswith(("my.", "notes.")) for name in expression.names)


@settings(max_examples=400, deadline=None)
@given(SOURCES | st.lists(SOURCES.map(lambda one: f"{{{one}}}"), max_size=3).map(" ".join), VALUES)
def test_a_text_is_refused_or_filled_in(text: str, value: Value) -> None:
    names = read(lambda: parse_text(text, KNOWN))
    if isinstance(names, str):
        assert names in KINDS
        return
    filled = fill_text(text, names, lambda _: value)
    assert isinstance(filled, str)
    assert "{" in text or filled == text


@settings(deadline=None)
@given(st.text(max_size=40))
def test_what_fills_in_is_never_read_as_a_placeholder_itself(value: str) -> None:
    assert fill_text("a {brand} b", frozenset({"brand"}), lambda _: value) == f"a {value} b"
