"""People who are signed in at once, for tests of pages: no form, no hashing, a session all the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from argon2 import PasswordHasher

from bot.app import App
from bot.passwords import Passwords
from bot.web.access import real_time, token_for
from persistence.accounts import Account, NewAccount, Role
from persistence.store import Store

PASSWORD: Final = "siebzehn blaue Kaffeetassen"
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Parameters with which a test waits for nothing."""
PASSWORD_HASH: Final = CHEAP.hash(PASSWORD)


def cheap_passwords() -> Passwords:
    """Passwords that are hashed at once; made inside the test's event loop."""
    return Passwords(CHEAP)


@dataclass(frozen=True)
class Visitor:
    """Somebody with a session. ``headers`` are what a client must send, the token for forms included."""

    account: Account
    token: str
    csrf: str

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every request; `aiohttp` clients take them as ``headers=``."""
        return {"Cookie": f"nachklang-session={self.token}", "X-CSRF-Token": self.csrf}

    def cookies(self, url: str) -> list[Any]:
        """The session as Playwright's ``context.add_cookies`` takes it."""
        host = urlsplit(url).hostname or ""
        return [{"name": "nachklang-session", "value": self.token, "domain": host, "path": "/"}]


async def make_account(
    store: Store, role: Role = "agent", name: str = "", *, now: datetime, language: str = "de"
) -> Account:
    """An account with `PASSWORD`; called after its role unless it is named."""
    name = name or {"viewer": "Vera Viewer", "agent": "Anton Agent", "owner": "Olga Owner"}[role]
    email = f"{name.lower().replace(' ', '.')}@example.org"
    known = await store.accounts.credentials(email)
    if known is not None:
        return known.account
    return await store.accounts.add(NewAccount(email, name, role, PASSWORD_HASH, language), "shell", now)


async def sign_in(app: App, role: Role = "agent", name: str = "", *, language: str = "de") -> Visitor:
    """Somebody of this role with a session of their own."""
    now = real_time(app)
    account = await make_account(app.store, role, name, now=now, language=language)
    token = await app.store.sessions.open(account.id, "password", "Test", now)
    signed = await app.store.sessions.find(token, now)
    assert signed is not None
    return Visitor(account, token, token_for(app.secret, f"session:{signed.session.id}"))
