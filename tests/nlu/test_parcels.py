"""Tracking numbers, and their check digits."""

from __future__ import annotations

import pytest

from nlu.entities import entities
from nlu.parcels import s10_digit, sscc_is_right, ups_digit


def numbers(text: str) -> list[str]:
    return [one.value for one in entities(text, None) if one.kind == "tracking_number"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nr 1Z999AA10123456784?", "ups:1Z999AA10123456784"),
        ("nr 1Z999AA10123456785?", "1Z999AA10123456785"),
        ("JJD000390012345678901 sagt nix", "dhl:JJD000390012345678901"),
        ("code JD0146 0009 3482 71", "dhl:JD01460009348271"),
        ("Sendung 00340434161094015902", "dhl:00340434161094015902"),
        ("Sendung 00340434161094021502", "00340434161094021502"),
        ("RB473124829AT kommt nicht", "post.at:RB473124829AT"),
        ("rr473124829ch", "swisspost:RR473124829CH"),
        ("RR473124829FR", "RR473124829FR"),
        ("RR473124828DE", "RR473124828DE"),
        ("99.00.123456.12345678", "swisspost:990012345612345678"),
        ("DPD 01234567890123", "dpd:01234567890123"),
        ("paket mit hermes: 12345678901234", "hermes:12345678901234"),
        ("paket 12345678901234", "12345678901234"),
        ("GLS Paketnummer 12345678901", "gls:12345678901"),
        ("gls: ZX12AB34", "gls:ZX12AB34"),
        ("Sendungsnummer lautet 123456789012", "123456789012"),
        ("die Sendung RR559213", "RR559213"),
    ],
)
def test_a_tracking_number(text: str, value: str) -> None:
    assert numbers(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Sendung 20417",
        "0151 23400981",
        "DE89 3704 0044 0532 0130 00",
        "123456789012",
        "abc1Z999AA10123456784",
    ],
)
def test_no_tracking_number(text: str) -> None:
    assert numbers(text) == []


def test_check_digits() -> None:
    assert s10_digit("47312482") == "9"
    assert ups_digit("999AA1012345678") == "4"
    assert sscc_is_right("340434161094015902")
    assert not sscc_is_right("340434161094021502")
    assert not sscc_is_right("0")
