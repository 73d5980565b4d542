"""axe-core has nothing to say of any page, light or dark, on a desktop or a phone; and nothing sticks out."""

import pytest
from playwright.async_api import Page, expect

from bot.owner import first_link
from tests.bot.serving import Running
from tests.e2e.axe import violations
from tests.e2e.busy_desk import Busy, busy
from tests.e2e.office import DESKTOP, PHONE, Office

pytestmark = pytest.mark.timeout(240)

SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture
async def desk(server: Running) -> Busy:
    return await busy(server)


async def wrong_with(page: Page, size: str) -> list[str]:
    """What axe finds, and whether the page must be scrolled sideways."""
    found = await violations(page)
    wide = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return [*found, f"{wide} pixels wider than the {size}"] if wide > 0 else found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_every_page_is_for_everybody(
    office: Office, server: Running, desk: Busy, size: str, scheme: str
) -> None:
    page = await office.sit(desk.owner, "", viewport=SIZES[size], color_scheme=scheme)
    wrong: dict[str, list[str]] = {}
    for path in desk.paths:
        answer = await page.goto(server.url + path)
        assert answer is not None
        assert answer.status == 200, path
        wrong[path] = await wrong_with(page, size)
    await page.goto(f"{server.url}/desk/{desk.thread}")
    for name, opens, shown in (
        ("templates", "[data-tool=template]", "#template-dialog"),
        ("suggestions", "[data-tool=draft]", "#draft-dialog"),
        ("emoji", "[data-tool=emoji]", "#emoji-picker"),
        ("more", "#do-more", "#thread-more .menu-items"),
    ):
        await page.locator(opens).first.click()
        await expect(page.locator(shown)).to_be_visible()
        wrong[name] = await wrong_with(page, size)
        await page.keyboard.press("Escape")
        await expect(page.locator(shown)).to_be_hidden()
    assert {place: found for place, found in wrong.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_pages_before_the_desk_are_too(
    office: Office, server: Running, size: str, scheme: str
) -> None:
    office.excuse("404 (Not Found)")
    page = await office.sit(None, "", viewport=SIZES[size], color_scheme=scheme)
    invitation = await first_link(server.app, server.url)
    assert invitation is not None
    wrong: dict[str, list[str]] = {}
    for path in ("/login", invitation.removeprefix(server.url), "/desk/nirgends", "/sandbox/group"):
        await page.goto(server.url + path)
        wrong[path] = await wrong_with(page, size)
    assert {place: found for place, found in wrong.items() if found} == {}


async def test_a_thread_is_worked_from_first_to_last_by_keyboard(
    office: Office, server: Running, desk: Busy
) -> None:
    """Open, claim, answer, solve: without a mouse, and the focus is always somewhere to be seen."""
    page = await office.sit(desk.agent)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-head")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.locator(".holder")).to_have_text("Du kümmerst dich")
    await page.keyboard.press("r")
    await expect(page.locator("#composer-text")).to_be_focused()
    await page.keyboard.type("Ich bin dran.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".bubble.agent").last).to_contain_text("Ich bin dran.")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Was war es?")
    await expect(dialog).to_be_visible()
    assert await page.evaluate("() => document.activeElement.closest('dialog') !== null")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    # Every stop of the tabulator can be seen and has a name.
    await page.goto(f"{server.url}/desk/{desk.thread}")
    await expect(page.locator("#thread-head")).to_be_visible()
    seen: list[str] = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        lost = await page.evaluate(_WHERE)
        if lost:
            seen.append(lost)
    assert seen == []


_WHERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return '';
  const box = one.getBoundingClientRect();
  const shown = one.matches('.skip') || one.closest('label, .skip') || (box.width > 0 && box.height > 0);
  const drawn = (node, part) => {
    const style = getComputedStyle(node, part);
    return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  };
  const around = [one, one.parentElement, one.closest('li, label, summary, form, fieldset')].filter(Boolean);
  const ring = around.some((node) => drawn(node) || drawn(node, '::after') || drawn(node, '::before'))
    || one.closest('label, .skip') || one.matches('input, textarea');
  return shown && ring ? '' : `${shown ? 'no ring' : 'unseen'} ${one.outerHTML.slice(0, 160)}`;
}"""
