"""Golden conversations: every file is played on a virtual clock, and goes as it is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialogs.script import SCRIPTS
from dialogs.simulation.conversation import Conversation, read_conversations
from dialogs.simulation.house import House
from dialogs.simulation.play import play
from tests.dialogs.player import house

FOLDER = Path(__file__).parents[1] / "conversations"
FILES = sorted(FOLDER.glob("*.yml"))


def conversations(files: list[Path]) -> list[Conversation]:
    """All that can be read in these files; one that cannot is a failure of its own."""
    return [one for file in files for one in read_conversations(file.name, file.read_text("utf-8"))[0]]


def named(conversation: Conversation) -> str:
    return f"{conversation.file}:{conversation.line}"


@pytest.fixture(scope="module")
def morgenrot() -> House:
    texts = {path.name: path.read_text("utf-8") for path in sorted(SCRIPTS.glob("*.yml"))}
    return replace(house(), files=texts)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_conversation_can_be_read(file: Path) -> None:
    read, problems = read_conversations(file.name, file.read_text("utf-8"))
    assert not problems, "\n".join(map(str, problems))
    assert read
    assert all(one.about for one in read)


@pytest.mark.parametrize("conversation", conversations(FILES), ids=named)
def test_a_conversation_goes_as_written(conversation: Conversation, morgenrot: House) -> None:
    wrong = play(conversation, morgenrot)
    assert not wrong, "\n".join(one.told() for one in wrong)


@pytest.mark.parametrize("conversation", conversations(sorted(SCRIPTS.glob("*.yml"))), ids=named)
def test_the_examples_in_the_scripts_go_as_written(conversation: Conversation, morgenrot: House) -> None:
    wrong = play(conversation, morgenrot)
    assert not wrong, "\n".join(one.told() for one in wrong)


def test_there_are_enough_conversations() -> None:
    assert len(conversations(FILES)) >= 40
