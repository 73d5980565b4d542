"""What in a text tells how somebody feels: the stretches that say so, and numbers that a model learns from.

The lexicon finds words and phrases (`nlu.lexicon`); here they are weighed by what stands around them:
negation and how far it reaches, what makes them stronger or weaker, harmless questions, wishes, irony.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from nlu.lexicon.english import tones
from nlu.lexicon.matching import Cut, Hit, Word, cut, hits
from nlu.understanding import Evidence, Mood, MoodLabel, Why

MAX_TEXT: Final = 2000
"""Only so much of a text is read for its mood, as `nlu.features` does."""

MOST_SHOWN: Final = 12
"""More marks than that help nobody to see why."""

_WHYS: Final[tuple[Why, ...]] = tuple(why for why in get_args(Why) if why != "learnt")
_BAD_NEWS: Final = frozenset(
    {"broken", "overdue", "repeated", "waiting_for_money", "ignored", "promise_broken", "safety", "threat"}
)
_FRAMED: Final = frozenset({"grief", "broken", "negated"})
_SILENT: Final = ("none", "frame", "mine", "wish", "human", "fix", "thanks")
_ASKED: Final = 0.13  # what is left of a bad word in "Wie entferne ich …": too little to show
_QUOTES: Final = frozenset('"„“”»«')
_ACRONYM: Final = 4  # DHL, IBAN, PLZ are not shouted
_BACK: Final = 4
_AHEAD: Final = 4

FEATURES: Final[tuple[str, ...]] = (
    *(f"why {why}" for why in _WHYS),
    *(f"says {name}" for name in _SILENT),
    "good", "bad", "sum", "last", "first", "strongest bad",
    "asks", "asks badly", "many ?", "!", "!!", "?!", "…", "quotes", "shouted", "stretched",
    "emoji good", "emoji bad", "praise and bad news", "praise and irony", "praise, short", "mixed",
    "nothing found",
    "rated well", "rated badly", "rated middling", "bad in a how-to", "bad by oneself", "praise wished for",
    "textblob good", "textblob bad", "textblob subjective",
)  # fmt: skip
"""The names of the numbers that `signals` gives, each from -1 to 1."""

_PLACE: Final = {name: place for place, name in enumerate(FEATURES)}


@dataclass(slots=True)
class _Found:
    """What is found while a text is read."""

    shown: list[tuple[Hit, float, Why]] = field(default_factory=list)
    silent: dict[str, list[Hit]] = field(default_factory=dict)
    damped: int = 0
    own_fault: int = 0
    wished: int = 0
    shouted: int = 0
    stretched: int = 0


def signals(text: str, language: str) -> tuple[tuple[Evidence, ...], tuple[float, ...]]:
    """The evidence in ``text``, in its order, and a number for each of `FEATURES`.

    ``language`` is "de" or "en"; any other is read as English. Total on any Unicode, linear in its length.
    """
    text = text[:MAX_TEXT]
    pieces = cut(text, language)
    found = _weigh(pieces)
    _rate(pieces, found)
    _loud(text, pieces, found)
    return _evidence(pieces, found), _numbers(text, language, pieces, found)


def by_rule(text: str, language: str) -> Mood:
    """The mood by the lexicon alone, for when there is no model: the sum of the evidence decides."""
    evidence, _ = signals(text, language)
    return settle(evidence)


def settle(evidence: Sequence[Evidence]) -> Mood:
    """The mood that the evidence adds up to; bad news weighs more, because it still needs an answer."""
    good = sum(one.weight for one in evidence if one.weight > 0)
    bad = -sum(one.weight for one in evidence if one.weight < 0 and one.why != "privacy")
    polarity = max(-1.0, min(1.0, good - 1.3 * bad))
    label: MoodLabel = "negative" if polarity < -0.3 else "positive" if polarity > 0.4 else "neutral"
    return Mood(round(polarity, 3), label, tuple(evidence))


def _weigh(pieces: Cut) -> _Found:
    """Every hit with its weight in this text; of overlapping ones the longer stays, then the stronger."""
    words = pieces.words
    found = _Found()
    taken, neutral = bytearray(len(words)), bytearray(len(words))
    every = hits(words)
    for hit in every:
        if hit.why in _SILENT:
            found.silent.setdefault(hit.why, []).append(hit)
            if hit.why in {"none", "wish"}:
                neutral[hit.first : hit.last + 1] = b"\1" * (hit.last + 1 - hit.first)
    found.wished = len(found.silent.get("wish", ()))
    framed = _sentences(words, found.silent.get("frame", ()))
    for hit in sorted((hit for hit in every if hit.why not in _SILENT), key=_rank):
        if any(taken[hit.first : hit.last + 1]) or all(neutral[hit.first : hit.last + 1]):
            continue
        taken[hit.first : hit.last + 1] = b"\1" * (hit.last + 1 - hit.first)
        changed, weight, why = _in_context(words, hit)
        if hit.why in _FRAMED and framed and framed[hit.first]:
            weight *= _ASKED
            found.damped += 1
        elif weight < 0 and why in {"grief", "broken"} and "mine" in found.silent:
            weight *= _ASKED
            found.own_fault += 1
        found.shown.append((changed, weight, why))
    found.shown.sort(key=lambda one: one[0].first)
    return found


def _rank(hit: Hit) -> tuple[int, float, int]:
    return (hit.first - hit.last, -abs(hit.weight), hit.first)


def _sentences(words: Sequence[Word], frames: Iterable[Hit]) -> bytearray | None:
    """A mark on every word from a frame to the end of its sentence; None without any frame."""
    marks: bytearray | None = None
    for frame in frames:
        marks = marks if marks is not None else bytearray(len(words))
        if marks[frame.first]:
            continue
        first, last = frame.first, frame.last
        while last + 1 < len(words) and words[last + 1].border < 2:
            last += 1
        marks[first : last + 1] = b"\1" * (last + 1 - first)
    return marks


def _in_context(words: Sequence[Word], hit: Hit) -> tuple[Hit, float, Why]:
    """A hit after negation, and after what makes it stronger or weaker."""
    weight = hit.weight
    why: Why = hit.why  # type: ignore[assignment]  # the files hold no other
    if why == "praise" and not hit.whole and _quoted(words, hit):
        return hit, -0.5, "irony"
    if hit.first and not hit.whole:
        weight = max(-1.0, min(1.0, weight * words[hit.first - 1].factor))
    if words[hit.first].stretched:
        weight = max(-1.0, min(1.0, weight * 1.25))
    if hit.fixed or why in {"emoji", "irony", "threat", "safety", "privacy"}:
        return hit, weight, why
    negator = _negator(words, hit)
    if negator < 0:
        return hit, weight, why
    reach = Hit(min(hit.first, negator), max(hit.last, negator), hit.why, weight, whole=True)
    match why:
        case "works":
            return reach, -0.7, "broken"
        case "praise" | "solved":
            return reach, -0.75 * weight, "negated"
        case _:
            return reach, 0.15, "litotes"


def _quoted(words: Sequence[Word], hit: Hit) -> bool:
    """Quotation marks round praise or right after it: eure "tolle" Hilfe, tolle "Hilfe"."""
    before = words[hit.first - 1].folded if hit.first else ""
    after = [word.folded for word in words[hit.last + 1 : hit.last + 4]]
    if before in _QUOTES:
        return not _QUOTES.isdisjoint(after)
    return bool(after) and after[0] in _QUOTES and not _QUOTES.isdisjoint(after[1:])


def _negator(words: Sequence[Word], hit: Hit) -> int:
    """The word that turns a hit round, before it in its clause, in it, or after a verb; else -1."""
    for place in range(hit.first + 1, hit.last):
        if words[place].negates:
            return place
    for place in range(hit.first - 1, max(-1, hit.first - 1 - _BACK), -1):
        if words[place].border:
            break
        if words[place].negates:
            follows = words[place + 1].folded
            return -1 if follows in {"nur", "only", "just", "zuletzt", "umsonst"} else place
    if words[hit.last].verb:
        for place in range(hit.last + 1, min(len(words), hit.last + 1 + _AHEAD)):
            if words[place].border:
                break
            if words[place].negates:
                return place
    return -1


def _rate(pieces: Cut, found: _Found) -> None:
    """Ratings in figures: "2/5", "4 von 5", "9/10", "3 Sterne"."""
    words = pieces.words
    last = -1
    for place, word in enumerate(words[:-1]):
        if place <= last or not (word.folded.isdecimal() and word.folded.isascii() and len(word.folded) < 3):
            continue
        given, of = int(word.folded), 0
        sign = words[place + 1].folded
        end = place + 1
        if sign in {"/", "von", "of"} or (
            sign == "out" and place + 2 < len(words) and words[place + 2].folded == "of"
        ):
            end = place + (3 if sign == "out" else 2)
            if end < len(words) and words[end].folded in {"5", "10"}:
                of = int(words[end].folded)
        elif sign.startswith(("stern", "star", "punkt", "⭐")):
            of = 10 if given > 5 else 5
        if of and given <= of and not (place and words[place - 1].folded in {"/", "."}):
            share, last = given / of, end
            weight = 0.7 if share >= 0.8 else -0.7 if share <= 0.4 else -0.1
            found.shown = [one for one in found.shown if one[0].last < place or one[0].first > last]
            why: Why = "praise" if weight > 0 else "grief"
            found.shown.append((Hit(place, last, why, weight, whole=True), weight, why))
            found.silent.setdefault("rated", []).append(Hit(place, last, "rated", share, whole=True))


def _loud(text: str, pieces: Cut, found: _Found) -> None:
    """Shouted words, and stretched ones, which say louder what the rest says."""
    if not text.islower():
        run: list[int] = []
        shouted = 0
        for place, (start, end) in enumerate((*pieces.spans, (0, 0))):
            if end - start > _ACRONYM and text[start:end].isupper():
                run.append(place)
                continue
            if run and (len(run) > 1 or len(pieces.words) > 1):
                found.shown.append((Hit(run[0], run[-1], "shouting", -0.25, whole=True), -0.25, "shouting"))
            shouted += len(run)
            run = []
        found.shouted = shouted
    stretched = [place for place, word in enumerate(pieces.words) if word.stretched]
    found.stretched = len(stretched)
    total = sum(weight for _, weight, _ in found.shown)
    if stretched and total:
        hit = Hit(stretched[0], stretched[0], "elongated", 0.2, whole=True)
        if not any(one.first <= hit.first <= one.last for one, _, _ in found.shown):
            found.shown.append((hit, 0.15 if total > 0 else -0.15, "elongated"))


def _evidence(pieces: Cut, found: _Found) -> tuple[Evidence, ...]:
    """What is worth showing: neighbours of one kind joined, the weightiest kept, in the order of the text."""
    spans = pieces.spans
    ironic = any(why == "irony" for _, _, why in found.shown)
    bad = any(weight < -0.3 for _, weight, _ in found.shown)
    shown = [
        Evidence(spans[hit.first][0], spans[hit.last][1], round(weight, 2), why)
        for hit, weight, why in found.shown
        if abs(weight) >= 0.1 and not (ironic and bad and why in {"praise", "works", "litotes"})
    ]
    if len(shown) > MOST_SHOWN:
        shown = sorted(shown, key=lambda one: -abs(one.weight))[:MOST_SHOWN]
    return tuple(sorted(shown, key=lambda one: one.start))


def _numbers(text: str, language: str, pieces: Cut, found: _Found) -> tuple[float, ...]:
    numbers = [0.0] * len(FEATURES)
    put = _PLACE
    good = bad = 0.0
    whys: dict[str, int] = {}
    for _, weight, why in found.shown:
        whys[why] = whys.get(why, 0) + 1
        if why == "emoji":
            place = put["emoji good" if weight > 0 else "emoji bad"]
            numbers[place] = min(1.0, numbers[place] + abs(weight) / 2)
        if weight > 0:
            good += weight
        else:
            bad -= weight
    for name, count in whys.items():
        numbers[put[f"why {name}"]] = 1.0 if count > 1 else 0.7
    for name, these in found.silent.items():
        if name != "rated":
            numbers[put[f"says {name}"]] = 1.0 if len(these) > 1 else 0.7
    for one in found.silent.get("rated", ()):
        which = (
            "rated well" if one.weight >= 0.8 else "rated badly" if one.weight <= 0.4 else "rated middling"
        )
        numbers[put[which]] = 1.0
    numbers[put["good"]] = good / (1 + good)
    numbers[put["bad"]] = bad / (1 + bad)
    numbers[put["sum"]] = (good - bad) / (1 + good + bad)
    weights = [weight for _, weight, _ in found.shown if abs(weight) > 0.2]
    if weights:
        numbers[put["first"]] = weights[0]
        numbers[put["last"]] = weights[-1]
        numbers[put["strongest bad"]] = min(0.0, *weights)
    else:
        numbers[put["nothing found"]] = 1.0
    praise = "praise" in whys
    numbers[put["mixed"]] = float(good > 0.4 and bad > 0.4)
    numbers[put["praise and bad news"]] = float(praise and not _BAD_NEWS.isdisjoint(whys))
    numbers[put["praise and irony"]] = float(praise and "irony" in whys)
    numbers[put["praise, short"]] = float(praise and bad == 0 and len(pieces.words) < 8)
    numbers[put["bad in a how-to"]] = float(found.damped > 0)
    numbers[put["bad by oneself"]] = float(found.own_fault > 0)
    numbers[put["praise wished for"]] = float(found.wished > 0)
    _signs(text, numbers, found, bad)
    if language != "de":
        _textblob(pieces.words, numbers)
    return tuple(numbers)


def _signs(text: str, numbers: list[float], found: _Found, bad: float) -> None:
    """What the writing itself tells: question and exclamation marks, quotes, capitals, stretched words."""
    put = _PLACE
    questions, calls = text.count("?"), text.count("!")
    numbers[put["asks"]] = float(questions > 0)
    numbers[put["asks badly"]] = float(questions > 0 and bad > 0.4)
    numbers[put["many ?"]] = float("??" in text)
    numbers[put["!"]] = float(calls > 0)
    numbers[put["!!"]] = float("!!" in text)
    numbers[put["?!"]] = float("?!" in text or "!?" in text)
    numbers[put["…"]] = float("…" in text or "..." in text or ".." in text)
    numbers[put["quotes"]] = float(any(sign in text for sign in _QUOTES))
    numbers[put["stretched"]] = float(found.stretched > 0)
    numbers[put["shouted"]] = min(1.0, found.shouted / 3)


def _textblob(words: Sequence[Word], numbers: list[float]) -> None:
    known = tones()
    good = bad = subjective = 0.0
    count = 0
    for place, word in enumerate(words):
        tone = known.get(word.folded)
        if tone is None:
            continue
        count += 1
        polarity = tone.polarity
        if place and words[place - 1].negates:
            polarity *= -0.5
        subjective += tone.subjectivity
        if polarity > 0:
            good += polarity
        else:
            bad -= polarity
    if count:
        numbers[_PLACE["textblob good"]] = good / count
        numbers[_PLACE["textblob bad"]] = bad / count
        numbers[_PLACE["textblob subjective"]] = subjective / count
