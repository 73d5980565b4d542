"""A flow from its file: what each line comes to, and what leads where."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any, Final

import pytest

from dialogs.expressions import parse_expression, parse_filling
from dialogs.flow import (
    After,
    Ask,
    Call,
    Carousel,
    Checklist,
    Consent,
    End,
    Example,
    Flow,
    Go,
    Handoff,
    If,
    Note,
    Offer,
    Remind,
    Say,
    Set,
    Silence,
    Target,
    Trigger,
    Wait,
)
from dialogs.names import NAMES
from dialogs.script import (
    read_flow,
)
from dialogs.words import Lines, Words

W: Final = '{de: "Gut", en: "Good"}'
GOOD: Final = Words({"de": "Gut", "en": "Good"})
LINES: Final = Lines(GOOD)
NUMBER: Final = (
    f"ask: {W}\n    answer: number\n    min: 1\n    max: 10\n    save: cups\n    note: cups\n    again: {W}"
)
CHECKLIST: Final = f"checklist: {W}\n    " + "\n    ".join(
    f"{name}: {W}" for name in ("done", "stuck", "trouble", "solved", "human")
)
HERE: Final = "x"


def flow_of(steps: str, head: str = "") -> Flow:
    """A flow with these steps, in which nothing is wrong."""
    flow, problems = read_flow("x.yml", f"id: {HERE}\n{head}steps:\n{steps}")
    assert [str(one) for one in problems] == []
    assert flow is not None
    return flow


def step_of(text: str) -> Any:
    """One step, with one after it called ``after``."""
    return flow_of(f"  - id: a\n    {text}\n  - id: after\n    end: true\n").steps["a"]


def at(step: str, flow: str = HERE) -> Target:
    return Target(flow, step)


NEXT: Final = at("after")


# -- steps


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (f"say: {W}", Say("a", LINES, NEXT)),
        (f"say: {W}\n    go: end", Say("a", LINES, None)),
        (f"say: {W}\n    go: /setup", Say("a", LINES, Target("setup"))),
        (f"say: {W}\n    go: /setup/tip", Say("a", LINES, Target("setup", "tip"))),
        (f"say: {W}\n    go: a", Say("a", LINES, at("a"))),
        (f"say: {W}\n    go:", Say("a", LINES, NEXT)),
        (f"say: {W}\n    carousel: bought", Say("a", LINES, NEXT, carousel=Carousel("bought"))),
        (
            f"say: {W}\n    carousel: [A-1, B-2]",
            Say("a", LINES, NEXT, carousel=Carousel("named", ("A-1", "B-2"))),
        ),
        (f"say: {W}\n    variants: {{short: {W}}}", Say("a", Lines(GOOD, {"short": GOOD}), NEXT)),
        (
            f"say: {W}\n    template: shop_news\n    tracking: true",
            Say("a", LINES, NEXT, None, None, None, True, "shop_news"),
        ),
        (f"ask: {W}", Ask("a", LINES, "text", (), NEXT)),
        (
            f"{NUMBER}\n    tries: 3\n    otherwise: /human\n    skip: {W}\n    silence: {{after: 2 Tage}}",
            Ask(
                "a",
                LINES,
                "number",
                (),
                NEXT,
                skip=GOOD,
                skipped=NEXT,
                again=GOOD,
                tries=3,
                otherwise=Target("human"),
                silence=Silence(timedelta(days=2)),
                least=1,
                most=10,
                save="cups",
                note="cups",
            ),
        ),
        (
            f"ask: {W}\n    silence: {{after: 2 days, go: a}}",
            Ask("a", LINES, "text", (), NEXT, silence=Silence(timedelta(days=2), at("a"))),
        ),
        (
            f"{CHECKLIST}\n    finished: after\n    person: /human",
            Checklist("a", LINES, GOOD, GOOD, GOOD, GOOD, GOOD, NEXT, Target("human")),
        ),
        (
            "if: has_order\n    then: end\n    else: a",
            If("a", ((parse_expression("has_order", NAMES), None),), at("a")),
        ),
        (
            'if:\n      - {when: has_order, go: a}\n      - {when: "score > 3", go: after}\n    else: end',
            If(
                "a",
                (
                    (parse_expression("has_order", NAMES), at("a")),
                    (parse_expression("score > 3", NAMES), NEXT),
                ),
                None,
            ),
        ),
        (
            'set: {cups: "{my.cups}", n: 5, f: 1.5, yes: true, no: false}',
            Set(
                "a",
                (
                    ("cups", parse_filling("{my.cups}", NAMES)),
                    ("n", parse_filling("5", NAMES)),
                    ("f", parse_filling("1.5", NAMES)),
                    ("yes", parse_filling("true", NAMES)),
                    ("no", parse_filling("", NAMES)),
                ),
                NEXT,
            ),
        ),
        ("note: {usage: filter}\n    go: end", Note("a", (("usage", parse_filling("filter", NAMES)),), None)),
        ("wait: 3 days", Wait("a", timedelta(days=3), to=NEXT, otherwise=NEXT)),
        ("wait: 18:00", Wait("a", clock=time(18), to=NEXT, otherwise=NEXT)),
        ("wait: delivered", Wait("a", event="delivered", to=NEXT, otherwise=NEXT)),
        (
            "wait: delivered\n    longest: 14 days\n    else: a",
            Wait("a", timedelta(days=14), event="delivered", to=NEXT, otherwise=at("a")),
        ),
        ("wait: delivered\n    go: a", Wait("a", event="delivered", to=at("a"), otherwise=at("a"))),
        ("go: /setup", Go("a", Target("setup"))),
        ("go: end", End("a")),
        ("end: true", End("a")),
        ("call: consent_feedback", Call("a", Target("consent_feedback"), NEXT)),
        (
            f"offer: bundle\n    text: {W}\n    percent: 10%\n    valid: 2 Wochen\n    nothing: end",
            Offer("a", "bundle", LINES, 10, valid=timedelta(days=14), to=NEXT, nothing=None),
        ),
        (
            f"offer: code\n    text: {W}\n    code: KAFFEE10\n    most: 2\n    carousel: true",
            Offer("a", "code", LINES, code="KAFFEE10", most=2, carousel=True, to=NEXT, nothing=NEXT),
        ),
        ("remind: later\n    with: /setup_later", Remind("a", Target("setup_later"), None, NEXT)),
        ("remind: 3 days\n    with: after\n    go: end", Remind("a", NEXT, timedelta(days=3), None)),
        (
            f"consent: offers\n    text: {W}\n    yes: {W}\n    no: {W}\n    confirm: {W}\n    again: true",
            Consent("a", "offers", "ask", LINES, GOOD, GOOD, GOOD, True, NEXT, NEXT),
        ),
        (
            f"consent: service\n    action: withdraw\n    text: {W}",
            Consent("a", "service", "withdraw", LINES, given=NEXT, refused=NEXT),
        ),
        (
            f"handoff: {W}\n    reason: complaint\n    priority: high",
            Handoff("a", LINES, "complaint", "high"),
        ),
    ],
)
def test_what_a_step_comes_to(text: str, step: object) -> None:
    assert step_of(text) == step


def test_choices_lead_where_they_say_else_where_the_question_does() -> None:
    step = step_of(
        f"ask: {W}\n    choices:\n      - {{id: one, title: {W}}}\n"
        f"      - {{id: two, title: {W}, go: a, intents: [yes, thanks], description: {W}}}"
    )
    assert [choice.to for choice in step.choices] == [NEXT, at("a")]
    assert step.choices[1].intents == {"yes", "thanks"}
    assert step.choices[1].description == GOOD
    step = step_of(f"ask: {W}\n    choices: [{{id: one, title: {W}}}]\n    go: /menu")
    assert step.choices[0].to == Target("menu")


def test_a_rating_has_five_choices_and_three_ways() -> None:
    step = step_of(f"ask: {W}\n    titles: [{', '.join([W] * 5)}]\n    low: a\n    high: end")
    assert step.expects == "rating"
    assert [choice.id for choice in step.choices] == ["1", "2", "3", "4", "5"]
    assert (step.low, step.middle, step.high) == (at("a"), NEXT, None)


def test_the_last_step_leads_to_the_end() -> None:
    flow = flow_of(f"  - {{id: a, say: {W}}}\n  - {{id: b, say: {W}}}\n")
    assert [getattr(step, "to", "") for step in flow.steps.values()] == [at("b"), None]


def test_texts_in_every_variant_are_kept_as_written() -> None:
    step = step_of('say: {de_du: "Dein Tipp: {tip} ", de_at_sie: "Ihr Tipp", en: "{brand}"}')
    assert step.lines.base.texts == {"de_du": "Dein Tipp: {tip}", "de_at_sie": "Ihr Tipp", "en": "{brand}"}
    assert step.lines.base.names == {"tip", "brand"}
    assert step.lines.base.missing() == ("de_sie",)


def test_what_is_missing_in_a_language_is_for_the_checks_to_tell() -> None:
    assert step_of("say: {en: Hello}").lines.base.missing() == ("de_du", "de_sie")


# -- heads


def test_the_head_of_a_flow() -> None:
    flow = flow_of(
        "  - {id: a, end: true}\n",
        'title: {de: "Alles gut?", en: "All right?"}\npurpose: feedback\ngoal: helped\nholdout: 12,5 %\n'
        "expires: 48 Stunden\nclosed: mail\nonce: buyer\n"
        'examples:\n  - about: "Kurz"\n    buy: [HM-01]\n    turns:\n      - customer: "Hallo"\n',
    )
    assert flow.title == Words({"de": "Alles gut?", "en": "All right?"})
    assert (flow.purpose, flow.goal, flow.holdout, flow.closed, flow.once) == (
        "feedback", "helped", 0.125, "mail", "buyer",
    )  # fmt: skip
    assert flow.expires == timedelta(days=2)
    assert flow.examples == (Example("Kurz", {"buy": ["HM-01"]}, ({"customer": "Hallo"},)),)


def test_the_head_may_be_left_out() -> None:
    flow = flow_of("  - {id: a, end: true}\n")
    assert flow == Flow(HERE, (), {"a": End("a")}, version=flow.version)
    assert flow.expires == timedelta(days=7)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("{order: delivered}", [Trigger("order", "delivered")]),
        (
            '{order: delivered, after: {fast: 2 days, durable: 3 Tage}, at: "10:00", if: not is_rated}',
            [
                Trigger(
                    "order",
                    "delivered",
                    After(timedelta(days=2), timedelta(days=3)),
                    time(10),
                    parse_expression("not is_rated", NAMES),
                )
            ],
        ),
        (
            "{order: paid, after: used up - 5 days}",
            [Trigger("order", "paid", After(timedelta(days=-5), timedelta(days=-5), used_up=True))],
        ),
        ("{intent: care_tip}", [Trigger("intent", "care_tip")]),
        ("{keyword: Pflege!}", [Trigger("keyword", "pflege")]),
        (
            '{keyword: [Pflege, "Wie pflege ich?", Größe]}',
            [
                Trigger("keyword", "pflege"),
                Trigger("keyword", "wie pflege ich"),
                Trigger("keyword", "groesse"),
            ],
        ),
        ("{link: summer}", [Trigger("link", "summer")]),
        ("{tag: vip, after: 1 day}", [Trigger("tag", "vip", After(timedelta(days=1), timedelta(days=1)))]),
        (
            "{date: birthday, after: -2 days}",
            [Trigger("date", "birthday", After(timedelta(days=-2), timedelta(days=-2)))],
        ),
        ("{date: 12-06}", [Trigger("date", "12-06")]),
        ("{date: 02-29}", [Trigger("date", "02-29")]),
        (
            "{flow: setup, after: 2 days}",
            [Trigger("flow", "setup", After(timedelta(days=2), timedelta(days=2)))],
        ),
        ("{occasion: menu}", [Trigger("occasion", "menu")]),
    ],
)
def test_what_starts_a_flow(entry: str, found: list[Trigger]) -> None:
    assert list(flow_of("  - {id: a, end: true}\n", f"starts:\n  - {entry}\n").triggers) == found


def test_a_checklist_needs_the_products() -> None:
    flow = flow_of(f"  - id: a\n    {CHECKLIST}\n    finished: end\n    person: end\n")
    assert flow.needs == {"orders", "products"}
