"""The words of dates: months, days of the week, relative days, units, feasts and seasons, in both languages.

Dialects and the commonest slips of the thumb stand beside the standard spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nlu.wordlists import word_set

__all__ = [
    "FEASTS",
    "MONTHS",
    "PARTS_OF_DAY",
    "PLAIN_MONTHS",
    "RELATIVE",
    "SEASONS",
    "SHORT_WEEKDAYS",
    "UNITS",
]
__all__ += ["WEEKDAY_NAMES", "telling_words"]


_LETTERS: Final = re.compile(r"[^\W\d_]+")


def _table(lines: str) -> dict[str, str]:
    """``value: word, word`` by line, turned round."""
    table: dict[str, str] = {}
    for line in lines.strip().splitlines():
        value, _, names = line.partition(":")
        table |= {name.strip(): value.strip() for name in names.split(",")}
    return table


def telling_words(words: Iterable[str]) -> frozenset[str]:
    """The longest word of each, which is enough to know that none of them is in a text."""
    return frozenset(max(_LETTERS.findall(word), key=len) for word in words)


PLAIN_MONTHS: Final = {
    name: int(value)
    for name, value in _table("""
1: januar, jänner, jaenner, jenner, january
2: februar, feber, february, febuary
3: märz, maerz, mäerz, merz
4: april
5: mai
6: juni, june
7: juli, july
8: august
9: september
10: oktober, october
11: november
12: dezember, december
""").items()
}
"""Months that are one wherever they stand."""

MONTHS: Final = PLAIN_MONTHS | {
    "march": 3, "may": 5, "jan": 1, "feb": 2, "mär": 3, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8,
    "sep": 9, "sept": 9, "okt": 10, "oct": 10, "nov": 11, "dez": 12, "dec": 12,
}  # fmt: skip
"""All names of months, with those that only a day beside them makes one."""

WEEKDAY_NAMES: Final = _table("""
mon: montag, montach, mäntig, mentig, moandog, monday
tue: dienstag, dienstach, zischtig, zyschtig, dinstag, tuesday, tusday
wed: mittwoch, mittwuch, wednesday, wensday, wednsday
thu: donnerstag, donnerschtig, dunnschtig, donnerstach, thursday
fri: freitag, fritig, freitach, fridag, friday
sat: samstag, sonnabend, samschtig, samschdag, samsdag, samstach, saturday
sun: sonntag, sunntig, sonntach, sunday
""")

SHORT_WEEKDAYS: Final = _table("""
mon: mo, mon
tue: di, tue, tues
wed: mi, wed
thu: do, thu, thur, thurs
fri: fr, fri
sat: sa, sat
sun: sun
""")
"""Weekdays that only "am", "on" and the like make one."""

PARTS_OF_DAY: Final = word_set(
    "früh frueh morgen vormittag mittag nachmittag abend nacht mittags abends nachts vormittags "
    "nachmittags morgens morning afternoon evening night noon"
)

RELATIVE: Final = _table("""
0y: heuer
-1y: vorjahr
-2d: vorgestern, vorgeschter, day before yesterday, the day before yesterday
-1d: gestern, gester, gestan, gestarn, geschter, geschtert, gesten, jestern, yesterday, yestarday
-1d: ysterday, last night
0d: heute, heut, heit, heid, hüt, hüüt, hüt, heite, hück, haite, today, tonight, todays, tday
0d: this morning, this afternoon, this evening
+1d: moang, muagn, moing, morgn, morjen, morje, morga, morn, tomorrow, tommorow, tomorow, tommorrow
+1d: tmrw, tomorrow's
+2d: übermorgen, uebermorgen, übermorn, day after tomorrow, the day after tomorrow
""")
"""Words for a day counted from today. "morgen" is not here: it is a greeting and a time of day too."""

UNITS: Final = _table("""
s: sekunde, sekunden, sek, second, seconds, secs
min: minute, minuten, min, mins, minutes
h: h, stunde, stunden, std, stund, stunde, hour, hours, hrs
d: tag, tage, tagen, tages, tg, däg, dag, dog, tach, daach, täg, werktag, werktage, werktagen
d: arbeitstage, arbeitstagen
d: day, days, working days, business days, nacht, nächte, nächten, abende, abenden
d: night, nights, evenings, tgaen, tagn
w: woche, wochen, wochn, wocha, wohcen, weks, weekes, wuche, wochne, woch, weken, week, weeks, wk
w: wks, fortnight, fortnights
m: monat, monate, monaten, monats, mt, month, months, moneta
y: jahr, jahre, jahren, jahres, joar, johr, year, years, yrs
""")

FEASTS: Final = _table("""
easter: ostern, oschtere, easter, ostersonntag
christmas: weihnachten, wiehnachte, weihnacht, christmas, xmas
christmas_eve: heiligabend, heilig abend, heiligobmd, christmas eve
new_year: neujahr, new year, new year's, new years
new_years_eve: silvester, sylvester, new year's eve
st_nicholas: nikolaus, nikolo
pentecost: pfingsten, pfingschte, pfingschten, whitsun
good_friday: karfreitag, good friday
ascension: himmelfahrt, christi himmelfahrt, auffahrt
corpus_christi: fronleichnam
carnival: rosenmontag, fasching, fasnacht, karneval, fastnacht
valentine: valentinstag, valentine's, valentines
mothers_day: muttertag, mother's day, mothers day
black_friday: black friday
halloween: halloween
""")

SEASONS: Final = _table("""
spring: frühling, frühjahr, fruehling, fruehjahr, früehlig, spring
summer: sommer, summer
autumn: herbst, herbscht, autumn
winter: winter
""")
