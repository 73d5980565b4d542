"""What is wrong with a template at WhatsApp, and what of it keeps a message from arriving."""

from dataclasses import replace

import pytest

from dialogs.messages import Template
from dialogs.script import load_book
from dialogs.stored_templates import (
    MISSING,
    Problem,
    StoredButton,
    StoredTemplate,
    hindrance,
    missing,
    problems,
)
from dialogs.templates import TemplateButton, TemplateText

MEANT = TemplateText(
    "nachklang_hello",
    "de",
    "du",
    "Hallo {{1}}, deine Bestellung {{2}} ist da.",
    ("first_name", "order"),
    (TemplateButton("good", "Alles gut"), TemplateButton("bad", "Leider nicht")),
)
QUICK = tuple(StoredButton("QUICK_REPLY", one.title) for one in MEANT.buttons)
STORED = StoredTemplate(MEANT.name, "de", "APPROVED", "UTILITY", MEANT.body, QUICK)
SENT = Template(MEANT.name, "de", ("Anna", "#1001"), ("good", "bad"))


def as_stored(text: TemplateText) -> StoredTemplate:
    buttons = tuple(StoredButton("QUICK_REPLY", one.title) for one in text.buttons)
    return StoredTemplate(text.name, text.language, "APPROVED", text.category, text.body, buttons)


def test_every_template_of_the_house_fits_itself_and_may_be_sent() -> None:
    templates = load_book().templates
    assert len(templates) > 40
    for text in templates.values():
        assert problems(as_stored(text), text) == ()
        filled = Template(
            text.name, text.language, ("x",) * len(text.parameters), tuple(one.choice for one in text.buttons)
        )
        assert hindrance(as_stored(text), filled) is None


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (MISSING, "missing"), ("PENDING", "pending"), ("IN_APPEAL", "pending"), ("REJECTED", "rejected"),
        ("PAUSED", "paused"), ("DISABLED", "disabled"), ("DELETED", "gone"), ("ARCHIVED", "gone"),
    ],
)  # fmt: skip
def test_a_state_that_is_known_to_be_none_says_so_alone(status: str, problem: Problem) -> None:
    stored = replace(STORED, status=status, body="etwas anderes")
    assert problems(stored, MEANT) == (problem,)
    assert hindrance(stored, SENT) == problem


@pytest.mark.parametrize("status", ["APPROVED", "FLAGGED", "SOMETHING_NEW", ""])
def test_a_state_that_nobody_knows_hinders_nothing(status: str) -> None:
    assert problems(replace(STORED, status=status), MEANT) == ()
    assert hindrance(replace(STORED, status=status), SENT) is None


def test_what_was_never_submitted_is_missing() -> None:
    assert problems(missing(MEANT), MEANT) == ("missing",)


LINK = StoredButton("URL", "Leider nicht")


@pytest.mark.parametrize(
    ("stored", "found", "refused"),
    [
        (replace(STORED, body="Hallo {{1}}, sie ist da."), ("parameters", "text"), "parameters"),
        (
            replace(STORED, body="Hallo {{name}}, deine {{order}} ist da."),
            ("parameters", "text"),
            "parameters",
        ),
        (replace(STORED, body="Hi {{1}}, deine Bestellung {{2}} ist da."), ("text",), None),
        (replace(STORED, buttons=QUICK[:1]), ("buttons",), "buttons"),
        (replace(STORED, buttons=(QUICK[0], LINK)), ("buttons",), "buttons"),
        (replace(STORED, buttons=(*QUICK, LINK)), ("buttons",), None),
        (replace(STORED, buttons=QUICK[::-1]), ("labels",), None),
        (replace(STORED, header="IMAGE"), ("header",), "header"),
        (replace(STORED, header="PARAMETER"), ("header",), "header"),
        (replace(STORED, header="TEXT"), ("header",), None),
        (replace(STORED, body=" Hallo  {{ 1 }}, deine\nBestellung {{2}} ist da. "), (), None),
    ],
)
def test_another_form_than_the_script_means(
    stored: StoredTemplate, found: tuple[Problem, ...], refused: Problem | None
) -> None:
    assert problems(stored, MEANT) == found
    assert hindrance(stored, SENT) == refused


def test_a_placeholder_that_stands_twice_is_one_parameter() -> None:
    assert replace(STORED, body="{{2}} und {{1}} und {{2}}").holes == ("2", "1")
