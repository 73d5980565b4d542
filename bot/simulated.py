"""The shop as a simulation plays it: its scripts and settings, with the channels' real capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from bot.commands_files import CommandFailed
from bot.config import Config, ConfigError
from bot.publishing import read_answers
from bot.understanding import engine_of
from dialogs.catalogue import SAMPLE, CatalogueError, load_catalogue
from dialogs.channel import Capabilities
from dialogs.script import SCRIPTS, ScriptError, read_book, texts_of
from dialogs.simulation.house import House
from dialogs.written import Answers
from integrations.instagram import CAPABILITIES as INSTAGRAM
from integrations.telegram import CAPABILITIES as TELEGRAM
from integrations.whatsapp import CAPABILITIES as WHATSAPP

CHANNELS: Final[Mapping[str, Capabilities]] = {
    "instagram": INSTAGRAM,
    "whatsapp": WHATSAPP,
    "telegram": TELEGRAM,
}
"""Every channel there is, by its name."""


def house_of(config: Config, files: Mapping[str, str] | None = None, answers: Answers | None = None) -> House:
    """The shop of these settings; with ``files`` these scripts take the place of its own, as do ``answers``.

    Raises:
        CommandFailed: scripts, catalogue or answers cannot be used; the text says what is wrong with them.

    """
    settings = config.settings
    texts = scripts_of(config) if files is None else files
    brand, dialogs = settings.brand, settings.dialogs
    try:
        book = read_book(texts)
        products = load_catalogue(Path(dialogs.catalogue) if dialogs.catalogue else SAMPLE)
        answers = read_answers(config) if answers is None else answers
    except ScriptError as error:
        raise CommandFailed("\n".join(one.told() for one in error.problems)) from None
    except (CatalogueError, ConfigError) as error:
        raise CommandFailed(str(error)) from None
    return House(
        book=book,
        products=products,
        answers=answers,
        capabilities=CHANNELS,
        understand=engine_of(config, products=products),
        files=texts,
        brand=brand.name,
        voice=brand.voice,
        mirror_voice=brand.mirror_voice,
        language=brand.language,
        country=brand.country,
        timezone=brand.timezone,
        hours=settings.human.hours.words,
        promise=settings.human.answer_within_hours,
        opening=settings.human.opening.at(brand.zone),
        pacing=settings.journeys.pacing,
        understand_of=partial(engine_of, config, ()),
    )


def scripts_of(config: Config) -> dict[str, str]:
    """The texts of the shop's scripts by their files' names."""
    folder = config.settings.dialogs.folder
    return texts_of(Path(folder) if folder else SCRIPTS)
