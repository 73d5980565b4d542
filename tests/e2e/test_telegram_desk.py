"""The desk's play in Telegram: the group's page, the buyer's phone and the desk's page, each in a browser."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, expect

from persistence.tables import Conversation, OutboxRow
from persistence.tables_desk import AgentNoteRow, DeskEventRow
from tests.bot.people import Visitor, make_account, sign_in
from tests.bot.serving import Running, until
from tests.e2e.buyer import Buyer
from tests.e2e.office import Office

pytestmark = pytest.mark.timeout(180)

ANGRY = "Ich bin stinksauer! Die Kurbel ist schon wieder abgebrochen, ich will mein Geld zurück!"
FROM_THE_TOPIC = "Das tut mir leid, Lena. Eine neue Kurbel ist unterwegs."
FROM_THE_PAGE = "Und dein Geld bekommst du auch zurück."
NOTE = "Kulanz, mit Jana abgesprochen"
EVA = "Eva Brandt"


async def link(server: Running, agent: str, name: str) -> Visitor:
    """Somebody with an account who has linked themselves in the group."""
    now = server.app.clock()
    account = await make_account(server.app.store, name=name, now=now)
    code = await server.app.store.telegram.link_code(account.id, now)
    await server.sandbox("api/group/say", agent=agent, text=f"/link {code}")

    async def linked() -> bool:
        return bool(await server.app.store.telegram.linked(account.id))

    await until(linked)
    return await sign_in(server.app, "agent", name)


async def the_group(office: Office, agent: str) -> Page:
    """The group's page, written in by one of its people."""
    page = await office.sit(None, "/sandbox/group")
    await page.locator("#group-agents").get_by_role("button", name=agent).click()
    return page


async def enter(page: Page) -> None:
    """Open the only topic there is."""
    await page.locator("#group-topics button:not([data-topic=general])").click()
    await expect(page.locator("#group-thread")).to_contain_text("Warum:")


async def write(page: Page, text: str) -> None:
    """An agent writes in the topic that is open."""
    await page.locator("#group-text").fill(text)
    await page.locator("#group-text").press("Enter")
    await expect(page.locator("#group-text")).to_have_value("")


def words(page: Page) -> Any:
    """What stands in the topic that is open."""
    return page.locator("#group-thread")


async def stands(server: Running, status: str, floor: str) -> Conversation:
    """Wait until the conversation has this status, and this one has the floor."""
    found: list[Conversation] = []

    async def there() -> bool:
        found[:] = await server.rows(Conversation)
        return [(row.status, row.floor) for row in found] == [(status, floor)]

    await until(there)
    return found[0]


async def said_by_the_bot(server: Running) -> list[int]:
    """What the bot has said or is about to say."""
    rows = await server.rows(OutboxRow)
    return [row.id for row in rows if row.speaker == "bot" and row.status != "cancelled"]


@dataclass
class Play:
    """A buyer, two agents in the group, one of them at the desk too; after the claim who has it is first."""

    server: Running
    lena: Buyer
    agents: list[Visitor]
    group: list[Page]
    desk: Page

    async def a_topic_begins(self) -> None:
        """Anger on the phone: a topic with the case's card for everybody, and a row on the desk."""
        await self.lena.say(ANGRY)
        for page in self.group:
            await enter(page)
            await expect(page.locator("#group-topic")).to_contain_text("Lena")
            await expect(words(page)).to_contain_text("│ Ich bin stinksauer!")
            await expect(words(page)).to_contain_text("Antwort fällig bis")
        await self.desk.locator("[data-open-thread]").click()
        await expect(self.desk.locator("#thread-head")).to_have_attribute("data-status", "waiting")

    async def both_reach_for_it(self) -> None:
        """Two press in the same moment: one has it, the other is told who; the desk knows it too."""
        take = [page.get_by_role("button", name="Übernehmen", exact=True) for page in self.group]
        await asyncio.gather(*(button.dispatch_event("click") for button in take))
        taken = await stands(self.server, "agent", "agent")
        claims = [row.actor for row in await self.server.rows(DeskEventRow) if row.kind == "claimed"]
        assert claims == [f"account:{taken.assignee_id}"]
        if taken.assignee_id != self.agents[0].account.id:
            self.agents.reverse()
            self.group.reverse()
        assert taken.assignee_id == self.agents[0].account.id
        name = self.agents[0].account.name
        for page in self.group:
            await expect(words(page)).to_contain_text(f"Bei {name}")
        await expect(self.group[1].locator("#toasts")).to_contain_text(f"{name} war schneller")
        await expect(self.desk.locator(".holder")).to_have_text(
            "Du kümmerst dich" if name == EVA else f"{name} kümmert sich"
        )

    async def the_answer_arrives(self) -> None:
        """What stands in the topic reaches the phone, and stands on the desk as theirs."""
        await write(self.group[0], FROM_THE_TOPIC)
        await self.server.quiet()
        assert (await self.lena.heard())[-1] == FROM_THE_TOPIC
        await expect(self.desk.locator(".bubble.agent").last).to_contain_text(FROM_THE_TOPIC)
        await expect(self.desk.locator(".bubble.agent .bubble-head").last).to_contain_text(
            self.agents[0].account.name
        )

    async def both_ways_without_echo_or_loss(self) -> None:
        """The desk's words stand in the topic with a name, notes stay here, and nothing is there twice."""
        await self.desk.locator("#composer-text").fill(FROM_THE_PAGE)
        await self.desk.locator("#composer-text").press("Control+Enter")
        if self.agents[0].account.name != EVA:
            asked = self.desk.get_by_role("alertdialog")
            await asked.get_by_role("button", name="Trotzdem senden").click()
        await expect(words(self.group[1])).to_contain_text(f"{EVA} (Seite)")
        await expect(words(self.group[1])).to_contain_text(f"│ {FROM_THE_PAGE}")
        await write(self.group[1], f"// {NOTE}")
        await expect(self.desk.locator(".bubble.note")).to_contain_text(NOTE)
        await self.lena.say("Danke euch beiden!")
        await expect(words(self.group[0])).to_contain_text("│ Danke euch beiden!")
        await expect(self.desk.locator(".bubble.buyer").last).to_contain_text("Danke euch beiden!")
        await self.server.quiet()
        heard = await self.lena.heard()
        assert heard[-1] == FROM_THE_PAGE
        assert not any(NOTE in one for one in heard)
        assert len(await self.server.rows(AgentNoteRow)) == 1
        assert len([row for row in await self.server.rows(OutboxRow) if row.speaker == "agent"]) == 2
        shown = await words(self.group[0]).inner_text()
        assert [shown.count(one) for one in (FROM_THE_TOPIC, FROM_THE_PAGE, NOTE)] == [1, 1, 1]

    async def the_bot_is_silent(self) -> None:
        """The owner answers from the app, where the platform tells of it; the bot says nothing."""
        said = await said_by_the_bot(self.server)
        if self.lena.channel == "instagram":
            await self.lena.do("own", text="Hier ist Jana, die Chefin. Ich rufe dich an!")
            await stands(self.server, "pending", "phone")
            await expect(words(self.group[0])).to_contain_text("│ Hier ist Jana, die Chefin.")
        await self.lena.say("Wie entkalke ich eigentlich die Maschine?")
        await expect(words(self.group[0])).to_contain_text("│ Wie entkalke ich eigentlich")
        await self.server.quiet()
        assert await said_by_the_bot(self.server) == said

    async def the_bot_goes_on(self) -> None:
        """Handed back by a button: the bot says so, and goes on; the card shows that it is the bot's."""
        await self.group[1].get_by_role("button", name="An den Bot", exact=True).first.click()
        await stands(self.server, "bot", "bot")
        await self.server.quiet()
        assert "Ab jetzt antworte wieder ich" in (await self.lena.heard())[-1]
        for page in self.group:
            await expect(words(page)).to_contain_text("beim Bot")
        await expect(self.desk.locator("#thread-head")).to_have_attribute("data-floor", "bot")
        await self.lena.say("Pflegetipp")
        assert "Tipp" in (await self.lena.heard())[-1]
        assert len([one for one in await self.lena.heard() if "Ab jetzt antworte wieder ich" in one]) == 1


@pytest.mark.parametrize("channel", ["telegram", "instagram"])
async def test_from_a_buyers_anger_to_the_bots_return(office: Office, server: Running, channel: str) -> None:
    agents = [await link(server, "eva", EVA), await link(server, "tom", "Tom Berger")]
    office.excuse("409 (Conflict)")  # where Tom was faster, Eva's page asks before it answers for him
    lena = Buyer(server, channel)
    await lena.enter(await lena.buy("HM-01"))
    group = [await the_group(office, name) for name in ("Eva", "Tom")]
    play = Play(server, lena, agents, group, await office.sit(agents[0]))
    await play.a_topic_begins()
    await play.both_reach_for_it()
    await play.the_answer_arrives()
    await play.both_ways_without_echo_or_loss()
    await play.the_bot_is_silent()
    await play.the_bot_goes_on()


async def test_a_topic_that_somebody_deletes_comes_back_before_their_eyes(
    office: Office, server: Running
) -> None:
    await link(server, "eva", EVA)
    lena = Buyer(server, "whatsapp")
    await lena.enter(await lena.buy("HM-01"))
    await lena.say(ANGRY)
    page = await the_group(office, "Eva")
    await enter(page)
    await page.locator("[data-act=delete]").click()
    await expect(page.locator("#group-topics li")).to_have_count(1)
    await lena.say("Hallo? Ist da jemand?")
    await enter(page)
    await expect(words(page)).to_contain_text("│ Hallo? Ist da jemand?")
    await page.get_by_role("button", name="Entwurf", exact=True).click()
    await expect(words(page)).to_contain_text("noch nicht gesendet")
    await page.get_by_role("button", name="So senden").click()

    async def sent() -> list[OutboxRow]:
        rows = await server.rows(OutboxRow)
        return [row for row in rows if row.speaker == "agent" and row.status == "sent"]

    [row] = await until(sent)
    await expect(page.locator("#group-topic")).to_contain_text(re.compile("🔵"))
    assert (await lena.heard())[-1] in row.outgoing
