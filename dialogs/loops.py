"""A machine at the other end: a shop's auto-reply, an assistant like this one. The bot does not chat with it.

What tells: words that say so („Danke für deine Nachricht, wir sind gerade nicht im Büro“), the same text over
and over, long texts that come quicker than anybody can read and type. Each counts; a word that sounds like a
human's counts it all off. An auto-reply is not answered. At `LIMIT` the bot falls silent and a human is told;
likewise when it has given more answers in a few minutes than anybody has questions.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from zlib import crc32

from dialogs.state import Loop
from nlu.text import key

Verdict: TypeAlias = Literal["human", "ignore", "stuck", "stop"]
"""Answer as ever; say nothing to this; let a human take over, as whoever it is only repeats themselves; say
nothing any more, and let a human look."""

LIMIT: Final = 4
MOST_ANSWERS: Final = 40
"""So many answers within `STORM` are a storm, whoever is at the other end."""

STORM: Final = timedelta(minutes=10)
QUICK: Final = timedelta(seconds=2)
"""Nobody reads an answer and writes a sentence in so short a time; a bot does."""

_LATELY: Final = timedelta(hours=1)
"""Who asks the same again after that has been waiting for something."""

_QUICK_WORDS: Final = 5
_WORDS_TO_COMPARE: Final = 3
_ALIKE: Final = 0.8
_KEPT: Final = 6
_LONGEST: Final = 600
_WEIGHT: Final = {"machine": 2, "same": 1, "quick": 1}

_THANKS: Final = (
    r"(?:(?:(?:vielen|herzlichen) )?danke? für (?:deine|ihre|eure|die) "
    r"(?:nachricht|anfrage|kontaktaufnahme)|"
    r"(?:thank you|thanks) for (?:your (?:message|enquiry|inquiry|email)|contacting us|reaching out|"
    r"getting in touch))\b"
)
_NOBODY_THERE: Final = (
    r"(?:(?:gerade|derzeit|aktuell|zurzeit|momentan) (?:leider )?nicht|nicht im büro|nicht besetzt|"
    r"nicht überwacht|öffnungszeiten|geschäftszeiten|bürozeiten|servicezeiten|schnellstmöglich|"
    r"so (?:schnell|bald) wie möglich|melden uns|currently (?:closed|away|unavailable|out)|"
    r"as soon as (?:possible|we can)|(?:office|business|opening) hours|get back to you|not monitored|"
    r"unattended)"
)
_AT_THE_TOP: Final = (
    r"^\W*(?:automatische (?:antwort|nachricht)|abwesenheits(?:notiz|meldung|nachricht)|"
    r"auto(?:matic|mated|-)?[- ]?(?:reply|response)|out of (?:the )?office)\b"
)
_SAYS_SO: Final = (
    r"\bdies(?:e (?:nachricht|antwort|mail))? (?:ist|wurde) (?:eine )?automatisch|"
    r"\bthis (?:is an? auto(?:mated|matic)|(?:message|email|reply) (?:is|was) (?:sent )?auto)"
)
_AWAY: Final = (
    r"\b(?:ich bin|wir sind) (?:\S{1,20} ){0,4}(?:nicht im büro|außer haus|im (?:betriebs)?urlaub)\b"
    r".{0,300}(?:wende|vertretung|dringend|antworte|melde)|"
    r"\b(?:i am|i'm|we are|we're) (?:\S{1,20} ){0,3}out of (?:the )?office\b"
)
_A_BOT: Final = (
    r"\b(?:hier (?:schreibt|antwortet|ist)|antworte wieder ich,) .{0,20}"
    r"(?:automatische|virtuelle|digitale)r? assistent|"
    r"\b(?:this is|it's me again,) .{0,20}(?:automated|virtual) assistant"
)
_MACHINE: Final = re.compile(
    f"{_THANKS}.{{0,400}}{_NOBODY_THERE}|{_AT_THE_TOP}|{_SAYS_SO}|{_AWAY}|{_A_BOT}", re.IGNORECASE | re.DOTALL
)
"""What only a machine says of itself, and what a reception says: thanks for the message, nobody is there."""


def judge(loop: Loop, text: str, now: datetime, *, answers: bool) -> tuple[Loop, Verdict]:
    """What a text says of who writes, and what follows.

    ``answers`` tells that it gives an open question what was asked for: that is a human's word however often
    it comes. Total and deterministic.
    """
    if stormy(loop, now):
        return loop, "stop"
    signs = _signs(loop, text, now, answers=answers)
    prints = (*loop.prints, _print(text))[-_KEPT:]
    if not signs:
        return replace(loop, score=0, sure=False, prints=prints), "human"
    score = loop.score + sum(_WEIGHT[sign] for sign in signs)
    known = replace(loop, score=score, sure=loop.sure or signs != ["same"], prints=prints)
    if score >= LIMIT:
        return known, "stop" if known.sure else "stuck"
    return known, "ignore" if "machine" in signs else "human"


def stormy(loop: Loop, now: datetime) -> bool:
    """Whether so much has been answered in so short a time that something must be wrong."""
    return loop.since is not None and now - loop.since <= STORM and loop.answers >= MOST_ANSWERS


def answered(loop: Loop, now: datetime) -> Loop:
    """The bot has just answered words."""
    if loop.since is None or now - loop.since > STORM:
        return replace(loop, said_at=now, since=now, answers=1)
    return replace(loop, said_at=now, answers=loop.answers + 1)


def sounds_automatic(text: str) -> bool:
    """Whether the words are those of an auto-reply or of a bot that says what it is; a question never is."""
    said = text[:_LONGEST].strip()
    return not said.endswith("?") and _MACHINE.search(said) is not None


def _signs(loop: Loop, text: str, now: datetime, *, answers: bool) -> list[str]:
    if sounds_automatic(text):
        return ["machine"]
    if answers:
        return []
    words = key(text[:_LONGEST]).split()
    signs: list[str] = []
    lately = loop.said_at is not None and now - loop.said_at <= _LATELY
    if lately and len(words) >= _WORDS_TO_COMPARE and any(_alike(_print(text), one) for one in loop.prints):
        signs.append("same")
    quick = loop.said_at is not None and timedelta(0) <= now - loop.said_at <= QUICK
    if quick and len(words) >= _QUICK_WORDS:
        signs.append("quick")
    return signs


def _print(text: str) -> str:
    """The text as its words' checksums, four letters each: enough to know it again, too little to read."""
    words = dict.fromkeys(key(text[:_LONGEST]).split())
    return "".join(
        f"{crc32(word.encode('utf-8', 'surrogatepass')) & 0xFFFF:04x}" for word in list(words)[:24]
    )


def _alike(one: str, other: str) -> bool:
    """Whether two prints share nearly all their words."""
    first, second = (set(re.findall("....", each)) for each in (one, other))
    both = first | second
    return bool(both) and len(first & second) / len(both) >= _ALIKE
