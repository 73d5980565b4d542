"""What agents typed, read and checked; what the buyer is told; which codes and tips there are."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.address import address_of
from dialogs.catalogue import load_catalogue
from dialogs.requests import (
    POSTCODES,
    Address,
    address_problems,
    code_kinds,
    read_address,
    read_amount,
    told,
)
from dialogs.script import load_book
from dialogs.words import Tone

KINDS = ("refund", "replacement", "repair", "gift", "code", "address", "something new")
FULL = {
    "name": "Lena", "order": "#1042", "amount": "12,50 €", "what": "die Tasse", "code": "DANKE-X",
    "percent": "10", "until": "1. Mai 2027", "address": "Große Straße 1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12,50", "12.50"), ("12.5", "12.50"), ("12", "12.00"), ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"), ("1.234", "1234.00"), ("1'234.50", "1234.50"), (" 12,50 € ", "12.50"),
        ("CHF 20", "20.00"), ("20 CHF", "20.00"), ("0,01", "0.01"), ("999999", "999999.00"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(written: str, amount: str) -> None:
    assert read_amount(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written", ["", "0", "0,00", "-3", "zwölf", "12,345,6", "1e5", "NaN", "٣", "1000001", "12.50.1", "½"]
)
def test_what_is_no_amount_is_none(written: str) -> None:
    assert read_amount(written) is None


@given(st.text(max_size=30))
def test_reading_an_amount_is_total(written: str) -> None:
    amount = read_amount(written)
    assert amount is None or 0 < amount <= 1_000_000


@given(st.decimals("0.01", "1000000", places=2))
def test_what_is_written_out_is_read_again(amount: Decimal) -> None:
    assert read_amount(f"{amount:.2f}".replace(".", ",")) == amount
    assert read_amount(f"{amount:,.2f}") == amount


BERLIN = {"name": "Lena", "street": "Torstraße 1", "postcode": "10119", "city": "Berlin", "country": "de"}


def test_a_good_address_is_read_and_has_no_problems() -> None:
    address = read_address(BERLIN | {"name": " Lena \n Maier ", "postcode": "D-10119"})
    assert address == Address("Lena Maier", "Torstraße 1", "10119", "Berlin", "DE")
    assert address_problems(address) == {}
    assert address.lines == "Lena Maier, Torstraße 1, 10119 Berlin, DE"


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"postcode": "1011"}, {"postcode": "form"}),
        ({"postcode": ""}, {"postcode": "missing"}),
        ({"street": "Torstraße"}, {"street": "number"}),
        ({"street": "x1" * 50}, {"street": "long"}),
        ({"country": "XX"}, {"country": "form"}),
        ({"country": "AT", "postcode": "1010"}, {}),
        ({"country": "CH", "postcode": "8001"}, {}),
        ({"country": "LI", "postcode": "8001"}, {"postcode": "form"}),
        ({"country": "NL", "postcode": "1012 ab"}, {}),
        ({"country": "GB", "postcode": "sw1a 1aa", "street": "Rose Cottage"}, {}),
        ({"name": "", "city": ""}, {"name": "missing", "city": "missing"}),
    ],
)
def test_what_is_wrong_with_an_address(change: dict[str, str], problems: dict[str, str]) -> None:
    assert address_problems(read_address(BERLIN | change)) == problems


@given(st.dictionaries(st.sampled_from([*BERLIN, "extra", "other"]), st.text(max_size=90)))
def test_reading_an_address_is_total(given_: dict[str, str]) -> None:
    address_problems(read_address(given_))
    assert "\n" not in read_address(given_).lines


def test_every_country_that_is_offered_has_a_rule() -> None:
    assert {"DE", "AT", "CH"} <= set(POSTCODES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_buyer_is_told_in_their_own_tone(kind: str) -> None:
    du, sie, english = (told(kind, tone, FULL) for tone in (Tone(), Tone("de", "sie"), Tone("en")))
    assert not address_of(du).sie
    assert not address_of(sie).du
    assert english not in {du, sie}
    for said in (du, sie, english):
        assert "{" not in said
        assert said == said.strip()
    assert "ß" not in told(kind, Tone("de", "du", "CH"), FULL)


def test_what_was_asked_for_stands_in_the_words() -> None:
    assert "12,50 €" in told("refund", Tone(), FULL)
    assert "#1042" in told("refund", Tone(), FULL)
    assert "DANKE-X" in told("code", Tone("en"), FULL)
    assert "Große Straße 1" in told("address", Tone(), FULL)


def test_the_codes_are_those_of_the_scripts() -> None:
    found = code_kinds(load_book())
    assert ("DANKE", 10, 14) in {(one.prefix, one.percent, one.days) for one in found}
    assert all(one.percent and (one.prefix or one.code) for one in found)
    assert len({one.id for one in found}) == len(found)
    assert load_catalogue()
