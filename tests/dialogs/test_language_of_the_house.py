"""The house's own texts as a careful reader sees them: in every voice, in one language, well set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import pytest

from dialogs import check_windows
from dialogs.address import address_of
from dialogs.catalogue import load_catalogue
from dialogs.check_map import Map
from dialogs.check_texts import spoken_to
from dialogs.flow import Ask, Checklist, Consent, Handoff, Offer, Say
from dialogs.words import Tone
from nlu.language import language_of
from nlu.wordlists import word_set
from tests.dialogs.house_texts import SHOPS, house_book, house_texts, tell

TEXTS: Final = house_texts()


def said(text: str) -> str:
    """A text as it is set: whatever stands in braces becomes a name."""
    return re.sub(r"\{[^{}]*\}", "Name", text)


# -- voices and languages


def test_there_is_something_to_read() -> None:
    assert len(TEXTS) > 500
    assert {text.file.split("/")[1] for text in TEXTS} == {"scripts", "shops"}


def test_every_text_is_written_in_all_three_voices() -> None:
    tell(text.told(key, "is missing") for text in TEXTS for key in text.missing)


def test_a_text_is_written_twice_only_where_somebody_is_addressed() -> None:
    def offences() -> Iterator[str]:
        for text in TEXTS:
            if "de" in text.texts and {"de_du", "de_sie"} & set(text.texts):
                yield text.told("de", "stands beside de_du or de_sie")
            if text.texts.get("de_du") == text.texts.get("de_sie", ""):
                yield text.told("de_du", "is the same in de_sie: write `de`")

    tell(offences())


def test_du_and_sie_are_never_mixed_and_right_for_their_key() -> None:
    def offences() -> Iterator[str]:
        for text in TEXTS:
            for key, one in text.texts.items():
                if (found := spoken_to(key, one, button=text.button)) is not None:
                    yield text.told(key, f"{found[0]} {found[1]['word']}")
                elif key.endswith("_sie"):
                    if not re.search(r"\b(?:Sie|Ihnen|Ihr(?:e[nmrs]?)?)\b", one):
                        yield text.told(key, "addresses nobody")
                    weak = set(address_of(one).weak) - {"Stelle"}  # more often a place
                    if weak:
                        yield text.told(key, f"a command for du: {', '.join(sorted(weak))}")

    tell(offences())


_GERMAN_WORDS: Final = word_set(
    "und oder aber nicht ist sind wird werden für mit auf von bei aus nach über wir uns unser unsere euch "
    "dir dich dein deine deinen sie ihnen ihr ihre ihren ich mir mich ein eine einen einem einer kein "
    "keine der den dem des das dass wenn noch schon gern gerne danke bitte ja nein zum zur im vom wie wo "
    "wann warum schreib schreiben sehr mehr auch nur jetzt hier dann haben hast habe bist kann kannst "
    "können deiner ihrer einfach"
)
_ENGLISH_WORDS: Final = word_set(
    "the and or but not is are was were would with from your you we our us my me this that these those it "
    "its they them have has had can could should please thanks thank yes no if when how what why where "
    "there here just more very only now about of to for on by as be been do does did"
)
_BOTH: Final = word_set("was on am do not")
"""Words of both languages, or nearly so: „was“, the day Do, „Not“."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NAME: Final = re.compile(r"„[^“]*“|“[^”]*”|\{[^{}]*\}|https?://\S+|\S+@\S+|My[ -]Post[ -]24")
"""What may be of another language: a quoted name, an address."""

_IN_BOTH: Final = frozenset(
    {"Deutsch", "English", "German: du or Sie", "Sie", "Which language? / In welcher Sprache?"}
)
"""Where a language or a voice is chosen, it is called by its own name."""


def foreign(text: str, *, english: bool) -> list[str]:
    """Function words of the other language."""
    words = [word.lower() for word in _WORD.findall(text)]
    return [word for word in words if word in (_GERMAN_WORDS if english else _ENGLISH_WORDS) - _BOTH]


def test_no_text_is_left_untranslated() -> None:
    def offences() -> Iterator[str]:
        for text in TEXTS:
            for key, one in text.texts.items():
                here, there = ("en", "de") if key == "en" else ("de", "en")
                plain = "" if one in _IN_BOTH else _NAME.sub(" ", one)
                if words := foreign(plain, english=key == "en"):
                    yield text.told(key, f"words of another language ({', '.join(words)})")
                elif len(_WORD.findall(plain)) > 4 and language_of(plain, here) == there:
                    yield text.told(key, "reads like another language")
                if key == "en" and (odd := re.findall(r"\b[a-zäöü]*[äöüß]\w*", plain)):
                    yield text.told(key, f"German words ({', '.join(odd)})")

    tell(offences())


_ALIKE: Final = word_set("okay top normal instagram whatsapp telegram")
"""Words that German and English share."""


def test_german_and_english_are_alike_only_where_they_have_no_words() -> None:
    names = {
        word.lower()
        for shop in SHOPS.iterdir()
        for product in load_catalogue(shop / "catalogue.yml").values()
        for word in set(_WORD.findall(product.title.get("en", "")))
        & set(_WORD.findall(product.title.get("de", "")))
    }

    def offences() -> Iterator[str]:
        for text in TEXTS:
            words = {word.lower() for word in _WORD.findall(_NAME.sub(" ", text.texts.get("en", "")))}
            for key, one in text.texts.items():
                if key == "en" or one in _IN_BOTH:
                    continue
                if one == text.texts.get("en") and words - _ALIKE - names:
                    yield text.told(key, "is the same in English")

    tell(offences())


# -- typography

_EVERYWHERE: Final[Mapping[str, str]] = {
    "an ASCII double quote": r'"',
    "an apostrophe that is not '": r"[’´`]|(?<!‚)(?<=\w)‘(?=\w)",
    "a hyphen for a dash": r"(?:^|\s)-(?:\s|$)",
    "a dash without blanks": r"(?<=[^\W\d])–(?=[^\W\d])(?<!\bMo–)(?<!\bMon–)|\s–\S|(?<=\w)–\s|—",
    "three dots": r"\.\.",
    "a double blank": r"[^\S\n]{2,}|[\u00a0\u2000-\u200a]{2,}",
    "a blank before punctuation": r"[^\S\n]+(?:[,.;:!?](?!\w))",
    "a blank at the end of a line": r"(?:^|\n)[^\S\n]|[^\S\n](?:\n|$)",
    "a chain of exclamations": r"!\s*!|[!?]{2,}",
    "“click here”": r"(?i)\bklick\w* (?:sie )?(?:bitte )?hier\b|\bhier klick|\bclick here\b",
    "a blank after an opening quote": r"[„‚(]\s|\s[)]",
}
_IN_GERMAN: Final[Mapping[str, str]] = {
    "an English quote": r"”|(?:^|[\s(])“",
    "a percentage without its blank": r"\d%",
    "an abbreviation without its blank": r"\b(?:z\.B|d\.h|u\.a|z\.T)\.",
}
_IN_ENGLISH: Final[Mapping[str, str]] = {
    "a German quote": r"„|‚",
    "a percentage with a blank": r"\d %",
}


def slips(key: str, text: str) -> Iterator[str]:
    """How a text is set amiss."""
    for what, pattern in {**_EVERYWHERE, **(_IN_ENGLISH if key == "en" else _IN_GERMAN)}.items():
        if re.search(pattern, said(text)):
            yield what
    if text.count("!") > 2:
        yield "three exclamation marks"
    opening, closing = ("“", "”") if key == "en" else ("„", "“")
    signs = re.findall(f"[{opening}{closing}]", said(text))
    if signs != [opening, closing] * (len(signs) // 2):
        yield "quotes that do not match"


def test_texts_are_well_set() -> None:
    tell(
        text.told(key, what) for text in TEXTS for key, one in text.texts.items() for what in slips(key, one)
    )


@pytest.mark.parametrize(
    ("key", "text", "slip"),
    [
        ("de", 'Das "Ding"', "an ASCII double quote"),
        ("en", "It’s here", "an apostrophe that is not '"),
        ("de", "Gut - sehr gut", "a hyphen for a dash"),
        ("de", "Gut – sehr gut", None),
        ("de", "Mo–Fr 9–17 Uhr", None),
        ("de", "Gut–sehr gut", "a dash without blanks"),
        ("en", "Good—very good", "a dash without blanks"),
        ("de", "Moment...", "three dots"),
        ("de", "Moment …", None),
        ("de", "Zwei  Stück", "a double blank"),
        ("de", "Gut , ja", "a blank before punctuation"),
        ("de", "Gut ?", "a blank before punctuation"),
        ("de", "Gut ", "a blank at the end of a line"),
        ("de", "Ja!!", "a chain of exclamations"),
        ("en", "Really?!", "a chain of exclamations"),
        ("de", "Ja! Gut! Toll!", "three exclamation marks"),
        ("de", "Bitte klicken Sie hier.", "“click here”"),
        ("en", "Click here, please", "“click here”"),
        ("de", "Die “Mühle”", "an English quote"),
        ("en", "The „mill“", "a German quote"),
        ("de", "10%", "a percentage without its blank"),
        ("en", "10 % off", "a percentage with a blank"),
        ("de", "z.B. so", "an abbreviation without its blank"),
        ("de", "Die „Mühle", "quotes that do not match"),
        ("de", "Die „{product}“ für 10 %, z. B. morgen: „{'ja' if arrived else 'nein'}“", None),
        ("en", "The “{product}”, isn't it?", None),
    ],
)
def test_slips_of_setting(key: str, text: str, slip: str | None) -> None:
    found = list(slips(key, text))
    assert slip in found if slip else not found


def test_switzerland_writes_no_sharp_s() -> None:
    tell(
        text.told(key, "ß in Switzerland")
        for text in TEXTS
        for key, one in text.texts.items()
        if key.startswith("de_ch") and "ß" in one
    )


# -- first lines


Speaking: TypeAlias = Say | Ask | Checklist | Offer | Consent | Handoff


def spoken_first(flow: str) -> Iterator[tuple[str, Speaking]]:
    """The steps of a flow with which the bot may begin it by itself."""
    map_ = Map(house_book())
    triggers = [one for one in house_book().flows[flow].triggers if one.proactive]
    waiting = [
        place
        for trigger in triggers
        for place in check_windows._begun(
            map_, map_.first(house_book().flows[flow]), check_windows.known_at(trigger)
        )
    ]
    for place in waiting:  # grows while it is walked
        step = map_.steps[place]
        if isinstance(step, Speaking):
            if place[0] == flow:
                yield place[1], step
        else:
            waiting += [one for one in map_.onward(place, {"next", "case", "wait"}) if one not in waiting]


def test_what_the_bot_begins_by_itself_has_another_first_line_beside() -> None:
    def offences() -> Iterator[str]:
        for flow in house_book().flows:
            for name, step in dict(spoken_first(flow)).items():
                lines = step.lines
                if not lines.variants:
                    yield f"{flow}/{name} has no variants: {lines.base.source(Tone())}"
                for one in lines.variants.values():
                    if set(one.texts.values()) & set(lines.base.texts.values()):
                        yield f"{flow}/{name} has a variant that is no other text: {one.source(Tone())}"

    tell(offences())


@pytest.mark.parametrize(
    ("text", "english", "words"),
    [
        ("Wo ist mein Paket?", True, ["wo", "ist"]),
        ("Where is the parcel?", False, ["where", "is", "the"]),
        ("Schön warm", False, []),
    ],
)
def test_words_of_the_other_language_are_seen(text: str, english: bool, words: list[str]) -> None:
    assert foreign(text, english=english) == words
