"""How pages show times, amounts and the words of strangers: the filters of the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency, format_decimal
from jinja2 import pass_context
from jinja2.runtime import Context

from bot.web.wording import Language
from dialogs.harmless import harmless

# Read once: to find a locale by its name costs more than to write a date.
_LOCALES: Final[Mapping[str, Locale]] = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}
_DAYS: Final[Mapping[str, str]] = {"de": "EEE, d. MMM", "en": "EEE, d MMM"}
_Unit: TypeAlias = Literal["year", "month", "week", "day", "hour", "minute"]
_UNITS: Final[tuple[tuple[_Unit, int], ...]] = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("week", 7 * 86_400),
    ("day", 86_400),
    ("hour", 3600),
    ("minute", 60),
)
_WHOLE: Final = 1.1
"""From so many of a unit on a distance is said in that unit."""


@pass_context
def clock(context: Context, moment: datetime) -> str:
    """Show a time of day, in the shop's time zone: 14:05."""
    return f"{_local(context, moment):%H:%M}"


@pass_context
def day(context: Context, moment: datetime) -> str:
    """Show a date shortly: Do., 26. Nov.; with its year if that is another one."""
    local, now = _local(context, moment), _local(context, context["now"])
    return _day(local.date(), context["lang"], with_year=local.year != now.year)


@lru_cache(maxsize=2048)  # a page names few days, and each of them many times
def _day(when: date, lang: Language, *, with_year: bool) -> str:
    return format_date(when, _DAYS[lang] + " y" * with_year, locale=_LOCALES[lang])


@pass_context
def moment(context: Context, when: datetime) -> str:
    """Show date and time: Do., 26. Nov., 14:05."""
    return f"{day(context, when)}, {clock(context, when)}"


@pass_context
def iso(context: Context, when: datetime) -> str:
    """Show a moment as the attribute ``datetime`` wants it."""
    return _local(context, when).isoformat(timespec="seconds")


@pass_context
def ago(context: Context, when: datetime) -> str:
    """Show how far a moment is from now, in words: vor 5 Minuten, in 2 Stunden."""
    distance = when - context["now"]
    if abs(distance.total_seconds()) < 45:
        return str(context["t"]("common.just_now"))
    seconds = abs(distance // timedelta(seconds=1))
    unit, length = next((one for one in _UNITS if seconds / one[1] >= _WHOLE), _UNITS[-1])
    return _distance(max(round(seconds / length), 1), unit, context["lang"], ahead=distance > timedelta(0))


@lru_cache(maxsize=1024)
def _distance(count: int, unit: _Unit, lang: Language, *, ahead: bool) -> str:
    length = timedelta(seconds=count * dict(_UNITS)[unit])
    return format_timedelta(
        length if ahead else -length,
        granularity=unit,
        threshold=1e9,  # never reached, so that it is said in this very unit
        add_direction=True,
        locale=_LOCALES[lang],
    )


@pass_context
def until(context: Context, when: datetime) -> str:
    """Show when something will be: in 2 Stunden today, else the day and the time."""
    distance = (when - context["now"]).total_seconds()
    return ago(context, when) if distance < 12 * 3600 else moment(context, when)


@pass_context
def money(context: Context, amount: Decimal | float, currency: str = "EUR") -> str:
    """Show an amount: 12,90 €."""
    return _money(amount, currency, context["lang"])


@lru_cache(maxsize=4096)  # a shop has so many prices
def _money(amount: Decimal | float, currency: str, lang: Language) -> str:
    return format_currency(amount, currency, locale=_LOCALES[lang])


@pass_context
def number(context: Context, amount: Decimal | float) -> str:
    """Show a number: 1.234."""
    return format_decimal(amount, locale=_locale(context))


def safe_text(text: object) -> str:
    """Show words of strangers: see `dialogs.harmless`."""
    return harmless(str(text))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "ago": ago,
    "clock": clock,
    "day": day,
    "iso": iso,
    "moment": moment,
    "money": money,
    "number": number,
    "safe_text": safe_text,
    "until": until,
}


def preferred_language(accepted: str, default: Language) -> Language:
    """Return the language of ours that an ``Accept-Language`` header likes best (RFC 9110, 12.5.4)."""
    best: tuple[float, Language] = (0.0, default)
    for part in accepted[:500].split(","):
        tag, _, weight = part.partition(";")
        main = tag.strip().lower().partition("-")[0]
        liked = _weight(weight)
        if main in {"de", "en"} and liked > best[0]:
            best = (liked, "de" if main == "de" else "en")
    return best[1]


def _weight(text: str) -> float:
    name, _, number_text = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, max(0.0, float(number_text)))
    except ValueError:
        return 0.0


def _locale(context: Context) -> Locale:
    return _LOCALES[context["lang"]]


def _local(context: Context, when: datetime) -> datetime:
    return when.astimezone(ZoneInfo(context["timezone"]))
