"""A desk on a busy morning with everything that its pages can show, to be looked at and to be measured."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot import handoff, requests
from bot.requests import Wish
from persistence.tables_desk import DeskEventRow
from tests.bot.desk_shop import fill
from tests.bot.people import Visitor, make_account, sign_in
from tests.bot.serving import Running, until
from tests.e2e.buyer import Buyer

ANGRY = "Die Kurbel ist abgebrochen, das ist Schrott! Ich will sofort mein Geld zurück."


@dataclass(frozen=True)
class Busy:
    """Who is there, and the thread in which the most has happened."""

    owner: Visitor
    agent: Visitor
    thread: int
    lena: Buyer

    @property
    def paths(self) -> tuple[str, ...]:
        """Every page of the desk for somebody who is signed in as its owner."""
        return (
            "/desk",
            "/desk?tab=all&channel=whatsapp",
            f"/desk/{self.thread}",
            f"/desk/{self.thread}/buyer",
            "/desk/requests",
            "/desk/canned",
            "/desk/canned/1",
            "/desk/canned/new",
            "/desk/settings",
            "/desk/notices",
            "/desk/people",
            "/desk/me",
            "/desk/audit",
        )


async def busy(server: Running) -> Busy:
    """Let it become a busy morning."""
    app = server.app
    store, now = app.store, app.clock
    owner = await sign_in(app, "owner", "Jana Morgen")
    agent = await sign_in(app, "agent", "Kim Lorenz")
    await make_account(store, "viewer", "Uwe Lager", now=now())
    lena = Buyer(server, "whatsapp")
    order = await lena.buy("HM-01")
    await lena.enter(order)
    await lena.tap("now")
    await lena.tap("done")
    await lena.do("media", type="image", caption="Schau mal, so sieht die Kurbel aus")
    await lena.say(ANGRY)
    thread = (await lena.conversation()).id
    await fill(store, now())
    for name, colour in (("VIP", "purple"), ("Rückruf", "blue"), ("Kulanz", "green")):
        await store.labels.save(name, colour)
    labels = await store.labels.all()
    await store.labels.put([thread, thread + 1], labels[0].id, "account:1", now())
    await store.labels.put([thread + 3], labels[1].id, "account:1", now())
    await store.teams.save("Werkstatt", ("defect",), (agent.account.id,))
    await store.filters.save("WhatsApp, dringend", "?channel=whatsapp&priority=2", None)
    kim = agent.account.id
    await handoff.claim(app, thread, kim)
    await handoff.note(
        app, thread, kim, "Zweite Kurbel in diesem Monat, @Jana Morgen weiß Bescheid.", key="note"
    )
    text = "Das tut mir leid, Lena! Ich schicke dir heute noch eine neue Kurbel."
    said = await handoff.say(app, thread, kim, text=text, key="say", undo=timedelta(0))
    assert not isinstance(said, handoff.Denied), said
    await server.quiet()
    await lena.say("Danke, das ging schnell. Und wann kommt sie an?")
    wish = Wish("refund", order_id=order["id"], detail={"note": "halb aus Kulanz"}, amount=Decimal("20.00"))
    await requests.ask(app, thread, kim, wish, key="refund")
    await requests.ask(app, thread, kim, Wish("replacement", order_id=order["id"]), key="replacement")
    while await store.search.index(now()):
        pass

    async def settled() -> bool:
        return bool(await server.rows(DeskEventRow, kind="replied"))

    await until(settled)
    return Busy(owner, agent, thread, lena)
