"""The reference journey, day 0 · 3 · 10 · 30, with the real adapters against the sandbox and its windows."""

import shutil
from pathlib import Path

import pytest

from dialogs.script import SCRIPTS
from persistence.tables_journeys import ConsentRow, OfferRow, TouchpointRow
from tests.bot.serving import serving
from tests.e2e.buyer import Buyer

CHANNELS = ("instagram", "whatsapp", "telegram")


@pytest.fixture
def everybody(tmp_path: Path) -> str:
    """The house's scripts without control groups, so that nobody is left out by the draw."""
    folder = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, folder)
    for path in folder.glob("*.yml"):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith("holdout:")), "utf-8")
    return str(folder)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_from_the_setup_to_the_second_order(shop_url: str, everybody: str, channel: str) -> None:
    async with serving(shop_url, dialogs={"folder": everybody}) as server:
        buyer = Buyer(server, channel)
        waits = channel == "instagram"  # nothing may be begun there once the window has closed

        # Day 0: the chat opens with the order in it, the setup is done, and we may ask.
        order = await buyer.buy("HM-01")
        await buyer.enter(order)
        assert (await buyer.asked())[:2] == ("welcome", "thanks")
        await buyer.set_up()
        await buyer.arrive(order)

        # Day 3: a tip for what was bought.
        await buyer.travel("4 days")
        if waits:
            assert (await buyer.touchpoints())["checkup"] == ("parked", "window")
            await buyer.say("Danke nochmal!")
        assert (await buyer.asked())[:2] == ("checkup", "tip")
        assert "Handmühle" in (await buyer.newest())["text"]
        assert (await buyer.touchpoints())["checkup"][0] == "sent"
        await buyer.tap("fine")

        # Day 10: one tap.
        await buyer.travel("7 days")
        if waits:
            assert (await buyer.touchpoints())["rating"] == ("parked", "window")
            await buyer.say("Hallo!")
        assert (await buyer.asked())[:2] == ("rating", "ask")
        await buyer.tap("5")
        await buyer.say("Der Kaffee duftet durchs ganze Haus")
        assert await buyer.ratings() == [
            (order["id"], 5, None),
            (order["id"], 5, "Der Kaffee duftet durchs ganze Haus"),
        ]

        # No photo today, but the words may be shown.
        await buyer.tap("skip")
        assert (await buyer.asked())[:2] == ("rating", "show_words")
        await buyer.tap("words")

        # Offers only after two taps.
        assert (await buyer.asked())[0] == "consent_offers"
        await buyer.tap("yes")
        assert await server.rows(ConsentRow, purpose="offers", allowed=True) == []
        await buyer.tap("yes")
        [given] = await server.rows(ConsentRow, purpose="offers", allowed=True)
        assert (given.action, given.how, given.channel) == ("given", "tap", channel)

        # Day 30: something that goes with it, at 10 % off, with a code of one's own.
        await buyer.travel("17 days")  # later the recommendation would be asked for first
        if waits:
            assert (await buyer.touchpoints())["bundle"] == ("parked", "window")
            await buyer.say("Moin")
        assert (await buyer.touchpoints())["bundle"][0] == "sent"
        [offer] = await server.rows(OfferRow)
        assert (offer.percent, offer.personal) == (10, True)
        assert "HM-01" not in offer.skus
        newest = (await buyer.newest())["text"]
        assert offer.code in newest
        assert "10 %" in newest
        assert (await buyer.touchpoints())["bundle"][0] == "sent"
        said = [
            row for row in await server.rows(TouchpointRow) if row.flow in {"checkup", "rating", "bundle"}
        ]
        assert all(row.sent_at is not None for row in said)


async def test_two_chats_of_one_buyer_hear_each_thing_once(shop_url: str, everybody: str) -> None:
    """The same person on Instagram and WhatsApp: what may not be begun in one goes on in the other."""
    async with serving(shop_url, dialogs={"folder": everybody}) as server:
        insta, whats = Buyer(server, "instagram"), Buyer(server, "whatsapp")
        first = await insta.buy("HM-01")
        await insta.enter(first)
        await insta.set_up()
        second = await whats.buy("FP-08")
        await whats.enter(second)
        await whats.tap("now")
        await insta.arrive(first)
        await insta.travel("4 days")
        before = len(await insta.heard())
        fates = {(row.conversation_id, row.key): row.fate for row in await server.rows(TouchpointRow)}
        here, there = (await insta.conversation()).id, (await whats.conversation()).id
        key = f"checkup:{first['id']}"
        assert fates[here, key] == "handed"
        assert fates[there, key] == "sent"
        assert len(await insta.heard()) == before
        assert "Handmühle" in (await whats.newest())["text"]
