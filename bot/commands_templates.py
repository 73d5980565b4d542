"""`templates`: what WhatsApp must have approved, as it wants it submitted."""

from __future__ import annotations

from typing import Final

import orjson
import typer

from bot.clock import Clock
from bot.config import Config
from bot.publishing import read_shelf
from dialogs.facts import Facts
from dialogs.submission import sample_scene, submission
from dialogs.templates import approved

_NOTHING: Final = "The shop's scripts have no templates: nothing has to be submitted."


def templates(config: Config) -> None:
    """Print a list of requests, one for each template and language, in the shop's own form of address.

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
