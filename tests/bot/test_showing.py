"""How pages show times, amounts and words: in the reader's language and the shop's time zone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from babel.dates import format_timedelta
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from bot.web.pages import make_templates, own_path
from bot.web.showing import FILTERS, preferred_language
from bot.web.wording import Language, read_words

NOW = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
WORDS = read_words()


def shown(tmp_path: Path, text: str, lang: Language = "de", **values: Any) -> str:
    (tmp_path / "t.html").write_text(text)
    templates = make_templates("Europe/Berlin", tmp_path)

    def t(key: str, **more: object) -> str:
        return WORDS.say(lang, key, **more)

    return templates.get_template("t.html").render({"lang": lang, "now": NOW, "t": t, **values})


@pytest.mark.parametrize(
    ("text", "german", "english"),
    [
        ("{{ now | clock }}", "14:05", "14:05"),
        ("{{ now | day }}", "Do., 26. Nov.", "Thu, 26 Nov"),
        ("{{ old | day }}", "Mi., 31. Dez. 2025", "Wed, 31 Dec 2025"),
        ("{{ now | moment }}", "Do., 26. Nov., 14:05", "Thu, 26 Nov, 14:05"),
        ("{{ now | iso }}", "2026-11-26T14:05:00+01:00", "2026-11-26T14:05:00+01:00"),
        ("{{ before | ago }}", "vor 5 Minuten", "5 minutes ago"),
        ("{{ now | ago }}", "gerade eben", "just now"),
        ("{{ soon | until }}", "in 2 Stunden", "in 2 hours"),
        ("{{ later | until }}", "Sa., 28. Nov., 14:05", "Sat, 28 Nov, 14:05"),
        ("{{ sum | money }}", "1.234,50\xa0€", "€1,234.50"),
        ("{{ sum | money('CHF') }}", "1.234,50\xa0CHF", "CHF1,234.50"),
        ("{{ 12345 | number }}", "12.345", "12,345"),
        ("{{ nasty | safe_text }}", "&lt;b&gt;", "&lt;b&gt;"),
    ],
)
def test_what_readers_see(tmp_path: Path, text: str, german: str, english: str) -> None:
    values = {
        "old": datetime(2025, 12, 31, 9, tzinfo=UTC),
        "before": NOW - timedelta(minutes=5),
        "soon": NOW + timedelta(hours=2),
        "later": NOW + timedelta(days=2),
        "sum": Decimal("1234.5"),
        "nasty": "<b\u202e>",
    }
    assert shown(tmp_path, text, "de", **values) == german
    assert shown(tmp_path, text, "en", **values) == english


def test_a_value_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError):
        shown(tmp_path, "{{ nothing }}")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "de"), ("en-GB,en;q=0.9", "en"), ("fr, de;q=0.3, en;q=0.5", "en"), ("fr", "de"), ("en;q=x", "de")],
)
def test_the_browsers_language_is_ours_where_we_speak_it(accepted: str, language: str) -> None:
    assert preferred_language(accepted, "de") == language


@pytest.mark.parametrize("path", ["//evil", "/\\evil", "https://evil", "", "/a\nb", "/ä", "javascript:x"])
def test_only_our_own_paths_are_gone_back_to(path: str) -> None:
    assert own_path(path, "/desk") == "/desk"
    assert own_path("/desk/me?x=1#a", "/desk") == "/desk/me?x=1#a"


@given(st.timedeltas(timedelta(days=-2000), timedelta(days=2000)), st.sampled_from(["de", "en"]))
def test_distances_are_said_as_babel_says_them(distance: timedelta, lang: str) -> None:
    context: Any = {"lang": lang, "now": NOW, "t": lambda _: "now"}
    said = FILTERS["ago"](context, NOW + distance)
    if abs(distance) < timedelta(seconds=45):
        assert said == "now"
    else:
        assert said == format_timedelta(
            distance,
            granularity="minute",
            threshold=1.1,
            add_direction=True,
            locale={"de": "de_DE", "en": "en_GB"}[lang],
        )
