"""How the tests of the phone page take hold of it."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect


def listen(page: Page) -> list[str]:
    """What the browser complains about from now on; it goes on growing."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type in _BAD else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    return complaints


async def on(page: Page, channel: str) -> None:
    """Change to the channel."""
    await page.locator(f"[role=tab][data-channel={channel}]").click()
    await expect(page.locator("#device")).to_have_attribute("data-look", channel)


def bubble(page: Page, message_id: str) -> Locator:
    return page.locator(f'.msg[data-id="{message_id}"]')


async def menu(page: Page, message_id: str, entry: str) -> None:
    """Choose something in a message's menu, by keyboard."""
    await bubble(page, message_id).locator(".more").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name=entry, exact=True).click()


_BAD = {"error", "warning"}
