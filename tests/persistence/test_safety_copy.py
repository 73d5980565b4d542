"""Before a schema is brought up, the file lies beside itself as it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from persistence.database import Database, DatabaseError
from persistence.migrate import current, migrate, newest
from persistence.safety_copy import put_aside


def copies(folder: Path) -> list[str]:
    return [one.name for one in folder.glob("*.before-*")]


def put_back(copy: Path, file: Path) -> None:
    """The way back: stop, put the copy in its place without the log of the other, start the old release."""
    copy.replace(file)
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)


async def revision_of(file: Path) -> str | None:
    database = Database(f"sqlite:///{file}")
    try:
        return await current(database)
    finally:
        await database.close()


async def test_a_new_release_leaves_the_old_database_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    database = Database(f"sqlite:///{file}")
    await migrate(database, "0001")
    assert copies(tmp_path) == []  # there was nothing to keep
    await migrate(database)
    await migrate(database)
    await database.close()
    assert copies(tmp_path) == ["shop.db.before-0001"]
    assert await revision_of(file) == newest()
    put_back(tmp_path / "shop.db.before-0001", file)
    assert await revision_of(file) == "0001"


async def test_an_old_release_leaves_the_copy_alone_when_it_meets_a_newer_database(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    database = Database(f"sqlite:///{file}")
    await migrate(database, "0001")
    await migrate(database)
    await database.write(lambda one: one.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer release"):
        await migrate(database)
    await database.close()
    assert copies(tmp_path) == ["shop.db.before-0001"]


def test_the_copy_holds_what_stands_in_the_log_and_takes_the_older_ones_place(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    (tmp_path / "shop.db.before-0000").touch()
    (tmp_path / "shop.db.copying").write_text("what a broken start has left")
    with closing(sqlite3.connect(file, isolation_level=None)) as open_one:
        open_one.execute("PRAGMA journal_mode=WAL")
        open_one.execute("CREATE TABLE said (words TEXT)")
        open_one.execute("INSERT INTO said VALUES ('Hallo')")
        copy = put_aside(file, "0004")
    assert copies(tmp_path) == [copy.name]
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT words FROM said").fetchall() == [("Hallo",)]


def test_without_a_place_for_the_copy_nothing_is_touched(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_text("This is no database, and so nothing that could be copied.")
    (tmp_path / "shop.db.before-0003").touch()
    with pytest.raises(DatabaseError, match="make room for one"):
        put_aside(file, "0004")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["shop.db", "shop.db.before-0003"]
