"""A small, fixed sandbox for the phone page alone: messages of every style, every call recorded, no bot behind it.

`python -m tests.integrations.sandbox.stub_world` shows the page with it.
"""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import orjson
import segno
from aiohttp import web

SANDBOX: Final = Path(__file__).resolve().parents[3] / "integrations" / "sandbox"
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
        "status": "read" if sender == "buyer" else "delivered", "error": None, "edited": False, "unsent": False,
        "tapped": None, "template": None, **more,
    }  # fmt: skip


def button(payload: str, title: str, **more: Any) -> Json:
    return {"payload": payload, "title": title, "description": "", **more}


RATING: Final = [button(f"rate:{mark}", f"{mark} ⭐") for mark in range(1, 6)]
CARDS: Final = [
    {
        "title": title, "subtitle": subtitle, "image_url": image,
        "buttons": [button(f"bundle:{title}", "Ins Paket legen"), button("", "Ansehen", url="https://shop.example/p")],
    }
    for title, subtitle, image in (
        ("Entkalker, 3er-Pack", "Passt zu deiner Morgenröte · 14,90 €", "/sandbox/static/sample-photo.jpg"),
        ("Milchkännchen", "Gebürsteter Stahl, 350 ml · 24,00 €", "/sandbox/static/sample-map.svg"),
        ("Bohnen „Abendlicht“", "Aus Äthiopien, mild geröstet · 12,50 €", None),
    )
]  # fmt: skip
GREETING: Final = (
    "Hallo Lena! 👋 Ich bin Alma, der Chatbot von Kaffeehaus Morgenröte. Danke für deine Bestellung NK-104217 – "
    "deine Espressomaschine ist auf dem Weg.\n\nWollen wir sie in 60 Sekunden startklar machen?"
)


def threads() -> dict[str, list[Json]]:
    """A conversation per channel, with every style somewhere."""
    return {
        "instagram": [
            message(1, "instagram", "shop", 1500, text=GREETING, style="buttons", tapped="setup:go",
                    buttons=[button("setup:go", "Ja, los geht’s"), button("later", "Später"), button("human", "Mit Mensch reden")]),
            message(2, "instagram", "buyer", 1499, text="Ja, los geht’s"),
            message(3, "instagram", "shop", 1498.8, text="Schritt 1 von 3: Wasser bis zur Linie einfüllen."),
            message(4, "instagram", "shop", 1498.5, text="", style="media",
                    media={"type": "image", "url": "/sandbox/static/sample-photo.jpg", "caption": ""}),
            message(5, "instagram", "buyer", 1490, text="Erledigt! Und jetzt?", reactions=[{"from": "shop", "emoji": "🎉"}]),
            message(6, "instagram", "buyer", 1489.9, text="☕😍"),
            message(7, "instagram", "shop", 1489, text="Großartig. Das passt gut dazu:", style="cards", cards=CARDS),
            message(8, "instagram", "owner", 40, text="Hi Lena, hier ist Jana aus dem Laden. Ich leg dir ein Tuch dazu 🙂",
                    reactions=[{"from": "buyer", "emoji": "❤️"}]),
            message(9, "instagram", "buyer", 38, text="Wie lieb, danke!", reply_to="instagram-8", edited=True),
            message(10, "instagram", "buyer", 37, unsent=True),
            message(11, "instagram", "shop", 2, style="quick_replies", buttons=RATING,
                    text="Zehn Tage sind um: Wie zufrieden bist du mit deiner Maschine? Tippe 1 bis 5."),
        ],
        "whatsapp": [
            message(1, "whatsapp", "buyer", 300, text="Hallo! Mein Code ist NK-7Q4M-2XKD", status="read"),
            message(2, "whatsapp", "shop", 299, text=GREETING.replace("NK-104217", "*NK-104217*"), style="buttons", tapped="setup:go",
                    footer="Antworten von einem Chatbot · STOP beendet",
                    buttons=[button("setup:go", "Ja, los geht’s"), button("later", "Später"), button("human", "Mit Mensch reden")]),
            message(3, "whatsapp", "buyer", 298, text="Ja, los geht’s", reply_to="whatsapp-2"),
            message(4, "whatsapp", "shop", 297, text="Wobei darf ich helfen?", style="list", list_label="Thema wählen",
                    buttons=[button("t:setup", "Einrichtung", description="In drei Schritten startklar"),
                             button("t:care", "Pflege und Entkalken", description="Wie oft, womit, und warum"),
                             button("t:parcel", "Wo ist mein Paket?"), button("t:human", "Mit einem Menschen reden", description="Werktags 9 bis 17 Uhr")]),
            message(5, "whatsapp", "shop", 280, text="Hier geht es zur Sendungsverfolgung.", style="link",
                    buttons=[button("", "Paket verfolgen", url="https://shop.example/track/1")]),
            message(6, "whatsapp", "buyer", 200, style="media", media={"type": "audio", "url": None, "caption": ""}, status="delivered"),
            message(7, "whatsapp", "buyer", 199, style="media", status="sent",
                    media={"type": "image", "url": "/sandbox/static/sample-broken.jpg", "caption": "So kam sie an …"}),
            message(8, "whatsapp", "shop", 30, style="template", template="rating_request", footer="Kaffeehaus Morgenröte",
                    text="Hallo Lena, wie gefällt dir deine *Espressomaschine*? Mehr: https://shop.example/bewerten.",
                    buttons=[button("rate:up", "👍 Gut"), button("rate:down", "👎 Nicht gut")]),
            message(9, "whatsapp", "buyer", 20, style="location", text="Meine Packstation"),
            message(10, "whatsapp", "shop", 3, text="Das ließ sich nicht zustellen.", status="failed",
                    error={"code": "131047", "title": "Re-engagement message"}, reactions=[{"from": "buyer", "emoji": "😮"}]),
        ],
        "telegram": [
            message(1, "telegram", "buyer", 60, text="/start NK7Q4M2XKD"),
            message(2, "telegram", "shop", 59, text=GREETING, style="buttons",
                    buttons=[button("setup:go", "Ja, los geht’s"), button("later", "Später"), button("", "Zum Shop", url="https://shop.example/")]),
            message(3, "telegram", "buyer", 40, style="sticker", media={"type": "sticker", "url": "/sandbox/static/sample-sticker.png", "caption": ""}),
            message(4, "telegram", "system", 39, text="Die Käuferin hat den Chat stummgeschaltet"),
            message(5, "telegram", "shop", 12, text="Wie viele Sterne gibst du?", style="buttons", buttons=[button(f"rate:{n}", str(n)) for n in range(1, 6)]),
            message(6, "telegram", "shop", 11, style="unsupported"),
            message(7, "telegram", "shop", 10, text=HOSTILE, style="buttons", buttons=[button("x", "<i>x</i> " + "W" * 60), button("", "böse", url="javascript:document.title='owned'")]),
        ],
    }  # fmt: skip


class StubWorld:
    """The server's side of the API, as simple as can be. `calls` holds what the page asked for, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.refuse: dict[str, str] = {}
        """Path → sentence: such a call is answered with 400."""
        self.pages: set[asyncio.Queue[bytes]] = set()
        self.offset = timedelta()
        self.number = 100
        self.state: Json = {
            "shop": {"name": "Kaffeehaus Morgenröte", "logo": "/sandbox/static/favicon.svg", "language": "de"},
            "channels": [
                {"name": "instagram", "account": "1784", "handle": "@kaffeehaus.morgenroete", "window_hours": 24},
                {"name": "whatsapp", "account": "1085", "handle": "+49 30 901820", "window_hours": 24},
                {"name": "telegram", "account": "77", "handle": "@morgenroete_bot", "window_hours": None},
            ],
            "people": [
                {"key": key, "name": name, "language": "de", "instagram": {"igsid": "1", "username": key},
                 "whatsapp": {"wa_id": "49", "user_id": "DE.1", "username": key, "hide_phone": False},
                 "telegram": {"chat_id": "5", "username": key}}
                for key, name in (("lena", "Lena Hoffmann"), ("jonas", "Jonas Meier"), ("amelie", "Amélie Laurent"))
            ],
            "threads": threads(),
            "windows": {"instagram": (NOW + timedelta(hours=23, minutes=22)).isoformat(),
                        "whatsapp": (NOW - timedelta(hours=1)).isoformat(), "telegram": None},
            "products": [
                {"sku": "ESP-1", "title": "Espressomaschine „Morgenröte“", "price": "349.00", "image": "/sandbox/static/sample-photo.jpg"},
                {"sku": "GRI-2", "title": "Handmühle Nachtfalter", "price": "89.00", "image": None},
                {"sku": "CUP-3", "title": "Tassenset, vier Stück", "price": "42.50", "image": None},
            ],
            "orders": [],
            "faults": {"status_500": 0, "status_429": 0, "timeout_after_accept": 0, "slow_ms": 0, "drop_before_accept": 0,
                       "webhook_repeat": 0, "webhook_shuffle": False, "webhook_batch": 1, "status_delay_ms": 300,
                       "lose_statuses": False, "pair_rate": True, "window": True},
            "blocked": {"instagram": False, "whatsapp": False, "telegram": False},
        }  # fmt: skip
        self.state["person"] = self.state["people"][0]

    def called(self, path: str) -> list[Json]:
        """The bodies posted to `path`."""
        return [body for called, body in self.calls if called == path]

    def emit(self, event: Json) -> None:
        for page in self.pages:
            page.put_nowait(b"data: " + orjson.dumps(event) + b"\n\n")

    def add(self, channel: str, sender: str, **more: Any) -> Json:
        """A new message, now, told to the pages."""
        self.number += 1
        fresh = message(self.number, channel, sender, 0, **more)
        fresh |= {"at": (NOW + self.offset + timedelta(seconds=self.number)).isoformat(), "person": self.state["person"]["key"]}
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
        self.calls.append(("world", {}))
        return _json(self.state | {"now": (NOW + self.offset).isoformat(), "real_now": NOW.isoformat()})

    async def _go(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/sandbox#" + urlencode({"channel": "telegram", "ref": request.match_info["code"]}))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
        await response.prepare(request)
        await response.write(b": here\n\n")
        page: asyncio.Queue[bytes] = asyncio.Queue()
        self.pages.add(page)
        try:
            while (data := await page.get()) != b"":
                await response.write(data)
        finally:
            self.pages.discard(page)
        return response

    def hang_up(self) -> None:
        """End all event streams; pages come back by themselves."""
        for page in self.pages:
            page.put_nowait(b"")

    async def _post(self, request: web.Request) -> web.Response:
        path = request.match_info["path"].removeprefix("api/")
        body: Json = orjson.loads(await request.read())
        self.calls.append((path, copy.deepcopy(body)))
        if path in self.refuse:
            return _json({"error": self.refuse[path]}, status=400)
        answer = getattr(self, f"_on_{path}", lambda _: {})(body)
        return _json(answer)

    def _on_say(self, body: Json) -> Json:
        return {"message": self.add(body["channel"], "buyer", text=body["text"], reply_to=body.get("reply_to"), status="sent")}

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
        self.add(body["channel"], "shop", text=GREETING, style="buttons", buttons=[button("setup:go", "Ja, los geht’s")])
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
        now = (NOW + self.offset).isoformat()
        self.emit({"type": "clock", "now": now})
        return {"now": now}

    def _on_buy(self, body: Json) -> Json:
        product = next(one for one in self.state["products"] if one["sku"] == body["sku"])
        number = 104217 + len(self.state["orders"])
        urls = {
            "instagram": f"https://ig.me/m/kaffeehaus.morgenroete?ref=NK{number}",
            "whatsapp": "https://wa.me/4930901820?" + urlencode({"text": f"Hallo! Mein Code ist NK-{number}"}),
            "telegram": f"http://elsewhere.example/go/NK{number}",
        }
        order: Json = {
            "id": f"o{number}", "number": f"NK-{number}", "title": product["title"], "status": "paid", "person": self.state["person"]["key"],
            "links": {name: {"url": url, "qr_svg": segno.make(url).svg_inline(scale=3)} for name, url in urls.items()},
        }  # fmt: skip
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
    web.run_app(StubWorld().app(), host="127.0.0.1", port=8099)
