"""The model: learnt from a few messages, written, read, and refused when it is none."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nlu import features, tone
from nlu.corpus import INTENTS, TRAINING, Example, load, training_files
from nlu.engine import Embedded
from nlu.learning import FOLDS, learn
from nlu.model import Model, NoModel
from nlu.model import load as load_model
from nlu.mood import FEATURES
from nlu.together import together

A_FEW = 12


@cache
def few() -> tuple[Example, ...]:
    """A few messages of each intent: quick to learn, and enough to be told apart a little."""
    shelves: dict[str, list[Example]] = defaultdict(list)
    for example in load(training_files(TRAINING)):
        if len(shelves[example.intent]) < A_FEW:
            shelves[example.intent].append(example)
    return tuple(example for shelf in shelves.values() for example in shelf)


@cache
def model() -> Model:
    return learn(few(), "few")


def test_what_was_learnt_is_known_by_heart() -> None:
    engine = Embedded(model())
    told = [engine(one.text, language=one.language, expecting=None) for one in few()]
    right = sum(meaning.intent == one.intent for meaning, one in zip(told, few(), strict=True))
    assert right / len(few()) > 0.9


def test_the_same_messages_make_the_same_model() -> None:
    again = learn(few(), "few")
    assert np.array_equal(again.weights, model().weights)
    assert (again.heads, again.blend, again.notes) == (model().heads, model().blend, model().notes)


def test_a_model_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "few.npz"
    model().save(path)
    read = load_model(path)
    assert (read.name, read.heads, read.blend, read.notes) == ("few", *(
        model().heads, model().blend, model().notes
    ))  # fmt: skip
    text = features.read("Wo bleibt mein Paket?")
    nothing = [0.0] * len(FEATURES)
    assert read.sums(text, nothing) == model().sums(text, nothing)
    assert [one.name for one in path.parent.iterdir()] == ["few.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a model", b"\x00" * 500])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(NoModel, match=r"x\.npz"):
        load_model(path)


def test_a_model_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with path.open("wb") as file:
        np.savez(file, told=np.frombuffer(b'{"format": 0}', dtype=np.uint8))
    with pytest.raises(NoModel, match="another version"):
        load_model(path)
    with pytest.raises(NoModel, match="no model"):
        load_model(tmp_path / "nowhere.npz")


def test_the_notes_say_how_sure_it_may_be() -> None:
    notes = model().notes
    assert notes["examples"] == len(few())
    assert 0 <= notes["least"] <= 0.6
    curve = notes["handoff_curve"]
    thresholds, calm, found = zip(*curve, strict=True)
    assert thresholds == tuple(sorted(thresholds))
    assert calm == tuple(sorted(calm, reverse=True))
    assert found == tuple(sorted(found, reverse=True))


def test_too_few_messages_of_an_intent_are_told() -> None:
    lacking = [one for one in few() if one.intent != "invoice"] + [
        one for one in few() if one.intent == "invoice"
    ][: FOLDS - 1]
    with pytest.raises(ValueError, match=rf"fewer than {FOLDS} examples of intent: invoice"):
        learn(lacking, "x")


@pytest.mark.parametrize("name", ["intent", "mood"])
def test_the_leads_of_words_add_up_to_what_words_weigh(name: str) -> None:
    """The evidence that is shown is the model's own reckoning: leads and shape make the words' part."""
    read = features.read("kaputt angekommen, leider")
    head = model().head(name)
    leads = model().leads(read, head, head.labels[0], head.labels[1])
    assert len(leads) == len(read.tokens)
    assert any(leads)
    words = features.worded(read)
    rows = model().known[1][words]
    own, _ = features.owned(read)
    rare = model().rarity[rows[: len(own)]]
    lead = (model().weights[rows, head.first] - model().weights[rows, head.first + 1]) / np.sqrt(rare @ rare)
    expected = float(lead[: len(own)].sum())
    if name == "mood":
        one, other = tone.shares(read.tokens, 0), tone.shares(read.tokens, 1)
        strange = int((rows[: len(read.tokens)] == 0).sum())
        expected += tone.loudness(strange) * (sum(one) - sum(other))
    assert sum(leads) == pytest.approx(expected, abs=1e-4)


def test_a_word_that_no_message_has_is_heard_by_its_tone() -> None:
    """Reviews and posts are no DMs: the model knows few of their words (docs/measurements.md)."""
    engine = Embedded(model())
    for text, mood in (
        ("Der Roman ist fesselnd, kurzweilig und brillant erzählt.", "positive"),
        ("Lieblos hingeschludert, zäh und sterbenslangweilig.", "negative"),
        ("A gripping, delightful and beautifully paced novel.", "positive"),
        ("Flimsy, shoddy, overpriced rubbish.", "negative"),
    ):
        assert engine(text, language=None, expecting=None).mood.label == mood, text


def test_every_intent_can_be_told() -> None:
    assert model().head("intent").labels == INTENTS
    with pytest.raises(KeyError):
        model().head("weather")


def test_two_things_are_done_and_an_error_of_the_second_is_raised_here() -> None:
    def bad() -> int:
        raise ValueError("no")

    assert together(lambda: 1, lambda: 2, apart=False) == (1, 2)
    with pytest.raises(ValueError, match="no"):
        together(lambda: 1, bad, apart=False)
