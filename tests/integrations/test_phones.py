"""Phone numbers as people in Germany, Austria and Switzerland write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.phones import e164, region_code


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("0170 1234567", "DE", "+491701234567"),
        ("0170/123 45 67", "de", "+491701234567"),
        ("1701234567", "DE", "+491701234567"),  # a spreadsheet took the zero
        ("030/12345678", "DE", "+493012345678"),
        ("0664 1234567", "AT", "+436641234567"),
        ("079 123 45 67", "CH", "+41791234567"),
        ("0049 170 1234567", "DE", "+491701234567"),
        ("0049 170 1234567", "AT", "+491701234567"),
        ("0049 170 1234567", None, "+491701234567"),
        ("0043 664 1234567", "US", "+436641234567"),
        ("+49 170 1234567", None, "+491701234567"),
        ("+49 (0) 170 1234567", None, "+491701234567"),
        ("+43(0)664/1234567", "DE", "+436641234567"),
        ("(+41) 79 123 45 67", None, "+41791234567"),
        ("＋49 170 1234567", None, "+491701234567"),
        ("491701234567", "DE", "+491701234567"),  # as WhatsApp writes it; nationally a landline in Leer
        ("+39 06 12345678", None, "+390612345678"),  # Italy keeps its zero
        ("+1(502)-459-2181", "US", "+15024592181"),
        ("  0170 1234567\n", "DE", "+491701234567"),
    ],
)
def test_a_number_is_understood_with_its_country(written: str, country: str | None, expected: str) -> None:
    assert e164(written, country) == expected


@pytest.mark.parametrize(
    ("written", "country"),
    [
        (None, "DE"),
        ("", "DE"),
        ("   ", "DE"),
        ("0170 1234567", None),  # national, and nobody says where
        ("0170 1234567", "Deutschland"),
        ("bitte nicht anrufen", "DE"),
        ("12", "DE"),
        ("0000000000", "DE"),
        ("+49", "DE"),
        ("+999 123456", "DE"),
        ("555-555-BILL", "US"),
        ("1" * 500, "DE"),
    ],
)
def test_what_is_no_number_is_nothing(written: str | None, country: str | None) -> None:
    assert e164(written, country) is None


@given(st.text(), st.none() | st.text(max_size=3) | st.sampled_from(["DE", "AT", "CH", "US"]))
def test_nothing_raises_and_a_result_stays_itself(written: str, country: str | None) -> None:
    found = e164(written, country)

    assert found is None or e164(found) == found


@given(st.text(alphabet="0123456789+()/- .", max_size=20), st.sampled_from(["DE", "AT", "CH"]))
def test_a_result_has_the_form_of_e164(written: str, country: str) -> None:
    found = e164(written, country)

    assert found is None or (
        found[0] == "+" and found[1:].isdecimal() and found.isascii() and len(found) <= 16
    )


def test_countries_are_iso_codes_in_any_case() -> None:
    assert [region_code(country) for country in ("de", " AT ", "XX", "", None)] == [
        "DE",
        "AT",
        None,
        None,
        None,
    ]
