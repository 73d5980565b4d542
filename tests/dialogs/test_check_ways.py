"""What the checks let pass, and the less obvious of what they do not: ways, windows, consent, promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Final

import pytest

from dialogs.check import Demands, check
from dialogs.facts import Pacing
from dialogs.flow import Book, Flow, Say, Target, Trigger
from dialogs.words import Lines, Words
from tests.dialogs.checking import ALL, BOOK, CHANNELS, marked, wrong, wrong_with

START: Final = "id: x\nstarts:\n  - keyword: probe\nsteps:\n"
UNASKED: Final = "id: x\nstarts:\n  - order: delivered\n    after: 3 days\nsteps:\n"
WORDS: Final = '{de: "Gut.", en: "Good."}'
PROMISE: Final = '{de: "Ich melde mich morgen.", en: "Good."}'
ASK: Final = f"""    ask: {WORDS}
    choices:
      - {{id: good, title: {{de: "Ja", en: "Yes"}}, go: good}}
      - {{id: bad, title: {{de: "Nein", en: "No"}}, go: bad}}
"""
CONSENT: Final = f"""    consent: offers
    text: {WORDS}
    yes: {{de: "Ja", en: "Yes"}}
    no: {{de: "Nein", en: "No"}}
    confirm: {WORDS}
"""

FINE: Final = {
    "running on is meant": f"""{START}  - id: ask
{ASK}  - id: good
    say: {WORDS}
    go: bad
  - id: bad
    say: {WORDS}
""",
    "a circle that asks": f"""{START}  - id: ask
{ASK}  - id: good
    say: {WORDS}
    go: ask
  - id: bad
    say: {WORDS}
""",
    "a circle that waits": f"""{START}  - id: a
    say: {WORDS}
    template: shop_news
  - id: b
    wait: 2 hours
  - id: c
    if: has_order
    then: a
    else: end
""",
    "a circle over a flow that asks": f"""{START}  - id: a
    call: asking
  - id: b
    if: has_order
    then: a
    else: end
""",
    "a name that leads nowhere excuses what it was meant for": f"""{START}  - id: a
    say: {WORDS}
    go: bb     #! dangling
  - id: b
    say: {WORDS}
""",
    "a step that another flow leads to": f"""{START}  - id: a
    go: /asking/later
""",
    "a wait within the window": f"""{START}  - id: a
    say: {WORDS}
  - id: b
    wait: 2 hours
  - id: c
    say: {WORDS}
""",
    "what a touchpoint cannot come to": f"""id: x
starts:
  - order: delivered
    if: not is_rated and has_parcel
steps:
  - id: a
    if:
      - {{when: is_rated or not has_order, go: never}}
      - {{when: has_parcel, go: parcel}}
    else: never
  - id: never
    say: {WORDS}
    go: end
  - id: parcel
    say: {WORDS}
    template: shop_news
""",
    "what a touchpoint cannot come to, by one part of its condition": f"""id: x
starts:
  - order: delivered
    if: order_count >= 3 and status != "a or b" and not notes.thank_you
steps:
  - id: a
    if: notes.thank_you
    then: never
    else: parcel
  - id: never
    say: {WORDS}
    go: remember
  - id: parcel
    say: {WORDS}
    template: shop_news
    go: remember
  - id: remember
    note: {{thank_you: "yes"}}
""",
    "an answer opens the window": f"""{UNASKED}  - id: a
    ask: {WORDS}
    template: shop_question
    choices:
      - {{id: good, title: {{de: "Ja", en: "Yes"}}, go: b}}
      - {{id: bad, title: {{de: "Nein", en: "No"}}, go: end}}
  - id: b
    call: asking
  - id: c
    say: {WORDS}
""",
    "offers only where they are allowed": f"""{UNASKED}  - id: a
    if: allows_offers and has_complement
    then: deal
    else: end
  - id: deal
    offer: bundle
    text: {WORDS}
    template: shop_news
""",
    "offers where they are not forbidden": f"""{UNASKED}  - id: a
    if: not allows_offers
    then: end
    else: deal
  - id: deal
    offer: bundle
    text: {WORDS}
    template: shop_news
""",
    "offers after a yes": f"""{START}  - id: a
    wait: 1 hour
  - id: b
{CONSENT}    given: deal
    refused: end
  - id: deal
    offer: code
    text: {WORDS}
""",
    "a flow that somebody has chosen": f"""{UNASKED}  - id: a
    ask: {WORDS}
    template: shop_question
    choices:
      - {{id: good, title: {{de: "Ja", en: "Yes"}}, go: /dealing}}
      - {{id: bad, title: {{de: "Nein", en: "No"}}, go: end}}
""",
    "a promise with a reminder after it": f"""{START}  - id: a
    say: {PROMISE}
  - id: b
    remind: 1 day
    with: /asking
""",
    "a promise with a reminder before it": f"""{START}  - id: b
    remind: later
    with: /asking
  - id: a
    say: {PROMISE}
""",
    "a promise that a human keeps": f"""{START}  - id: a
    say: {PROMISE}
  - id: b
    if: has_order
    then: c
    else: d
  - id: c
    go: /frame
  - id: d
    wait: 3 hours
  - id: e
    say: {WORDS}
""",
    "two words that only hold a wish": f"""id: x
starts:
  - keyword: "mein pflegetipp zum mahlwerk"
steps:
  - id: a
    say: {WORDS}
""",
    "short but never at night": f"""id: x
expires: 3 hours
starts:
  - order: delivered
    after: 1 day
  - date: birthday
    at: "10:00"
steps:
  - id: a
    say: {WORDS}
    template: shop_news
""",
}

WRONG: Final = {
    "a circle through two flows": f"""{START}  - id: a     #! never_waits
    go: /loop_b
""",
    "a circle that a decided consent goes round": f"""{START}  - id: a     #! never_waits
{CONSENT}    given: b
    refused: end
  - id: b
    say: {WORDS}
    go: a
""",
    "a circle over a flow that ends at once": f"""{START}  - id: a     #! never_waits
    call: dealing
  - id: b
    if: has_order
    then: a
    else: end
""",
    "a pause without an end": f"""{START}  - id: a
    say: {WORDS}
    template: shop_news
  - id: b     #! no_way_out
    wait: 2 hours
    go: a
""",
    "a silence is no way out": f"""{START}  - id: a     #! no_way_out
    ask: {WORDS}
    choices:
      - {{id: c, title: {{de: "Ja", en: "Yes"}}, go: a}}
    silence: {{after: 2 hours, go: b}}
  - id: b
    say: {WORDS}
""",
    "two flows that lead to each other": f"""{START}  - id: a     #! no_way_out
    ask: {WORDS}
    choices:
      - {{id: c, title: {{de: "Ja", en: "Yes"}}, go: /back_to_x}}
""",
    "a long wait in a flow that the buyer began": f"""{START}  - id: a
    say: {WORDS}
  - id: b
    wait: 2 days
  - id: c     #! no_template
    say: {WORDS}
""",
    "several short waits make a long one": f"""{START}  - id: a
    wait: 6 hours
  - id: b
    say: {WORDS}
  - id: c
    wait: 6 hours
  - id: d     #! no_template
    say: {WORDS}
""",
    "what is said when nobody answers": f"""{START}  - id: a
    ask: {WORDS}
    choices:
      - {{id: c, title: {{de: "Ja", en: "Yes"}}, go: end}}
    silence: {{after: 2 days, go: b}}
  - id: b     #! no_template
    say: {WORDS}
""",
    "what waits for the parcel": f"""{START}  - id: a
    wait: delivered
    longest: 14 days
    go: b
    else: end
  - id: b     #! no_template
    say: {WORDS}
""",
    "what a reminder plays": f"""{START}  - id: a
    remind: later
    with: b
    go: end
  - id: b     #! no_template
    say: {WORDS}
""",
    "an alternative allows nothing": f"""{UNASKED}  - id: a
    if: allows_offers or has_complement
    then: deal
    else: end
  - id: deal     #! offers_purpose
    offer: bundle
    text: {WORDS}
    template: shop_news
""",
    "an offer in a flow that follows": """id: x
purpose: service     #! offers_purpose
starts:
  - order: delivered
steps:
  - id: a
    go: /dealing
""",
    "an offer after a pause": f"""{START}  - id: a
    wait: 1 hour
  - id: b     #! offers_purpose
    offer: code
    text: {WORDS}
""",
    "a promise that one way breaks": f"""{START}  - id: a
    say: {{de: "Ich melde mich morgen.", en: "Good."}}     #! broken_promise
  - id: b
    if: has_order
    then: c
    else: end
  - id: c
    remind: 1 day
    with: /asking
""",
    "a promise in a question": f"""{START}  - id: a
    ask: {{de: "Bis morgen ist es gelöst. Gut?", en: "Good?"}}     #! broken_promise
    choices:
      - {{id: c, title: {{de: "Ja", en: "Yes"}}, go: end}}
""",
    "a name in the condition of a trigger": f"""id: x
starts:
  - keyword: [eins, zwei]
  - keyword: drei
    if: my.nothing     #! never_set no_effect
steps:
  - id: a
    say: {WORDS}
""",
}

OTHERS: Final = {
    "asking.yml": f"""id: asking
steps:
  - id: ask
    ask: {WORDS}
    template: shop_question
{ASK.partition(chr(10))[2]}  - id: good
    say: {WORDS}
    go: end
  - id: bad
    say: {WORDS}
    go: end
  - id: later
    say: {WORDS}
""",
    "dealing.yml": f"id: dealing\nsteps:\n  - id: deal\n    offer: code\n    text: {WORDS}\n"
    "    template: shop_news\n",
    "loop_b.yml": "id: loop_b\nsteps:\n  - id: b\n    go: /x\n",
    "back_to_x.yml": f"id: back_to_x\nsteps:\n  - id: b\n    say: {WORDS}\n    go: /x\n",
}


@pytest.mark.parametrize("name", FINE)
def test_this_is_fine(name: str) -> None:
    assert wrong_with(FINE[name], others=OTHERS) == marked(FINE[name])


@pytest.mark.parametrize("name", WRONG)
def test_this_is_not(name: str) -> None:
    assert marked(WRONG[name])
    assert wrong_with(WRONG[name], others=OTHERS) == marked(WRONG[name])


def test_a_circle_names_its_steps() -> None:
    found = wrong({**BOOK, **OTHERS, "x.yml": WRONG["a circle through two flows"]})
    circles = {one.file: one.details["way"] for one in found if one.kind == "never_waits"}
    assert circles == {"x.yml": "`a` → `/loop_b/b` → `a`", "loop_b.yml": "`b` → `/x/a` → `b`"}


def test_only_channels_that_are_on_count() -> None:
    title = f"{START}  - id: a\n    ask: {WORDS}\n    choices:\n"
    title += '      - {id: c, title: {de: "Fünfundzwanzig Zeichen ☕ lang", en: "Yes"}, go: end}\n'
    telegram = replace(ALL, channels={"telegram": CHANNELS["telegram"]})
    assert wrong_with(title, demands=telegram) == []
    [cut] = [one for one in wrong({**BOOK, "x.yml": title}) if one.kind == "title_cut"]
    assert (cut.details["limit"], cut.details["channels"]) == ("20", "Instagram, WhatsApp")


def test_instagram_counts_bytes() -> None:
    title = f"{START}  - id: a\n    ask: {WORDS}\n    choices:\n"
    title += '      - {id: c, title: {de: "Größe fände ich schön", en: "Yes"}, go: end}\n'
    found = {one.details["unit_de"] for one in wrong({**BOOK, "x.yml": title}) if one.kind == "title_cut"}
    assert found
    whatsapp = replace(ALL, channels={"whatsapp": CHANNELS["whatsapp"]})
    shorter = title.replace("Größe fände ich schön", "Größe wäre schön öö")
    assert wrong_with(shorter, demands=whatsapp) == []
    assert [kind for kind, _ in wrong_with(shorter)] == ["title_cut"]


def test_a_picture_has_less_room_for_words() -> None:
    text = f'{START}  - id: a\n    say: {{de: "{"Ein Satz. " * 110}", en: "Good."}}\n'
    pictured = text + "    picture: {url: https://shop.example/a.jpg}\n"
    whatsapp = replace(ALL, channels={"whatsapp": CHANNELS["whatsapp"]})
    assert wrong_with(text, demands=whatsapp) == []
    assert wrong_with(pictured, demands=whatsapp) == [("text_splits", 6)]


def test_the_houses_own_sentences_are_measured_too() -> None:
    phrases = BOOK["phrases.yml"]
    for key, short in (
        ("list_label", "Auswählen"),
        ("confirm_yes", "Ja, bestätigen"),
        ("track", "Sendung verfolgen"),
    ):
        changed = phrases.replace(f'de: "{short}"', 'de: "Das ist für einen Knopf zu viel"')
        assert changed != phrases
        text = (
            f"{START}  - id: a\n{CONSENT}    go: end\n    refused: end\n"
            if key == "confirm_yes"
            else (f"{START}  - id: a\n    say: {WORDS}\n    tracking: true\n")
        )
        found = wrong({**BOOK, "phrases.yml": changed, "x.yml": text})
        told = [(one.file, changed.splitlines()[one.line - 1]) for one in found if one.kind == "title_cut"]
        assert told == [("phrases.yml", '  de: "Das ist für einen Knopf zu viel"')], key


def test_without_whatsapp_no_template_is_missed() -> None:
    text = f"{UNASKED}  - id: a\n    say: {WORDS}\n"
    assert wrong_with(text, demands=replace(ALL, channels={"instagram": CHANNELS["instagram"]})) == []
    assert wrong_with(text, demands=replace(ALL, templates=False)) == []
    assert [kind for kind, _ in wrong_with(text)] == ["no_template"]


def test_a_shop_that_only_speaks_english_misses_no_german() -> None:
    text = f'{START}  - id: a\n    say: {{en: "Good."}}\n'
    assert wrong_with(text, demands=replace(ALL, languages=("en",))) == []
    assert [kind for kind, _ in wrong_with(text)] == ["text_missing", "text_missing_elsewhere"]


def test_the_night_is_as_long_as_the_shop_says() -> None:
    assert Demands().night == timedelta(hours=13)
    assert Demands(pacing=Pacing(quiet_from=time(23), quiet_to=time(6))).night == timedelta(hours=7)
    assert Demands(pacing=Pacing(quiet_from=time(0), quiet_to=time(6))).night == timedelta(hours=6)


def test_what_stands_in_a_file_that_cannot_be_read_is_not_missed() -> None:
    broken = {**BOOK, "broken.yml": "id: broken\nsteps: 5\n"}
    text = f"id: x\npurpose: offers\nstarts:\n  - order: delivered\nsteps:\n  - id: a\n    say: {WORDS}\n"
    text += "    template: shop_news\n"
    unused = "id: y\nsteps:\n  - id: a\n    say: {de: '{my.cups}', en: 'x'}\n"
    kinds = {"consent_missing", "unused_flow", "never_set"}
    assert {one.kind for one in wrong({**BOOK, "x.yml": text, "y.yml": unused})} >= kinds
    assert not {one.kind for one in wrong({**broken, "x.yml": text, "y.yml": unused})} & kinds


def test_flows_may_be_long_and_need_no_files() -> None:
    lines = Lines(Words({"de": "Gut.", "en": "Good."}))
    steps = {f"s{n}": Say(f"s{n}", lines, Target("x", f"s{n + 1}")) for n in range(3000)}
    steps["s3000"] = Say("s3000", lines, Target("x", "s0"))
    flow = Flow("x", (Trigger("keyword", "probe"),), steps)
    found = check(Book({"x": flow}, {}), (), ALL)
    assert [(one.file, one.line, one.kind) for one in found] == [
        ("x.yml", 1, "never_waits"),
        ("x.yml", 1, "no_example"),
    ]
