"""A small, fixed sandbox for the phone page alone: messages of every style, every call recorded, no bot.

`python -m tests.integrations.sandbox.phone.stub_world` shows the page with it.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import orjson
import segno
from aiohttp import web

SANDBOX: Final = Path(__file__).resolve().parents[4] / "integrations" / "sandbox"
POLICY: Final = "default-src 'self'; img-src 'self' data: https:"
NOW: Final = datetime(2026, 11, 21, 9, 41, tzinfo=UTC)
HOSTILE: Final = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> "
    "<b>bold?</b> javascript:alert(1) " + "Z" + "\u0335\u0322\u0321\u031b\u0316\u0347\u0301" * 40 + " "
    "مرحبا بالعالم " + "Donaudampfschifffahrtsgesellschaft" * 12
)
Json = dict[str, Any]


def message(number: int, channel: str, sender: str, minutes: float, **more: Any) -> Json:
    """One message of the fixed world, `minutes` before now."""
    return {
        "id": f"{channel}-{number}", "channel": channel, "person": "lena", "from": sender,
        "at": (NOW - timedelta(minutes=minutes)).isoformat(), "style": "text", "text": "", "footer": "",
        "buttons": [], "list_label": "", "media": None, "cards": [], "reply_to": None, "reactions": [],
        "status": "read" if sender == "buyer" else "delivered", "error": None, "edited": False,
        "unsent": False,
        "tapped": None, "template": None, **more,
    }  # fmt: skip


def button(payload: str, title: str, **more: Any) -> Json:
    return {"payload": payload, "title": title, "description": "", **more}


GREETING: Final = (
    "Hallo Lena! 👋 Ich bin Alma, der Chatbot von Kaffeehaus Morgenröte. Danke für deine Bestellung – deine "
    "Espressomaschine ist auf dem Weg.\n\nWollen wir sie in 60 Sekunden startklar machen?"
)


def threads() -> dict[str, list[Json]]:
    """A conversation per channel, with every style somewhere; `threads.json` names only what is not usual."""
    told: dict[str, list[Json]] = orjson.loads((Path(__file__).parent / "threads.json").read_bytes())
    return {
        channel: [_told(number, channel, dict(one)) for number, one in enumerate(messages, start=1)]
        for channel, messages in told.items()
    }


def _told(number: int, channel: str, one: Json) -> Json:
    one["text"] = HOSTILE if one.get("text") == "@hostile" else one.get("text", "")
    return message(number, channel, one.pop("from"), one.pop("minutes"), **one)


class StubWorld:
    """The server's side of the API, as simple as can be. `calls` holds what the page asked for, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.refuse: dict[str, str] = {}
        """Path → sentence: such a call is answered with 400."""
        self.pages: set[asyncio.Queue[bytes]] = set()
        self.offset = timedelta()
        self.begun = time.monotonic()
        self.news = asyncio.Event()
        self.number = 100
        self.state: Json = {
            "shop": {
                "name": "Kaffeehaus Morgenröte",
                "logo": "/sandbox/static/favicon.svg",
                "language": "de",
            },
            "channels": [
                {
                    "name": "instagram",
                    "account": "1784",
                    "handle": "@kaffeehaus.morgenroete",
                    "window_hours": 24,
                },
                {"name": "whatsapp", "account": "1085", "handle": "+49 30 901820", "window_hours": 24},
                {"name": "telegram", "account": "77", "handle": "@morgenroete_bot", "window_hours": None},
            ],
            "people": [
                {
                    "key": key,
                    "name": name,
                    "language": "de",
                    "instagram": {"igsid": "1", "username": key},
                    "whatsapp": {"wa_id": "49", "user_id": "DE.1", "username": key, "hide_phone": False},
                    "telegram": {"chat_id": "5", "username": key},
                }
                for key, name in (
                    ("lena", "Lena Hoffmann"),
                    ("jonas", "Jonas Meier"),
                    ("amelie", "Amélie Laurent"),
                )
            ],
            "threads": threads(),
            "windows": {
                "instagram": (NOW + timedelta(hours=23, minutes=22)).isoformat(),
                "whatsapp": (NOW - timedelta(hours=1)).isoformat(),
                "telegram": None,
            },
            "products": [
                {
                    "sku": "ESP-1",
                    "title": "Espressomaschine „Morgenröte“",
                    "price": "349.00",
                    "image": "/sandbox/static/sample-photo.jpg",
                },
                {"sku": "GRI-2", "title": "Handmühle Nachtfalter", "price": "89.00", "image": None},
                {"sku": "CUP-3", "title": "Tassenset, vier Stück", "price": "42.50", "image": None},
            ],
            "orders": [],
            "faults": {
                "status_500": 0,
                "status_429": 0,
                "timeout_after_accept": 0,
                "slow_ms": 0,
                "drop_before_accept": 0,
                "webhook_repeat": 0,
                "webhook_lose": False,
                "webhook_shuffle": False,
                "webhook_batch": 1,
                "status_delay_ms": 300,
                "lose_statuses": False,
                "pair_rate": True,
                "window": True,
            },
            "blocked": {"instagram": False, "whatsapp": False, "telegram": False},
        }
        self.state["person"] = self.state["people"][0]

    def real_now(self) -> datetime:
        return NOW + timedelta(seconds=time.monotonic() - self.begun)

    def now(self) -> str:
        return (self.real_now() + self.offset).isoformat()

    def called(self, path: str) -> list[Json]:
        """The bodies posted to `path`."""
        return [body for called, body in self.calls if called == path]

    async def until(self, ready: Callable[[], object]) -> None:
        """Wait for a call or a page that makes `ready` true; the browser acts a moment after the click."""
        async with asyncio.timeout(10):
            while not ready():
                self.news.clear()
                await self.news.wait()

    async def asked(self, path: str, count: int = 1) -> Json:
        """Return the newest of `count` calls of `path`; fails when there were more."""
        await self.until(lambda: len(self.called(path)) >= count)
        calls = self.called(path)
        assert len(calls) == count, calls
        return calls[-1]

    def emit(self, event: Json) -> None:
        for page in self.pages:
            page.put_nowait(b"data: " + orjson.dumps(event) + b"\n\n")

    def add(self, channel: str, sender: str, **more: Any) -> Json:
        """A new message, now, told to the pages."""
        self.number += 1
        fresh = message(self.number, channel, sender, 0, **more)
        fresh |= {
            "at": (NOW + self.offset + timedelta(seconds=self.number)).isoformat(),
            "person": self.state["person"]["key"],
        }
        self.state["threads"].setdefault(channel, []).append(fresh)
        self.emit({"type": "message", "message": fresh})
        return fresh

    def change(self, channel: str, message_id: str, **changes: Any) -> None:
        found = next(one for one in self.state["threads"][channel] if one["id"] == message_id)
        found |= changes
        self.emit({"type": "update", "message": found})

    def app(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(_strict)
        app.router.add_get("/sandbox", self._page)
        app.router.add_static("/sandbox/static", SANDBOX / "static")
        app.router.add_get("/sandbox/api/world", self._world)
        app.router.add_get("/sandbox/api/events", self._events)
        app.router.add_get("/go/{code}", self._go)
        app.router.add_post("/sandbox/{path:.+}", self._post)
        return app

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(SANDBOX / "phone.html")

    async def _world(self, _: web.Request) -> web.Response:
        return _json(self.state | {"now": self.now(), "real_now": self.real_now().isoformat()})

    async def _go(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(
            "/sandbox#" + urlencode({"channel": "telegram", "ref": request.match_info["code"]})
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"content-type": "text/event-stream", "cache-control": "no-store"}
        )
        await response.prepare(request)
        await response.write(b": here\n\n")
        page: asyncio.Queue[bytes] = asyncio.Queue()
        self.pages.add(page)
        self.news.set()
        try:
            while (data := await page.get()) != b"":
                await response.write(data)
        finally:
            self.pages.discard(page)
            self.news.set()
        return response

    def hang_up(self) -> None:
        """End all event streams; pages come back by themselves."""
        for page in self.pages:
            page.put_nowait(b"")

    async def _post(self, request: web.Request) -> web.Response:
        path = request.match_info["path"].removeprefix("api/")
        body: Json = orjson.loads(await request.read())
        self.calls.append((path, copy.deepcopy(body)))
        self.news.set()
        if path in self.refuse:
            return _json({"error": self.refuse[path]}, status=400)
        answer: Json = getattr(self, f"_on_{path}", lambda _: {})(body)
        return _json(answer)

    def _on_say(self, body: Json) -> Json:
        return {
            "message": self.add(
                body["channel"], "buyer", text=body["text"], reply_to=body.get("reply_to"), status="sent"
            )
        }

    def _on_tap(self, body: Json) -> Json:
        self.change(body["channel"], body["message_id"], tapped=body["payload"])
        return {"message": self.add(body["channel"], "buyer", text=body["title"])}

    def _on_react(self, body: Json) -> Json:
        reactions = [{"from": "buyer", "emoji": body["emoji"]}] if body["emoji"] else []
        self.change(body["channel"], body["message_id"], reactions=reactions)
        return {}

    def _on_media(self, body: Json) -> Json:
        kind = body["type"]
        style = kind if kind in {"sticker", "location"} else "media"
        media = {"type": kind, "url": body.get("url"), "caption": body.get("caption", "")}
        return {"message": self.add(body["channel"], "buyer", style=style, media=media)}

    def _on_edit(self, body: Json) -> Json:
        self.change(body["channel"], body["message_id"], text=body["text"], edited=True)
        return {}

    def _on_unsend(self, body: Json) -> Json:
        self.change(body["channel"], body["message_id"], unsent=True)
        return {}

    def _on_own(self, body: Json) -> Json:
        return {"message": self.add(body["channel"], "owner", text=body["text"])}

    def _on_open(self, body: Json) -> Json:
        self.add(
            body["channel"],
            "shop",
            text=GREETING,
            style="buttons",
            buttons=[button("setup:go", "Ja, los geht’s")],
        )
        return {}

    def _on_block(self, body: Json) -> Json:
        self.state["blocked"][body["channel"]] = body["blocked"]
        return {}

    def _on_person(self, body: Json) -> Json:
        if "key" in body:
            self.state["person"] = next(one for one in self.state["people"] if one["key"] == body["key"])
            self.state["threads"] = threads() if body["key"] == "lena" else {}
        else:
            self.state["person"]["whatsapp"]["hide_phone"] = body["hide_phone"]
        return {}

    def _on_clock(self, body: Json) -> Json:
        count, unit = body["advance"].split()
        unit = unit if unit.endswith("s") else unit + "s"
        self.offset += timedelta(**{unit: int(count)})
        self.emit({"type": "clock", "now": self.now()})
        return {"now": self.now()}

    def _on_buy(self, body: Json) -> Json:
        product = next(one for one in self.state["products"] if one["sku"] == body["sku"])
        number = 104217 + len(self.state["orders"])
        urls = {
            "instagram": f"https://ig.me/m/kaffeehaus.morgenroete?ref=NK{number}",
            "whatsapp": "https://wa.me/4930901820?"
            + urlencode({"text": f"Hallo! Mein Code ist NK-{number}"}),
            "telegram": f"http://elsewhere.example/go/NK{number}",
        }
        links = {
            name: {"url": url, "qr_svg": segno.make(url).svg_inline(scale=3)} for name, url in urls.items()
        }
        order: Json = {
            "id": f"o{number}",
            "number": f"NK-{number}",
            "title": product["title"],
            "status": "paid",
            "person": self.state["person"]["key"],
            "links": links,
        }
        self.state["orders"].append(order)
        self.emit({"type": "order", "order": order})
        return {"order": order}

    def _order(self, body: Json, status: str) -> Json:
        order: Json = next(one for one in self.state["orders"] if one["id"] == body["order_id"])
        order["status"] = status
        self.emit({"type": "order", "order": order})
        return {"order": order}

    def _on_ship(self, body: Json) -> Json:
        return self._order(body, "shipped")

    def _on_arrive(self, body: Json) -> Json:
        return self._order(body, "delivered")

    def _on_cancel(self, body: Json) -> Json:
        return self._order(body, "cancelled")

    def _on_reset(self, _: Json) -> Json:
        self.state["threads"] = {}
        self.emit({"type": "reset"})
        return {}


async def _strict(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["content-security-policy"] = POLICY
    response.headers["cache-control"] = "no-store"


def _json(body: Json, status: int = 200) -> web.Response:
    return web.json_response(body=orjson.dumps(body), status=status)


if __name__ == "__main__":
    web.run_app(StubWorld().app(), host="127.0.0.1", port=0)
