"""WhatsApp's templates: from placeholders to numbers, and filled in so that WhatsApp takes them."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.answers import SKIP
from dialogs.coming_back import PROMISE_TEMPLATE
from dialogs.flow import Ask
from dialogs.messages import Template
from dialogs.names import NAMES
from dialogs.script import load_book
from dialogs.templates import (
    TemplateButton,
    TemplateText,
    approved,
    fill_template,
    make_templates,
    variant_of,
)
from dialogs.words import VARIANTS, Tone, parse

BODY: Final = parse(
    {
        "de_du": "Deine Bestellung {order_number}: {product} ist da. Nochmal: {order_number}.",
        "de_sie": "Ihre Bestellung {order_number} ist da.",
        "en": "Your order is here.",
    },
    NAMES,
)
TITLE: Final = parse({"de": "Ja", "en": "Yes"}, NAMES)
MADE: Final = make_templates("shop_news", "marketing", BODY, [("good", TITLE)])
HOUSE: Final = load_book()


def test_one_for_each_voice_and_language() -> None:
    assert MADE.keys() == {("shop_news", variant) for variant in VARIANTS}
    assert MADE["shop_news", "de_du"] == TemplateText(
        "shop_news", "de", "du", "Deine Bestellung {{1}}: {{2}} ist da. Nochmal: {{3}}.",
        ("order_number", "product", "order_number"), (TemplateButton("good", "Ja"),), "MARKETING",
    )  # fmt: skip
    assert MADE["shop_news", "en"].parameters == ()
    assert MADE["shop_news", "en"].buttons == (TemplateButton("good", "Yes"),)


def test_one_german_text_serves_both_voices_and_none_is_made_up() -> None:
    plain = make_templates("plain", "utility", parse({"de": "Bestellung {order_number} ist da."}, NAMES), ())
    assert {variant for _, variant in plain} == {"de_du", "de_sie"}
    assert plain["plain", "de_sie"].category == "UTILITY"
    english = make_templates("english", "utility", parse({"en": "Here."}, NAMES), ())
    assert list(english) == [("english", "en")]


def test_filled_in_for_the_tone() -> None:
    def fill(name: str) -> str:
        return {"order_number": "#1001", "product": "Mühle\n„Süß“"}.get(name, "")

    assert fill_template(MADE, "shop_news", Tone("de", "du"), fill) == Template(
        "shop_news", "de", ("#1001", "Mühle „Süß“", "#1001"), ("good",)
    )
    swiss = fill_template(MADE, "shop_news", Tone("de", "du", "CH"), fill)
    assert swiss is not None
    assert swiss.parameters[1] == "Mühle „Süss“"
    assert fill_template(MADE, "shop_news", Tone("en"), fill) == Template("shop_news", "en", (), ("good",))
    assert fill_template(MADE, "other", Tone(), fill) is None
    assert fill_template({}, "shop_news", Tone(), fill) is None


@given(st.text(max_size=2000))
def test_a_parameter_is_one_line_that_is_neither_empty_nor_long(value: str) -> None:
    filled = fill_template(MADE, "shop_news", Tone("de", "sie"), lambda _: value)
    assert filled is not None
    (parameter,) = filled.parameters
    assert parameter
    assert len(parameter) <= 600
    assert "\n" not in parameter
    assert "    " not in parameter


@pytest.mark.parametrize(
    ("tone", "variant"),
    [
        (Tone("de", "du"), "de_du"),
        (Tone("de", "sie", "AT"), "de_sie"),
        (Tone("en", "sie"), "en"),
    ],
)
def test_the_variant_of_a_tone(tone: Tone, variant: str) -> None:
    assert variant_of(tone) == variant


def test_a_brand_submits_its_own_voice_and_english() -> None:
    for voice in ("du", "sie"):
        mine = approved(HOUSE.templates, voice)
        assert {text.voice for text in mine if text.language == "de"} == {voice}
        assert len({(text.name, text.language) for text in mine}) == len(mine)
    names = [
        {(text.name, text.language) for text in approved(HOUSE.templates, voice)} for voice in ("du", "sie")
    ]
    assert names[0] == names[1]


def test_the_houses_templates_keep_whatsapps_rules() -> None:
    steps = [step for flow in HOUSE.flows.values() for step in flow.steps.values()]
    for (name, _), template in HOUSE.templates.items():
        body = template.body
        for number in range(1, len(template.parameters) + 1):
            assert body.count(f"{{{{{number}}}}}") == 1
        assert not body.startswith("{{")
        assert not body.endswith("}}")
        assert len(body) <= 1024 - 600
        assert len(template.buttons) <= 10
        assert all(len(button.title) <= 25 and button.title.isprintable() for button in template.buttons)
        users = [step for step in steps if getattr(step, "template", "") == name]
        assert users or name == PROMISE_TEMPLATE, f"{name}: nothing says it"
        for step in users:
            offered = {choice.id for choice in step.choices} if isinstance(step, Ask) else set()
            offered |= {SKIP} if isinstance(step, Ask) and step.skip is not None else set()
            assert {button.choice for button in template.buttons} <= offered
