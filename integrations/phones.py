"""Phone numbers as people write them, made comparable: E.164 or nothing."""

from __future__ import annotations

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def e164(number: str | None, country: str | None = None) -> str | None:
    """Return ``number`` in E.164 (``+491701234567``), or None where it is no valid number.

    ``country`` is the ISO code of the address the number stood beside; national forms are read with it, and
    without it only international ones are understood. Never raises.
    """
    if not number or not number.strip():
        return None
    region = region_code(country)
    for written, home in _readings(number.strip(), region):
        parsed = _parsed(written, home)
        if parsed is not None and phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return None


def region_code(country: str | None) -> str | None:
    """Return ``country`` as an upper-case ISO 3166 code that has phone numbers, or None."""
    code = (country or "").strip().upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else None


def _readings(number: str, region: str | None) -> list[tuple[str, str | None]]:
    """List what ``number`` may mean, likeliest first."""
    readings: list[tuple[str, str | None]] = [(number, region)]
    digits = "".join(character for character in number if character.isdecimal())
    if number.lstrip("( ").startswith(("+", "＋")):
        return readings
    if digits.startswith("00"):
        # Read with the country's own international prefix first: not everywhere is that 00.
        return [*readings, ("+" + digits[2:], None)]
    if region is not None:
        calling_code = str(phonenumbers.country_code_for_region(region))
        international = _parsed("+" + digits, None) if digits.startswith(calling_code) else None
        # 491701234567: spreadsheets and WhatsApp drop the plus. Read nationally it is a landline in Leer.
        if (
            international is not None
            and phonenumbers.is_valid_number(international)
            and phonenumbers.number_type(international) in _MOBILE
        ):
            return [("+" + digits, None)]
    return readings


def _parsed(number: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except NumberParseException:
        return None
