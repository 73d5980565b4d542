"""What somebody does not want any more, in their own words."""

from __future__ import annotations

import pytest

from dialogs.agreement import scope_of


@pytest.mark.parametrize(
    "said",
    [
        "stop",
        "STOPP bitte",
        "schreib mir nicht mehr",
        "schreib mir bitte nichts mehr, auch keine Werbung",
        "lasst mich in Ruhe",
        "keine Nachrichten mehr bitte",
        "Leave me alone",
        "unsubscribe",
        "abmelden",
        "no more messages please",
        "hört auf mir zu schreiben",
    ],
)
def test_everything(said: str) -> None:
    assert scope_of(said) == "all"


@pytest.mark.parametrize(
    "said",
    [
        "bitte keine werbung mehr",
        "Ich möchte keinen Newsletter mehr bekommen",
        "no more ads please",
        "keine Werbemails mehr",
        "bitte keine Angebote und keine Umfragen mehr",
    ],
)
def test_advertising(said: str) -> None:
    assert scope_of(said) == "ads"


@pytest.mark.parametrize(
    "said", ["keine Angebote mehr", "no more offers please", "will keine Rabatte mehr haben"]
)
def test_offers_alone(said: str) -> None:
    assert scope_of(said) == "offers"


@pytest.mark.parametrize(
    "said", ["fragt mich nicht mehr nach Bewertungen", "keine Umfragen mehr", "no more surveys"]
)
def test_questions_alone(said: str) -> None:
    assert scope_of(said) == "feedback"
