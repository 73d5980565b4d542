"""Words that only name something, and words that say more."""

from __future__ import annotations

import pytest

from dialogs.bare import only_a_product, only_named, order_number_alone
from nlu.understanding import Entity, Understanding


def meaning(text: str, **named: str) -> Understanding:
    """A message in which these pieces are named, by their kind."""
    found = tuple(
        Entity(kind, piece, text.index(piece), text.index(piece) + len(piece))  # type: ignore[arg-type]  # kinds as words
        for kind, piece in named.items()
    )
    return Understanding(text, "de", "out_of_scope", 0.5, found)


@pytest.mark.parametrize(
    "text", ["1001", "#1001", "Meine Bestellnummer ist 1001", "my order number is 1002", "hier: 47110 danke"]
)
def test_a_number_that_was_asked_for(text: str) -> None:
    assert order_number_alone(meaning(text), asked=True) in {"1001", "1002", "47110"}


@pytest.mark.parametrize(
    "text", ["", "12", "Bestellung 1001 ist kaputt", "wo bleibt 1001?", "1001 Nacht", "x" * 90 + "1001"]
)
def test_what_says_more_or_less_than_a_number(text: str) -> None:
    assert order_number_alone(meaning(text), asked=True) is None


def test_a_lone_figure_is_a_number_only_where_one_is_waited_for() -> None:
    assert order_number_alone(meaning("4711"), asked=False) is None
    assert order_number_alone(meaning("Bestellung 4711", order_number="4711"), asked=False) == "4711"


def test_a_product_in_few_words() -> None:
    assert only_a_product(meaning("der Kessel Ida", product="Kessel Ida"))
    assert not only_a_product(meaning("der Kessel Ida ist mir heute leider umgekippt", product="Kessel Ida"))
    assert not only_a_product(meaning("der Kessel"))


def test_a_phone_is_nearly_all_there_is() -> None:
    assert only_named(meaning("0171 2345678", phone="0171 2345678"))
    assert not only_named(meaning("Unter 0171 2345678 geht nie jemand ran, frech", phone="0171 2345678"))
    assert not only_named(meaning(""))
