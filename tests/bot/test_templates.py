"""`templates`: a list that can be sent as it is, in the shop's own form of address."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.commands import app
from dialogs.script import SCRIPTS


def test_the_houses_templates_in_the_shops_voice(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("brand: {voice: sie}\n", "utf-8")
    done = CliRunner().invoke(app, ["templates", "--config", str(config)])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    names = {(one["name"], one["language"]) for one in told}
    assert len(names) == len(told) > 20
    assert {language for _, language in names} == {"de", "en"}
    german = " ".join(one["components"][0]["text"] for one in told if one["language"] == "de")
    assert " Ihr" in german
    assert " dein" not in german


def test_scripts_without_templates_need_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    for path in SCRIPTS.glob("*.yml"):
        if path.name != "templates.yml":
            lines = path.read_text("utf-8").splitlines(keepends=True)
            kept = "".join(line for line in lines if not line.strip().startswith("template:"))
            (folder / path.name).write_text(kept, "utf-8")
    config = tmp_path / "config.yml"
    config.write_text(f"dialogs: {{folder: {folder}}}\n", "utf-8")
    done = CliRunner().invoke(app, ["templates", "--config", str(config)])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == []
    assert "nothing has to be submitted" in done.stderr
