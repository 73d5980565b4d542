"""Golden conversations: each file is played through hear, route, answer and render."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dialogs.messages import Attachment, Media
from dialogs.shop import Parcel
from tests.dialogs.player import CODE, Player, bought

FILES = sorted((Path(__file__).parent / "conversations").glob("*.yml"))
PARCEL = Parcel("00340434", "DHL", "https://www.dhl.de/00340434")
CHECKS = {"says", "not", "buttons", "records", "silent", "messages", "template", "notice"}


def act(player: Player, turn: dict[str, Any]) -> str:
    """Play one turn; what was said in it."""
    (verb,) = set(turn) - CHECKS
    match verb:
        case "say":
            return player.say(turn["say"])
        case "tap":
            return player.tap(turn["tap"])
        case "scan":
            return player.scan(CODE)
        case "photo":
            player.play(Media((Attachment("image"),), caption=turn["photo"]))
            return player.text
        case "shop":
            return player.shop("1001", turn["shop"], PARCEL if turn["shop"] == "shipped" else None)
        case "later":
            return "\n---\n".join(player.later(**turn["later"]))
        case _:
            raise AssertionError(f"unknown turn {turn}")


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_conversation_goes_as_written(file: Path) -> None:
    script = yaml.safe_load(file.read_text("utf-8"))
    player = bought(*script["products"], voice=script.get("voice", "du"))
    for number, turn in enumerate(script["turns"], 1):
        where = f"{file.name}, turn {number}: {turn}"
        before = len(player.records)
        said = act(player, turn)
        for part in turn.get("says", ()):
            assert part in said, f"{where}\nsaid: {said}"
        for part in turn.get("not", ()):
            assert part not in said, f"{where}\nsaid: {said}"
        if turn.get("silent"):
            assert said == "", where
        if "buttons" in turn:
            assert player.titles == turn["buttons"], where
        names = [type(record).__name__ for record in player.records[before:]]
        assert names == turn.get("records", ["Bound"] if "scan" in turn else []), where
        if "messages" in turn:
            assert len(player.outgoing) == turn["messages"], where
        if "template" in turn:
            template = player.outgoing[-1].template
            assert template is not None, where
            assert template.name == turn["template"], where
        if turn.get("notice"):
            assert [draft.notice for draft in player.drafts] == [True], where


def test_there_are_conversations() -> None:
    assert len(FILES) >= 8
