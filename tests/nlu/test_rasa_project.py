"""The files that a Rasa server is trained with fit the house, its messages and each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from nlu.understanding import ENTITY_KINDS, Intent

ROOT = Path(__file__).parent.parent.parent


def project(name: str) -> Any:
    return yaml.safe_load((ROOT / "nlu/rasa" / name).read_text("utf-8"))


def test_the_domain_is_the_houses_own() -> None:
    domain = project("domain.yml")
    assert tuple(domain["intents"]) == get_args(Intent)
    assert set(domain["entities"]) <= set(ENTITY_KINDS)


def test_the_domain_names_what_is_marked_in_the_training_messages() -> None:
    marked: set[str] = set()
    for path in (ROOT / "nlu/training").glob("*/*.yml"):
        marked |= set(re.findall(r"\]\(([a-z_]+)\)", path.read_text("utf-8")))
    assert sorted(marked - set(project("domain.yml")["entities"])) == []


def test_the_patterns_can_be_read_and_belong_to_the_domain() -> None:
    entities = set(project("domain.yml")["entities"])
    for block in project("patterns.yml")["nlu"]:
        assert block["regex"] in entities
        for line in block["examples"].splitlines():
            assert re.compile(line.removeprefix("- ")).search("") is None


def test_the_lock_holds_everything_with_hashes() -> None:
    wanted = re.findall(r"^([\w.-]+==\S+)$", (ROOT / "nlu/rasa/requirements.in").read_text(), re.MULTILINE)
    entries = re.split(r"\n(?=\S)", (ROOT / "nlu/rasa/requirements.lock").read_text().strip())
    assert wanted
    assert set(wanted) <= {entry.partition(" ")[0] for entry in entries}
    assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []
