"""What the scripts that come with the house keep to, whoever changes them."""

from __future__ import annotations

import re

import pytest

from dialogs.flow import Flow, Offer
from dialogs.script import SCRIPTS, load_book

BOOK = load_book()
UNASKED = {"order", "tag", "date", "flow"}
FOR_EVERYBODY = {"back_in_stock", "gift", "rating"}
"""Promised, meant for one person, or a right of every buyer: nobody is left out by lot."""


def begins_by_itself(flow: Flow) -> bool:
    return any(trigger.kind in UNASKED for trigger in flow.triggers)


FLOWS = sorted(BOOK.flows)
PROACTIVE = [name for name in FLOWS if begins_by_itself(BOOK.flows[name])]
FILES = {
    match[1]: path
    for path in sorted(SCRIPTS.glob("*.yml"))
    if (match := re.search(r"^id: (\w+)", path.read_text("utf-8"), re.MULTILINE))
}


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_says_first_what_it_is_for(name: str) -> None:
    lines = FILES[name].read_text("utf-8").splitlines()
    comment = [line for line in lines[: lines.index(f"id: {name}")] if line.startswith("# ")]
    assert comment, "the head comment names the theme that the flow serves"


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_has_a_name_for_people_and_an_example(name: str) -> None:
    flow = BOOK.flows[name]
    assert flow.title is not None
    played = "\n".join(path.read_text("utf-8") for path in FILES.values())
    reached = f"/{name}" in played or f"call: {name}" in played
    assert flow.examples or reached, "an example, or a flow whose examples lead here"


@pytest.mark.parametrize("name", PROACTIVE)
def test_what_begins_by_itself_has_a_goal_and_where_it_asks_a_favour_a_control_group(name: str) -> None:
    flow = BOOK.flows[name]
    assert flow.goal
    if flow.purpose != "service" and name not in FOR_EVERYBODY:
        assert 0 < flow.holdout <= 0.2


@pytest.mark.parametrize("name", FLOWS)
def test_no_bundle_is_offered_without_the_reason_why(name: str) -> None:
    """Explained as care and not as a catalogue: a line that only sells is none of ours."""
    for step in BOOK.flows[name].steps.values():
        if isinstance(step, Offer) and step.what == "bundle":
            for words in (step.lines.base, *step.lines.variants.values()):
                assert all("{offer_why}" in text for text in words.texts.values()), step.id


def test_the_sample_shops_sell_enough_to_be_tried() -> None:
    shops = SCRIPTS.parent / "shops"
    for shop in ("coffee", "outdoor"):
        catalogue = (shops / shop / "catalogue.yml").read_text("utf-8")
        assert len(re.findall(r"^- sku:", catalogue, re.MULTILINE)) >= 12
        answers = (shops / shop / "answers.yml").read_text("utf-8")
        assert len(re.findall(r"^- id:", answers, re.MULTILINE)) >= 30
