"""What the commands about scripts share, without loading the program: how they fail, how files are read."""

from __future__ import annotations

from pathlib import Path


class CommandFailed(Exception):
    """A command could not do what it was asked; the text says why and what to do."""


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        CommandFailed: it is not there, or no text in UTF-8.

    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise CommandFailed(f"{path}: there is no such file or folder.") from None
    except UnicodeDecodeError as error:
        raise CommandFailed(
            f"{path}: not a text in UTF-8 (byte {error.start}). Save it as UTF-8, as every editor can."
        ) from None
