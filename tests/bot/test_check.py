"""`python -m bot check`: what an owner is told about scripts, and what a program reads of it."""

from pathlib import Path

import orjson
from typer.testing import CliRunner, Result

from bot.commands import app
from dialogs.script import SCRIPTS


def check(*words: str) -> Result:
    """The command, as somebody types it."""
    return CliRunner().invoke(app, ["check", *words])


def test_the_houses_scripts_are_found_in_order() -> None:
    assert check().stdout == "Alles in Ordnung.\n"
    assert check("--lang", "en").stdout == "Nothing is wrong.\n"
    assert check("--json").stdout == "[]\n"


def test_a_broken_script_is_told_off_with_line_and_remedy(tmp_path: Path) -> None:
    text = (SCRIPTS / "menu.yml").read_text("utf-8").replace("kind: ask", "kind: aks", 1)
    file = tmp_path / "menu.yml"
    file.write_text(text, "utf-8")
    done = check(str(file))
    assert done.exit_code == 1
    assert "menu.yml:8:5 `aks` ist hier nicht möglich.\n    Gemeint ist vielleicht `ask`.\n" in done.stdout
    [problem] = orjson.loads(check("--json", "--lang", "en", str(file)).stdout)
    assert problem == {
        "file": "menu.yml", "line": 8, "column": 5, "severity": "error", "flow": "", "step": "",
        "message": "`aks` is not possible here.", "hint": "Perhaps `ask` is meant.",
    }  # fmt: skip


def test_a_folder_is_a_book_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    done = check("--lang", "en", str(folder))
    assert done.exit_code == 1
    assert "There is no flow that answers to `complaint`." in done.stdout


def test_a_script_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    done = check(str(tmp_path / "none.yml"))
    assert (done.exit_code, "there is no such file" in done.stderr) == (1, True)
    latin = tmp_path / "latin.yml"
    latin.write_bytes("id: menü".encode("latin-1"))
    done = check(str(latin))
    assert (done.exit_code, "not a text in UTF-8 (byte 7)" in done.stderr) == (1, True)
