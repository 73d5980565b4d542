"""How a German text speaks to its reader: the sentences that are easy to get wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.address import address_of


@pytest.mark.parametrize(
    "text",
    [
        "Sie ist da",
        "Schön! Sie ist da.",
        "Kurz gesagt: Sie ist da",
        "– Sie ist da",
        "• Ihr Mahlwerk ist aus Stahl",
        "1. Ihr Filter",
        "„Sie ist da“, sagt er",
        "Die Mühle ist da. Ihre Kurbel liegt bei.",
        "Hier ist sie. Ihr Aroma bleibt.",
        "Die Bohnen sind da. Sie müssen nur noch gemahlen werden.",
        "👍 Sie passt",
        "Die Kundin und ihr Paket",
        "Das gehört ihr. Hilft ihr das?",
        "Was ist angenehmer, per Du oder per Sie?",
        "Du oder Sie",
        "Per Sie",
        "Sag „Du“ zu mir",
        "Ein Tipp zu „{product}“: {tip}",
        "Tipp: Bürste das Mahlwerk einmal im Monat aus.",
        "https://shop.example/Sie/dein-kauf",
        "{'ja' if allows_offers else 'nein'}",
        "",
    ],
)
def test_nobody_is_spoken_to(text: str) -> None:
    found = address_of(text.removeprefix("Sag "))
    assert (found.du, found.sie) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        "wenn Sie mögen",
        "Haben Sie Fragen?",
        "Danke – Sie sind großartig",
        "Das Paket, das Sie bestellt haben",
        "Ihr Paket ist unterwegs.",
        "Ihr Team",
        "Viele Grüße\n\nIhr Team der Rösterei Morgenrot",
        "Viele Grüße\nIhr {brand}-Team",
        "Danke für Ihre Bestellung {order_number}!",
        "wenn Ihr zuletzt bestelltes Paket da ist",
        "Sie können den Code im Warenkorb eingeben.",
        "Ich frage Sie (und Ihren Mann) nicht mehr",
        "Geben Sie’s weiter",
        "Angebote: {', die Ihnen gefallen' if allows_offers else ''}",
    ],
)
def test_by_sie(text: str) -> None:
    found = address_of(text)
    assert found.sie
    assert not found.du


@pytest.mark.parametrize(
    "text",
    [
        "„Gefällt sie dir?“",
        "Deine Mühle: Sie läuft.",
        "Sie ist da, deine Mühle!",
        "Hast du’s schon probiert?",
        "Für Dich",
        "Viele Grüße an euch beide",
        "Habt ihr Fragen?",
        "wenn Ihr mögt",
        "wenn Ihr es mögt",
        "Schreib mir einfach, wenn etwas ist.",
        "{', und ich frage, wie zufrieden du bist' if allows_feedback else ''}",
    ],
)
def test_by_du(text: str) -> None:
    found = address_of(text)
    assert found.du
    assert not found.sie


def test_both_at_once() -> None:
    assert address_of("Hast du Ihre Bestellung?").mixed
    assert not address_of("Sie ist da, deine Mühle!").mixed


def test_commands_alone_are_a_hint_and_no_proof() -> None:
    found = address_of("Öffne den Deckel. Dreh die Kurbel.")
    assert found.weak == ("Öffne", "Dreh")
    assert not found.du


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    address_of(text)
