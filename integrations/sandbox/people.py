"""The buyers: three ready-made ones, and any number of others whose ids are derived from their key.

Beside them stand two who answer for the shop, in its support group.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.settings import ChannelName

MOST_PEOPLE = 50_000


@dataclass(slots=True)
class Person:
    """One buyer with an identity on every channel.

    ``wa_id`` is the phone number without plus; ``user_id`` the business-scoped id. With ``hide_phone`` the
    person has taken a username on WhatsApp, and webhooks no longer name the number.
    """

    key: str
    name: str
    language: str
    country: str
    igsid: str
    ig_username: str
    wa_id: str
    user_id: str
    wa_username: str
    chat_id: int
    tg_username: str
    email: str
    hide_phone: bool = False

    def address(self, channel: ChannelName) -> str:
        """Return the id by which the bot writes to this person on ``channel``."""
        if channel == "instagram":
            return self.igsid
        if channel == "telegram":
            return str(self.chat_id)
        return self.user_id if self.hide_phone else self.wa_id

    def json(self) -> Json:
        """Return the person as the phone page wants it."""
        return {
            "key": self.key,
            "name": self.name,
            "language": self.language,
            "instagram": {"igsid": self.igsid, "username": self.ig_username},
            "whatsapp": {
                "wa_id": self.wa_id,
                "user_id": self.user_id,
                "username": self.wa_username,
                "hide_phone": self.hide_phone,
            },
            "telegram": {"chat_id": str(self.chat_id), "username": self.tg_username},
        }


_READY_MADE = (
    ("lena", "Lena Hoffmann", "de", "DE", "lena.hoffmann", False),
    ("jonas", "Jonas Meier", "de", "CH", "jonas.meier", False),
    ("amelie", "Amélie Laurent", "de", "DE", "amelie.laurent", True),
)
_STAFF = (
    ("eva", "Eva Brandt", "de", "DE", "eva.brandt"),
    ("tom", "Tom Berger", "de", "DE", "tom.berger"),
)
_MOBILE = {"DE": ("49152", 8), "CH": ("4179", 7)}
"""A mobile prefix per country, and how many digits follow: possible numbers, nobody's on purpose."""


class People:
    """Everyone in the sandbox, found by key or by any of their ids."""

    def __init__(self) -> None:
        self.current = _READY_MADE[0][0]
        self._by_key: dict[str, Person] = {}
        self._by_id: dict[tuple[ChannelName, str], Person] = {}
        for key, name, language, country, username, hidden in _READY_MADE:
            person = self._make(key, name, language, country, username)
            person.hide_phone = hidden
        for row in _STAFF:
            self._make(*row)

    def __len__(self) -> int:
        return len(self._by_key)

    def ready_made(self) -> list[Person]:
        """Return the three buyers that the phone page offers."""
        return [self._by_key[row[0]] for row in _READY_MADE]

    def get(self, key: str | None) -> Person:
        """Return the person with this key, made on first use; None means the current one.

        Raises:
            Complaint: the sandbox is full.

        """
        key = self.current if key is None else key
        found = self._by_key.get(key)
        if found is not None:
            return found
        if not key or len(key) > 100:
            raise Complaint("A person's key has 1 to 100 characters.")
        if len(self._by_key) >= MOST_PEOPLE:
            raise Complaint(f"The sandbox holds at most {MOST_PEOPLE} people; restart it to begin anew.")
        return self._make(key, key.replace("-", " ").replace("_", " ").title(), "de", "DE", key)

    def find(self, channel: ChannelName, address: str) -> Person | None:
        """Return whoever has this id on the channel (on WhatsApp: number without plus, or user id)."""
        return self._by_id.get((channel, address))

    def _make(self, key: str, name: str, language: str, country: str, username: str) -> Person:
        salt = 0
        while self._taken(person := _derive(key, name, language, country, username, salt)):
            salt += 1
        self._by_key[key] = person
        for channel, address in _addresses(person):
            self._by_id[(channel, address)] = person
        return person

    def _taken(self, person: Person) -> bool:
        return any(pair in self._by_id for pair in _addresses(person))


def _addresses(person: Person) -> tuple[tuple[ChannelName, str], ...]:
    return (
        ("instagram", person.igsid),
        ("whatsapp", person.wa_id),
        ("whatsapp", person.user_id),
        ("telegram", str(person.chat_id)),
    )


def _derive(key: str, name: str, language: str, country: str, username: str, salt: int) -> Person:
    # Ids must come out the same after a restart, or a bot that kept its database would meet strangers.
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    first, second, third, fourth = (int.from_bytes(digest[i : i + 8]) for i in range(0, 32, 8))
    prefix, digits = _MOBILE[country]
    handle = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "_" for c in username.lower())
    return Person(
        key=key,
        name=name,
        language=language,
        country=country,
        igsid=str(5_000_000_000_000_000 + first % 4_000_000_000_000_000),
        ig_username=handle,
        wa_id=prefix + str(second % 10**digits).zfill(digits),
        user_id=f"{country}.{10**19 + third % 10**19}",
        wa_username="@" + handle,
        chat_id=1_000_000_000 + fourth % 6_000_000_000,
        tg_username=handle.replace(".", "_"),
        email=f"{handle}@mail.example",
    )
