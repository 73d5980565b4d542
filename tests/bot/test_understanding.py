"""The engine of the settings: trained once, kept, and the command that asks it; Rasa before it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import understanding
from bot.commands import app
from bot.commands_understand import understand
from bot.config import ConfigError, load
from bot.engines import BuiltIn, WithRasa, make_engine
from bot.understanding import Lesson, embedded, lesson_of
from integrations.http import Http
from integrations.rasa import Rasa, RasaSettings
from integrations.rasa_fake import FakeRasa
from nlu.corpus import TRAINING, training_files
from tests.brain import engine

ROOT = Path(understanding.__file__).parents[1]
DEFAULT = ROOT / "config.yml"

OWN = """\
version: "3.1"
nlu:
- intent: care_tip
  metadata: {mood: neutral, handoff: false}
  examples: |
    - quarzelt der Flumpf beim Entflumpfen
    - wie entflumpfe ich das richtig
"""


def asked(*lines: Any) -> tuple[bool, list[dict[str, Any]]]:
    sent = BytesIO(
        b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    )
    out = BytesIO()
    good = understand(load(DEFAULT), "embedded", sent, out)
    return good, [json.loads(line) for line in out.getvalue().splitlines()]


# -- the command


def test_each_line_is_answered_in_its_place() -> None:
    good, (first, second, third) = asked(
        {"text": "Tag 6, und immer noch keine Sendung zu Bestellung #1042 😡"},
        {"text": "thanks, all sorted now", "lang": "en"},
        {"text": "ok", "lang": "en", "more": 1},
    )
    assert good
    assert list(first) == ["lang", "intent", "confidence", "entities", "mood", "handoff", "reasons"]
    assert (first["lang"], first["intent"], first["handoff"]) == ("de", "order_status", True)
    assert first["reasons"]
    assert first["mood"]["label"] == "negative"
    assert {one["kind"]: one["value"] for one in first["entities"]}["order_number"] == "1042"
    for one in first["mood"]["evidence"]:
        assert set(one) == {"text", "start", "end", "weight", "why"}
    assert (second["lang"], second["mood"]["label"], second["handoff"]) == ("en", "positive", False)
    assert (third["lang"], third["reasons"]) == ("en", [])


def test_a_line_that_cannot_be_read_is_told_and_the_others_are_answered() -> None:
    good, answers = asked(b"{", b"[1]", {"words": "x"}, {"text": "hallo"}, b"\xff", b'{"text": "\\ud800"}')
    assert not good
    assert [answer.get("error", "")[:7] for answer in answers] == [
        "line 1:",
        "line 2:",
        "line 3:",
        "",
        "line 5:",
        "",
    ]
    assert answers[3]["intent"] == "greeting"


def test_the_command_streams_from_its_input_and_ends_with_one_for_a_bad_line() -> None:
    runner = CliRunner()
    good = runner.invoke(app, ["understand", "--config", str(DEFAULT)], input='{"text": "Hallo"}\n')
    assert (good.exit_code, json.loads(good.stdout)["intent"]) == (0, "greeting")
    bad = runner.invoke(app, ["understand", "--config", str(DEFAULT)], input="nope\n")
    assert (bad.exit_code, list(json.loads(bad.stdout))) == (1, ["error"])


@settings(max_examples=60)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_no_text_makes_the_command_fail(texts: list[str]) -> None:
    good, answers = asked(*({"text": text} for text in texts)) if texts else (True, [])
    assert good
    assert len(answers) == len(texts)


# -- training and the cache


def test_a_lesson_is_trained_once_and_then_found(tmp_path: Path) -> None:
    own = tmp_path / "own" / "de"
    own.mkdir(parents=True)
    (own / "flumpf.yml").write_text(OWN, encoding="utf-8")
    lesson = Lesson((TRAINING, tmp_path / "own"))
    first = embedded(lesson, tmp_path / "cache")
    [kept] = (tmp_path / "cache").glob("*.npz")
    written = kept.stat().st_mtime_ns
    assert embedded(lesson, tmp_path / "cache").model is first.model
    assert kept.stat().st_mtime_ns == written
    assert first("wie entflumpfe ich den Flumpf", language="de", expecting=None).intent == "care_tip"
    assert Lesson((TRAINING,)).name != lesson.name != Lesson(lesson.folders, (b"{}",)).name


def test_bad_training_files_are_told_with_file_and_line(tmp_path: Path) -> None:
    own = tmp_path / "own" / "de"
    own.mkdir(parents=True)
    (own / "bad.yml").write_text(OWN.replace("care_tip", "carre_tip"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"de/bad\.yml:3: No such intent: 'carre_tip'"):
        embedded(Lesson((TRAINING, tmp_path / "own")), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*"))


def test_an_empty_training_folder_is_a_slip(tmp_path: Path) -> None:
    config = load(DEFAULT)
    nlu = config.settings.nlu.model_copy(update={"training": str(tmp_path)})
    with pytest.raises(ConfigError, match=r"nlu\.training: there are no training files"):
        lesson_of(nlu)
    assert training_files(TRAINING)


# -- Rasa


@pytest.fixture
async def rasa() -> AsyncIterator[tuple[FakeRasa, WithRasa]]:
    fake = FakeRasa()
    server = TestServer(fake.app)
    await server.start_server()
    http = Http()
    client = Rasa(RasaSettings(str(server.make_url("/")), timeout=0.3), http, lambda: datetime.now(UTC))
    both = WithRasa(engine(), client, http)
    yield fake, both
    await both.aclose()
    await server.close()


async def test_rasa_says_the_intent_and_the_embedded_engine_the_rest(rasa: tuple[FakeRasa, WithRasa]) -> None:
    fake, both = rasa
    text = "rechnung fehlt mir noch, Bestellung 1042"
    told = (await both.prepare(text))(text, language="de", expecting=None)
    alone = engine()(text, language="de", expecting=None)
    assert fake.asked == [text]
    assert told.entities == alone.entities
    assert told.mood == alone.mood
    assert both.report() == "rasa: closed"


async def test_a_server_that_hangs_costs_one_time_out_and_readyz_says_so(
    rasa: tuple[FakeRasa, WithRasa],
) -> None:
    fake, both = rasa
    fake.stay("hang")
    before = asyncio.get_running_loop().time()
    answers = [(await both.prepare("Hallo"))("Hallo", language="de", expecting=None) for _ in range(20)]
    assert asyncio.get_running_loop().time() - before < 5  # twenty time-outs would be six seconds
    assert {answer.intent for answer in answers} == {"greeting"}
    assert len(fake.asked) == 1
    assert both.report().startswith("rasa: open since")
    assert both.report().endswith("the embedded engine answers")


def test_rasa_without_an_address_is_a_slip() -> None:
    config = load(DEFAULT)
    with pytest.raises(ConfigError, match="RASA_URL is not set"):
        make_engine(config, engine(), lambda: datetime.now(UTC), "rasa")
    assert isinstance(make_engine(config, engine(), lambda: datetime.now(UTC)), BuiltIn)
