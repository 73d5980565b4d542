"""A script that is changed while people are in the middle of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import yaml

from dialogs.flow import Book
from dialogs.script import ScriptError, read_book
from dialogs.simulation.house import House


class CannotRepublish(Exception):
    """The changed script cannot be read; the text says why."""


def republished(house: House, changes: Mapping[str, Mapping[str, object] | None]) -> House:
    """The shop once flows are published anew, with what changes in each.

    Raises:
        CannotRepublish: there is no such flow, or it makes no sense.

    """
    files = dict(house.files)
    for flow, change in changes.items():
        name = next((name for name, text in files.items() if _id(text) == flow), None)
        if name is None and "steps" not in (change or ()):
            raise CannotRepublish(flow)
        if change is None:
            del files[name or ""]
            continue
        before = yaml.safe_load(files[name]) if name is not None else {"id": flow}
        files[name or f"{flow}.yml"] = yaml.safe_dump(
            _changed(before, change), allow_unicode=True, sort_keys=False
        )
    try:
        book = _read(tuple(files.items()))
    except ScriptError as error:
        raise CannotRepublish(error.problems[0].told()) from error
    return replace(house.with_book(book), files=files)


@lru_cache(maxsize=8)
def _read(files: tuple[tuple[str, str], ...]) -> Book:
    return read_book(dict(files))


@lru_cache(maxsize=512)
def _id(text: str) -> str:
    data = yaml.safe_load(text)
    return str(data.get("id", "")) if isinstance(data, dict) and "steps" in data else ""


def _changed(before: Mapping[str, object], change: Mapping[str, object]) -> dict[str, object]:
    """The flow with what changes in it; ``steps`` by their ids one by one, None takes one away."""
    after = {**before, **change, "id": before["id"]}
    steps, old = change.get("steps"), before.get("steps")
    if isinstance(steps, Mapping) and isinstance(old, list):
        kept = [
            {**step, **(steps[step["id"]] or {})} if step["id"] in steps else step
            for step in old
            if not (step["id"] in steps and steps[step["id"]] is None)
        ]
        known = {step["id"] for step in old}
        added = [{"id": id_, **step} for id_, step in steps.items() if id_ not in known and step]
        after["steps"] = kept + added
    return {key: value for key, value in after.items() if value is not None}
