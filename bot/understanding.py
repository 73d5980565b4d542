"""The engine that understands: taken from the cache, or trained in a process of its own.

Training wants scikit-learn, which takes more memory than the whole rest of the program. So it happens
elsewhere and leaves a file behind; the server only reads arrays.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import structlog

import nlu
from bot.config import Config, ConfigError
from bot.settings import Understanding as Settings
from dialogs.shop import Product
from nlu.corpus import TRAINING, fingerprint, training_files
from nlu.engine import Embedded
from nlu.model import FORMAT, Model, NoModel, load
from nlu.products import Catalogue

_log = structlog.get_logger(__name__)

_KEPT: Final = 4
"""So many models stay in the cache: branches and shops on one machine do not push each other out at once."""

_NO_PRODUCTS: Final[Mapping[str, Product]] = MappingProxyType({})

_LEARNING: Final = ("corpus", "features", "learning", "model", "mood", "table", "tone")

_LONGEST_TRAINING: Final = 300.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an engine is trained from: folders of files in Rasa's format, and what agents corrected.

    ``corrections`` are lines of JSON as `bot.training` reads them.
    """

    folders: tuple[Path, ...] = (TRAINING,)
    corrections: tuple[bytes, ...] = ()

    @property
    def name(self) -> str:
        """The name of the model that this makes; it changes with every byte, also of the code that learns."""
        files = training_files(*self.folders)
        return fingerprint((*files, *_code()), b"%d" % FORMAT, *self.corrections)


def lesson_of(settings: Settings, corrections: Sequence[bytes] = ()) -> Lesson:
    """Gather what an engine is to be trained from; ConfigError for a folder that is not there."""
    folders = [TRAINING]
    if settings.training:
        own = Path(settings.training)
        if not training_files(own):
            raise ConfigError(
                f"nlu.training: there are no training files in {own}/de or {own}/en. "
                "Put files in Rasa's format there, or leave the setting empty."
            )
        folders.append(own)
    return Lesson(tuple(folders), tuple(corrections))


def engine_of(
    config: Config, corrections: Sequence[bytes] = (), products: Mapping[str, Product] = _NO_PRODUCTS
) -> Embedded:
    """Return the embedded engine of these settings, with what people corrected; ConfigError as in `embedded`.

    ``products`` are those whose names it recognises.
    """
    settings = config.settings.nlu
    trained = embedded(
        lesson_of(settings, corrections), Path(settings.cache).expanduser() if settings.cache else None
    )
    names = {sku: tuple(dict.fromkeys(product.title.values())) for sku, product in products.items()}
    return Embedded(trained.model, Catalogue(names) if names else None, config.settings.brand.country)


def embedded(lesson: Lesson, cache_folder: Path | None = None) -> Embedded:
    """Return the engine for a lesson, trained now if nobody has before.

    Raises:
        ConfigError: the training files are bad; the text names every file and line.

    """
    folder = cache_folder or default_cache()
    path = folder / f"{lesson.name}.npz"
    try:
        return Embedded(_loaded(path))
    except NoModel:
        pass
    if not _writable(folder):
        path = Path(tempfile.mkdtemp(prefix="nachklang-")) / path.name
        _log.warning("model_cache_not_writable")
    train(lesson, path)
    _tidy(path.parent, path)
    return Embedded(_loaded(path))


def train(lesson: Lesson, path: Path) -> None:
    """Train a model in a process of its own and write it to ``path``; ConfigError as in `embedded`."""
    _log.info("training_begins")
    done = subprocess.run(  # noqa: S603 - this program's own interpreter and module
        [sys.executable, "-m", "bot.training", str(path), *map(str, lesson.folders)],
        input=b"\n".join(lesson.corrections),
        capture_output=True,
        check=False,
        timeout=_LONGEST_TRAINING,
        cwd=Path(nlu.__file__).parents[1],
    )
    if done.returncode:
        raise ConfigError(
            f"the training files cannot be learnt from:\n{done.stderr.decode(errors='replace').strip()}"
        )
    _log.info("training_done")


@lru_cache(maxsize=2)
def _loaded(path: Path) -> Model:
    """A model changes nothing and its path names its content: one copy serves the whole process."""
    return load(path)


@cache
def default_cache() -> Path:
    """Where models are kept unless the settings say otherwise: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nachklang"


def _code() -> tuple[Path, ...]:
    """The files whose change changes what is learnt."""
    folder = Path(nlu.__file__).parent
    return tuple(sorted((*(folder / f"{name}.py" for name in _LEARNING), *folder.glob("lexicon/*.*"))))


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _tidy(folder: Path, newest: Path) -> None:
    """Drop all but the models that were used last."""
    old = sorted(folder.glob("*.npz"), key=lambda one: one.stat().st_mtime, reverse=True)
    for path in old[_KEPT:]:
        if path != newest:
            path.unlink(missing_ok=True)
