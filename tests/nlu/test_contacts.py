"""Phone numbers and postcodes."""

from __future__ import annotations

import pytest

from nlu.entities import entities


def values(text: str, kind: str, country: str = "DE") -> list[str]:
    return [one.value for one in entities(text, None, country=country) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "country", "value"),
    [
        ("ruf an: 0151 23400981", "DE", "+4915123400981"),
        ("+43 664 5550198", "DE", "+436645550198"),
        ("0041 79 555 01 23", "DE", "+41795550123"),
        ("079 555 01 23", "CH", "+41795550123"),
        ("0660 5550177", "AT", "+436605550177"),
        ("0171 5550123", "DE", "+491715550123"),
        ("+49 (0) 171 5550123", "DE", "+491715550123"),
        ("07700 900417", "GB", "+447700900417"),
    ],
)
def test_a_phone_number(text: str, country: str, value: str) -> None:
    assert values(text, "phone", country) == [value]


@pytest.mark.parametrize(
    "text", ["01.02.2024", "Bestellung 0151234567", "0,00 €", "#0151234567", "00340434161094021501", "10:30"]
)
def test_no_phone_number(text: str) -> None:
    assert values(text, "phone") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Lindenweg 8, 70565 Stuttgart", "70565"),
        ("D-10115 Berlin", "10115"),
        ("A-1010 Wien", "1010"),
        ("CH-8004", "8004"),
        ("jetzt in 8004 Zürich", "8004"),
        ("9000 St. Gallen", "9000"),
        ("plz is 80337", "80337"),
        ("Postleitzahl ist jetzt 8004", "8004"),
        ("my sister in Graz, 8010", "8010"),
        ("new postcode: LS8 4QE", "LS8 4QE"),
        ("Am Aareweg 12, 3011 Bern", "3011"),
        ("liefert bitte nach 50674 Köln", "50674"),
    ],
)
def test_a_postcode(text: str, value: str) -> None:
    assert values(text, "postcode") == [value]


@pytest.mark.parametrize(
    "text",
    ["seit 2023 Kunde", "20000 Schritte", "puzzle 2000 Teile", "12345", "Bestellung 70565", "1500 Euro"],
)
def test_no_postcode(text: str) -> None:
    assert values(text, "postcode") == []
