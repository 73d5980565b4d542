"""Training files: what is read from them, and what is said about bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.corpus import INTENTS, TRAINING, BadTraining, Marked, fingerprint, load, parse, training_files

GOOD = """\
version: "3.1"
nlu:
- intent: order_status
  metadata: {mood: negative, handoff: true, phenomena: [implicit]}
  examples: |
    - [Tag 6](date) und noch nichts von Bestellung [1042](order_number)
    - wo bleibt es denn
- synonym: paket
  examples: |
    - päckchen
- intent: "yes"
  metadata: {mood: neutral, handoff: false}
  examples:
  - text: jo
  - text: |
      ja super 😍
    metadata: {mood: positive}
"""


def faults(text: str, language: str = "de") -> list[str]:
    return [str(fault) for fault in parse(text.encode(), file="de/x.yml", language=language).faults]


def test_a_block_gives_its_labels_to_each_of_its_messages() -> None:
    first, second, yes, happy = parse(GOOD.encode(), file="de/x.yml", language="de").examples
    assert first.text == "Tag 6 und noch nichts von Bestellung 1042"
    assert (first.intent, first.mood, first.handoff) == ("order_status", "negative", True)
    assert first.phenomena == {"implicit"}
    assert first.marked == (Marked("date", 0, 5), Marked("order_number", 37, 41))
    assert [first.text[one.start : one.end] for one in first.marked] == ["Tag 6", "1042"]
    assert (first.file, first.line, second.line) == ("de/x.yml", 6, 7)
    assert (yes.text, yes.intent, yes.mood, yes.line) == ("jo", "yes", "neutral", 14)
    assert (happy.text, happy.mood, happy.handoff) == ("ja super 😍", "positive", False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "order_status",
            "order_statsu",
            "de/x.yml:3: No such intent: 'order_statsu'. There are: setup_help,",
        ),
        (
            "mood: negative",
            "mood: angry",
            "de/x.yml:6: `metadata` needs `mood:` with one of negative, neutral",
        ),
        ("handoff: true", "handoff: maybe", "de/x.yml:6: `metadata` needs `handoff:` with true or false"),
        ("[implicit]", "[sarcasm]", "de/x.yml:6: `phenomena` is a list of: dialect"),
        ("(order_number)", "(order_no)", "de/x.yml:6: No such entity: 'order_no'. There are: number,"),
        ("    - wo bleibt", "    wo bleibt", "de/x.yml:7: Every message is one line that begins with `- `."),
        ("- text: jo", "- words: jo", "de/x.yml:14: An example needs `text:`."),
        ("  metadata: {mood: neutral, handoff: false}\n", "", "de/x.yml:13: `metadata` needs `mood:`"),
        ("nlu:", "nlu: [", "de/x.yml:3: Not valid YAML"),
        ("nlu:", "intents:", "de/x.yml:1: Expected a list under `nlu:`"),
    ],
)
def test_a_fault_is_told_with_file_line_and_the_way_to_mend_it(old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert any(one.startswith(said) for one in faults(GOOD.replace(old, new, 1))), faults(
        GOOD.replace(old, new, 1)
    )


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "en").mkdir()
    (tmp_path / "de" / "a.yml").write_text(GOOD.replace("order_status", "nope"), encoding="utf-8")
    (tmp_path / "en" / "b.yml").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(BadTraining) as caught:
        load(training_files(tmp_path))
    assert len(caught.value.faults) == 2
    assert "de/a.yml:3" in str(caught.value)
    assert "en/b.yml:1" in str(caught.value)


def test_one_message_with_two_meanings_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "a.yml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "de" / "b.yml").write_text(GOOD.replace("mood: negative", "mood: neutral"), encoding="utf-8")
    with pytest.raises(
        BadTraining, match=r"de/b\.yml:6: The same message stands in de/a\.yml:6 with other labels"
    ):
        load(training_files(tmp_path))


def test_a_name_changes_with_every_byte(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    file = tmp_path / "de" / "a.yml"
    file.write_text(GOOD, encoding="utf-8")
    before = fingerprint([file], b"x")
    assert before == fingerprint([file], b"x") != fingerprint([file], b"y")
    file.write_text(GOOD + " ", encoding="utf-8")
    assert before != fingerprint([file], b"x")


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_content_whatever_raises(content: bytes) -> None:
    reading = parse(content, file="de/x.yml", language="de")
    assert reading.faults or not reading.examples


@given(st.data())
def test_a_mutilated_file_is_read_or_told_about(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    until = data.draw(st.integers(at, min(len(GOOD), at + 30)))
    text = GOOD[:at] + data.draw(st.text(alphabet="- :{}[]()|\n'\"abc", max_size=10)) + GOOD[until:]
    reading = parse(text.encode(), file="de/x.yml", language="de")
    assert all(fault.line >= 1 and fault.message for fault in reading.faults)


def test_the_houses_own_files_are_what_rasa_reads_too() -> None:
    """Rasa takes the same format: version 3.1, and of blocks with ``intent`` these keys alone."""
    for path in training_files(TRAINING):
        told = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        assert told["version"] == "3.1"
        assert {key for block in told["nlu"] for key in block} <= {"intent", "metadata", "examples"}
        assert all(block["intent"] in INTENTS for block in told["nlu"]), path
