"""The way back from a release: before SQLite's schema is brought up, a copy of the file is put beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from persistence.database import DatabaseError


def put_aside(file: Path, revision: str) -> Path:
    """Copy a database as it stands at ``revision``, and return where it lies; one copy is kept, the newest.

    What is written meanwhile is in the copy whole or not at all. A copy that was broken off leaves nothing
    that could be taken for one.

    Raises:
        DatabaseError: it cannot be written; the text says what to do.

    """
    copy = file.with_name(f"{file.name}.before-{revision}")
    part = file.with_name(f"{file.name}.copying")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise DatabaseError(
            f"no copy of {file} could be made before its schema is brought up ({error}): make room for one "
            f"beside it ({file.stat().st_size // 1_000_000 + 1} MB), and let this program write there"
        ) from error
    for old in file.parent.glob(f"{file.name}.before-*"):
        old.unlink()
    return part.rename(copy)
