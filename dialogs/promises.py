"""Promises of time in a text: „innerhalb von 48 Stunden“, "by tomorrow". Who makes one must keep it."""

from __future__ import annotations

import re
from typing import Final

_NUMBER_DE: Final = (
    r"(?:\d+|einer?|eine[mns]|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|wenige[nr]|ein paar)"
)
_UNIT_DE: Final = (
    r"(?:stunden?|std\b\.?|tag(?:en|e|es)?|(?:werk|arbeits|geschäfts)tag(?:en|e|s)?|wochen?|minuten?)"
)
_NUMBER_EN: Final = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a few)"
_UNIT_EN: Final = r"(?:(?:business |working )?(?:hours?|days?|weeks?)|minutes?|hrs?)"
_DAYS_DE: Final = r"(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)"
_DAYS_EN: Final = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_FLAGS: Final = re.IGNORECASE

_PROMISED: Final = re.compile(
    rf"\b(?:innerhalb|binnen)\s+(?:von\s+|der\s+nächsten\s+|des\s+|eines\s+)?(?:{_NUMBER_DE}\s+)?{_UNIT_DE}"
    rf"|\bbis\s+(?:spätestens\s+)?(?:morgen|übermorgen|heute\s+abend)\b"
    rf"|\bspätestens\s+(?:morgen|übermorgen|heute|am\s+{_DAYS_DE}|bis|in)\b"
    rf"|\bnoch\s+heute\b|\bheute\s+noch\b"
    rf"|\bwithin\s+(?:the\s+next\s+)?(?:{_NUMBER_EN}\s+)?{_UNIT_EN}\b"
    rf"|\bby\s+(?:tomorrow|tonight|{_DAYS_EN}|the\s+end\s+of\s+the\s+(?:day|week))\b"
    rf"|\b(?:tomorrow|today|{_DAYS_EN})\s+at\s+the\s+latest\b",
    _FLAGS,
)
"""A time by which something will be done."""

_TIMED: Final = re.compile(
    rf"\bin\s+(?:den\s+nächsten\s+)?{_NUMBER_DE}\s+{_UNIT_DE}\b|(?<!guten )\b(?:über)?morgen\b"
    rf"|\bheute\s+abend\b|\b(?:bis|am)\s+{_DAYS_DE}\b|\bin\s+{_NUMBER_EN}\s+{_UNIT_EN}\b|\btomorrow\b|\btonight\b",
    _FLAGS,
)
"""A time, which is promised only where somebody says that they will do something."""

_WILL: Final = re.compile(
    r"\b(?:melde[nt]?|meldet|antworte[nt]?|antwort|rückmeldung|kümmern?|kümmert|erinnere|erinnern|schicken?|"
    r"(?:ich|wir)\s+(?:schreib\w*|frag\w*|ruf\w*|lös\w*|erstatt\w*|send\w*)|"
    r"(?:schreib|frag|ruf|lös|erstatt|send)\w*\s+(?:ich|wir)|"
    r"hör\w+\s+(?:du|sie|ihr|von)|(?:bekomm|erh[aä]lt)\w*|zurück|"
    r"get\s+back|repl(?:y|ies)|answer|hear\s+(?:back\s+)?from|(?:i|we)(?:['’]ll|\s+will)|remind\s+you|"
    r"let\s+you\s+know|"
    r"you(?:['’]ll|\s+will)\s+(?:get|have|receive|hear))\b",
    _FLAGS,
)
_FOR_THE_BUYER: Final = re.compile(
    r"widerruf|rückgabe|zurückgeben|zurückschicken|umtausch|\bgilt\b|gültig|gelten|haltbar|aufbrauch|"
    r"verbrauch|\btrink|genieß|einlös|\bwithdraw|\breturn|\bvalid\b|expire|\bredeem|\bdrink|\bconsume|"
    r"\buse\s+(?:it|them|up)\b",
    _FLAGS,
)
"""What the buyer does or what holds for them: the right to return, a code's last day, how long coffee keeps.
"""

_SENTENCE: Final = re.compile(r"[^.!?…\n]+[.!?…]*")
_GIVEN: Final = re.compile(r"\{[^{}]*\bpromise(?:d_time)?\b[^{}]*\}")


def promise_in(text: str) -> str:
    """The first promise of a time in ``text``, in its own words; empty if there is none."""
    given = _GIVEN.search(text)
    for sentence in _SENTENCE.findall(text):
        if sentence.rstrip().endswith("?") or _FOR_THE_BUYER.search(sentence):
            continue
        found = _PROMISED.search(sentence)
        if found is not None and not (_brief(found[0]) and not _WILL.search(sentence)):
            return found[0]
        found = _TIMED.search(sentence)
        if found is not None and _WILL.search(sentence):
            return found[0]
    return given[0] if given is not None else ""


def _brief(time: str) -> bool:
    """Whether minutes are meant: those are mostly a recipe's."""
    return "minute" in time.lower()
