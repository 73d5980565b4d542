"""The problem named back: nothing is claimed that is not known, and every clause fits behind „dass“."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest

from dialogs.catalogue import load_catalogue
from dialogs.facts import Facts
from dialogs.naming_problem import concerned, problem
from dialogs.scene import Case, Scene
from dialogs.shop import Item, Order
from dialogs.state import State
from dialogs.triage import Reason
from dialogs.words import Tone
from tests.dialogs.player import START, bought

ORDER = Order("o1001", "1001", "EUR", Decimal(89), START, "paid", items=(Item("HM-01", "Handmühle"),))
TWO = replace(ORDER, items=(Item("HM-01", "Handmühle"), Item("EB-500", "Espresso")))
DU, SIE, EN = Tone(), Tone(voice="sie"), Tone("en")


def scene(case: Case, order: Order | None = ORDER, tone: Tone = DU) -> Scene:
    return Scene(Facts(products=load_catalogue()), State(), tone, order, case=case)


@pytest.mark.parametrize(
    ("case", "order", "tone", "said"),
    [
        (Case("defect"), ORDER, DU, "mit „Handmühle Morgenrot“ etwas nicht stimmt"),
        (Case("defect"), TWO, DU, "mit deiner Bestellung #1001 etwas nicht stimmt"),
        (Case("defect"), TWO, SIE, "mit Ihrer Bestellung #1001 etwas nicht stimmt"),
        (Case("defect", sku="EB-500"), TWO, DU, "mit „Espresso Abendrot, 500 g“ etwas nicht stimmt"),
        (Case("defect", broken=True), ORDER, DU, "an „Handmühle Morgenrot“ etwas kaputt ist"),
        (Case("defect", broken=True), None, DU, "etwas kaputt ist"),
        (Case("wrong_item"), ORDER, DU, "bei deiner Bestellung #1001 nicht das Richtige angekommen ist"),
        (Case("low_rating"), ORDER, SIE, "„Handmühle Morgenrot“ Sie nicht überzeugt"),
        (Case("low_rating"), None, SIE, "Sie nicht zufrieden sind"),
        (Case("waiting"), ORDER, DU, "du so lange warten musst"),
        (Case("waiting"), None, SIE, "Sie so lange warten müssen"),
        (Case("mood"), ORDER, SIE, "Sie sich so über uns ärgern müssen"),
        (Case("parcel_lost"), ORDER, DU, "deine Bestellung #1001 noch nicht da ist"),
        (Case("return_money_waiting"), ORDER, DU, "du auf dein Geld warten musst"),
        (Case("something_of_the_shops_own"), ORDER, DU, "etwas nicht stimmt"),
        (Case("defect", broken=True), ORDER, EN, "something is broken on “Morgenrot hand grinder”"),
        (Case("parcel_late"), None, EN, "your order hasn't arrived yet"),
    ],
)
def test_a_problem(case: Case, order: Order | None, tone: Tone, said: str) -> None:
    assert problem(scene(case, order, tone)) == said


@pytest.mark.parametrize("why", ["", *get_args(Reason)])
@pytest.mark.parametrize("tone", [DU, SIE, EN])
@pytest.mark.parametrize("order", [ORDER, TWO, None])
def test_every_reason_has_words_in_every_tone(why: str, tone: Tone, order: Order | None) -> None:
    said = problem(scene(Case(why), order, tone))
    assert said == said.strip()
    assert "{" not in said
    assert "None" not in said
    assert not said.endswith(".")
    if tone is SIE:
        assert not {"du", "dich", "dein", "deine", "deiner", "musst", "bist"} & set(said.split())


def test_a_product_is_only_named_where_it_must_be_that_one() -> None:
    assert concerned(scene(Case(), TWO)) == ""
    assert concerned(scene(Case(sku="nonsense"), None)) == ""
    strange = replace(ORDER, items=(Item("XY", "Ein {seltsames} Ding"),))
    assert problem(scene(Case("defect"), strange)) == "mit „Ein {seltsames} Ding“ etwas nicht stimmt"


def test_the_handoff_names_feeling_problem_and_time() -> None:
    player = bought("FP-08")
    player.scan()
    said = player.say("Die Kanne ist zerbrochen angekommen!")
    assert "Es tut mir leid, dass an „French Press Emil, 8 Tassen“ etwas kaputt ist" in said
    assert "bis morgen, Dienstag, 10 Uhr" in said
