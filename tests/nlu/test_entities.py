"""What a text names: each kind by examples, and that no text harms the reading of it."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.entities import ENTRY_CODE, PRECEDENCE, Catalogue, entities
from nlu.understanding import ENTITY_KINDS

SHOP = Catalogue({"M1": ["Handmühle Nordlicht"], "R1": ["Rucksack Alpin 40 l"]})


def values(text: str, kind: str, expecting: str | None = None, country: str = "DE") -> list[str]:
    return [one.value for one in entities(text, expecting, country=country) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", "2"),
        ("2.", "2"),
        ("Nr. 2", "2"),
        ("die zweite", "2"),
        ("vier", "4"),
        ("fünf", "5"),
        ("four", "4"),
        ("4️⃣", "4"),
        (" 3 ) ", "3"),
        ("#1", "1"),
        ("nummer drei bitte", "3"),
        ("the third one", "3"),
        ("٣", "3"),
    ],
)
def test_a_choice_by_number(text: str, value: str) -> None:
    assert values(text, "number") == [value]


@pytest.mark.parametrize("text", ["Ich habe 2 Kinder", "hier", "1001", "", "zwei oder drei", "0", "hundert"])
def test_no_choice_by_number(text: str) -> None:
    assert values(text, "number") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("#1001", "1001"),
        ("meine Bestellung 1001", "1001"),
        ("Bestellnummer: B-2044", "B-2044"),
        ("Bestellnr. lautet NK-2024-17", "NK-2024-17"),
        ("order no. 77123", "77123"),
        ("order no 55218", "55218"),
        ("Auftrag 2024-771", "2024-771"),
        ("Bestellung 4471-B", "4471-B"),
        ("Rückzahlung für #30992 veranlasst?", "30992"),
        ("storno bitte für 5519", "5519"),
        ("retoure 6614 noch offen", "6614"),
        ("Bestellung eins null null eins", "1001"),
        ("die Bestellung tausendeins bitte", "1001"),
        ("order one double-oh one", "1001"),
        ("meine Bestellnummer ist zehn zweiundvierzig", "1042"),
    ],
)
def test_an_order_number(text: str, value: str) -> None:
    assert values(text, "order_number") == [value]


@pytest.mark.parametrize(
    "text",
    [
        "meine Bestellung 2024 war besser",
        "ich bestelle 200 g",
        "order 500g please",
        "order 200 bags",
        "Bestellung 120 € teuer",
        "Bestellung vom 14.3.",
        "#sommer24 ist toll",
        "ruf an: 0151 23400981",
        "order two of them",
        "Bestellung 14.3. war zu spät",
        "Bestellung 2026-03-14",
    ],
)
def test_years_quantities_and_the_like_are_no_order_number(text: str) -> None:
    assert values(text, "order_number") == []


def test_a_lone_figure_is_an_order_number_only_where_one_is_expected() -> None:
    assert values("1001", "order_number", "order_number") == ["1001"]
    assert values("eins null null eins", "order_number", "order_number") == ["1001"]
    assert values("1001", "order_number") == []


def test_an_address_and_a_code() -> None:
    code = "nk" + "abcdefghijklmnopqrstuv"
    text = f"Ich bin Anna.B@example.com, Code {code}!"
    assert values(text, "email") == ["anna.b@example.com"]
    assert values(text, "entry_code") == [code.upper()]
    assert values(f"x{code}", "entry_code") == []
    assert values("NK" + "ſ" * 22, "entry_code") == [], "a long s is no S"
    assert ENTRY_CODE.startswith("NK")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Bestellung 10377, Lindenweg 8, 70565 Stuttgart", {"order_number", "postcode"}),
        ("Sendung 00340434161094015902 seit 3 Tagen in Krefeld", {"tracking_number", "date"}),
        ("am 3.4. 34,90 bezahlt", {"date", "amount"}),
        ("12.10. bestellt", {"date"}),
        ("Größe 42 für 89 €", {"size", "amount"}),
        ("0171 23456789", {"phone"}),
        ("5 € zurück", {"amount"}),
        ("Kanne 500 ml", {"size"}),
        ("hallo, alles gut bei euch?", set()),
    ],
)
def test_each_figure_is_of_one_kind(text: str, kinds: set[str]) -> None:
    assert {one.kind for one in entities(text, "rating")} == kinds


def test_products_stand_beside_the_rest() -> None:
    found = entities("Der Rucksack Alpin 40 l ist da", None, products=SHOP)
    assert [(one.kind, one.value) for one in found] == [("size", "40 l"), ("product", "R1")]


def test_the_order_of_precedence_names_every_kind_but_the_two_that_stand_apart() -> None:
    assert {*PRECEDENCE, "number", "product"} == set(ENTITY_KINDS)


def test_figures_and_letters_of_other_scripts_count_as_ours() -> None:
    assert values("Bestellung ١٠٠١", "order_number") == ["1001"]
    assert values("laſt week", "date") == ["-1w"]
    assert values("İn 3 Tagen", "date") == ["+3d"]


def _sound(text: str, expecting: str | None) -> None:
    found = entities(text, expecting, products=SHOP)
    assert found == entities(text, expecting, products=SHOP)
    for one in found:
        assert one.value
        assert 0 <= one.start < one.end <= len(text)
    claimed = [one for one in found if one.kind in PRECEDENCE]
    for one, other in combinations(claimed, 2):
        assert one.end <= other.start or other.end <= one.start, (one, other)


@given(st.text(max_size=400), st.sampled_from([None, "rating", "choice", "order_number", "x"]))
def test_any_text_is_read_somehow(text: str, expecting: str | None) -> None:
    _sound(text, expecting)


_PIECES = """
bestellung order # 1001 NK-2024-17 eins null tausend double - / . , @ a.b@x.de plz Wien 8004
70565 str.3 0151 +43 00340434161094015902 1Z JJD RR123456785DE dhl am seit vor 3. 14.3. märz
letzten dienstag morgen heute tag 6 wochen ago ein € euro 34,90 10.- größe 42 XL S in 500 ml x
140x200 ⭐ 👍 von 5 10 sterne note minus A+ mühle rucksack ſ İ K ٣ ² ½ ẞ ﬁ ostern kw 2024 last
next every so may the 4th one a
"""
_BITS = st.sampled_from([*_PIECES.split(), " ", "\n", "\u0301", "\u200d", "\ud800", "\x00"])


@given(
    st.lists(_BITS, max_size=60).flatmap(lambda bits: st.sampled_from([" ".join(bits), "".join(bits)])),
    st.sampled_from([None, "rating", "order_number"]),
)
def test_pieces_of_entities_in_any_order_are_read_somehow(text: str, expecting: str | None) -> None:
    _sound(text, expecting)


_LONG = (
    "a|NK|⭐ |x@|x.|4 |#1|\u0301|1-|"
    "bestellung |bestellung 1 |eins |0 |00 1|3. |am 3., |vor drei |tausend|und|"
    "1.000|34,90 |größe |S |12 x |weg 3 |plz 8|J1|1Z9|RR1|999.|letzten |dienstag|tag 6|euro |ein euro|"
    "handmühle |mühl|\ud800"
)


@pytest.mark.parametrize("bit", [*_LONG.split("|")])
def test_the_longest_text_of_one_kind_is_read(bit: str) -> None:
    """A pattern that tries again and again would take minutes, and the test's time-out names it."""
    entities(bit * (40_000 // len(bit)), "rating", products=SHOP)
