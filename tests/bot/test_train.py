"""Judged messages become an engine that has learnt them: `correct`, `train`, what the start makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.commands import app
from bot.commands_train import read_lines, tried
from bot.config import load
from bot.policy import curve_of, policy_of
from bot.settings import Triage
from bot.training import Correction
from bot.trial import PARTS, Wrong, compare
from bot.understanding import Lesson
from dialogs.sensitivity import DEFAULT, MOST
from nlu.corpus import INTENTS
from nlu.understanding import Intent, Mood, Understanding
from persistence.corrections import NewCorrection
from persistence.database import Database
from persistence.migrate import migrate
from persistence.store import Store
from persistence.tables import CorrectionRow
from tests.persistence.world import at, rows

GOOD = {"text": "wo bleibt das paket", "language": "de", "intent": "order_status", "mood": "neutral",
        "handoff": False}  # fmt: skip


def judgement(text: str, intent: Intent = "defect", *, handoff: bool = True) -> Correction:
    return Correction(text=text, language="de", intent=intent, mood="negative", handoff=handoff)


class Parrot:
    """Knows what it has learnt by heart, and of everything else says that it is out of scope and calm."""

    def __init__(self, learnt: Sequence[Correction]) -> None:
        self.learnt = {one.text: one for one in learnt}

    def __call__(self, text: str, *, language: str | None, expecting: str | None) -> Understanding:
        known = self.learnt.get(text)
        if known is None:
            return Understanding(text, language or "de", "out_of_scope", 0.5)
        return Understanding(text, "de", known.intent, 1.0, (), Mood(0, known.mood), float(known.handoff))


# -- before and after


def test_nothing_is_asked_of_an_engine_that_has_learnt_it() -> None:
    corrections = [judgement(f"Satz {number}") for number in range(10)]
    trained: list[int] = []

    def learnt(some: Sequence[Correction]) -> Parrot:
        trained.append(len(some))
        return Parrot(some)

    assert compare(corrections, learnt) == (Wrong(10, 10, 10, 10), Wrong(10, 10, 10, 10))
    assert trained[0] == 0
    assert len(trained) == 1 + PARTS
    assert sum(10 - count for count in trained[1:]) == 10, "each message is left out once"


def test_the_same_words_written_otherwise_are_left_out_together() -> None:
    alike = ["Kurbel ab!", "KURBEL AB", "kurbel ab"]
    corrections = [judgement(text) for text in (*alike, "eins", "zwei", "drei")]

    def learnt(some: Sequence[Correction]) -> Parrot:
        assert len({one.text in alike for one in some} & {True}) <= 1
        assert sum(one.text in alike for one in some) in {0, 3}
        return Parrot(some)

    assert compare(corrections, learnt) is not None


def test_too_few_are_not_compared() -> None:
    assert compare([judgement("eins"), judgement("EINS")], Parrot) is None
    assert compare([], Parrot) is None


def test_the_threshold_decides_what_counts_as_handing_over() -> None:
    class Unsure(Parrot):
        def __call__(self, text: str, *, language: str | None, expecting: str | None) -> Understanding:
            return Understanding(text, "de", "defect", 1.0, (), Mood(-1, "negative"), 0.6)

    corrections = [judgement("eins"), judgement("zwei")]
    assert compare(corrections, Unsure, 0.5) == (Wrong(2), Wrong(2))
    assert compare(corrections, Unsure, 0.7) == (Wrong(2, handoff=2), Wrong(2, handoff=2))


# -- with a small corpus of its own


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A few messages of every intent, quickly learnt."""
    blocks = []
    for number, intent in enumerate(INTENTS):
        mood, handoff = ("negative", "true") if number % 3 == 0 else ("neutral", "false")
        mood = "positive" if number % 3 == 1 else mood
        lines = "\n".join(f"    - {intent} wort{number} satz{n} bitte" for n in range(6))
        blocks.append(
            f"- intent: {intent}\n  metadata: {{mood: {mood}, handoff: {handoff}}}\n  examples: |\n{lines}"
        )
    folder = tmp_path / "corpus" / "de"
    folder.mkdir(parents=True)
    (folder / "all.yml").write_text('version: "3.1"\nnlu:\n' + "\n".join(blocks) + "\n", "utf-8")
    return folder.parent


@pytest.mark.timeout(180)
def test_what_was_corrected_is_understood_better(corpus: Path) -> None:
    corrections = tuple(
        judgement(f"der zwurbel quietscht arg {word}", "defect").model_dump_json().encode()
        for word in ("heute", "seit gestern", "wieder", "sehr", "beim mahlen", "nachts")
    )
    errors = tried(Lesson((corpus,), corrections), DEFAULT)
    assert errors is not None
    before, after = errors
    assert before.asked == after.asked == 6
    assert after.intent < before.intent


# -- the commands


class Shop:
    """A shop in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'shop.db'}"

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, words, env={"DATABASE_URL": self.url})

    def file(self, *lines: object) -> str:
        path = self.folder / "judged.jsonl"
        path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), "utf-8")
        return str(path)

    def kept(self) -> list[Any]:
        async def look() -> list[Any]:
            store = Store(Database(self.url))
            try:
                return await rows(store, CorrectionRow)
            finally:
                await store.close()

        return asyncio.run(look())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


@pytest.mark.timeout(180)
def test_a_file_is_taken_in_with_what_the_engine_had_thought(desk: Shop) -> None:
    done = desk.run(
        "correct", desk.file(GOOD, "", {**GOOD, "text": "Hallo Ärger", "handoff": True}), "--by", "ada"
    )
    assert done.exit_code == 0, done.output
    assert "2 of 2 judged messages kept" in done.output
    first, second = desk.kept()
    assert (first.text, first.by, first.handoff) == ("wo bleibt das paket", "ada", False)
    assert second.handoff
    assert all(0 <= row.chance <= 1 for row in (first, second))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "Invalid JSON"),
        ("[]", "object"),
        ({**GOOD, "intent": "none"}, "intent: "),
        ({**GOOD, "mood": "sad"}, "mood: "),
        ({**GOOD, "handoff": "true"}, "handoff: "),
        ({**GOOD, "language": "fr"}, "language: "),
        ({**GOOD, "text": "  "}, "text: "),
        ({**GOOD, "text": "x" * 5000}, "text: "),
        ({**GOOD, "extra": 1}, "extra: "),
        ({key: value for key, value in GOOD.items() if key != "mood"}, "mood: "),
    ],
)
def test_a_bad_line_refuses_the_whole_file(desk: Shop, line: object, what: str) -> None:
    file = desk.file(GOOD, line)
    done = desk.run("correct", file)
    assert done.exit_code == 1
    assert f"{file}:2: " in done.output
    assert what in done.output
    assert "Nothing was imported." in done.output
    assert not (desk.folder / "shop.db").exists()


def test_every_bad_line_is_named_and_a_long_list_is_cut(desk: Shop) -> None:
    done = desk.run("correct", desk.file(*["{}"] * 30))
    assert f"{desk.folder / 'judged.jsonl'}:1: text: " in done.output
    assert "more" in done.output
    assert desk.run("correct", desk.file("")).exit_code == 1


def test_lang_is_another_word_for_language(desk: Shop) -> None:
    short = {key: value for key, value in GOOD.items() if key != "language"} | {"lang": "en"}
    assert [one.language for one in read_lines(Path(desk.file(short)))] == ["en"]


@pytest.mark.timeout(300)
def test_training_without_judgements_says_so(desk: Shop) -> None:
    done = desk.run("train")
    assert done.exit_code == 0, done.output
    assert "No message has been judged yet" in done.output
    assert "with its next start" in done.output


# -- the start


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of the test's own."""
    store = Store(Database(f"sqlite:///{tmp_path / 'policy.db'}"))
    await migrate(store.database)
    yield store
    await store.close()


async def test_the_policy_comes_from_settings_traffic_and_judgements(store: Store) -> None:
    curve = {"handoff_curve": [[n / 10, (1 - n / 10) ** 2, 1 - (n / 10) ** 2] for n in range(10)]}
    plain = await policy_of(Triage(), store, {}, at(0))
    assert plain.threshold == DEFAULT
    assert plain.valued_tags == {"vip"}
    quiet = await policy_of(Triage(false_alarms_per_day=1), store, curve, at(0))
    careful = await policy_of(Triage(false_alarms_per_day=20), store, curve, at(0))
    assert careful.threshold < quiet.threshold
    busy = await policy_of(Triage(false_alarms_per_day=20, messages_per_day=500), store, curve, at(0))
    assert busy.threshold > careful.threshold
    vain = [
        NewCorrection(
            f"umsonst {n}", "de", "thanks", "neutral", handoff=False, chance=careful.threshold + 0.01
        )
        for n in range(200)
    ]
    await store.corrections.record(vain, at(1))
    learnt = await policy_of(Triage(false_alarms_per_day=20), store, curve, at(2))
    assert careful.threshold < learnt.threshold <= MOST


def test_a_curve_that_is_none_is_passed_over() -> None:
    assert curve_of({}) == ()
    assert curve_of({"handoff_curve": "no"}) == ()
    assert curve_of({"handoff_curve": [[0.1, 0.2], ["x", 1, 2], None, [0.5, 0.1, 0.9]]}) == ((0.5, 0.1, 0.9),)


def test_the_settings_of_the_house_are_the_defaults() -> None:
    shipped = load(Path(__file__).parents[2] / "config.yml").settings.triage
    assert shipped == Triage()
