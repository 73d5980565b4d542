"""The shop's scripts, catalogue and answers: read at the start, the scripts kept in every version.

A conversation goes on in the version of a flow with which it began. So each start puts the texts that are new
into the store, and the book is given all that was published in the time for which a conversation may rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, get_args

import structlog

from bot.config import Config, ConfigError
from dialogs.catalogue import SAMPLE, CatalogueError, load_catalogue
from dialogs.facts import Need
from dialogs.flow import Book, Flow
from dialogs.script import SCRIPTS, ScriptError, flow_texts, read_book, read_flow
from dialogs.shop import Product
from dialogs.written import NO_ANSWERS, Answers
from dialogs.written_reading import ANSWERS_FILE, AnswersError, load_answers
from persistence.store import Store

_log = structlog.get_logger(__name__)

KEPT: Final = timedelta(days=400)
"""For how long versions are read that are current no more: what waits for a birthday waits for a year."""

_EVERYTHING: Final[frozenset[Need]] = frozenset(get_args(Need))


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the house says, what it sells, and what it answers to questions."""

    book: Book
    products: Mapping[str, Product]
    answers: Answers = NO_ANSWERS


async def publish(config: Config, store: Store, now: datetime) -> Shelf:
    """Read the shop's scripts and catalogue, and publish what has changed since the last start.

    Raises:
        ConfigError: they cannot be used; the text lists every problem with file and line.

    """
    shelf, texts = read_shelf(config)
    await store.scripts.publish(texts, now)
    older = await store.scripts.recent(now - KEPT)
    return replace(shelf, book=replace(shelf.book, past=Past(older)))


def read_products(config: Config) -> Mapping[str, Product]:
    """Return what the shop sells.

    Raises:
        ConfigError: the catalogue cannot be used.

    """
    catalogue = catalogue_in(config)
    with _readable("dialogs.catalogue", catalogue):
        try:
            return load_catalogue(catalogue)
        except CatalogueError as error:
            raise ConfigError(f"the catalogue cannot be used: {error}") from None


def read_answers(config: Config) -> Answers:
    """Return what the shop has written down for what is asked often.

    Raises:
        ConfigError: the answers cannot be used.

    """
    path = answers_in(config)
    if path is None:
        return NO_ANSWERS
    with _readable("dialogs.answers", path):
        try:
            return load_answers(path)
        except AnswersError as error:
            raise ConfigError(f"the answers in {path} cannot be used:\n{error}") from None


@contextmanager
def _readable(setting: str, path: Path) -> Iterator[None]:
    """Say of a file that cannot be read at all which setting names it."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read ({error.strerror})") from None


def read_shelf(config: Config) -> tuple[Shelf, Mapping[str, tuple[str, str]]]:
    """Return what the shop says, sells and answers, and of each flow its version and text.

    Raises:
        ConfigError: as for `publish`.

    """
    folder = scripts_in(config)
    problems: list[str] = []
    texts: dict[str, str] = {}
    book: Book | None = None
    products: Mapping[str, Product] = {}
    answers = NO_ANSWERS
    try:
        texts = script_texts(folder)
        book = read_book(texts)
    except ScriptError as error:
        problems.append(f"the scripts in {folder} cannot be used:\n{error}")
    except ConfigError as error:
        problems.append(str(error))
    try:
        products = read_products(config)
    except ConfigError as error:
        problems.append(str(error))
    try:
        answers = read_answers(config)
    except ConfigError as error:
        problems.append(str(error))
    if book is None or problems:
        raise ConfigError("\n".join(problems))
    return Shelf(book, products, answers), flow_texts(texts, book)


def scripts_in(config: Config) -> Path:
    """Return the folder of the shop's scripts: its own, else the house's."""
    folder = config.settings.dialogs.folder
    return Path(folder) if folder else SCRIPTS


def catalogue_in(config: Config) -> Path:
    """Return the file of the shop's catalogue: its own, else the sample shop's."""
    catalogue = config.settings.dialogs.catalogue
    return Path(catalogue) if catalogue else SAMPLE


def answers_in(config: Config) -> Path | None:
    """Return the file of the shop's answers: its own, else the one beside its catalogue, if there is one."""
    answers = config.settings.dialogs.answers
    if answers:
        return Path(answers)
    beside = catalogue_in(config).with_name(ANSWERS_FILE)
    return beside if beside.is_file() else None


def script_texts(folder: Path) -> dict[str, str]:
    """Return the texts of a folder's scripts by their files' names.

    Raises:
        ConfigError: there is no such folder, nothing in it, or a file that is no text.

    """
    if not folder.is_dir():
        raise ConfigError(f"dialogs.folder: there is no folder {folder}")
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            texts[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not a text in UTF-8 (byte {error.start})") from error
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    if not texts:
        raise ConfigError(f"dialogs.folder: there are no scripts (*.yml) in {folder}")
    return texts


class Past(Mapping[tuple[str, str], Flow]):
    """Older versions of flows by (id, version), read from their texts when somebody first asks for them."""

    def __init__(self, texts: Mapping[tuple[str, str], str]) -> None:
        """Keep these texts."""
        self._texts = texts
        self._read: dict[tuple[str, str], Flow | None] = {}

    def __getitem__(self, wanted: tuple[str, str]) -> Flow:
        """Return the flow.

        Raises:
            KeyError: it was never published, or this release can no longer read it.

        """
        if wanted not in self._read:
            self._read[wanted] = self._look_up(wanted)
        flow = self._read[wanted]
        if flow is None:
            raise KeyError(wanted)
        return flow

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def _look_up(self, wanted: tuple[str, str]) -> Flow | None:
        text = self._texts.get(wanted)
        if text is None:
            return None
        name, version = wanted
        flow, _ = read_flow(f"{name}.yml", text)
        if flow is None:
            _log.warning("old_script_unreadable", flow=name, version=version)
            return None
        # What it leads to is in the book of today, so it is told whatever a flow may need.
        return replace(flow, version=version, needs=_EVERYTHING)
