"""The words of the pages: the same in both languages, none missing, none for nobody."""

import re
import string
from pathlib import Path

import pytest
from markupsafe import Markup

from bot.web.pages import TEMPLATES
from bot.web.wording import FOLDER, LANGUAGES, Entry, Wording, read_words

WEB = TEMPLATES.parent
WORDS = read_words()
KEYS = sorted(WORDS.keys("de"))
SOURCES = {
    path.relative_to(WEB.parent).as_posix(): path.read_text(encoding="utf-8")
    for folder in (WEB, WEB.parent)
    for kind in ("*.py", "*.html", "*.js")
    for path in (folder.rglob(kind) if folder == WEB else folder.glob(kind))
}
CALL = re.compile(r'\bt\(\s*f?"([a-z][a-z0-9_.]*)("|\{)(\s*~)?')


def texts(entry: Entry) -> dict[str, str]:
    return {"": entry} if isinstance(entry, str) else dict(entry)


def placeholders(entry: Entry) -> set[str]:
    return {
        name for text in texts(entry).values() for _, name, _, _ in string.Formatter().parse(text) if name
    }


def test_both_languages_have_the_same_keys() -> None:
    assert WORDS.keys("de") == WORDS.keys("en")


def test_both_languages_fill_in_the_same_values() -> None:
    differing = {
        key: (placeholders(WORDS.entry("de", key)), placeholders(WORDS.entry("en", key)))
        for key in KEYS
        if placeholders(WORDS.entry("de", key)) != placeholders(WORDS.entry("en", key))
    }
    assert not differing


def test_every_word_that_is_asked_for_exists() -> None:
    known = WORDS.keys("de")
    missing = [
        f"{name}: {found[1]}"
        for name, source in SOURCES.items()
        for found in CALL.finditer(source)
        if found[1].count(".")
        and found[1] not in known
        and not (found[2] == "{" or found[3] or found[1].endswith("."))
    ]
    assert not missing, "\n".join(missing)


def test_every_prefix_that_is_built_on_leads_somewhere() -> None:
    missing = [
        f"{name}: {found[1]}"
        for name, source in SOURCES.items()
        for found in CALL.finditer(source)
        if (found[2] == "{" or found[3]) and not any(key.startswith(found[1]) for key in KEYS)
    ]
    assert not missing, "\n".join(missing)


def test_no_words_are_for_nobody() -> None:
    """A key is used if it stands somewhere as a whole, or begins with a text that something is added to."""
    everything = "\n".join(SOURCES.values())
    whole = set(re.findall(r'"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)"', everything))
    begun = set(re.findall(r'"([a-z][a-z0-9_]*\.(?:[a-z0-9_]+\.)*[a-z0-9_]*)(?:"\s*~|\{)', everything))
    begun |= set(re.findall(r'"([a-z][a-z0-9_]*\.(?:[a-z0-9_]+\.)*)"', everything))
    begun |= {f"{one}." for one in re.findall(r'\bin_words\("([a-z_.]+)"', everything)}
    unused = [key for key in KEYS if key not in whole and not any(key.startswith(one) for one in begun)]
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_straight_quoted(language: str) -> None:
    for key in KEYS:
        for text in texts(WORDS.entry(language, key)).values():  # type: ignore[arg-type]  # one of LANGUAGES
            assert text.strip(), key
            assert text.rstrip("\n") == text.strip(), key
            assert '"' not in text, key


def test_values_are_escaped_and_numbers_choose_their_form() -> None:
    words = Wording(
        {
            "de": {"a.b": "Hallo {name} & Co.", "a.n": {"zero": "nichts", "one": "eins", "other": "{n} da"}},
            "en": {},
        }
    )
    assert words.say("de", "a.b", name="<b>") == "Hallo &lt;b&gt; &amp; Co."
    assert words.say("de", "a.b", name=Markup("<b>")) == "Hallo <b> &amp; Co."
    assert [words.say("de", "a.n", n=n) for n in (0, 1, 2)] == ["nichts", "eins", "2 da"]
    with pytest.raises(KeyError):
        words.say("de", "a.b")
    with pytest.raises(KeyError):
        words.say("de", "a.c")


def test_a_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    for language in LANGUAGES:
        (tmp_path / language).mkdir()
    file = tmp_path / "de" / "x.yml"
    for text in ("- a", "a: [b]", ""):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"x\.yml"):
            read_words(tmp_path)
    file.write_text("n: on\nno: 5")
    assert read_words(tmp_path).say("de", "x.n") == "on"
    assert (FOLDER / "de" / "common.yml").is_file()
