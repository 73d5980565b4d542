"""What stands in a topic: names, cards, messages in parts, and the words that all of it is said in."""

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram_cards import (
    BAR,
    LONGEST,
    MARKS,
    Looks,
    block,
    card,
    card_buttons,
    curve,
    pages,
    print_of,
    short_name,
    topic_name,
    units,
)
from bot.telegram_words import read_words, words_in
from dialogs.messages import Text
from integrations.sandbox.group import REACTIONS
from persistence.desk_rows import QueueRow
from persistence.desk_thread import DeskEvent, Item, Quoted, ShownButton

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
LOOKS = Looks(words_in("de"), ZoneInfo("Europe/Berlin"), {7: "Eva Brandt"})
BOT = Path(__file__).parents[2] / "bot"


def row(**more: Any) -> QueueRow:
    values: dict[str, Any] = {
        "id": 5, "name": "Lena Hoffmann-Meier", "channel": "whatsapp", "account": "shop", "status": "waiting",
        "floor": "agent", "assignee": None, "team": None, "priority": 2, "reason": "defect", "why": "defect",
        "evidence": "schon wieder kaputt", "answer_by": NOW + timedelta(hours=26), "waiting_since": NOW,
        "heard_at": NOW, "snoozed_until": None, "preview": "", "preview_kind": "text",
    }  # fmt: skip
    return QueueRow(**(values | more))


def item(text: str = "Hallo", side: Any = "buyer", **more: Any) -> Item:
    return Item("i1", NOW, side, more.pop("kind", "text"), text=text, **more)


def test_a_topic_is_named_by_urgency_person_reason_and_order() -> None:
    words = words_in("de")
    assert topic_name(row(order_number="1042"), words) == "🔴 Lena H. · defekt · #1042"
    assert topic_name(row(status="pending", order_number="#1042"), words) == "🔵 Lena H. · defekt · #1042"
    assert (
        topic_name(row(name=None, priority=0, why="", reason="unheard_of"), words)
        == "🟡 Jemand · braucht euch"
    )
    assert topic_name(row(why="", reason="parcel_late"), words_in("en")) == "🔴 Lena H. · parcel late"
    assert len(topic_name(row(name="x" * 500, order_number="9" * 500), words)) <= 128
    assert "\n" not in topic_name(row(name="Lena\nEva hat gelöst"), words)


@pytest.mark.parametrize(
    ("name", "short"), [("Lena", "Lena"), ("Lena  M", "Lena M."), (None, "Jemand"), (" \u202e ", "Jemand")]
)
def test_names_are_short(name: str | None, short: str) -> None:
    assert short_name(name, words_in("de")) == short


def test_a_card_says_what_an_agent_must_know() -> None:
    bought = row(moods=(0.2, -0.4, -0.9), order_number="1042", tier="gold")
    text = card(bought, [item()], LOOKS, NOW, asking=False)
    for words in (
        "🔴 sehr dringend · wartet auf euch",
        "Lena Hoffmann-Meier · WhatsApp",
        "Antwort fällig bis Fr., 27. Nov., 13:00",
        "Noch bei niemandem",
        "Warum: defekt",
        "│ „schon wieder kaputt“",
        "Stimmung: ▅▃▁ 😠",
        "Bestellung #1042 · Gold",
        "👤 Lena Hoffmann-Meier · 11:00\n│ Hallo",
    ):
        assert words in text
    late = card(row(answer_by=NOW, assignee=7, status="agent"), [], LOOKS, NOW, asking=True)
    for words in ("das ist vorbei", "Bei Eva Brandt", "Woran lag es?", "Noch kein Wort gewechselt."):
        assert words in late


def test_a_cards_buttons_follow_the_case() -> None:
    def titles(**more: Any) -> list[str]:
        asking = more.pop("asking", False)
        rows = card_buttons(row(**more), LOOKS, [("a", "Defekt"), ("b", "Verloren")], asking=asking)
        assert all(len(button.payload.encode()) <= 64 for line in rows for button in line)
        return [button.title for line in rows for button in line]

    assert titles() == ["Übernehmen", "Entwurf", "Gelöst", "An den Bot"]
    assert titles(assignee=7)[0] == "Von Eva Brandt übernehmen"
    assert titles(asking=True) == ["Defekt", "Verloren", "Ohne Ursache", "Zurück"]
    assert titles(status="resolved") == []


def test_each_thing_says_who_it_is_from_and_what_became_of_it() -> None:
    tapped = item("Wie war es?", "bot", buttons=(ShownButton("Gut", tapped=True), ShownButton("Schlecht")))
    assert block(tapped, row(), LOOKS).endswith("│ Wie war es?\n│ [✓ Gut] [Schlecht]")
    gone = item("", unsent=True)
    assert block(gone, row(), LOOKS).endswith("│ 🗑 zurückgezogen")
    answer = item("Ja", quoted=Quoted("Passt das?", "bot"), reactions=("❤️",), edited=True)
    assert "(bearbeitet, auf „Passt das?“)" in block(answer, row(), LOOKS)
    assert block(answer, row(), LOOKS).endswith("❤️")
    said = item("Hi", "agent", who=7, status="failed", code="131026")
    assert "💬 Eva Brandt (Seite)" in block(said, row(), LOOKS)
    assert "⚠️ nicht angekommen: " in block(said, row(), LOOKS)
    parked = item("Hi", "agent", who=7, status="parked")
    assert block(parked, row(), LOOKS).endswith("⏸ geht raus, sobald Lena wieder schreibt")
    event = item("", "event", kind="claimed", who=7, desk=DeskEvent("claimed", "account:7", "", {}))
    assert block(event, row(), LOOKS) == "· 11:00 Eva Brandt hat übernommen."
    unknown = item("", "event", kind="x", desk=DeskEvent("labelled", "account:7", "", {}))
    assert block(unknown, row(), LOOKS) == ""


@given(st.text(max_size=3000), st.text(max_size=80))
def test_no_word_of_a_strangers_can_pass_for_the_houses(text: str, name: str) -> None:
    shown = block(item(text, event=Text(text)), row(name=name), LOOKS)
    head, *lines = shown.split("\n")
    assert head.startswith("👤 ")
    assert lines
    assert all(line.startswith(BAR) for line in lines)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=400), max_size=12), st.integers(60, 300))
def test_parts_hold_everything_and_none_is_too_long(blocks: list[str], longest: int) -> None:
    found = pages(blocks, longest)
    assert all(units(part) <= longest for part in found)
    assert "".join("".join(found).split()) == "".join("".join(blocks).split())


def test_a_long_line_keeps_its_bar_in_every_part() -> None:
    parts = pages([BAR + "ä😀" * 5000])
    assert len(parts) > 2
    assert all(line.startswith(BAR) for part in parts for line in part.split("\n"))
    assert all(units(part) <= LONGEST for part in parts)
    assert pages([]) == []


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12))
def test_a_mood_has_a_place_for_every_value(moods: list[float]) -> None:
    line, _, face = curve(moods).partition(" ")
    assert len(line) == len(moods)
    assert face in "😠🙁😐🙂"


def test_what_looks_the_same_has_the_same_print() -> None:
    assert print_of("a", ()) == print_of("a", ())
    assert print_of("a", ()) != print_of("b", ())
    assert print_of("\ud800")


def test_marks_are_emoji_that_telegram_lets_a_bot_use() -> None:
    assert set(MARKS.values()) <= REACTIONS


def test_both_languages_say_the_same_things_with_the_same_gaps() -> None:
    words = read_words()
    assert words["de"].keys() == words["en"].keys()

    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, text in words["de"].items():
        assert gaps(text) == gaps(words["en"][key]), key


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    code = "\n".join(file.read_text() for file in BOT.glob("telegram_*.py"))
    areas = "answer|say|link|media|button|card|kind|mark|event|status|reason"
    asked = set(re.findall(rf"""["']((?:{areas})\.[a-z_]+)["']""", code))
    known = read_words()["de"].keys()
    assert asked <= known
    families = ("priority.", "tier.", "status.", "reason.", "kind.", "mark.", "event.", "media.")
    unused = {key for key in known - asked if not key.startswith(families)}
    assert unused == {"someone", "bot", "page", "phone", "note"}
