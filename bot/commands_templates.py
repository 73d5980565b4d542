"""`templates`: what WhatsApp must have approved, as it wants it submitted, and how each stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson
import typer

from bot.clock import Clock
from bot.commands_files import CommandFailed
from bot.commands_store import with_store
from bot.config import Config
from bot.publishing import read_shelf
from dialogs.facts import Facts
from dialogs.stored_templates import Problem, StoredTemplate, problems
from dialogs.submission import sample_scene, submission
from dialogs.templates import TemplateText, approved
from integrations.sandbox.settings import SandboxSettings
from persistence.database import database_url

_NOTHING: Final = "The shop's scripts have no templates: nothing has to be submitted."
_UNKNOWN: Final = (
    "How they stand at WhatsApp is not known: the program looks at night while it runs, if "
    "WHATSAPP_BUSINESS_ACCOUNT_ID is set."
)


def templates(config: Config) -> None:
    """Print a list of requests, one for each template and language, in the shop's own form of address.

    What WhatsApp last said of each goes to standard error, so that the list can be kept as it is.

    Raises:
        ConfigError: the scripts or the catalogue cannot be used.

    """
    shelf, _ = read_shelf(config)
    brand = config.settings.brand
    facts = Facts(brand=brand.name, voice=brand.voice, timezone=brand.timezone, country=brand.country)
    scene = sample_scene(facts, shelf.products, Clock()())
    wanted = sorted(approved(shelf.book.templates, brand.voice), key=lambda one: (one.name, one.language))
    if not wanted:
        typer.echo(_NOTHING, err=True)
    told = [submission(one, scene) for one in wanted]
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    if wanted:
        for line in _standing(config, wanted):
            typer.echo(line, err=True)


def _standing(config: Config, wanted: Sequence[TemplateText]) -> list[str]:
    """Say what WhatsApp last said of each; no database is made only to find out that nothing is known."""
    account = config.environment.whatsapp_phone_number_id
    if config.sandbox:
        account = SandboxSettings.default().whatsapp.phone_number_id
    file = database_url(config.environment.database_url)
    if not account or (file.get_backend_name() == "sqlite" and not Path(file.database or "").exists()):
        return [_UNKNOWN]
    try:
        known = with_store(config, lambda store: store.templates.known("whatsapp", account))
    except CommandFailed as error:
        return [f"How they stand at WhatsApp could not be looked up: {error}"]
    if known is None:
        return [_UNKNOWN]
    lines = [f"At WhatsApp, as of {known.read_at:%Y-%m-%d %H:%M} UTC:"]
    for text in wanted:
        stored = known.templates.get((text.name, text.language))
        lines.append(f"  {text.name} ({text.language}): {_state(stored, text)}")
    return lines


def _state(stored: StoredTemplate | None, meant: TemplateText) -> str:
    if stored is None:
        return "not known yet"
    wrong = ", ".join(_WORDS[one] for one in problems(stored, meant))
    parts = [stored.status, stored.category if stored.category != meant.category else "", stored.reason]
    quality = f"quality {stored.quality}" if stored.quality in {"YELLOW", "RED"} else ""
    return ", ".join(part for part in (*parts, quality, wrong) if part)


_WORDS: Final[Mapping[Problem, str]] = {
    "missing": "submit it",
    "pending": "being checked",
    "rejected": "change it and submit it again",
    "paused": "reported too often, works again after some hours",
    "disabled": "needs another text under another name",
    "gone": "deleted or put away",
    "header": "has a header that the script does not know",
    "parameters": "other placeholders than in the script",
    "buttons": "other buttons than in the script",
    "labels": "other words on its buttons than in the script",
    "text": "another text than in the script",
}
