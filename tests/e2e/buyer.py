"""A buyer with a phone: buys, scans the link, reads, taps and writes, through the sandbox's own API."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dialogs.payloads import Tapped, parse_payload
from persistence.tables import Conversation, HandoffRow, OutboxRow, RatingRow
from persistence.tables_journeys import TouchpointRow
from tests.bot.serving import Running

Json = dict[str, Any]


@dataclass
class Buyer:
    """One person on one channel of a running server."""

    server: Running
    channel: str
    key: str = "lena"

    async def do(self, path: str, **body: object) -> Json:
        """Do something on the phone, and wait until the bot has dealt with it."""
        done: Json = await self.server.sandbox(f"api/{path}", channel=self.channel, person=self.key, **body)
        await self.server.quiet()
        return done

    async def buy(self, sku: str = "HM-01") -> Json:
        """Pay for something; return the order, with its entry links."""
        order: Json = (await self.server.sandbox("api/buy", sku=sku, person=self.key))["order"]
        await self.server.quiet()
        return order

    async def arrive(self, order: Json) -> None:
        """The parcel is there."""
        await self.server.sandbox("api/arrive", order_id=order["id"])
        await self.server.quiet()

    async def enter(self, order: Json) -> None:
        """Open the order's entry link as this channel's app does."""
        await self.open(order["links"][self.channel]["url"])

    async def open(self, url: str) -> None:
        """Open a link: WhatsApp writes its text into the composer, the others carry a reference."""
        carried = parse_qs(urlsplit(url).query)
        if "text" in carried:
            await self.say(carried["text"][0])
        else:
            await self.do("open", ref=carried["ref"][0])

    async def say(self, text: str) -> None:
        """Write something."""
        await self.do("say", text=text)

    async def tap(self, choice: str) -> None:
        """Tap the newest button for a choice that is on the screen."""
        for message in reversed(await self.thread()):
            if message["from"] != "shop":
                continue
            for button in message["buttons"]:
                if (tapped := parse_payload(button["payload"])) is not None and tapped.choice == choice:
                    await self.do(
                        "tap", message_id=message["id"], payload=button["payload"], title=button["title"]
                    )
                    return
        raise AssertionError(f"no button for {choice!r} on the screen: {await self.heard()}")

    async def set_up(self) -> None:
        """Go through the setup to its end, and agree to being asked how it is."""
        await self.tap("now")
        while (await self.asked())[:2] == ("setup", "list"):
            await self.tap("done")
        if (await self.asked())[0] == "consent_feedback":
            await self.tap("yes")

    async def touchpoints(self) -> dict[str, tuple[str, str]]:
        """What became of what the shop had planned to say: flow → fate and reason."""
        rows = await self.server.rows(TouchpointRow, conversation_id=(await self.conversation()).id)
        return {row.flow: (row.fate, row.reason) for row in rows}

    async def travel(self, span: str) -> None:
        """Let time pass."""
        await self.server.sandbox("clock", advance=span)
        await self.server.quiet()

    async def thread(self) -> list[Json]:
        """All that stands in the chat, oldest first."""
        await self.server.sandbox("api/person", key=self.key)
        world: Json = await self.server.sandbox("api/world")
        thread: list[Json] = world["threads"].get(self.channel, [])
        return thread

    async def heard(self) -> list[str]:
        """What the shop has said."""
        return [message["text"] for message in await self.thread() if message["from"] == "shop"]

    async def newest(self) -> Json:
        """The shop's newest message."""
        return [message for message in await self.thread() if message["from"] == "shop"][-1]

    async def asked(self) -> tuple[str, str, list[str]]:
        """Flow, step and choices of the newest message that has buttons."""
        shown = [
            message for message in await self.thread() if message["from"] == "shop" and message["buttons"]
        ]
        return what(shown[-1])

    async def conversation(self) -> Any:
        """The row of this person's conversation on this channel."""
        await self.server.sandbox("api/person", key=self.key)
        person = (await self.server.sandbox("api/world"))["person"]
        known = {
            "instagram": person["instagram"]["igsid"],
            "whatsapp": person["whatsapp"]["wa_id"],
            "telegram": str(person["telegram"]["chat_id"]),
        }
        return next(
            row
            for row in await self.server.rows(Conversation, channel=self.channel)
            if row.address.lstrip("+") == known[self.channel]
        )

    async def ratings(self) -> list[tuple[str, int, str | None]]:
        """Order, score and comment of each rating given here."""
        rows = await self.server.rows(RatingRow, conversation_id=(await self.conversation()).id)
        return [(row.order_id, row.score, row.comment) for row in rows]

    async def handoffs(self) -> list[str]:
        """Why a human was called."""
        rows = await self.server.rows(HandoffRow, conversation_id=(await self.conversation()).id)
        return [row.reason for row in rows]

    async def fates(self) -> list[str]:
        """How each message to this person stands."""
        rows = await self.server.rows(OutboxRow, conversation_id=(await self.conversation()).id)
        return [row.status for row in rows]


def what(message: Json) -> tuple[str, str, list[str]]:
    """Flow, step and choices of a message's buttons."""
    tapped: list[Tapped] = [
        one for button in message["buttons"] if (one := parse_payload(button["payload"])) is not None
    ]
    places = {(one.flow, one.step) for one in tapped}
    assert len(places) == 1, message["buttons"]
    [(flow, step)] = places
    return flow, step, [one.choice for one in tapped]
