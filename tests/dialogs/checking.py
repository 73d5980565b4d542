"""A small book around one bad file: what the loader and the checks say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dialogs.check import Demands, Play, check
from dialogs.problems import Problem
from dialogs.script import SCRIPTS, examine
from integrations.instagram import CAPABILITIES as INSTAGRAM
from integrations.telegram import CAPABILITIES as TELEGRAM
from integrations.whatsapp import CAPABILITIES as WHATSAPP
from tests.brain import understand

CHANNELS: Final = {"instagram": INSTAGRAM, "whatsapp": WHATSAPP, "telegram": TELEGRAM}
ALL: Final = Demands(channels=CHANNELS, understand=understand)
_MARK: Final = re.compile(r"#! ([\w ]+)$")

FRAME: Final = """
id: frame
starts:
  - occasion: entry
  - occasion: first
  - occasion: menu
  - occasion: miss
  - occasion: wordless
  - occasion: order_number
  - intent: human_request
  - intent: complaint
  - intent: defect
  - intent: opt_out
  - intent: opt_in
  - intent: greeting
  - intent: care_tip
steps:
  - id: human
    handoff: {de: "Ein Mensch antwortet innerhalb von {promise}.", en: "A human answers within {promise}."}
    reason: human_request
"""
TEMPLATES: Final = """
- name: shop_news
  category: utility
  body: {de: "Zur Bestellung {order_number} gibt es etwas.", en: "There is news about {order_number} now."}
- name: shop_question
  category: utility
  body: {de: "Ist mit {product} alles gut?", en: "Is all well with {product} now?"}
  buttons:
    - {choice: good, title: {de: "Ja", en: "Yes"}}
    - {choice: bad, title: {de: "Nein", en: "No"}}
"""
BOOK: Final[Mapping[str, str]] = {
    "frame.yml": FRAME,
    "phrases.yml": (SCRIPTS / "phrases.yml").read_text("utf-8"),
    "templates.yml": TEMPLATES,
}


def wrong(files: Mapping[str, str], demands: Demands = ALL, play: Play | None = None) -> list[Problem]:
    """Everything that is wrong with these files, as `bot.commands_check` finds it."""
    examined = examine(files)
    return [*examined.problems, *check(examined.book, examined.files.values(), demands, play)]


def wrong_with(
    text: str, name: str = "x.yml", demands: Demands = ALL, others: Mapping[str, str] | None = None
) -> list[tuple[str, int]]:
    """The kinds and lines of what is wrong with one file among `BOOK`; missing examples are not counted."""
    found = wrong({**BOOK, **(others or {}), name: text}, demands)
    return sorted((one.kind, one.line) for one in found if one.file == name and one.kind != "no_example")


def marked(text: str) -> list[tuple[str, int]]:
    """What a text says itself is wrong with it: ``#! kind`` at the end of a line."""
    return sorted(
        (kind, number)
        for number, line in enumerate(text.splitlines(), 1)
        if (mark := _MARK.search(line)) is not None
        for kind in mark[1].split()
    )
