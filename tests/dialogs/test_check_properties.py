"""Whatever an owner writes, the checks say something about it and never raise."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from string import printable
from typing import Any, Final

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dialogs.catalogue import load_catalogue
from dialogs.check import Demands
from dialogs.problems import KINDS, Problem
from dialogs.script import SCRIPTS, texts_of
from tests.dialogs.checking import BOOK, CHANNELS, wrong

FILES: Final = texts_of(SCRIPTS)
DATA: Final = {name: yaml.safe_load(text) for name, text in FILES.items()}
SPLINTERS: Final = st.sampled_from(
    ["{", "}", "[", "]", ":", "- ", "\n", "  ", "\t", '"', "&a ", "*a ", "<<: ", "? ", "2026-13-45", "1e999",
     "null", "~", "%", "\x00", "\ud800", "🧵", "ß", "id: x\n", "steps:\n", "go: ", "end", "Sie ", "du "]
)  # fmt: skip
STRANGE: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 10**40, 1.5, "", " ", "end", "x" * 5000, "{{", "{my.x}", "{my.x if has_order}",
    "/x", "/menu/main", "🧵" * 30, "\u202e", [], {}, [[]], {"de": "du Sie"}, {"en": "in 2 days"}, "3 days",
)  # fmt: skip
DEMANDS: Final = Demands(channels=CHANNELS, products=load_catalogue())
SETTINGS: Final = settings(
    max_examples=100, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)


def looked_at(name: str, text: str) -> list[Problem]:
    """What is said of a file, all of it sayable."""
    found = wrong({**BOOK, name: text}, DEMANDS)
    for one in found:
        assert one.kind in KINDS
        assert one.line >= 1
        assert one.column >= 1
        for language in ("de", "en"):
            assert one.message(language)
            assert one.told(language)
    return found


@SETTINGS
@given(
    name=st.sampled_from(sorted(FILES)),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 30), SPLINTERS | st.text(printable, max_size=4)),
        min_size=1,
        max_size=4,
    ),
)
def test_no_damage_to_the_text_makes_it_raise(name: str, cuts: list[tuple[float, int, str]]) -> None:
    text = FILES[name]
    for where, length, splinter in cuts:
        place = int(where * len(text))
        text = text[:place] + splinter + text[place + length :]
    looked_at(name, text)


def parts(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of the data, as its holder and its key."""
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], dict | list):
            yield from parts(data[key])


@SETTINGS
@given(name=st.sampled_from(sorted(FILES)), seed=st.integers(0, 2**32), often=st.integers(1, 6))
def test_no_damage_to_the_data_makes_it_raise(name: str, seed: int, often: int) -> None:
    """Parts are lost, doubled, swapped for others or for strange ones: it stays YAML, and mostly a flow."""
    chance = random.Random(seed)
    data = copy.deepcopy(DATA[name])
    for _ in range(often):
        found = list(parts(data))
        if not found:
            break
        holder, key = chance.choice(found)
        match chance.randrange(4):
            case 0:
                del holder[key]
            case 1:
                holder[key] = chance.choice(STRANGE)
            case 2:
                other, place = chance.choice(found)
                holder[key] = copy.deepcopy(other[place])
            case _ if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case _:
                holder[chance.choice(("go", "say", "wait", "id", "template", "steps"))] = holder[key]
    looked_at(name, yaml.safe_dump(data, allow_unicode=True, sort_keys=False))


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_no_text_at_all_makes_it_raise(text: str) -> None:
    for name in ("neu.yml", "phrases.yml", "templates.yml"):
        assert looked_at(name, text)
