"""`python -m bot simulate`: what whoever wrote a conversation is told, and what a program reads of it."""

import shutil
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from bot.commands import app
from dialogs.script import SCRIPTS

GOOD = """\
about: Begrüßt
buy: [HM-01]
turns:
  - customer: {scan: "1001"}
  - bot: "Danke für deine Bestellung"
"""
BAD = GOOD.replace("Danke für deine", "Gurke").replace("Begrüßt", "Gurke")


def simulate(*words: object) -> Result:
    """The command, as somebody types it."""
    return CliRunner().invoke(app, ["simulate", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a_good.yml").write_text(GOOD, "utf-8")
    (tmp_path / "b_bad.yml").write_text(BAD, "utf-8")
    return tmp_path


def test_a_good_conversation_is_told_in_a_line(folder: Path) -> None:
    done = simulate(folder / "a_good.yml")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"ok  {folder / 'a_good.yml'} – Begrüßt\n1 von 1 gehen wie geschrieben.\n"


def test_a_folder_is_played_and_a_mismatch_is_shown_with_what_was_said(folder: Path) -> None:
    done = simulate(folder, "--lang", "en")
    assert done.exit_code == 1
    assert f"{folder / 'b_bad.yml'}:5: Expected: “Gurke Bestellung”. What was said:" in done.stdout
    assert "Danke für deine Bestellung #1001" in done.stdout
    assert done.stdout.endswith("1 of 2 go as written.\n")


def test_a_program_reads_what_became_of_each(folder: Path) -> None:
    done = simulate(folder, "--json", "--lang", "en")
    assert done.exit_code == 1
    good, bad = orjson.loads(done.stdout)
    assert good == {"file": str(folder / "a_good.yml"), "about": "Begrüßt", "ok": True, "problems": []}
    [problem] = bad["problems"]
    assert (bad["ok"], problem["line"], problem["turn"], problem["expected"]) == (
        False,
        5,
        2,
        "“Gurke Bestellung”",
    )
    assert problem["said"][0].startswith("whatsapp: Hallo Anna")


def test_a_file_that_makes_no_sense_says_where(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("turns:\n  - custmer: Hallo\n", "utf-8")
    [report] = orjson.loads(simulate("--json", "--lang", "en", file).stdout)
    assert (report["ok"], report["problems"][0]["line"]) == (False, 2)
    assert "Perhaps `customer` is meant." in report["problems"][0]["expected"]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    assert simulate().exit_code == 2
    assert "there is no such file" in simulate(tmp_path / "none.yml").stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "There is no conversation in it" in simulate(empty).stderr


def test_a_flow_is_played_in_its_place_among_the_others(tmp_path: Path) -> None:
    text = (SCRIPTS / "menu.yml").read_text("utf-8")
    changed = text.replace("Was kann ich für dich tun?", "Was darf es sein?")
    changed = changed.partition("\nexamples:")[0] + (
        "\nexamples:\n"
        "  - about: Neu\n"
        "    turns:\n"
        "      - customer: Hallo\n"
        "      - customer: Hallo\n"
        "      - customer: Menü\n"
        "      - customer: {says: Hallo}\n"
    )
    file = tmp_path / "menu.yml"
    file.write_text(changed, "utf-8")
    done = simulate(file)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"ok  {file} – Neu\n")


def test_the_examples_of_a_flow_go_as_written() -> None:
    done = simulate(SCRIPTS / "care.yml")
    assert done.exit_code == 0, done.output


def test_a_folder_with_a_whole_book_is_played_as_one(tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path, dirs_exist_ok=True)
    for file in tmp_path.glob("*.yml"):
        file.write_text(file.read_text("utf-8").partition("\nexamples:")[0] + "\n", "utf-8")
    menu = tmp_path / "menu.yml"
    text = menu.read_text("utf-8").replace("Was kann ich für dich tun?", "Was darf es sein?")
    menu.write_text(f"{text}\nexamples:\n  - {{about: Neu, turns: [{{customer: Hallo}}]}}\n", "utf-8")
    assert simulate(tmp_path).stdout.startswith(f"ok  {menu} – Neu\n1 von 1")
    menu.write_text(text.replace("choices:", "chioces:"), "utf-8")
    assert "menu.yml" in simulate(tmp_path).stderr


CRUMBS = """\
id: crumbs
starts:
  - keyword: [krümel]
steps:
  - id: sweep
    ask: {de: "Soll ich fegen?", en: "Shall I sweep?"}
    choices:
      - {id: now, title: {de: "Ja", en: "Yes"}, go: end}
      - {id: never, title: {de: "Nein", en: "No"}, go: end}
examples:
  - about: Krümel
    turns:
      - customer: Krümel
"""


def test_coverage_of_a_flow_names_what_its_examples_leave_out(tmp_path: Path) -> None:
    file = tmp_path / "crumbs.yml"
    file.write_text(CRUMBS + "      - customer: {taps: Nein}\n", "utf-8")
    told = simulate(file, "--coverage").stdout.splitlines()
    left = "–   crumbs  Schritte     1/1  Wege     1/2"
    assert told[2:] == ["", left, "    nie: sweep: choice now", "Gespielt: 2/3 = 66,6 %"]
    both = "      - customer: {taps: Nein}\n      - customer: Krümel\n      - customer: {taps: Ja}\n"
    file.write_text(CRUMBS + both, "utf-8")
    told = simulate(file, "--coverage", "--lang", "en").stdout.splitlines()
    assert told[2:] == ["", "ok  crumbs  steps     1/1  choices     2/2", "Played: 3/3 = 100.0 %"]


def test_coverage_of_conversations_is_of_all_flows(folder: Path) -> None:
    (folder / "crumbs.yml").write_text(CRUMBS, "utf-8")
    told = orjson.loads(simulate(folder, "--coverage", "--json").stdout)
    assert [one["ok"] for one in told["conversations"]] == [True, False, True]
    flows = {one["flow"]: one for one in told["coverage"]["flows"]}
    ours = [one for one in SCRIPTS.glob("*.yml") if "\nsteps:" in one.read_text("utf-8")]
    assert len(flows) == len(ours) + 1
    assert flows["welcome"]["steps"]["taken"] >= 1
    assert flows["crumbs"] == {
        "flow": "crumbs",
        "steps": {"taken": 1, "all": 1},
        "choices": {"taken": 0, "all": 2},
        "never": ["sweep: choice now", "sweep: choice never"],
    }
    assert 0 < told["coverage"]["percent"] < 10
