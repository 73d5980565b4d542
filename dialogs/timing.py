"""When something is said of our own accord: in the buyer's time zone, outside their night."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialogs.facts import Pacing
from dialogs.flow import Trigger
from dialogs.shop import Order, Product

_EVENING: Final = time(18)
_DAY: Final = timedelta(days=1)
_LAST_DAYS: Final = 366 * 2
_FIRST: Final = datetime(MINYEAR, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(MAXYEAR, 12, 31, tzinfo=UTC)


_ZONES: Final = {
    "AT": "Vienna", "BE": "Brussels", "BG": "Sofia", "CH": "Zurich", "CY": "Nicosia", "CZ": "Prague",
    "DE": "Berlin", "DK": "Copenhagen", "EE": "Tallinn", "ES": "Madrid", "FI": "Helsinki", "FR": "Paris",
    "GB": "London", "GR": "Athens", "HR": "Zagreb", "HU": "Budapest", "IE": "Dublin", "IT": "Rome",
    "LI": "Vaduz", "LT": "Vilnius", "LU": "Luxembourg", "LV": "Riga", "MT": "Malta", "NL": "Amsterdam",
    "NO": "Oslo", "PL": "Warsaw", "PT": "Lisbon", "RO": "Bucharest", "SE": "Stockholm", "SI": "Ljubljana",
    "SK": "Bratislava",
}  # fmt: skip
"""Where most people of a country live, as far as shops of Germany, Austria and Switzerland mostly send."""


def zone_of(country: str, shop_country: str, shop_zone: str) -> str:
    """The buyer's time zone, as far as their country tells; else the shop's own."""
    city = _ZONES.get(country)
    return shop_zone if city is None or country == shop_country else f"Europe/{city}"


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone called ``name``; Berlin if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("Europe/Berlin")


def local(moment: datetime, timezone: str) -> datetime:
    """The moment as clocks in ``timezone`` show it; at the calendar's very ends, as it is."""
    try:
        return moment.astimezone(zone(timezone))
    except (OverflowError, ValueError):
        return moment


def after(moment: datetime, span: timedelta) -> datetime:
    """The moment so much later; at the calendar's very ends, its last or first moment."""
    try:
        return moment + span
    except OverflowError:
        return _LAST if span > timedelta(0) else _FIRST


def on_day(moment: datetime, clock: time, timezone: str) -> datetime:
    """The time of day ``clock`` on the local day of ``moment``, in UTC."""
    try:
        there = local(moment, timezone)
        return datetime.combine(there.date(), clock, tzinfo=there.tzinfo).astimezone(UTC)
    except (OverflowError, ValueError):  # the last day of the calendar has no next morning
        return moment


def later_day(now: datetime, clock: time, timezone: str, days: int = 1) -> datetime:
    """The time of day ``clock`` so many days after ``now``."""
    return on_day(after(now, days * _DAY), clock, timezone)


def next_time(now: datetime, clock: time, timezone: str) -> datetime:
    """The next moment after ``now`` at which local clocks show ``clock``."""
    today = on_day(now, clock, timezone)
    return today if today > now else later_day(now, clock, timezone)


def this_evening(now: datetime, pacing: Pacing, timezone: str) -> datetime:
    """The evening of the same day while it is at least three hours away, else the usual time tomorrow."""
    evening = on_day(now, _EVENING, timezone)
    if evening >= after(now, timedelta(hours=3)):
        return evening
    return later_day(now, pacing.at, timezone)


def is_quiet(moment: datetime, pacing: Pacing, timezone: str) -> bool:
    """Whether it is night for the buyer."""
    clock = local(moment, timezone).time()
    start, end = pacing.quiet_from, pacing.quiet_to
    if start == end:
        return False
    return start <= clock < end if start < end else clock >= start or clock < end


def awake(moment: datetime, pacing: Pacing, timezone: str) -> datetime:
    """The moment itself by day, else the end of the night around it."""
    return next_time(moment, pacing.quiet_to, timezone) if is_quiet(moment, pacing, timezone) else moment


def not_before(moment: datetime, pacing: Pacing, timezone: str) -> datetime:
    """The usual time of the day on which ``moment`` lies, or of the next: never before ``moment``."""
    usual = on_day(moment, pacing.at, timezone)
    if usual < moment:
        usual = later_day(moment, pacing.at, timezone)
    return max(awake(usual, pacing, timezone), moment)


def due_at(
    trigger: Trigger,
    flow_id: str,
    happened: datetime,
    order: Order | None,
    products: dict[str, Product],
    pacing: Pacing,
    timezone: str,
) -> datetime | None:
    """When a trigger's touchpoint is due for what ``happened``; None where nothing is ever used up.

    A product's own days for the flow win; an order of several products goes by the one that takes longest.
    """
    known = [products[item.sku] for item in order.items if item.sku in products] if order is not None else []
    own = [timedelta(days=min(one.days[flow_id], _LAST_DAYS)) for one in known if flow_id in one.days]
    others = [one for one in known if flow_id not in one.days]
    if own and not others:
        return on_day(after(happened, max(own)), trigger.at or pacing.at, timezone)
    if trigger.after.at_once and trigger.at is None and not own:
        return happened
    span = _used_up(order, known) if trigger.after.used_up else timedelta(0)
    if span is None:
        return None
    strangers = order is None or len(known) < len(order.items)
    fast = bool(others) and not strangers and all(one.pace == "fast" for one in others)
    span += trigger.after.fast if fast else trigger.after.durable
    moment = after(happened, max([*own, span]))
    if max([*own, span]) % _DAY and trigger.at is None:  # hours are counted as such
        return moment
    return on_day(moment, trigger.at or pacing.at, timezone)


def _used_up(order: Order | None, known: list[Product]) -> timedelta | None:
    """How long what was bought lasts: until the first of it is used up."""
    pieces = {item.sku: max(item.quantity, 1) for item in order.items} if order is not None else {}
    lasts = [one.consumption_days * pieces.get(one.sku, 1) for one in known if one.consumption_days]
    return timedelta(days=min(*lasts, _LAST_DAYS)) if lasts else None


def next_date(value: str, today: date, birthday: date | None, first_order: date | None) -> date | None:
    """The next day, today included, of a ``date`` trigger; None where the day is not known.

    ``value`` is ``birthday``, ``anniversary`` (of the first order, not before a year has passed) or
    ``MM-DD``. 29 February is kept on the 28th in other years.
    """
    match value:
        case "birthday":
            day = birthday
        case "anniversary":
            day = first_order
        case _:
            day = _season(value)
    if day is None:
        return None
    for year in range(today.year, min(today.year + 3, date.max.year + 1)):
        found = _in_year(day, year)
        if found >= today and (value != "anniversary" or found.year > day.year):
            return found
    return None


def _season(value: str) -> date | None:
    try:
        month, day = value.split("-")
        return date(2000, int(month), int(day))
    except ValueError:
        return None


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
