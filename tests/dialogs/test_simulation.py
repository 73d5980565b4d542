"""The simulated world keeps the house's rules, and a conversation file says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.simulated import CHANNELS
from dialogs.messages import Choice, Draft, Template
from dialogs.records import Touched
from dialogs.render import render
from dialogs.script import SCRIPTS
from dialogs.simulation.chat import Chat, Touch, Waiting
from dialogs.simulation.conversation import of_example, read_conversations
from dialogs.simulation.house import House
from dialogs.simulation.play import Mismatch, play
from tests.dialogs.player import START, house

HOUR = timedelta(hours=1)


def chat(channel: str, heard_at: datetime | None = START) -> Chat:
    return Chat(1, channel, CHANNELS[channel], heard_at=heard_at)


def waiting(text: str, *choices: str, step: str = "s", **draft: object) -> Waiting:
    made = Draft(text, "f", step, tuple(Choice(one, one) for one in choices), asked=1, **draft)  # type: ignore[arg-type]  # whatever the test wants
    [outgoing] = render(made, CHANNELS["telegram"])
    return Waiting(outgoing, "notice" if made.notice else "bot", made)


def said(here: Chat, now: datetime) -> list[str]:
    return [one.text for one in here.send(now, house().book, "du")]


# What goes out


def test_an_open_window_lets_everything_out() -> None:
    here = chat("instagram")
    here.outbox = [waiting("eins"), waiting("zwei")]
    assert said(here, START + 23 * HOUR) == ["eins", "zwei"]
    assert here.outbox == []


def test_a_closed_window_parks_until_the_buyer_writes() -> None:
    here = chat("instagram")
    here.outbox = [waiting("eins")]
    assert said(here, START + 24 * HOUR) == []
    here.heard_at = START + 30 * HOUR
    assert said(here, START + 30 * HOUR) == [], "only the buyer's word releases it"
    here.outbox.append(waiting("Antwort"))
    here.release(START + 30 * HOUR)
    assert said(here, START + 30 * HOUR) == ["Antwort", "eins"]


def test_what_was_parked_too_long_is_dropped_and_the_touchpoint_says_so() -> None:
    here = chat("instagram")
    here.touches["k"] = Touch(Touched("k", "f", "service", "sent"), START)
    here.outbox = [waiting("Tipp", proactive=True, touchpoint="k", expires_at=START + 48 * HOUR)]
    assert said(here, START + 25 * HOUR) == []
    assert (here.touches["k"].what.fate, here.touches["k"].what.reason) == ("parked", "window")
    here.heard_at = START + 50 * HOUR
    here.release(here.heard_at)
    assert said(here, here.heard_at) == []
    assert here.touches["k"].what.fate == "expired"


def test_one_wish_at_a_time_and_none_behind_a_question() -> None:
    here = chat("telegram")
    parked = [replace(waiting(text, proactive=True), parked=True) for text in ("eins", "zwei")]
    here.outbox = [*parked, waiting("Frage?", "ja")]
    here.release(START)
    assert said(here, START) == ["Frage?"]
    here.outbox.append(waiting("Antwort"))
    here.release(START)
    assert said(here, START) == ["Antwort", "eins"]


def test_a_question_that_is_asked_anyway_is_not_asked_twice() -> None:
    here = chat("telegram")
    here.outbox = [replace(waiting("Frage?", "ja"), parked=True), waiting("Frage?", "ja")]
    here.release(START)
    assert said(here, START) == ["Frage?"]
    assert here.outbox == []


def test_whatsapp_sends_the_template_once_the_window_has_closed() -> None:
    template = Template("unknown", "de", ("Mühle",))
    one = waiting("Frei")
    here = chat("whatsapp")
    here.outbox = [replace(one, outgoing=replace(one.outgoing, template=template))]
    [sent] = here.send(START + 25 * HOUR, house().book, "du")
    assert (sent.template, sent.text) == ("unknown", "[unknown] Mühle")
    here.outbox = [replace(one, outgoing=replace(one.outgoing, template=template))]
    [sent] = here.send(START + HOUR, house().book, "du")
    assert (sent.template, sent.text) == ("", "Frei")


def test_a_human_hushes_the_bot_but_not_the_notice() -> None:
    here = chat("telegram")
    here.outbox = [waiting("alt")]
    here.hush(START)
    here.outbox += [waiting("neu"), waiting("Ein Mensch kommt", notice=True)]
    assert said(here, START) == ["Ein Mensch kommt"]


def test_whoever_leaves_gets_nothing_that_still_waits() -> None:
    here = chat("instagram")
    here.touches["k"] = Touch(Touched("k", "f", "offers", "sent"), START)
    here.outbox = [replace(waiting("Angebot", proactive=True, touchpoint="k"), parked=True)]
    here.withdraw("all", START)
    assert here.outbox == []
    assert (here.touches["k"].what.fate, here.touches["k"].what.reason) == ("withdrawn", "opt_out")


@pytest.mark.parametrize(
    ("channel", "after", "reach"),
    [
        ("instagram", 23, "open"),
        ("instagram", 24, "closed"),
        ("whatsapp", 24, "template"),
        ("telegram", 9999, "open"),
    ],
)
def test_how_a_chat_may_be_written_to(channel: str, after: int, reach: str) -> None:
    here = chat(channel)
    assert here.reach(START + after * HOUR) == reach
    here.reachable = False
    assert here.reach(START) == "closed"


# What is written


def test_everything_that_is_wrong_with_a_file_is_told_with_its_place() -> None:
    text = (
        "about: Falsch\n"
        "bye: [HM-01]\n"
        "start: morgen\n"
        "turns:\n"
        "  - customer: {tap: Ja}\n"
        "  - cuostomer: Hallo\n"
        "  - later: 3 mal\n"
        "  - shop: shiped\n"
        "  - bot: {messages: viele}\n"
        "  - nur ein Wort\n"
        "  - shop: {tag: Zu Gast}\n"
        "  - shop: {tag: gast, event: paid}\n"
    )
    read, problems = read_conversations("falsch.yml", text)
    assert read == ()
    assert [(one.line, one.kind) for one in sorted(problems, key=lambda one: one.line)] == [
        (2, "unknown_key"), (3, "wrong_form"), (5, "unknown_key"), (6, "unknown_key"), (7, "wrong_form"),
        (8, "not_possible"), (9, "wrong_form"), (10, "wrong_form"), (11, "wrong_form"), (12, "unknown_key"),
    ]  # fmt: skip
    assert "Gemeint ist vielleicht `taps`." in [one.hint("de") for one in problems]
    assert "Perhaps `shipped` is meant." in [one.hint("en") for one in problems]


@pytest.mark.parametrize(
    "text", ["", "[", "a: 1", "- 1", "turns: {}", "turns: 3", "about: x", "examples: 4", "{1: 2}"]
)
def test_no_file_raises(text: str) -> None:
    read_conversations("x.yml", text)


def test_on_is_a_word_here_and_not_true() -> None:
    read, problems = read_conversations("x.yml", "turns: [{customer: {says: Hallo, on: telegram}}]")
    assert not problems
    assert read[0].lines[0].act.on == "telegram"  # type: ignore[union-attr]  # it is a customer's line


def test_a_flows_examples_are_conversations_at_their_lines() -> None:
    file = SCRIPTS / "welcome.yml"
    text = file.read_text("utf-8")
    read, problems = read_conversations(file.name, text)
    assert not problems
    assert len(read) == len(house().book.flows["welcome"].examples)
    assert all(text.splitlines()[one.line - 1].lstrip().startswith("- about") for one in read)
    one, wrong = of_example(house().book.flows["welcome"].examples[0], file.name, 7)
    assert not wrong
    assert one is not None
    assert {line.line for line in one.lines} == {7}
    assert [line.act for line in one.lines] == [line.act for line in read[0].lines]


# The sample shops


def test_a_conversation_is_played_in_the_shop_that_it_names() -> None:
    question = 'turns:\n  - customer: {scan: "1001"}\n  - bot: {says: "Gratwind", not: "Artikel"}\n'
    assert mismatches(f"shop_sample: outdoor\nbuy: [ZT-02]\n{question}") == ()
    for named in ("", "shop_sample: coffee\n"):
        assert mismatches(f"{named}buy: [ZT-02]\n{question}") != (), "there are no tents at the roaster's"


def test_only_what_a_sample_shop_is_changes() -> None:
    here = replace(house(), voice="sie", country="CH", understand_of=None)
    there = here.as_sample("outdoor")
    assert (there.brand, there.voice, there.country) == ("Nordwand", "sie", "CH")
    assert "BF-01" in there.products
    assert there.understand is here.understand
    assert there.book is here.book
    back = there.as_sample("coffee")
    assert (back.brand, back.products) == (here.brand, here.products)


def test_the_products_of_the_shop_are_understood_there() -> None:
    for name, called in (("outdoor", "ZT-02"), ("coffee", None)):
        understood = (
            house().as_sample(name).understand("das Zweipersonenzelt Gratwind", language="de", expecting=None)
        )
        found = {entity.kind: entity.value for entity in understood.entities}
        assert found.get("product") == called


@pytest.mark.parametrize("word", ["tea", "[coffee]", ""])
def test_another_shop_than_these_is_refused(word: str) -> None:
    read, problems = read_conversations("x.yml", f"shop_sample: {word or '3'}\nturns: []\n")
    assert not read
    assert [one.line for one in problems] == [1]


# What goes otherwise


def mismatches(text: str, shop: House | None = None) -> tuple[Mismatch, ...]:
    read, problems = read_conversations("x.yml", text)
    assert not problems, problems
    return play(read[0], shop or house())


def test_a_mismatch_says_where_what_and_what_instead() -> None:
    [wrong] = mismatches(
        'buy: [HM-01]\nturns:\n  - customer: {scan: "1001"}\n  - bot: {says: Gurke, messages: 1}\n'
    )
    assert (wrong.file, wrong.line, wrong.turn) == ("x.yml", 4, 2)
    assert wrong.expected == {"de": "„Gurke“", "en": "“Gurke”"}
    assert "Danke für deine Bestellung #1001" in wrong.said[0]
    assert "[Ja, los geht's | " in wrong.said[0]
    assert wrong.told("de").startswith("x.yml:4: Erwartet: „Gurke“. Gesagt wurde:\n    whatsapp: Hallo Anna")


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ("[{customer: Hi}, {bot: silent}]", "nothing is said"),
        ("[{customer: Hi}, {bot: {not: Assistent}}]", "not “Assistent”"),
        ("[{customer: Hi}, {bot: {messages: 7}}]", "7 messages, not 1"),
        ("[{customer: Hi}, {bot: {buttons: [A, B]}}]", "the buttons A | B"),
        ("[{customer: Hi}, {bot: {template: nachklang_care}}]", "the template nachklang_care"),
        ("[{customer: {taps: Nie}}]", "a button “Nie”; shown were: –"),
        ("[{shop: delivered}]", "an order 1001; there is none"),
        ("[{shop: {tag: vip}}]", "an order 1001; there is none"),
        ("[{expect: {floor: human}}]", "floor: human, not bot"),
        ("[{expect: {fates: {rating: sent}}}]", "`rating` is sent, not none"),
        ("[{expect: {consents: {service: false, feedback: false}}}]", "consents.service: false, not true"),
        ("[{customer: Mensch bitte}, {expect: {never: [HandedOff]}}]", "HandedOff is not kept"),
        ("[{expect: {records: [Rated, Rated]}}]", "Rated, Rated is kept; there were: –"),
        ("[{expect: {ratings: {1001: 5}}}]", "ratings.1001: 5, not –"),
        ("[{expect: {notes: {usage: filter}}}]", "notes.usage: filter, not –"),
        ("[{expect: {offered: [A], mailed: [b]}}]", "offered: A, not –"),
        ("[{expect: {handoff: x}}]", "handoff: x, not none"),
        ("[{republish: {nowhere: {expires: 1 day}}}]", "a script that can be read: nowhere"),
    ],
)
def test_every_expectation_can_fail(turns: str, expected: str) -> None:
    assert expected in [wrong.expected["en"] for wrong in mismatches(f"turns: {turns}")]


def test_a_script_that_reminds_itself_without_end_is_found_out() -> None:
    files = {path.name: path.read_text("utf-8") for path in SCRIPTS.glob("*.yml")}
    [wrong] = mismatches(
        "channel: telegram\n"
        "buy: [HM-01]\n"
        "turns:\n"
        "  - republish:\n"
        "      loop:\n"
        "        starts: [{order: shipped}]\n"
        "        steps: [{id: rest, wait: 1 minute, go: rest}]\n"
        '  - customer: {scan: "1001"}\n'
        "  - shop: shipped\n"
        "  - later: 3 days\n",
        replace(house(), files=files),
    )
    assert wrong.line == 10
    assert "reminds itself without end" in wrong.expected["en"]


def test_a_template_is_shown_as_it_was_approved() -> None:
    assert not mismatches(
        "buy: [HM-01]\n"
        "turns:\n"
        '  - customer: {scan: "1001"}\n'
        "  - later: 2 days\n"
        "  - shop: shipped\n"
        '  - bot: {template: nachklang_shipped, says: "00340434161094042557", not: "{{"}\n'
    )
