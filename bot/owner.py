"""The link by which the owner of a shop gets in: printed at the first start, and whenever it is asked for."""

from __future__ import annotations

from datetime import datetime

from bot.app import App
from bot.config import Config
from persistence.store import Store


async def first_link(app: App, url: str) -> str | None:
    """Return a fresh owner link as long as nobody owns the shop; links of earlier starts no longer work."""
    if await app.store.accounts.owned():
        return None
    return await owner_link(app.store, address_of(app.config, url), app.clock() - app.clock.travelled)


async def owner_link(store: Store, address: str, now: datetime) -> str:
    """Make a link that makes an owner, or gives one back the keys; it works once, for seven days."""
    return f"{address}/invite/{await store.invitations.owner(now)}"


def address_of(config: Config, url: str) -> str:
    """Return under which address people reach the pages: the shop's own where it is set, else ``url``."""
    return config.settings.entry.public_url.rstrip("/") or url
