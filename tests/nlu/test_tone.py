"""The tone of words: what is kept with the program is whole, and is learnt alike from the same sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import features, mood, tone
from nlu.tone_learning import Row, learn, own, public

WORDS = st.lists(st.sampled_from(["gut", "schlecht", "nicht", "the", "🙄", "x", "langweilig"]), max_size=30)


def heard(text: str, language: str = "de") -> tone.Triple:
    return tone.tone(features.read(text).tokens, mood.signals(text, language)[1])


def test_every_signal_has_a_weight_and_every_line_is_read() -> None:
    lines = [line for line in tone.WEIGHTS.read_text("utf-8").splitlines() if not line.startswith("# ")]
    names = [line.split("\t")[0] for line in lines]
    assert len(names) == len(set(names)) > 10_000
    assert [name for name in names if name.startswith(tone.SIGNAL)] == [
        tone.SIGNAL + name for name in mood.FEATURES
    ]


def test_praise_and_blame_of_the_street_are_told_apart() -> None:
    assert heard("Ein Glücksgriff, rundum gelungen!")[2] > max(heard("Ein Glücksgriff, rundum gelungen!")[:2])
    assert heard("Reine Zumutung, für die Tonne.")[0] > max(heard("Reine Zumutung, für die Tonne.")[1:])


@given(st.text(max_size=300))
def test_any_text_has_a_tone(text: str) -> None:
    assert all(abs(one) < 100 for one in heard(text))


@given(WORDS)
def test_the_shares_of_words_are_what_the_tone_is_without_pairs_and_signals(words: list[str]) -> None:
    read = features.read(" ".join(words))
    nothing = [0.0] * len(mood.FEATURES)
    empty = tone.tone((), nothing)
    alone = [tone.tone((token,), nothing)[1] - empty[1] for token in read.tokens]
    shares = tone.shares(read.tokens, 1)
    assert len(shares) == len(read.tokens)
    for one, share in zip(alone, shares, strict=True):
        assert (one > 0) == (share > 0)


def test_it_gets_louder_with_strange_words_and_never_falls() -> None:
    told = [tone.loudness(strange) for strange in range(12)]
    assert told == sorted(told)
    assert told[0] < 0.5 < told[-1]


def test_the_same_sentences_teach_the_same() -> None:
    rows = [
        Row(f"{word} {number}", "de", feeling)
        for word, feeling in (("prima", "positive"), ("mies", "negative"), ("heute", "neutral"))
        for number in "abcdef"
    ]
    learnt = learn(rows)
    assert learnt == learn(rows)
    weights = {
        name: list(map(int, rest))
        for name, *rest in (line.split("\t") for line in learnt.splitlines() if not line.startswith("# "))
    }
    assert weights["mies"][0] > 0 > weights["prima"][0]


def test_our_own_sentences_are_many_and_stand_once() -> None:
    sentences = [row for row in own() if row.weight > 1]
    assert len(sentences) > 4000
    assert len({row.text.casefold() for row in sentences if row.language == "de"}) == sum(
        row.language == "de" for row in sentences
    )
    assert {row.mood for row in sentences} == {"negative", "neutral", "positive"}


def test_endings_share_a_words_weight(tmp_path: Path) -> None:
    path = tmp_path / "tone.txt"
    path.write_text("[de good]\nzäh~, ein Griff ins Klo\n", "utf-8")
    rows = own(path)
    assert [row.text for row in rows][:3] == ["zäh", "zähe", "zäher"]
    assert rows[-1].text == "ein Griff ins Klo"
    assert rows[0].weight < rows[-1].weight


def test_a_line_in_no_section_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tone.txt"
    path.write_text("\nSchön hier.\n", "utf-8")
    with pytest.raises(ValueError, match=r"tone\.txt, line 2"):
        own(path)


def test_public_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "Na ja", "lang": "de", "label": "neutral", "source": "x"}\n', "utf-8")
    assert public(path) == (Row("Na ja", "de", "neutral"),)
