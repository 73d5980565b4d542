"""Who writes: the ids by which a channel knows a person, and the conversation they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, select, update

from dialogs.messages import Contact, ContactChanged
from persistence.tables import ContactRow, Conversation, table

_contacts = table(ContactRow)
_conversations = table(Conversation)

Key: TypeAlias = tuple[str, str, str]
"""Channel, account and the person's id there."""


def conversations_of(
    connection: Connection, contacts: Sequence[Contact], now: datetime, *, opens: bool
) -> dict[Key, int]:
    """Return where the contacts' ids lead; one seen for the first time leads where the person's known ids do.

    ``opens`` tells whether a stranger gets a conversation. A message opens one; a receipt for a stranger's
    message (another program's) finds none.
    """
    known = _known(connection, contacts)
    if opens:
        _open(connection, contacts, known, now)
    _complete(connection, contacts, known, now)
    return known


def _known(connection: Connection, contacts: Sequence[Contact]) -> dict[Key, int]:
    """Return the conversations that the contacts' ids lead to already.

    One statement per account: SQLite uses no index for a row value IN a list of them.
    """
    accounts: dict[tuple[str, str], set[str]] = {}
    for contact in contacts:
        accounts.setdefault((contact.channel, contact.account), set()).update(contact.ids)
    known: dict[Key, int] = {}
    for (channel, account), ids in accounts.items():
        found = connection.execute(
            select(_contacts.c.external_id, _contacts.c.conversation_id).where(
                _contacts.c.channel == channel,
                _contacts.c.account == account,
                _contacts.c.external_id.in_(sorted(ids)),
            )
        )
        known |= {(channel, account, row.external_id): row.conversation_id for row in found}
    return known


def keys(contact: Contact) -> list[Key]:
    """Return everything the contact is known by."""
    return [(contact.channel, contact.account, one) for one in contact.ids]


def _open(connection: Connection, contacts: Sequence[Contact], known: dict[Key, int], now: datetime) -> None:
    """Open a conversation for each stranger; descriptions that share an id are one stranger."""
    strangers: list[Contact] = []
    met: set[Key] = set(known)
    for contact in contacts:
        if met.isdisjoint(keys(contact)):
            strangers.append(contact)
        met.update(keys(contact))
    if not strangers:
        return
    opened = connection.execute(
        _conversations.insert().returning(_conversations.c.id, sort_by_parameter_order=True),
        [
            {
                "channel": contact.channel,
                "account": contact.account,
                "address": contact.ids[0],
                "name": contact.name,
                "language": contact.language,
                "created_at": now,
            }
            for contact in strangers
        ],
    )
    places = dict(zip((keys(contact)[0] for contact in strangers), opened.scalars(), strict=True))
    _add_ids(connection, [(contact, contact.ids[0], places[keys(contact)[0]]) for contact in strangers], now)
    known.update(places)


def _complete(
    connection: Connection, contacts: Sequence[Contact], known: dict[Key, int], now: datetime
) -> None:
    """Let ids seen for the first time lead where the person's known ids lead."""
    added: list[tuple[Contact, str, int]] = []
    for contact in contacts:
        place = next((known[key] for key in keys(contact) if key in known), None)
        if place is None:  # a receipt for somebody unknown
            continue
        for key in keys(contact):
            if key not in known:
                known[key] = place
                added.append((contact, key[2], place))
    if added:
        _add_ids(connection, added, now)


def _add_ids(connection: Connection, ids: Sequence[tuple[Contact, str, int]], now: datetime) -> None:
    connection.execute(
        _contacts.insert(),
        [
            {
                "channel": contact.channel,
                "account": contact.account,
                "external_id": one,
                "conversation_id": place,
                "phone": contact.phone,
                "username": contact.username,
                "created_at": now,
            }
            for contact, one, place in ids
        ],
    )


def move_contact(connection: Connection, conversation_id: int, change: ContactChanged, now: datetime) -> None:
    """Let the person's new ids lead to the same conversation, and write to the first of them from now on.

    An id that already leads elsewhere keeps doing so: two threads are never joined on a platform's word
    alone.
    """
    here = connection.execute(
        select(_conversations.c.channel, _conversations.c.account).where(
            _conversations.c.id == conversation_id
        )
    ).one()
    taken = set(
        connection.execute(
            select(_contacts.c.external_id).where(
                _contacts.c.channel == here.channel,
                _contacts.c.account == here.account,
                _contacts.c.external_id.in_(change.new_ids),
            )
        ).scalars()
    )
    free = [one for one in change.new_ids if one not in taken]
    if free:
        person = Contact(here.channel, here.account, tuple(free))
        _add_ids(connection, [(person, one, conversation_id) for one in free], now)
        connection.execute(
            update(_conversations).where(_conversations.c.id == conversation_id).values(address=free[0])
        )
