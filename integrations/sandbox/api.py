"""The sandbox's own JSON API: the phone page and tests play the buyer, the owner and the shop with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import orjson
from aiohttp import web
from pydantic import ValidationError

from integrations.sandbox import requests
from integrations.sandbox.durations import parse_duration
from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.http import json_answer, json_object, read_body, why
from integrations.sandbox.media import default_address
from integrations.sandbox.people import Person
from integrations.sandbox.platform import Platform
from integrations.sandbox.settings import CHANNELS, ChannelName
from integrations.sandbox.shop import DemoOrder, Shop
from integrations.sandbox.stage import Stage
from integrations.sandbox.world import WINDOWS, Message

Advance = Callable[[timedelta], Awaitable[None]]


class Api:
    """One handler per endpoint."""

    def __init__(
        self, stage: Stage, platforms: dict[ChannelName, Platform], shop: Shop, advance: Advance
    ) -> None:
        self._stage = stage
        self._platforms = platforms
        self._shop = shop
        self._advance = advance
        self._travelled = timedelta(0)

    def add_routes(self, app: web.Application) -> None:
        """Take over ``/api``, ``/clock``, ``/orders`` and ``/faults``."""
        post, get = app.router.add_post, app.router.add_get
        get("/api/world", self.world)
        get("/api/events", self.events)
        get("/api/sent", self.sent)
        get("/api/webhooks", self.webhooks)
        post("/api/say", self.say)
        post("/api/tap", self.tap)
        post("/api/react", self.react)
        post("/api/media", self.media)
        post("/api/edit", self.edit)
        post("/api/unsend", self.unsend)
        post("/api/read", self.read)
        post("/api/open", self.open)
        post("/api/block", self.block)
        post("/api/own", self.own)
        post("/api/person", self.person)
        post("/api/buy", self.buy)
        post("/api/ship", self.ship)
        post("/api/arrive", self.arrive)
        post("/api/cancel", self.cancel)
        post("/api/reset", self.reset)
        post("/clock", self.clock)
        post("/orders", self.orders)
        get("/faults", self.faults)
        post("/faults", self.change_faults)

    # -- looking

    async def world(self, _request: web.Request) -> web.Response:
        """Everything that the page shows, for the current person."""
        stage = self._stage
        people = stage.world.people
        person = people.get(None)
        threads = {thread.channel: thread for thread in stage.world.threads_of(person)}
        until = {name: thread.window_until() for name, thread in threads.items()}
        return json_answer(
            {
                "now": stage.clock().isoformat(),
                "real_now": (stage.clock() - self._travelled).isoformat(),
                "shop": {
                    "name": stage.settings.shop_name,
                    "logo": stage.settings.shop_logo,
                    "language": stage.settings.language,
                },
                "channels": self._channels(),
                "person": person.json(),
                "people": [one.json() for one in people.ready_made()],
                "threads": {n: [m.json() for m in thread.messages.values()] for n, thread in threads.items()},
                "windows": {name: None if at is None else at.isoformat() for name, at in until.items()},
                "products": [
                    {
                        "sku": product.sku,
                        "title": product.title,
                        "price": str(product.price),
                        "image": product.image,
                    }
                    for product in stage.settings.products
                ],
                "orders": self._shop.shown_to(person),
                "faults": stage.faults.model_dump(),
                "blocked": {name: thread.blocked for name, thread in threads.items()},
                "webhooks": stage.postman.tally.json(),
            }
        )

    def _channels(self) -> list[Json]:
        settings = self._stage.settings
        accounts = {
            "instagram": (settings.instagram.account_id, settings.instagram.handle),
            "whatsapp": (settings.whatsapp.phone_number_id, settings.whatsapp.number),
            "telegram": (str(settings.telegram.id), settings.telegram.username),
        }
        return [
            {
                "name": name,
                "account": accounts[name][0],
                "handle": accounts[name][1],
                "window_hours": None if (span := WINDOWS[name]) is None else span.total_seconds() / 3600,
            }
            for name in CHANNELS
        ]

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, until the page goes away or the server stops."""
        answer = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
            }
        )
        await answer.prepare(request)
        async for chunk in self._stage.live.stream():
            try:
                await answer.write(chunk)
            except ConnectionError:
                break
        return answer

    async def sent(self, request: web.Request) -> web.Response:
        """All that the platforms accepted from the bot, in order; ``count`` goes on where the list ends."""
        channel = request.query.get("channel")
        if channel is not None and channel not in CHANNELS:
            raise Complaint(f"There is no channel “{channel[:40]}”.")
        accepted = self._stage.world.accepted
        count = accepted.total() if channel is None else accepted[channel]
        return json_answer({"count": count, "messages": [r.json() for r in self._stage.world.sent(channel)]})

    async def webhooks(self, _request: web.Request) -> web.Response:
        """How many events wait, were delivered, were given up; for tests that wait until all is quiet."""
        return json_answer(self._stage.postman.tally.json())

    # -- the buyer

    async def say(self, request: web.Request) -> web.Response:
        """The buyer writes."""
        body = await read_body(request, requests.Say)
        return _shown(self._platform(body).say(self._person(body), body.text, body.reply_to))

    async def tap(self, request: web.Request) -> web.Response:
        """The buyer taps a button."""
        body = await read_body(request, requests.Tap)
        return _shown(self._platform(body).tap(self._person(body), body.message_id, body.payload, body.title))

    async def react(self, request: web.Request) -> web.Response:
        """The buyer puts an emoji on a message, or takes it away."""
        body = await read_body(request, requests.React)
        return _shown(self._platform(body).react(self._person(body), body.message_id, body.emoji or None))

    async def media(self, request: web.Request) -> web.Response:
        """The buyer sends a picture, a voice note, a place and the like."""
        body = await read_body(request, requests.Media)
        url = body.url or default_address(request, body.type)
        return _shown(self._platform(body).send_file(self._person(body), body.type, url, body.caption))

    async def edit(self, request: web.Request) -> web.Response:
        """The buyer changes an own text."""
        body = await read_body(request, requests.Edit)
        return _shown(self._platform(body).edit(self._person(body), body.message_id, body.text))

    async def unsend(self, request: web.Request) -> web.Response:
        """The buyer takes a message back."""
        body = await read_body(request, requests.Unsend)
        return _shown(self._platform(body).unsend(self._person(body), body.message_id))

    async def read(self, request: web.Request) -> web.Response:
        """The buyer looks at the chat."""
        body = await read_body(request, requests.Act)
        return json_answer({"read": self._platform(body).read(self._person(body))})

    async def open(self, request: web.Request) -> web.Response:
        """The buyer opens an entry link."""
        body = await read_body(request, requests.Open)
        return _shown(self._platform(body).open(self._person(body), body.ref))

    async def block(self, request: web.Request) -> web.Response:
        """The buyer blocks or unblocks the shop."""
        body = await read_body(request, requests.Block)
        self._platform(body).block(self._person(body), blocked=body.blocked)
        return json_answer({"blocked": body.blocked})

    async def person(self, request: web.Request) -> web.Response:
        """Become another buyer, or hide and show the current one's number."""
        body = await read_body(request, requests.PersonChange)
        people = self._stage.world.people
        person = people.get(body.key)
        people.current = person.key
        if body.hide_phone is not None:
            person.hide_phone = body.hide_phone
        return json_answer({"person": person.json()})

    # -- the shop

    async def own(self, request: web.Request) -> web.Response:
        """The shop's owner answers by hand."""
        body = await read_body(request, requests.Own)
        return _shown(self._platform(body).own(self._person(body), body.text))

    async def buy(self, request: web.Request) -> web.Response:
        """The buyer pays for something."""
        body = await read_body(request, requests.Buy)
        return _ordered(await self._shop.buy(self._stage.world.people.get(body.person), body.sku))

    async def ship(self, request: web.Request) -> web.Response:
        """A parcel leaves."""
        return _ordered(self._shop.ship((await read_body(request, requests.OrderId)).order_id))

    async def arrive(self, request: web.Request) -> web.Response:
        """A parcel is there."""
        return _ordered(self._shop.arrive((await read_body(request, requests.OrderId)).order_id))

    async def cancel(self, request: web.Request) -> web.Response:
        """An order is called off."""
        return _ordered(self._shop.cancel((await read_body(request, requests.OrderId)).order_id))

    async def orders(self, request: web.Request) -> web.Response:
        """Sign the body of ``/webhooks/orders``, pass it on, and answer as it was answered.

        Where nobody answers it waits with the other webhooks: 202.
        """
        raw = await request.read()
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise Complaint("The body is not JSON.") from None
        try:
            status, answer = await self._stage.postman.hand_over("orders", raw)
        except (aiohttp.ClientError, TimeoutError, OSError):
            status, answer = 503, b""
        if status < 500:
            if 200 <= status < 300:
                self._shop.note(body)
            return web.Response(status=status, body=answer, content_type="application/json")
        events = body if isinstance(body, list) else [body]
        if not all(isinstance(event, dict) for event in events):
            raise Complaint("An order event is a JSON object, or a list of them.")
        for event in events:
            order = event.get("order")
            self._stage.postman.post("orders", str(order.get("id") if isinstance(order, dict) else ""), event)
        self._shop.note(body)
        return json_answer({"queued": len(events)}, status=202)

    # -- the machinery

    async def clock(self, request: web.Request) -> web.Response:
        """Travel in time; whatever falls due on the way is the bot's to find out."""
        body = await read_body(request, requests.Advance)
        try:
            span = parse_duration(body.advance)
        except ValueError as error:
            raise Complaint(str(error)) from None
        await self._advance(span)
        self._travelled += span
        now = self._stage.clock().isoformat()
        self._stage.live.publish({"type": "clock", "now": now})
        return json_answer({"now": now})

    async def faults(self, _request: web.Request) -> web.Response:
        """What goes wrong at the moment."""
        return json_answer(self._stage.faults.model_dump())

    async def change_faults(self, request: web.Request) -> web.Response:
        """Switch faults on and off; what is not named stays."""
        values = await json_object(request)
        try:
            self._stage.faults.change(values)
        except ValidationError as error:
            raise Complaint(why(error)) from None
        return json_answer(self._stage.faults.model_dump())

    async def reset(self, _request: web.Request) -> web.Response:
        """Forget all chats, orders and records."""
        self._stage.reset()
        self._shop.forget()
        return json_answer({"ok": True})

    def _platform(self, body: requests.Act) -> Platform:
        return self._platforms[body.channel]

    def _person(self, body: requests.Act) -> Person:
        return self._stage.world.people.get(body.person)


def _shown(message: Message | None) -> web.Response:
    return json_answer({"message": None if message is None else message.json()})


def _ordered(order: DemoOrder) -> web.Response:
    return json_answer({"order": order.json()})
