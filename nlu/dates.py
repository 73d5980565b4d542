"""Dates, relative days and lengths of time in a text. What their values look like, `nlu.days` says.

One table of rules, each with the words without which it cannot hold, so that most texts cost a look at a set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from nlu import datevalues as say
from nlu.datewords import (
    FEASTS,
    MONTHS,
    PARTS_OF_DAY,
    PLAIN_MONTHS,
    RELATIVE,
    SEASONS,
    SHORT_WEEKDAYS,
    UNITS,
    WEEKDAY_NAMES,
    telling_words,
)
from nlu.numbers import ORDINAL, ORDINALS, SMALL
from nlu.stretches import Stretches
from nlu.understanding import Entity
from nlu.wordlists import alternatives, word_set

__all__ = ["TRIGGERS", "dates"]


_LAST: Final = (
    r"letzte[nmrs]?|letschte|letscht[ei]?n?|vergangene[nmrs]?|vorige[nmrs]?|last|past|"
    r"seit(?:\sdem)?|sit|since(?:\sthe)?"
)
_NEXT: Final = (
    r"nächste[nmrs]?|naechste[nmrs]?|nächscht[ei]?n?|nächsts|kommende[nmrs]?|next|coming|"
    r"bis(?:\szum|\szu)?|until|till|til|by"
)
_THIS: Final = r"diese[nmrs]?|this|heurige[nmrs]?"
_WHICH: Final = rf"(?:(?P<last>{_LAST})|(?P<next>{_NEXT})|(?P<this>{_THIS}))\s{{1,2}}"
_MONTH: Final = alternatives(MONTHS)
_PLAIN_MONTH: Final = alternatives(PLAIN_MONTHS)
_DAY_NAME: Final = alternatives(WEEKDAY_NAMES)
_UNIT: Final = alternatives(UNITS)
_PART: Final = alternatives(PARTS_OF_DAY)
_MANY: Final = (
    rf"(?:(?P<range>\d{{1,3}})\s?(?:-|–|bis|to)\s?)?(?P<digits>\d{{1,3}})|(?P<halves>half\sa|halb(?:e[ns]?|))|"
    rf"(?P<word>{SMALL}|paar|couple(?:\sof)?|few|several|mehrere[nr]?|einige[nr]?|ein\spaar)"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A way to say a date, tried when one of ``cues`` is among the words; the date is the group ``at``."""

    cues: AbstractSet[str]
    pattern: re.Pattern[str]
    read: say.Read


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_DIGIT: Final = frozenset("0")
"""Stands among the words of a text that holds a figure."""

_ON: Final = (
    r"(?:(?:bis|seit)\s(?:zum?\s|dem\s)?|am|vom|dem|der|den|zum|em|im|"
    r"on(?:\sthe|\smy)?|the|since(?:\sthe)?|by(?:\sthe)?|until|till|"
    r"of\sthe|my|ab)"
)
_THEN: Final = (
    r"(?=\s{0,2}(?:$|[.,;:!?)\n]|(?:\w{0,12}(?:stellt|zahlt|sagt|meldet|schickt|tragt|kommen|liefert|kauft|"
    r"fragt|wiesen|schrieben)|los|und|oder|zurück\w{0,12})\b))"
)
_NO_AMOUNT: Final = r"(?!\d|/|[.,:]\d|\s?(?:€|euro?\b|chf\b|uhr\b|%|kg\b|g\b|m\b|cm\b|ml\b|l\b))"

_RULES: Final = (
    _Rule(
        _DIGIT,
        _compiled(r"(?<![\w-])(?P<at>(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d))(?!\d)"),
        say.written,
    ),
    _Rule(
        _DIGIT,
        _compiled(
            r"(?<![\w.,/])(?P<at>(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\."
            r"(?:\s?(?P<year>(?:20)?\d\d)(?![\w:]|[.,]\d|\s?uhr))?)(?!\d)"
        ),
        say.written,
    ),
    _Rule(
        _DIGIT,
        _compiled(
            r"(?<![\w.,/])(?P<at>(?P<first>\d{1,2})(?P<sign>[/-])(?P<second>\d{1,2})(?P=sign)(?P<year>(?:20)?\d\d))(?![\w/])"
        ),
        say.slashed,
    ),
    _Rule(
        _DIGIT,
        _compiled(
            rf"(?<!\w)(?:am|vom|zum|bis|seit|ab)\s(?P<at>(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}}))(?P<year>)?{_NO_AMOUNT}"
        ),
        say.written,
    ),
    _Rule(
        frozenset(MONTHS),
        _compiled(
            rf"(?<![\w.,/-])(?P<at>(?:(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?|(?P<said>{ORDINAL}))\s?(?:of\s)?"
            rf"(?P<month>{_MONTH})\b\.?(?:,?\s(?P<year>20\d\d)\b)?)"
        ),
        say.day_of_month,
    ),
    _Rule(
        frozenset(MONTHS),
        _compiled(
            rf"(?<!\w)(?P<at>(?P<month>{_MONTH})\.?\s(?:the\s)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<year>20\d\d)\b)?)"
            r"(?![.,:/]\d|\s?(?:€|%|pm|am\b|x\b|stück))"
        ),
        say.month_and_day,
    ),
    _Rule(
        frozenset(MONTHS),
        _compiled(
            rf"(?<!\w)(?:{_WHICH})?(?P<at>(?:(?:anfang|mitte|ende|early|mid|late|end\sof)[\s-])?(?P<month>{_PLAIN_MONTH})"
            r"(?:\s(?P<year>20\d\d)\b)?)(?![\w-])"
        ),
        say.month,
    ),
    _Rule(
        frozenset({"may", "march"}),
        _compiled(
            r"(?<!\w)(?:in|since|for|from|until|till|by|(?P<last>last)|(?P<next>next)|early|late|mid|end\sof|back\sin|and|now|says)\s"
            r"(?P<at>(?P<month>may|march)(?:\s(?P<year>20\d\d)\b)?)(?!\w|\s(?:i|we|you|be|it|the|have|not|on)\b)"
        ),
        say.month,
    ),
    _Rule(
        _DIGIT,
        _compiled(
            rf"(?<!\w)(?P<lead>{_ON}|(?:\d\d?(?:\.|st|nd|rd|th)(?:,\s|\s(?:und|and|oder|or|bis|to)\s)))\s?"
            rf"(?P<at>(?P<day>\d{{1,2}})(?P<said>)?(?:\.(?:\sdes\smonats)?|st|nd|rd|th))(?![\w/]|[.,:]\d|\s?(?:stock|etage|versuch|mal\b|tag|"
            r"time|try|attempt|floor|order|week|day|box|one\b|person|abend|email|mail|bestellung|anlauf|werktag|birthday|geburtstag))"
        ),
        say.day_alone,
    ),
    _Rule(
        _DIGIT,
        _compiled(
            r"(?<![\w.,])(?P<at>(?P<day>\d{1,2})(?P<said>)?\.),?\s(?:und\s|oder\s)?(?:am\s)?\d{1,2}\.(?=$|[\s,.;!?])(?!\s?(?:uhr|stock|mal))"
        ),
        say.day_alone,
    ),
    _Rule(
        ORDINALS,
        _compiled(
            rf"(?<!\w)(?:am|vom|(?:ist|war|haben)\s(?:wir\s)?de[rn]|seit\sdem|bis\szum)\s(?P<at>(?P<day>)?(?P<said>{ORDINAL})){_THEN}"
        ),
        say.day_alone,
    ),
    _Rule(
        frozenset({"heute", "heut", "heit"}),
        _compiled(
            rf"(?<!\w)(?P<at>heute\s(?P<ago>vor)\s(?P<back>)?(?P<since>)?(?P<ahead>)?(?:{_MANY})\s?(?P<unit>{_UNIT}))\b"
        ),
        say.span,
    ),
    _Rule(
        telling_words(RELATIVE),
        _compiled(
            rf"(?<![\w-])(?<!dir )(?<!dr )"  # "dir heit": you have, in Bern
            rf"(?P<at>(?P<word>{alternatives(RELATIVE)})(?:[\s-](?:{_PART})\b)?)(?![\w-])"
        ),
        say.relative,
    ),
    _Rule(
        frozenset({"morgen"}),
        _compiled(
            rf"(?<![\w-])(?P<at>morgen(?:\s(?:früh|{_PART})\b)?)"
            r"(?![\w-]|\s(?:zusammen|alle|allerseits|leute|ihr\slieben|miteinander|liebes)\b)"
        ),
        say.tomorrow,
    ),
    _Rule(
        telling_words(WEEKDAY_NAMES) | frozenset(f"{name}s" for name in WEEKDAY_NAMES),
        _compiled(
            rf"(?<![\w-])(?<!black )(?<!good )(?:(?P<every>jede[nmrs]?|every|each)\s|{_WHICH})?"
            rf"(?P<at>(?P<name>{_DAY_NAME})(?P<plural>s)?(?:[\s-]?(?:{_PART})\b)?)(?![\w-])"
        ),
        say.weekday,
    ),
    _Rule(
        frozenset(name + part for name in WEEKDAY_NAMES for part in PARTS_OF_DAY),
        _compiled(
            rf"(?<![\w-])(?:(?P<every>jede[nmrs]?|every)\s|{_WHICH})?(?P<at>(?P<name>{_DAY_NAME})(?P<plural>)?(?:{_PART}))(?!\w)"
        ),
        say.weekday,
    ),
    _Rule(
        frozenset(SHORT_WEEKDAYS),
        _compiled(
            r"(?<!\w)(?:(?:am|bis|seit)\s(?P<at>(?P<name>mo|di|mi|do|fr|sa))|(?:on|since|until|till|by|(?P<last>last)|(?P<next>next)|this)\s"
            r"(?P<every>)?(?P<plural>)?(?P<at2>(?P<name2>mon|tues?|wed|thu|thurs?|fri|sat|sun)))(?![\w-])"
            r"(?=\.?\s?(?:$|[,;:!?)\n]|\w{0,12}(?:t|n)\b|and\b|[iw]))"
        ),
        say.weekday,
    ),
    _Rule(
        _DIGIT | word_set("tag tach woche werktag stunde nacht day week hour"),
        _compiled(
            r"(?<![\w.-])(?<!jeden )(?<!every )"
            r"(?P<at>(?P<unit>tag|tach|woche|werktag|arbeitstag|stunde|nacht|day|week|hour)\s(?:nr\.?\s)?"
            r"(?:(?P<digits>\d{1,3})|(?P<word>eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|"
            r"one|two|three|four|five|six|seven|eight|nine|ten))(?![\w/]|[.,:-]\d|\s?(?:uhr|€|x\b)))"
        ),
        say.counted,
    ),
    _Rule(
        _DIGIT,
        _compiled(r"(?<![\w.,])(?P<at>(?P<digits>\d{1,2})\.\s?(?:tag|werktag|nacht))(?!\w)"),
        say.ranked,
    ),
    _Rule(
        _DIGIT,
        _compiled(r"(?<!\w)(?P<at>(?:kw|kalenderwoche|calendar\sweek)\s?(?P<week>\d{1,2}))(?!\w)"),
        say.calendar_week,
    ),
    _Rule(
        frozenset(UNITS) | frozenset({"business", "working"}),
        _compiled(
            rf"(?<![\w.,/€£$-])(?:(?P<ago>vor|voa)\s|(?P<since>seit|sit|seid|since|in\sden\sletzten|in\sthe\slast|for\sthe\slast)\s(?:über\s|mehr\sals\s|over\s)?"
            rf"|(?P<ahead>in)\s(?:etwa\s|ca\.?\s|about\s)?)?(?P<at>(?:{_MANY})\s?(?P<unit>{_UNIT})(?P<back>\s(?:ago|her)\b)?)"
            r"(?!\w|-\w)"
        ),
        say.span,
    ),
    _Rule(
        frozenset(UNITS),
        _compiled(
            rf"(?<!\w)(?:(?P<ahead>in)|(?P<since>since|seit)|for|within|after|about|over|another|had\sit|nach|vor|innerhalb|eine)\s(?P<ago>)?(?P<range>)?(?P<digits>)?(?P<halves>)?"
            rf"(?P<at>(?P<word>an?|einem|einer|ein)\s(?P<unit>{_UNIT})(?P<back>\sago\b)?)(?!\w)"
        ),
        say.span,
    ),
    _Rule(
        frozenset({"ago"}),
        _compiled(
            rf"(?<!\w)(?P<ahead>)?(?P<since>)?(?P<ago>)?(?P<range>)?(?P<digits>)?(?P<halves>)?"
            rf"(?P<at>(?P<word>an?)\s(?P<unit>{_UNIT})(?P<back>\sago\b))"
        ),
        say.span,
    ),
    _Rule(
        word_set(
            "tagen wochen monaten jahren stunden wochn ewigkeiten ewig ages days weeks months years hours"
        ),
        _compiled(
            r"(?<!\w)(?:(?:seit|sit|seid|since|for)\s(?P<at>(?P<unit>tagen|wochen|monaten|jahren|stunden|wochn|days|weeks|months|years|hours)|"
            r"ewigkeiten|ewig|ages)(?!\w)|(?P<at2>(?P<unit2>days|weeks|months|years|hours|ages)\sago)(?!\w))"
        ),
        say.vague,
    ),
    _Rule(
        word_set("woche wochenende monat monats jahr jahres quartal week weekend month year wuche"),
        _compiled(
            rf"(?<!\w)(?P<at>(?:(?P<last>(?P<twice>vor)?letzte[nmrs]?|letscht[ei]?|vergangene[nmrs]?|vorige[nmrs]?|last)"
            rf"|(?P<next>(?:über)?nächste[nmrs]?|naechste[nmrs]?|kommende[nmrs]?|neuen|next)|(?P<this>{_THIS}))\s"
            r"(?P<unit>woche|wuche|monats?|jahr(?:es)?|week|month|year))(?!\w)"
        ),
        say.period,
    ),
    _Rule(
        frozenset({"wuchenänd", "wochenende", "weekend", "wochenend"}),
        _compiled(
            r"(?<!\w)(?<!schönes )(?<!schöns )(?<!nice )(?<!great )(?<!good )(?<!lovely )(?<!gutes )"
            rf"(?:{_WHICH})?(?P<at>wochenende?|wuchenänd|weekend)(?!\w)"
        ),
        say.weekend,
    ),
    _Rule(
        frozenset({"monatsende", "jahresende", "ende", "anfang", "mitte", "end"}),
        _compiled(
            r"(?<!\w)(?P<at>(?P<month>monat|jahr)(?:e?s)ende|(?:ende|anfang|mitte|end\sof)\s(?:der\s|des\s|the\s|this\s|diese[rs]\s)?(?P<unit>monats?|woche|jahr(?:es)?|month|week|year))(?!\w)"
        ),
        say.edge,
    ),
    _Rule(
        telling_words(FEASTS),
        _compiled(rf"(?<![\w-])(?:{_WHICH})?(?P<at>(?P<name>{alternatives(FEASTS)}))(?![\w-])"),
        say.named(FEASTS),
    ),
    _Rule(
        frozenset(SEASONS),
        _compiled(
            rf"(?<![\w-])(?:im\s|in\s(?:the\s)?|zum\s|for\s|vom\s|{_WHICH})(?P<at>(?P<name>{alternatives(SEASONS)}))(?![\w-])"
        ),
        say.named(SEASONS),
    ),
    _Rule(
        _DIGIT,
        _compiled(
            r"(?<!\w)(?:(?:im\s|aus\sdem\s|für\sdas\s)?jahr|seit|von|aus|in|since|from|for|of|bis|tiefpunkt|until|für|sommer|winter|herbst|frühjahr)\s"
            r"(?P<at>(?P<year>20[0-4]\d))(?![\w/-]|[.,:]\d|\s?(?:€|euro|franken|chf|quid|stück|teile|ml|g\b|wien|graz))"
        ),
        say.year,
    ),
)

TRIGGERS: Final = frozenset[str]().union(*(rule.cues for rule in _RULES)) - _DIGIT
"""Words without any of which, and without a figure, no text holds a date."""


def dates(text: str, words: AbstractSet[str], *, figures: bool) -> Iterator[Entity]:
    """All dates, none of which overlap.

    ``words`` are those of ``text`` in small letters; ``figures`` says whether it has any.
    """
    there = words | _DIGIT if figures else words
    taken = Stretches(len(text))
    for rule in _RULES:
        if rule.cues.isdisjoint(there):
            continue
        for match in rule.pattern.finditer(text):
            start, end = match.span("at") if match["at"] is not None else match.span("at2")
            if taken.free(start, end) and (value := rule.read(match)) is not None:
                taken.take(start, end)
                yield Entity("date", value, start, end)
