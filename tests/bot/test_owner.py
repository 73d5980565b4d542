"""How the owner of a shop gets in: the link of the first start, and the command for who was locked out."""

import asyncio
import re
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from bot.commands import app as commands
from bot.owner import first_link
from bot.server import Server, _welcome
from bot.web.access import real_time
from persistence.database import Database
from persistence.store import Store
from tests.bot.conftest import MakeHouse
from tests.bot.house import House
from tests.bot.people import make_account


async def test_a_fresh_link_is_printed_as_long_as_nobody_owns_the_shop(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    first = await first_link(house.app, "http://127.0.0.1:8080")
    second = await first_link(house.app, "http://127.0.0.1:8080")
    assert first is not None
    assert second is not None
    invitations, now = house.app.store.invitations, real_time(house.app)
    assert await invitations.find(first.rpartition("/")[2], now) is None
    found = await invitations.find(second.rpartition("/")[2], now)
    assert found is not None
    assert (found.kind, found.role) == ("owner", "owner")
    _welcome(Server(house.app, "http://127.0.0.1:8080"), None, second)
    assert second in capsys.readouterr().out
    await make_account(house.app.store, "owner", now=now)
    assert await first_link(house.app, "http://127.0.0.1:8080") is None


async def test_the_link_leads_to_the_shops_own_address(make_house: MakeHouse) -> None:
    house = make_house(entry={"public_url": "https://shop.example/"})
    link = await first_link(house.app, "http://127.0.0.1:8080")
    assert link is not None
    assert link.startswith("https://shop.example/invite/")


@pytest.fixture
def shop(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a command needs to find the test's database."""
    file = tmp_path / "shop.yml"
    file.write_text("server: {host: 0.0.0.0, port: 8099}")
    monkeypatch.setenv("DATABASE_URL", store_url)
    return ["--config", str(file)]


def test_the_command_makes_a_link_any_time(shop: list[str], store_url: str) -> None:
    done = CliRunner().invoke(commands, ["owner-link", *shop])
    assert done.exit_code == 0
    found = re.fullmatch(r"http://127\.0\.0\.1:8099/invite/([\w-]+)\n", done.stdout)
    assert found is not None
    again = CliRunner().invoke(commands, ["owner-link", *shop])
    assert again.stdout != done.stdout


def test_the_log_is_printed_and_verified(shop: list[str], store_url: str) -> None:
    for _ in range(2):
        CliRunner().invoke(commands, ["owner-link", *shop])
    done = CliRunner().invoke(commands, ["audit", *shop])
    lines = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [(line["id"], line["actor"], line["action"]) for line in lines] == [
        (1, "shell", "link.made.owner"),
        (2, "shell", "link.made.owner"),
    ]
    assert lines[-1]["hash"] in done.stderr
    asyncio.run(_tamper(store_url))
    done = CliRunner().invoke(commands, ["audit", *shop])
    assert done.exit_code == 1
    assert "breaks at line 1" in done.stderr


async def _tamper(url: str) -> None:
    store = Store(Database(url))
    statements = ("DROP TRIGGER audit_no_update", "UPDATE audit SET actor = 'nobody' WHERE id = 1")
    await store.database.write(
        lambda connection: [connection.exec_driver_sql(one) for one in statements] and None
    )
    await store.close()
