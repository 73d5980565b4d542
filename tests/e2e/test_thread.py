"""The open thread in a real browser, with a real buyer on the sandbox's phone at the other end."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot import handoff
from integrations.sandbox import SandboxSettings
from persistence.tables import Conversation, CorrectionRow, OutboxRow
from persistence.tables_desk import AgentNoteRow, DraftRow
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running, until
from tests.e2e.buyer import Buyer

PATIENCE = 15_000
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = pytest.mark.timeout(120)

ANGRY = "Die Kurbel ist abgebrochen, das ist Schrott! Ich will sofort mein Geld zurück."


@dataclass
class Case:
    """An angry buyer whose thread waits, an agent, and the agent's browser."""

    server: Running
    buyer: Buyer
    kim: Visitor
    context: BrowserContext
    id: int

    async def open(self, query: str = "", who: Visitor | None = None) -> Page:
        """The thread on a page of its own."""
        if who is not None:
            await self.context.clear_cookies()
            await self.context.add_cookies(who.cookies(self.server.url))
        page = await self.context.new_page()
        await page.goto(f"{self.server.url}/desk/{self.id}{query}")
        await expect(page.locator("#thread-head")).to_be_visible()
        return page

    async def write(self, page: Page, words: str) -> None:
        """Type into the field."""
        await page.locator("#composer-text").fill(words)

    async def row(self) -> Conversation:
        """The conversation as it is stored."""
        (found,) = await self.server.rows(Conversation, id=self.id)
        return found  # type: ignore[no-any-return]  # `rows` is for every table

    async def said_by_agents(self) -> list[str]:
        """How each message of an agent stands."""
        return [row.status for row in await self.server.rows(OutboxRow, speaker="agent")]


@pytest.fixture
async def case(browser: Browser, server: Running) -> AsyncIterator[Case]:
    """Somebody is angry, and nobody has answered yet; a page that complains fails the test."""
    buyer = Buyer(server, "whatsapp")
    await buyer.enter(await buyer.buy())
    await buyer.say(ANGRY)
    kim = await sign_in(server.app, "agent", "Kim Lorenz")
    complaints: list[str] = []
    context = await browser.new_context(locale="de-DE", reduced_motion="reduce", timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await context.add_cookies(kim.cookies(server.url))

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)

    context.on("page", listen)
    yield Case(server, buyer, kim, context, (await buyer.conversation()).id)
    await context.close()
    # Refusals and a server that is away are noted by the browser itself.
    assert [one for one in complaints if "Failed to load resource" not in one] == []


async def test_the_reason_stands_above_and_is_marked_in_the_words(case: Case) -> None:
    page = await case.open()
    await expect(page.locator("#thread-case")).to_contain_text("abgebrochen")
    await expect(page.locator("mark.evidence").first).to_be_visible()
    await expect(page.locator("#thread-items")).to_contain_text("Der Bot hat an einen Menschen übergeben")
    await expect(page.locator(".promise")).to_contain_text("noch ")
    await page.get_by_role("button", name="Kein Mensch nötig").click()
    await expect(page.locator("#toasts")).to_contain_text("daraus lernt der Bot")
    [kept] = await until(lambda: case.server.rows(CorrectionRow))
    assert (kept.handoff, kept.by) == (False, f"account:{case.kim.account.id}")
    await page.get_by_role("button", name="Rückgängig").click()

    async def taken_back() -> bool:
        [again] = await case.server.rows(CorrectionRow)
        return bool(again.handoff)

    await until(taken_back)


async def test_an_answer_reaches_the_phone_and_what_the_phone_says_appears(case: Case) -> None:
    page = await case.open()
    await page.locator("#do-claim").click()
    await expect(page.locator(".holder")).to_have_text("Du kümmerst dich")
    await case.write(page, "Das tut mir leid, ich schicke dir heute eine neue Kurbel.")
    await page.locator("#composer-text").press("Control+Enter")
    await expect(page.locator("#toasts")).to_contain_text("Gesendet")
    await expect(page.locator("#composer-text")).to_have_value("")
    await expect(page.locator(".bubble.agent").last).to_contain_text("neue Kurbel")
    await expect(page.locator(".delivery").last).to_have_class(re.compile("delivered|read|sent"))
    assert (await case.buyer.heard())[-1].startswith("Das tut mir leid, ich schicke dir")
    await case.buyer.say("Oh, danke!")
    await expect(page.locator(".bubble.buyer").last).to_contain_text("Oh, danke!")
    await expect(page.locator("#thread-news")).to_contain_text("Oh, danke!")


async def test_what_was_sent_comes_back_into_the_field(case: Case) -> None:
    page = await case.open()
    await case.write(page, "Das war noch nicht fertig")
    await page.get_by_role("button", name="Senden").click()
    await page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    await expect(page.locator("#composer-text")).to_have_value("Das war noch nicht fertig")
    await expect(page.locator("#composer-text")).to_be_focused()
    assert "sent" not in await case.said_by_agents()
    assert not any("fertig" in words for words in await case.buyer.heard())


async def test_nothing_typed_is_lost(case: Case) -> None:
    page = await case.open()
    await case.write(page, "Ein halber Satz")
    await expect(page.locator("#composer-saved")).to_contain_text("Entwurf gespeichert")
    [kept] = await case.server.rows(DraftRow)
    assert kept.text == "Ein halber Satz"
    await page.close()
    page = await case.open()
    await expect(page.locator("#composer-text")).to_have_value("Ein halber Satz")
    await page.route("**/say", lambda route: route.abort())
    await page.get_by_role("button", name="Senden").click()
    await expect(page.locator("#composer-wrong")).to_contain_text("Dein Text ist noch da")
    await expect(page.locator("#composer-text")).to_have_value("Ein halber Satz")
    await page.unroute("**/say")
    await case.context.clear_cookies()
    await page.get_by_role("button", name="Senden").click()
    await expect(page.locator("#composer-wrong")).to_contain_text("Du bist abgemeldet")
    await expect(page.locator("#composer-text")).to_have_value("Ein halber Satz")
    await case.context.add_cookies(case.kim.cookies(case.server.url))
    await page.get_by_role("button", name="Senden").click()
    await expect(page.locator("#composer-text")).to_have_value("")
    await until(case.said_by_agents)
    assert len(await case.said_by_agents()) == 1


async def test_a_note_that_is_not_finished_stays_a_note(case: Case) -> None:
    page = await case.open()
    await page.keyboard.press("n")
    await case.write(page, "Nur für uns: bitte nichts versprechen")
    await page.close()
    page = await case.open()
    await expect(page.locator("#composer-text")).to_have_value("Nur für uns: bitte nichts versprechen")
    await expect(page.locator("#composer")).to_have_attribute("data-mode", "note")
    assert await case.server.rows(DraftRow) == []


async def test_who_has_the_thread_is_asked_about_before_anybody_talks_over_them(case: Case) -> None:
    anton = await sign_in(case.server.app, "agent", "Anton Agent")
    page = await case.open()
    await handoff.claim(case.server.app, case.id, anton.account.id)
    await expect(page.locator(".holder")).to_have_text("Anton Agent kümmert sich")
    await case.write(page, "Ich auch!")
    await page.locator("#composer-text").press("Control+Enter")
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("Anton Agent kümmert sich schon")
    await dialog.get_by_role("button", name="Abbrechen").click()
    await expect(page.locator("#composer-text")).to_have_value("Ich auch!")
    assert (await case.row()).assignee_id == anton.account.id
    await page.locator("#composer-text").press("Control+Enter")
    await dialog.get_by_role("button", name="Trotzdem senden").click()
    await expect(page.locator(".holder")).to_have_text("Du kümmerst dich")
    assert len(await case.said_by_agents()) == 1


async def test_canned_replies_are_found_filled_in_and_never_sent_with_gaps(case: Case) -> None:
    page = await case.open()
    field = page.locator("#composer-text")
    await field.press_sequentially("/hal")
    option = page.locator("#composer-picks [role=option]").first
    await expect(option).to_contain_text("/hallo")
    await field.press("Enter")
    await expect(field).to_have_value(re.compile("Hallo Lena, hier ist Kim von Rösterei Morgenrot"))
    await field.fill("Also ⟦der Name⟧, weiter")
    await field.press("Control+Enter")
    await expect(page.locator("#composer-wrong")).to_contain_text("Bitte noch ausfüllen: der Name")
    await expect(field).to_have_value("Also ⟦der Name⟧, weiter")
    assert await case.said_by_agents() == []
    await page.locator(".composer-tools [data-tool=draft]").click()
    await page.get_by_role("dialog", name="Vorschläge").get_by_role("button", name="Übernehmen").first.click()
    await expect(field).to_have_value(re.compile("Kim"))


async def test_a_note_mentions_colleagues_and_stays_in_the_house(case: Case) -> None:
    await sign_in(case.server.app, "agent", "Anton Agent")
    page = await case.open()
    await page.keyboard.press("n")
    await expect(page.locator("#composer")).to_have_attribute("data-mode", "note")
    field = page.locator("#composer-text")
    await field.press_sequentially("Bitte schau mal, @An")
    await expect(page.locator("#composer-picks [role=option]")).to_have_text(["Anton Agent"])
    await field.press("Tab")
    await field.press("Control+Enter")
    await expect(page.locator(".bubble.note")).to_contain_text("@Anton Agent")
    [note] = await case.server.rows(AgentNoteRow)
    assert note.mentions != "[]"
    assert await case.said_by_agents() == []
    await expect(page.locator("#composer")).to_have_attribute("data-mode", "reply")


async def test_a_picture_goes_out_with_words_for_those_who_cannot_see_it(case: Case, tmp_path: Path) -> None:
    page = await case.open()
    picture = Path(__file__).parents[2] / "docs" / "images" / "whatsapp-setup.png"
    await page.locator("#composer-file").set_input_files(picture)
    await page.get_by_label("Was ist auf dem Bild zu sehen?").fill("Die neue Kurbel")
    await case.write(page, "So sieht sie aus")
    await page.get_by_role("button", name="Senden").click()
    await expect(page.locator(".bubble.agent img")).to_have_attribute("alt", "Die neue Kurbel")
    await expect(page.locator("#composer-files")).to_be_hidden()
    await case.server.quiet()
    newest = await case.buyer.newest()
    assert newest["media"] or newest["picture"], newest


async def test_past_the_window_a_template_is_the_way(case: Case) -> None:
    await case.buyer.travel("30 hours")
    page = await case.open()
    await expect(page.locator("#composer-window")).to_contain_text("nur mit Vorlage")
    await case.write(page, "Ich bin noch dran.")
    await page.get_by_role("button", name="Bereitlegen").click()
    await expect(page.locator("#toasts")).to_contain_text("sobald die Person schreibt")
    await page.locator("#composer-hint [data-tool=template]").click()
    dialog = page.get_by_role("dialog", name="Vorlage senden")
    chosen = dialog.locator("[data-template=nachklang_solved]")
    await chosen.locator("summary").click()
    await chosen.locator("[data-send-template]").click()
    await expect(page.locator("#toasts")).to_contain_text("Vorlage gesendet")

    async def arrived() -> bool:
        return "Ist jetzt alles gut?" in (await case.buyer.heard())[-1]

    await until(arrived)
    await case.buyer.say("Nein")
    await expect(page.locator("#composer-window")).to_contain_text("frei schreiben")


async def test_a_paused_template_stands_there_greyed_out_and_says_why(case: Case) -> None:
    app, name = case.server.app, "nachklang_solved"
    await case.server.sandbox("api/template", name=name, language="de", status="PAUSED")

    async def known() -> bool:
        found = await app.store.templates.known(
            "whatsapp", SandboxSettings.default().whatsapp.phone_number_id
        )
        return found is not None and found.templates[name, "de"].status == "PAUSED"

    await until(known)
    page = await case.open()
    await page.locator("[data-tool=template]").first.click()
    chosen = page.get_by_role("dialog", name="Vorlage senden").locator(f"[data-template={name}]")
    await expect(chosen.locator("summary")).to_contain_text("Geht gerade nicht")
    await chosen.locator("summary").click()
    await expect(chosen).to_contain_text("Nach drei oder sechs Stunden geht sie wieder.")
    await expect(chosen.locator("[data-send-template]")).to_be_disabled()


async def test_history_is_endless_and_nothing_jumps(case: Case) -> None:
    for number in range(70):
        await handoff.note(case.server.app, case.id, case.kim.account.id, f"Notiz {number}", key=f"n{number}")
    page = await case.open()
    scroller, notes = page.locator("#thread-scroll"), page.locator(".line.note")
    await expect(notes.last).to_contain_text("Notiz 69")
    await expect(notes.last).to_be_in_viewport()
    assert await notes.count() < 70
    anchor = notes.first
    key = await anchor.get_attribute("id")
    await scroller.evaluate("one => { one.scrollTop = 0 }")
    await expect(page.locator(".thread-edge.begin")).to_be_visible()
    assert await notes.count() == 70
    await expect(page.locator(f"#{key}")).to_be_in_viewport()
    before = await page.locator(f"#{key}").bounding_box()
    await case.buyer.say("Hallo??")
    await expect(page.locator("#to-newest")).to_contain_text("1 neue Nachricht")
    assert before == await page.locator(f"#{key}").bounding_box()
    assert await page.locator(".thread .day").count() == 1
    await page.locator("#to-newest").click()
    await expect(page.locator(".bubble.buyer").last).to_be_in_viewport()


async def test_a_link_leads_to_its_message(case: Case) -> None:
    for number in range(120):
        await handoff.note(case.server.app, case.id, case.kim.account.id, f"Notiz {number}", key=f"n{number}")
    rows = await case.server.rows(AgentNoteRow)
    page = await case.open(f"?at=n{rows[20].id}")
    await expect(page.locator(f"#n{rows[20].id}")).to_be_in_viewport()
    await expect(page.locator(".line.note").last).not_to_contain_text("Notiz 119")
    await page.locator("#to-newest").click()
    await expect(page.locator(".line.note").last).to_contain_text("Notiz 119")


async def test_what_a_case_quotes_is_shown_and_corrected_however_far_back_it_is(case: Case) -> None:
    for number in range(120):
        await handoff.note(case.server.app, case.id, case.kim.account.id, f"Notiz {number}", key=f"n{number}")
    page = await case.open()
    await expect(page.locator(".line.note").last).to_contain_text("Notiz 119")
    await expect(page.locator("mark.evidence")).to_have_count(0)
    await page.locator("#thread-case").get_by_role("button", name="Zeigen").click()
    quoting = page.locator(".line.found")
    await expect(quoting).to_be_in_viewport()
    await expect(quoting).to_be_focused()
    await expect(quoting.locator("mark.evidence").first).to_be_visible()
    await page.locator("#thread-case").get_by_role("button", name="Stimmt nicht?").click()
    dialog = page.get_by_role("dialog", name="Was war gemeint?")
    await expect(dialog).to_contain_text(ANGRY)
    await dialog.get_by_role("button", name="Berichtigen").click()
    await expect(page.locator("#toasts")).to_contain_text("daraus lernt der Bot")
    assert await case.server.rows(CorrectionRow)


async def test_what_could_not_be_fetched_is_fetched_again(case: Case) -> None:
    page = await case.open()
    await expect(page.locator("#thread-head")).to_have_attribute("data-status", "waiting")
    for part in ("head", "tail*", "buyer"):
        await page.route(f"**/desk/{case.id}/{part}", lambda route: route.abort())
    anton = await sign_in(case.server.app, "agent", "Anton Agent")
    async with page.expect_event("requestfailed"):
        await handoff.claim(case.server.app, case.id, anton.account.id)
    await page.unroute_all()
    await expect(page.locator(".holder")).to_have_text("Anton Agent kümmert sich")


async def test_a_case_is_put_away_solved_and_the_bot_is_back(case: Case) -> None:
    page = await case.open()
    await page.locator("#thread-scroll").focus()
    await page.keyboard.press("s")
    await page.get_by_role("dialog").get_by_role("button", name="1 Stunde").click()
    await expect(page.locator("#thread-head")).to_have_attribute("data-status", "snoozed")
    await expect(page.locator("#thread-items")).to_contain_text("zurückgestellt")
    await page.locator("#thread-scroll").focus()
    await page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Was war es?")
    await dialog.get_by_label("Auf dem Weg beschädigt").check()
    await dialog.get_by_role("button", name="Als gelöst abschließen").click()
    await expect(page.locator("#toasts")).to_contain_text("Gelöst. Der Bot übernimmt wieder.")
    await expect(page.locator("#thread-head")).to_have_attribute("data-floor", "bot")
    await expect(page.locator("#thread-items")).to_contain_text("abgeschlossen: Auf dem Weg beschädigt")
    await expect(page.locator("#thread-case")).to_have_count(0)


async def test_emoji_are_found_by_german_words_and_taken_by_keys(case: Case) -> None:
    page = await case.open()
    await page.get_by_role("button", name="Emoji").click()
    await page.get_by_label("Emoji suchen").press_sequentially("paket")
    await expect(page.locator("#emoji-grid button")).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#composer-text")).to_have_value("📦")
    await expect(page.locator("#composer-text")).to_be_focused()
    await page.get_by_role("button", name="Emoji").click()
    await page.keyboard.press("Escape")
    await expect(page.locator("#emoji-picker")).to_be_hidden()


async def test_a_long_text_tells_how_it_will_be_split_and_enter_sends_if_wanted(case: Case) -> None:
    page = await case.open()
    await case.write(page, "Das ist ein Satz. " * 260)
    await expect(page.locator("#composer-counter")).to_contain_text("von 4.096 Zeichen")
    await expect(page.locator("#composer-split summary")).to_have_text("Geht in 2 Nachrichten raus")
    await case.write(page, "Kurz")
    await expect(page.locator("#composer-split")).to_be_hidden()
    await page.locator(".composer-tools summary").click()
    await page.get_by_label("Die Enter-Taste sendet sofort").check()
    await expect(page.locator("#composer-keys")).to_have_text("Enter sendet")
    await page.locator("#composer-text").press("Enter")
    await expect(page.locator(".bubble.agent").last).to_contain_text("Kurz")


async def test_a_placeholder_goes_in_where_somebody_writes(case: Case) -> None:
    page = await case.context.new_page()
    await page.goto(f"{case.server.url}/desk/canned/new")
    await page.locator("#field-en").fill("Hello ")
    await page.get_by_role("button", name="{first_name}").click()
    await expect(page.locator("#field-en")).to_have_value("Hello {first_name}")
    await expect(page.locator("#canned-preview")).to_contain_text("Hello Anna")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_nothing_to_say(case: Case, browser: Browser, scheme: str) -> None:
    for width in (1440, 390):
        context = await browser.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]  # one of Playwright's own words
            viewport={"width": width, "height": 844},
            locale="de-DE",
            bypass_csp=True,
        )
        await context.add_cookies(case.kim.cookies(case.server.url))
        page = await context.new_page()
        for path in (f"/desk/{case.id}", "/desk/canned", "/desk/canned/1"):
            await page.goto(case.server.url + path)
            await page.add_script_tag(path=AXE)
            assert await _violations(page) == [], path
        await page.goto(f"{case.server.url}/desk/{case.id}")
        await page.add_script_tag(path=AXE)
        for selector in ("#do-resolve", "#do-snooze"):
            await page.locator(selector).click()
            assert await _violations(page) == [], selector
            await page.keyboard.press("Escape")
        await context.close()


async def _violations(page: Page) -> list[str]:
    await asyncio.sleep(0.2)
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes']][:3]}" for one in found]
