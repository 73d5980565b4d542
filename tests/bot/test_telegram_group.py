"""The whole program with the sandbox's support group: an angry buyer, two agents, a restart."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from persistence.accounts import Account
from persistence.tables import Conversation
from persistence.tables_telegram import TelegramTopicRow
from tests.bot.conftest import Serve
from tests.bot.people import make_account
from tests.bot.serving import Running, until

Json = dict[str, Any]
AT_ONCE: Json = {"desk": {"undo_seconds": 0}}


async def group(server: Running) -> Json:
    found: Json = (await server.sandbox("api/group"))["groups"][0]
    return found


async def link(server: Running, agent: str, name: str) -> Account:
    """Somebody signs up and links themselves in the group, as on their account's page."""
    now = server.app.clock()
    account = await make_account(server.app.store, name=name, now=now)
    code = await server.app.store.telegram.link_code(account.id, now)
    await server.sandbox("api/group/say", agent=agent, text=f"/link {code}")
    await until(lambda: _linked(server, account.id))
    return account


async def _linked(server: Running, account: int) -> bool:
    return bool(await server.app.store.telegram.linked(account))


async def complain(server: Running, channel: str = "whatsapp") -> None:
    await server.sandbox(
        "api/say", channel=channel, text="Ich bin stinksauer! Die Kanne ist schon wieder kaputt!"
    )


async def topic(server: Running, ready: Callable[[Json], bool] = lambda one: True) -> Json:
    """The only topic, as soon as it is as it should be."""
    found: list[Json] = []

    async def there() -> bool:
        found[:] = [one for one in (await group(server))["topics"] if len(one["messages"]) > 1 and ready(one)]
        return bool(found)

    await until(there)
    [one] = found
    return one


def words(one: Json) -> str:
    return "\n".join(message["text"] for message in one["messages"])


async def phone(server: Running, channel: str = "whatsapp") -> list[str]:
    thread = (await server.sandbox("api/world"))["threads"][channel]
    return [one["text"] for one in thread if one["from"] == "shop"]


async def press(server: Running, agent: str, title: str) -> None:
    one = await topic(server)
    [(message, payload)] = [
        (message["id"], button["payload"])
        for message in one["messages"]
        for button in message["buttons"]
        if button["title"] == title
    ]
    await server.sandbox("api/group/tap", agent=agent, message_id=message, payload=payload)


@pytest.fixture
async def server(serve: Serve) -> AsyncIterator[Running]:
    async with serve(**AT_ONCE) as running:
        yield running


async def status(server: Running) -> str:
    [row] = await server.rows(Conversation)
    found: str = row.status
    return found


async def test_an_angry_buyer_is_answered_from_a_topic(server: Running) -> None:
    await link(server, "eva", "Eva Brandt")
    await link(server, "tom", "Tom Berger")
    await complain(server)
    card = await topic(server)
    assert "Lena H." in card["name"]
    assert "Die Kanne ist schon wieder kaputt!" in words(card)
    await press(server, "eva", "Übernehmen")
    await topic(server, lambda one: "Bei Eva Brandt" in words(one))
    await server.sandbox(
        "api/group/say", agent="eva", topic=card["id"], text="Hallo Lena, Ersatz ist unterwegs."
    )
    await until(lambda: _has(server, "Hallo Lena, Ersatz ist unterwegs."))
    await server.sandbox("api/say", channel="whatsapp", text="Danke, das ging schnell!")
    one = await topic(server, lambda one: "Danke, das ging schnell!" in words(one))
    assert words(one).count("Ersatz ist unterwegs.") == 1  # the agent's own word, never an echo of it
    await server.sandbox("api/group/say", agent="tom", topic=card["id"], text="// auf Kulanz")
    await press(server, "eva", "Gelöst")
    await topic(server, lambda one: "Woran lag es?" in words(one))
    await press(server, "eva", "Fehler am Produkt")
    closed = await topic(server, lambda one: one["closed"])
    assert closed["name"].startswith("✅")
    assert await status(server) == "resolved"
    assert "auf Kulanz" not in "\n".join(await phone(server))


async def _has(server: Running, text: str) -> bool:
    return text in await phone(server)


async def test_a_deleted_topic_comes_back_and_nothing_is_lost(server: Running) -> None:
    await complain(server)
    first = await topic(server)
    await server.sandbox("api/group/topic", agent="tom", act="delete", topic=first["id"])
    await server.sandbox("api/say", channel="whatsapp", text="Hallo? Ist da jemand?")
    again = await topic(server, lambda one: "Ist da jemand?" in words(one))
    assert again["id"] != first["id"]
    assert "Warum:" in words(again)


async def test_what_came_while_nobody_worked_is_mirrored_after_a_restart(serve: Serve) -> None:
    async with serve(**AT_ONCE) as server:
        await complain(server)
        one = await topic(server)
        [row] = await server.rows(TelegramTopicRow)
    async with serve(**AT_ONCE) as server:
        # The sandbox has forgotten the group, as if somebody had deleted the topic meanwhile.
        await server.sandbox("api/say", channel="whatsapp", text="Und jetzt?")
        again = await topic(server, lambda one: "Und jetzt?" in words(one))
        [kept] = await server.rows(TelegramTopicRow)
        assert (kept.id, kept.conversation_id) == (row.id, row.conversation_id)
        assert (kept.thread, one["id"]) == (again["id"], row.thread)


async def test_the_groups_troubles_cost_no_word(server: Running) -> None:
    await link(server, "eva", "Eva Brandt")
    await complain(server)
    one = await topic(server)
    await server.sandbox("faults", status_500=1, webhook_repeat=2)
    await server.sandbox("api/say", channel="whatsapp", text="Meldet euch!")
    await server.sandbox("api/group/say", agent="eva", topic=one["id"], text="Ich bin da.")
    await topic(server, lambda one: "Meldet euch!" in words(one))
    await until(lambda: _has(server, "Ich bin da."))
    await server.quiet()
    assert (await phone(server)).count("Ich bin da.") == 1
