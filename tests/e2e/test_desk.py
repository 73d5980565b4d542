"""The desk's play: an angry buyer on the phone, two agents at their desks, the owner with the app in hand."""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from persistence.tables import Conversation, HandoffRow, OutboxRow
from persistence.tables_desk import DeskEventRow
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running, until
from tests.e2e.buyer import Buyer
from tests.e2e.office import PHONE, Office, wire

pytestmark = pytest.mark.timeout(180)

ANGRY = "Ich bin stinksauer! Die Kurbel ist schon wieder abgebrochen, ich will mein Geld zurück!"


async def the_phone(office: Office, channel: str) -> Page:
    """The sandbox's phone with this channel's app open."""
    page = await office.sit(None, "/sandbox")
    await expect(page.locator(".step")).to_have_count(5)
    await page.locator(f"[role=tab][data-channel={channel}]").click()
    await expect(page.locator("#device")).to_have_attribute("data-look", channel)
    return page


async def write(page: Page, text: str) -> None:
    """The buyer writes on the phone."""
    await page.get_by_label("Nachricht schreiben").fill(text)
    await page.keyboard.press("Enter")


async def answer(page: Page, text: str) -> None:
    """An agent writes in the thread that is open."""
    await page.locator("#composer-text").fill(text)
    await page.locator("#composer-text").press("Control+Enter")


async def the_conversation(server: Running) -> Conversation:
    """The only one there is."""
    [row] = await server.rows(Conversation)
    return row  # type: ignore[no-any-return]  # `rows` is for every table


async def said_by_the_bot(server: Running) -> list[int]:
    """What the bot has said or is about to say."""
    rows = await server.rows(OutboxRow)
    return [row.id for row in rows if row.speaker == "bot" and row.status != "cancelled"]


async def stands(server: Running, status: str, floor: str) -> Conversation:
    """Wait until the conversation has this status, and this one has the floor."""
    found: list[Conversation] = []

    async def there() -> bool:
        found[:] = [await the_conversation(server)]
        return (found[0].status, found[0].floor) == (status, floor)

    await until(there)
    return found[0]


@dataclass
class Play:
    """The buyer's phone, and two agents at their desks; after the claim who has it comes first."""

    server: Running
    lena: Buyer
    phone: Page
    agents: list[Visitor]
    desks: list[Page]

    async def the_desk_hears_of_it(self) -> None:
        """Anger: the buyer is told that a human will answer, and by when; the desk shows it by itself."""
        await write(self.phone, ANGRY)
        for page in self.desks:
            row = page.locator("#rows > .q")
            await expect(row).to_have_count(1)
            await expect(row).to_have_attribute("data-status", "waiting")
            await expect(row.locator(".q-say")).to_contain_text("stinksauer")
            await expect(row.locator(".countdown")).to_be_visible()
        told = self.phone.locator(".msg.theirs").last
        await expect(told).to_contain_text("Mensch")
        await expect(told).to_contain_text("Uhr")

    async def both_reach_for_it(self) -> None:
        """Two claim in the same moment: one has it, the other reads who."""
        for page in self.desks:
            await page.locator("[data-open-thread]").click()
            await expect(page.locator("#thread-head")).to_have_attribute("data-status", "waiting")
        await asyncio.gather(*(page.locator("#do-claim").dispatch_event("click") for page in self.desks))
        taken = await stands(self.server, "agent", "agent")
        claims = [row.actor for row in await self.server.rows(DeskEventRow) if row.kind == "claimed"]
        assert claims == [f"account:{taken.assignee_id}"]
        if taken.assignee_id != self.agents[0].account.id:
            self.agents.reverse()
            self.desks.reverse()
        assert taken.assignee_id == self.agents[0].account.id
        name = self.agents[0].account.name
        await expect(self.desks[0].locator(".holder")).to_have_text("Du kümmerst dich")
        await expect(self.desks[1].locator(".holder")).to_have_text(f"{name} kümmert sich")
        await expect(self.desks[1].get_by_text(f"{name} war schneller")).to_be_visible()

    async def the_answer_arrives(self) -> None:
        """An agent's words stand on the phone, and once on each desk."""
        await answer(
            self.desks[0], "Das tut mir wirklich leid, Lena. Ich schicke dir heute eine neue Kurbel."
        )
        await expect(self.phone.locator(".msg.theirs").last).to_contain_text("neue Kurbel")
        await expect(self.desks[0].locator(".bubble.agent .delivery").last).to_have_class(
            re.compile("sent|delivered|read")
        )
        await self.server.quiet()
        for page in self.desks:
            await expect(page.locator(".bubble.agent").last).to_contain_text("neue Kurbel")
            # The platform's echo of it is no word of its own.
            await expect(page.locator(".bubble", has_text="neue Kurbel")).to_have_count(1)

    async def the_owner_answers_from_the_app(self) -> None:
        """Theirs is the floor, and the bot keeps still, whatever the buyer writes or taps."""
        said = await said_by_the_bot(self.server)
        await self.phone.locator("#owner-text").fill(
            "Hier ist Jana, die Chefin. Dein Geld kommt auch zurück!"
        )
        await self.phone.get_by_role("button", name="Als Inhaber senden").click()
        await stands(self.server, "pending", "phone")
        for page in self.desks:
            await expect(page.locator(".bubble.phone").last).to_contain_text("Jana, die Chefin")
            await expect(page.locator("#thread-head")).to_have_attribute("data-floor", "phone")
        await write(self.phone, "Danke Jana! Und wie entkalke ich die Maschine?")
        await self.phone.locator("#thread").get_by_role("button", name=re.compile("los geht")).last.click()
        await expect(self.desks[0].locator(".bubble.buyer").last).to_contain_text("los geht")
        await self.server.quiet()
        assert await said_by_the_bot(self.server) == said

    async def the_bot_goes_on(self) -> None:
        """Handed back: the bot says so in one sentence, repeats nothing, and is there for what comes next."""
        said = await said_by_the_bot(self.server)
        await self.desks[0].locator("#do-more").click()
        await self.desks[0].get_by_role("button", name=re.compile("An den Bot zurückgeben")).click()
        await expect(self.phone.locator(".msg.theirs").last).to_contain_text("Ab jetzt antworte wieder ich")
        await stands(self.server, "bot", "bot")
        await expect(self.desks[1].locator("#thread-head")).to_have_attribute("data-floor", "bot")
        await self.server.quiet()
        assert len(await said_by_the_bot(self.server)) == len(said) + 1
        await write(self.phone, "Pflegetipp")
        await expect(self.phone.locator(".msg.theirs").last).to_contain_text("Tipp")
        assert len([one for one in await self.lena.heard() if "Ab jetzt antworte wieder ich" in one]) == 1


async def test_from_a_buyers_anger_to_the_bots_return(office: Office, server: Running) -> None:
    lena = Buyer(server, "instagram")
    await lena.enter(await lena.buy("HM-01"))
    phone = await the_phone(office, "instagram")
    agents = [await sign_in(server.app, "agent", name) for name in ("Anton Agent", "Berta Beistand")]
    desks = [await office.sit(one) for one in agents]
    for page in desks:
        await expect(page.locator("#rows > .q")).to_have_count(0)
    play = Play(server, lena, phone, agents, desks)
    await play.the_desk_hears_of_it()
    await play.both_reach_for_it()
    await play.the_answer_arrives()
    await play.the_owner_answers_from_the_app()
    await play.the_bot_goes_on()


@pytest.mark.parametrize("channel", ["instagram", "whatsapp", "telegram"])
async def test_the_desk_hears_of_it_by_a_call_and_not_by_looking_now_and_then(
    office: Office, server: Running, channel: str
) -> None:
    """Within a second: what the buyer wrote wakes the turn, the turn wakes the desk, each by a signal."""
    lena = Buyer(server, channel)
    await lena.enter(await lena.buy("HM-01"))
    agent = await sign_in(server.app, "agent")
    page = await office.sit(agent)
    await expect(page.locator("#rows > .q")).to_have_count(0)
    loads = await page.evaluate("() => performance.getEntriesByType('navigation').length")
    await lena.say(ANGRY)
    await expect(page.locator("#rows > .q")).to_have_count(1)
    assert await page.evaluate("() => performance.getEntriesByType('navigation').length") == loads
    [case] = await server.rows(HandoffRow)
    row = await the_conversation(server)
    assert row.waiting_since is not None
    assert row.heard_at is not None
    # On the same clock: the word's own second, the turn that heard it, and the case that it opened.
    assert row.waiting_since - row.heard_at < timedelta(seconds=2)
    assert case.at - row.heard_at < timedelta(seconds=2)


async def test_it_all_works_on_a_phone_too(office: Office, server: Running) -> None:
    lena = Buyer(server, "whatsapp")
    await lena.enter(await lena.buy("HM-01"))
    await lena.say(ANGRY)
    agent = await sign_in(server.app, "agent", "Kim Lorenz")
    page = await office.sit(agent, viewport=PHONE, has_touch=True, is_mobile=True)
    await page.locator("[data-open-thread]").tap()
    await expect(page.locator("#thread-head")).to_be_visible()
    await expect(page.locator("#queue")).to_be_hidden()
    await page.locator("#do-claim").tap()
    await expect(page.locator("#do-claim")).to_have_count(0)
    await page.locator("#composer-text").fill("Ich kümmere mich gleich darum.")
    await page.locator("#composer-send").tap()
    await expect(page.locator(".bubble.agent").last).to_contain_text("kümmere mich gleich")
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    await page.go_back()
    await expect(page.locator("#queue")).to_be_visible()
    await expect(page.locator("#thread-head")).to_be_hidden()

    async def heard() -> bool:
        return (await lena.heard())[-1].startswith("Ich kümmere mich gleich")

    await until(heard)


async def test_two_answers_in_the_same_moment_are_not_talked_over_each_other(
    office: Office, server: Running
) -> None:
    lena = Buyer(server, "telegram")
    await lena.enter(await lena.buy("HM-01"))
    await lena.say(ANGRY)
    case = (await the_conversation(server)).id
    pages = [
        await office.sit(await sign_in(server.app, "agent", name), f"/desk/{case}")
        for name in ("Anton Agent", "Berta Beistand")
    ]
    for number, page in enumerate(pages):
        await expect(page.locator("#thread-head")).to_have_attribute("data-status", "waiting")
        await page.locator("#composer-text").fill(f"Antwort {number}")
    office.excuse("409 (Conflict)")
    await asyncio.gather(*(page.locator("#composer-send").dispatch_event("click") for page in pages))

    async def asked() -> list[int]:
        shown = [await page.get_by_role("alertdialog").is_visible() for page in pages]
        return [number for number, there in enumerate(shown) if there]

    # One went out; who was second is asked first, and has their words still.
    [second] = await until(asked)
    await expect(pages[second].locator("#composer-text")).to_have_value(f"Antwort {second}")
    rows = [row for row in await server.rows(OutboxRow) if row.speaker == "agent"]
    assert len(rows) == 1
    assert f"Antwort {1 - second}" in rows[0].outgoing


async def test_a_cut_stream_catches_up_with_everything(office: Office, server: Running) -> None:
    """The line is cut; a buyer writes, a colleague answers, another buyer comes; mended, all is there."""
    lena = Buyer(server, "whatsapp")
    await lena.enter(await lena.buy("HM-01"))
    await lena.say(ANGRY)
    case = (await the_conversation(server)).id
    anton = await sign_in(server.app, "agent", "Anton Agent")
    berta = await sign_in(server.app, "agent", "Berta Beistand")
    office.excuse("net::ERR_")  # the browser's own words for what is cut off, and htmx's
    office.excuse("Failed to fetch")
    async with wire(server) as line:
        page = await office.sit(anton, f"{line.url}/desk/{case}")
        other = await office.sit(berta, f"/desk/{case}")
        await expect(page.locator("#rows > .q")).to_have_attribute("data-id", str(case))
        await page.locator("#composer-text").fill("Mein halber Satz")
        await expect(page.locator("#composer-saved")).to_contain_text("Entwurf gespeichert")
        line.cut()
        await lena.say("Hallo? Ist da jemand?")
        await other.locator("#do-claim").click()
        await expect(other.locator(".holder")).to_have_text("Du kümmerst dich")
        await answer(other, "Ja, ich bin da.")
        await expect(other.locator(".bubble.agent").last).to_contain_text("Ja, ich bin da.")
        stranger = Buyer(server, "telegram", "stranger")
        await stranger.say("Ich will sofort einen Menschen sprechen!")
        first, second = await server.rows(Conversation)
        assert (first.status, second.status) == ("pending", "waiting")
        await expect(page.locator(".bubble.agent")).to_have_count(0)
        line.mend()
        await expect(page.locator(".bubble.agent").last).to_contain_text("Ja, ich bin da.")
        await expect(page.locator("#thread-items")).to_contain_text("Hallo? Ist da jemand?")
        await expect(page.locator(".holder")).to_have_text("Berta Beistand kümmert sich")
        await expect(page.locator(f"#c{second.id}")).to_be_visible()
        await expect(page.locator(f"#c{first.id}")).to_have_count(0)  # what is answered has left this list
        await expect(page.locator("#composer-text")).to_have_value("Mein halber Satz")
        ids = "all => all.map(one => one.id)"
        shown = await page.locator("#thread-items > .line").evaluate_all(ids)
        await page.reload()
        await expect(page.locator("#thread-head")).to_be_visible()
        assert shown == await page.locator("#thread-items > .line").evaluate_all(ids)
