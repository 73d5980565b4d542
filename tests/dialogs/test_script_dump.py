"""A flow as a file: what is written out is read back, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from dialogs.flow import TRIGGER_KINDS, Expects, Flow, Step, Target, Wait
from dialogs.script import load_book, read_flow
from dialogs.script_dump import dump_flow
from tests.dialogs.flows import asks, flows, steps, triggers

HOUSE: Final = load_book()
BUSY: Final = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
SMALL: Final = """
id: small
title: {de: Klein, en: Small}
purpose: feedback
holdout: 10%
starts:
  - {keyword: klein}
  - order: delivered
    after: {fast: 2 days, durable: 10 days}
    at: "18:00"
    if: has_order and not is_rated
  - {flow: setup, after: used up - 5 days}
steps:
  - id: question
    ask:
      de: |-
        Erste Zeile

        Zweite Zeile
      en: "yes"
    choices:
      - id: good
        title: {de: Gut, en: Good}
        go: bye
      - id: bad
        title: {de: Schlecht, en: Bad}
        go: /human/greet
        intents: ["no"]
    silence: {after: 2 days, go: bye}
    go: bye
  - id: bye
    say: {de: Danke, en: Thanks}
    go: end
"""


@BUSY
@given(flows())
def test_a_flow_is_read_back_as_it_was_written(flow: Flow) -> None:
    text = dump_flow(flow)
    read, problems = read_flow("flow.yml", text)
    assert not problems, text
    assert read is not None
    assert replace(read, version="") == flow, text
    assert dump_flow(read) == text


@pytest.mark.parametrize("name", HOUSE.flows)
def test_the_houses_flows_are_too(name: str) -> None:
    flow = HOUSE.flows[name]
    read, problems = read_flow(f"{name}.yml", dump_flow(flow))
    assert not problems
    assert read is not None
    # What a flow needs of others can only be seen in the book.
    assert replace(read, version="", needs=flow.needs) == replace(flow, version="")


def test_a_file_reads_well() -> None:
    flow, problems = read_flow("small.yml", SMALL)
    assert not problems
    assert flow is not None
    assert dump_flow(flow) == SMALL.lstrip().replace('"yes"', "'yes'").replace('"18:00"', "'18:00'").replace(
        '["no"]', "['no']"
    )


def test_a_step_called_end_is_led_to_by_its_full_name() -> None:
    flow, _ = read_flow("x.yml", "id: x\nsteps:\n  - {id: a, go: /x/end}\n  - {id: end, end: true}\n")
    assert flow is not None
    assert "go: /x/end" in dump_flow(flow)


def test_a_pause_without_a_length_is_written_as_one_that_is_over() -> None:
    """Only code can make one; it is told when it is read."""
    text = dump_flow(Flow("x", (), {"a": Wait("a", to=Target("x", "a"))}))
    assert "wait: 0 days" in text
    assert [one.kind for one in read_flow("x.yml", text)[1]] == ["bad_duration"]


@pytest.mark.parametrize(
    ("strategy", "kind_of", "kinds"),
    [
        (steps, type, get_args(Step)),
        (asks, lambda step: step.expects, get_args(Expects)),
        (triggers, lambda trigger: trigger.kind, TRIGGER_KINDS),
    ],
    ids=["steps", "answers", "triggers"],
)
def test_the_strategy_makes_every_kind(
    strategy: SearchStrategy[object], kind_of: Callable[[Any], object], kinds: tuple[object, ...]
) -> None:
    """Else the property above would promise more than it shows."""
    seen: set[object] = set()

    @settings(BUSY, max_examples=300, database=None, derandomize=True)
    @given(strategy)
    def look(one: object) -> None:
        seen.add(kind_of(one))

    look()
    assert seen == set(kinds)
