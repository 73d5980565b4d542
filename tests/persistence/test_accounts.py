"""Accounts, sessions, links and counters of failures, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from persistence.accounts import Account, EmailTaken, LastOwner, NewAccount, Profile, Role, UnknownAccount
from persistence.audit import Filter
from persistence.invitations import LASTS, Acceptance, Spent, WrongEmail
from persistence.passkeys import NewPasskey
from persistence.sessions import ABSOLUTE, FORGOTTEN, IDLE, Limit, Ticket
from persistence.store import Store
from persistence.tables_people import AccountRow, InvitationRow, SessionRow
from tests.persistence.conftest import Open
from tests.persistence.world import T0, at, rows

FILLED = Acceptance("lena@example.org", "Lena", "$argon2$new", "de")


async def join(store: Store, name: str, role: Role = "agent") -> Account:
    new = NewAccount(f"{name}@example.org", name.title(), role, f"$argon2${name}")
    return await store.accounts.add(new, "shell", T0)


async def session(store: Store, account: Account, now: Any = T0) -> str:
    return await store.sessions.open(account.id, "password", "Firefox · Linux", now)


async def actions(store: Store) -> list[str]:
    return [line.action for line in reversed(await store.audit.lines(Filter()))]


async def test_an_address_belongs_to_one_account_whatever_its_case(store: Store) -> None:
    anna = await join(store, "anna")
    with pytest.raises(EmailTaken):
        await store.accounts.add(NewAccount(" ANNA@example.org", "B", "agent", "x"), "shell", T0)
    found = await store.accounts.credentials("Anna@Example.ORG ")
    assert found is not None
    assert (found.account, found.password, found.totp) == (anna, "$argon2$anna", None)
    assert await store.accounts.credentials("nobody@example.org") is None
    assert await actions(store) == ["account.made"]


async def test_the_last_owner_stays(store: Store) -> None:
    olga = await join(store, "olga", "owner")
    assert await store.accounts.owned()
    with pytest.raises(LastOwner):
        await store.accounts.set_role(olga.id, "agent", "account:1", T0)
    with pytest.raises(LastOwner):
        await store.accounts.disable(olga.id, "account:1", T0)
    otto = await join(store, "otto", "owner")
    await store.accounts.disable(otto.id, "account:1", T0)
    with pytest.raises(LastOwner):  # a disabled owner is none
        await store.accounts.disable(olga.id, "account:1", T0)
    await store.accounts.enable(otto.id, "account:1", T0)
    await store.accounts.set_role(olga.id, "viewer", "account:1", T0)
    assert [one.role for one in await store.accounts.all()] == ["viewer", "owner"]
    with pytest.raises(UnknownAccount):
        await store.accounts.set_role(99, "agent", "account:1", T0)


async def test_two_owners_who_remove_each_other_at_once_leave_one(open_store: Open) -> None:
    first, second = open_store(), open_store()
    olga, otto = await join(first, "olga", "owner"), await join(first, "otto", "owner")
    outcomes = await asyncio.gather(
        first.accounts.set_role(otto.id, "agent", "account:1", T0),
        second.accounts.disable(olga.id, "account:2", T0),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes if one is not None] == [LastOwner]
    assert await first.accounts.owned()


async def test_a_session_ends_when_it_idles_and_when_it_is_old(store: Store) -> None:
    anna = await join(store, "anna")
    token = await session(store, anna)
    kept = (await rows(store, SessionRow))[0]
    assert token not in (kept.hash, kept.device)
    assert await store.sessions.find(token + "x", T0) is None
    now = T0
    while now + IDLE < T0 + ABSOLUTE:
        now += IDLE - timedelta(seconds=1)
        signed = await store.sessions.find(token, now)
        assert signed is not None
        assert signed.account == anna
    assert await store.sessions.find(token, T0 + ABSOLUTE) is None
    fresh = await session(store, anna, T0 + ABSOLUTE)
    assert await store.sessions.find(fresh, T0 + ABSOLUTE + IDLE) is None
    assert await store.sessions.of(anna.id, T0 + ABSOLUTE + IDLE) == []


async def test_what_a_page_does_by_itself_keeps_no_session_alive(store: Store) -> None:
    token = await session(store, await join(store, "anna"))
    half = IDLE / 2
    assert await store.sessions.find(token, T0 + half, used=False) is not None
    assert await store.sessions.find(token, T0 + IDLE) is None
    assert await store.sessions.find(token, T0 + half) is not None
    assert await store.sessions.find(token, T0 + IDLE, used=False) is not None


async def test_disabling_and_a_new_password_end_sessions(store: Store) -> None:
    await join(store, "olga", "owner")
    anna = await join(store, "anna")
    here, there = await session(store, anna), await session(store, anna)
    mine = await store.sessions.find(here, T0)
    assert mine is not None
    await store.accounts.set_password(anna.id, "new", "account:2", T0, keep=mine.session.id)
    assert await store.sessions.find(here, T0) is not None
    assert await store.sessions.find(there, T0) is None
    await store.accounts.disable(anna.id, "account:1", T0)
    assert await store.sessions.find(here, T0) is None
    assert await rows(store, SessionRow) == []


async def test_somebody_ends_only_their_own_sessions(store: Store) -> None:
    anna, bert = await join(store, "anna"), await join(store, "bert")
    theirs = await session(store, bert)
    [of_bert] = await store.sessions.of(bert.id, T0)
    assert not await store.sessions.end(anna.id, of_bert.id, T0)
    await session(store, anna)
    last = await session(store, anna, at(60))
    newest, _ = await store.sessions.of(anna.id, at(60))
    assert await store.sessions.end_others(anna.id, newest.id, at(61)) == 1
    assert await store.sessions.find(last, at(61)) is not None
    assert await store.sessions.find(theirs, at(61)) is not None


async def test_a_ticket_works_once_for_one_purpose_and_not_for_long(store: Store) -> None:
    lasts = timedelta(minutes=5)
    name = await store.sessions.give_ticket("one", Ticket(7, "data"), T0, lasts)
    assert await store.sessions.see_ticket("two", name, T0) is None
    assert await store.sessions.see_ticket("one", name, T0) == Ticket(7, "data")
    assert await store.sessions.take_ticket("one", name, T0 + lasts) is None
    name = await store.sessions.give_ticket("one", Ticket(7, "data"), T0, lasts)
    taken = await asyncio.gather(*(store.sessions.take_ticket("one", name, T0) for _ in range(4)))
    assert sorted(taken, key=str) == [None, None, None, Ticket(7, "data")]


async def test_failures_cost_ever_longer_pauses_and_success_forgives(store: Store) -> None:
    limit = Limit("k", 3, timedelta(seconds=60))
    now, waits = T0, []
    for _ in range(9):
        assert await store.sessions.attempt([limit], now) is None
        until = await store.sessions.attempt([limit], now)
        if until is None:  # that was an attempt, too
            continue
        waits.append((until - now).total_seconds())
        now = until
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert await store.sessions.attempt([limit], now) is None
    await store.sessions.succeeded([limit], "k")
    assert await store.sessions.attempt([limit], now) is None
    later = now + FORGOTTEN
    for _ in range(3):
        assert await store.sessions.attempt([limit], later) is None


async def test_attempts_at_the_same_moment_cannot_slip_past(open_store: Open) -> None:
    stores = [open_store() for _ in range(3)]
    limit = Limit("k", 5, timedelta(minutes=15))
    tried = await asyncio.gather(*(stores[n % 3].sessions.attempt([limit], T0) for n in range(20)))
    assert sum(one is None for one in tried) == 5


async def test_one_place_is_blocked_for_all_accounts_and_one_account_for_all_places(store: Store) -> None:
    place, hour = Limit("place", 2, timedelta(hours=1)), timedelta(hours=1)
    for n in range(2):
        assert await store.sessions.attempt([Limit(f"a{n}", 9, hour), place], T0) is None
    assert await store.sessions.attempt([Limit("a9", 9, hour), place], T0) is not None
    assert await store.sessions.attempt([Limit("a9", 9, hour), replace(place, key="other")], T0) is None


async def test_an_invitation_makes_one_account_of_its_role(store: Store) -> None:
    token = await store.invitations.invite("viewer", None, "account:1", T0)
    [kept] = await rows(store, InvitationRow)
    assert kept.hash != token
    outcomes = await asyncio.gather(
        *(store.invitations.accept(token, replace(FILLED, email=f"p{n}@example.org"), T0) for n in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Account", "Spent", "Spent", "Spent"]
    assert [one.role for one in await store.accounts.all()] == ["viewer"]
    assert await store.invitations.open(T0) == []


async def test_an_invitation_expires_can_be_withdrawn_and_is_meant_for_one_address(store: Store) -> None:
    old = await store.invitations.invite("agent", None, "account:1", T0)
    assert await store.invitations.find(old, T0 + LASTS) is None
    with pytest.raises(Spent):
        await store.invitations.accept(old, FILLED, T0 + LASTS)
    withdrawn = await store.invitations.invite("agent", None, "account:1", T0)
    newest, _ = await store.invitations.open(T0)
    assert await store.invitations.withdraw(newest.id, "account:1", T0)
    assert not await store.invitations.withdraw(newest.id, "account:1", T0)
    with pytest.raises(Spent):
        await store.invitations.accept(withdrawn, FILLED, T0)
    bound = await store.invitations.invite("agent", "Bert@Example.org", "account:1", T0)
    with pytest.raises(WrongEmail):
        await store.invitations.accept(bound, FILLED, T0)
    account = await store.invitations.accept(bound, replace(FILLED, email="bert@example.org"), T0)
    assert account.email == "bert@example.org"


async def test_an_invitation_never_changes_an_account_that_exists(store: Store) -> None:
    olga = await join(store, "olga", "owner")
    token = await store.invitations.invite("viewer", None, "account:1", T0)
    with pytest.raises(EmailTaken):
        await store.invitations.accept(token, replace(FILLED, email=olga.email), T0)
    assert await store.invitations.find(token, T0) is not None
    assert await store.accounts.find(olga.id) == olga


async def test_an_owner_link_gives_the_keys_back_and_ends_earlier_links(store: Store) -> None:
    olga = await join(store, "olga", "owner")
    await join(store, "otto", "owner")
    here = await session(store, olga)
    await store.accounts.set_totp(olga.id, "sealed", 1, ["code"], T0)
    await store.passkeys.add(olga.id, NewPasskey("id", "key", 0, "Laptop"), T0)
    await store.accounts.disable(olga.id, "account:2", T0)
    first = await store.invitations.owner(T0)
    second = await store.invitations.owner(T0)
    assert await store.invitations.find(first, T0) is None
    back = await store.invitations.accept(second, replace(FILLED, email="OLGA@example.org"), T0)
    assert (back.id, back.role, back.disabled, back.second_factor) == (olga.id, "owner", False, False)
    found = await store.accounts.credentials_of(olga.id)
    assert found is not None
    assert found.password == FILLED.password
    assert await store.passkeys.of(olga.id) == []
    assert await store.accounts.codes_left(olga.id) == 0
    assert await store.sessions.find(here, T0) is None
    assert "account.restored" in await actions(store)


async def test_a_reset_link_sets_a_new_password_and_keeps_the_role(store: Store) -> None:
    anna = await join(store, "anna", "viewer")
    here = await session(store, anna)
    first = await store.invitations.reset(anna.id, "account:9", T0)
    token = await store.invitations.reset(anna.id, "account:9", T0)
    assert await store.invitations.find(first, T0) is None
    account = await store.invitations.accept(token, replace(FILLED, email=anna.email), T0)
    assert (account.id, account.role) == (anna.id, "viewer")
    assert await store.sessions.find(here, T0) is None
    with pytest.raises(UnknownAccount):
        await store.invitations.reset(99, "account:9", T0)


async def test_a_code_of_the_second_factor_counts_once(store: Store) -> None:
    anna = await join(store, "anna")
    await store.accounts.set_totp(anna.id, "sealed", 100, ["hash1", "hash2"], T0)
    assert not await store.accounts.use_step(anna.id, 100)
    used = await asyncio.gather(*(store.accounts.use_step(anna.id, 101) for _ in range(3)))
    assert sorted(used) == [False, False, True]
    assert not await store.accounts.use_step(anna.id, 99)
    used = await asyncio.gather(*(store.accounts.use_code(anna.id, "hash1", T0) for _ in range(3)))
    assert sorted(used) == [False, False, True]
    assert await store.accounts.codes_left(anna.id) == 1
    bert = await join(store, "bert")
    assert not await store.accounts.use_code(bert.id, "hash2", T0)
    await store.accounts.renew_codes(anna.id, ["hash3"], T0)
    assert await store.accounts.codes_left(anna.id) == 1
    await store.accounts.drop_totp(anna.id, "account:1", T0)
    assert await store.accounts.codes_left(anna.id) == 0


async def test_what_somebody_chooses_is_kept(store: Store) -> None:
    anna = await join(store, "anna")
    await store.accounts.set_profile(anna.id, Profile("Anna B.", "en", "dark", at(99), False), T0)
    await store.accounts.set_look(anna.id, language=None, theme="light")
    found = await store.accounts.find(anna.id)
    assert found == replace(
        anna, name="Anna B.", language="en", theme="light", absent_until=at(99), mail_alarms=False
    )
    assert "absence.changed" in await actions(store)


async def test_an_old_hash_is_replaced_unless_the_password_was_changed_meanwhile(store: Store) -> None:
    anna = await join(store, "anna")
    await store.accounts.rehash(anna.id, "another", "no")
    await store.accounts.rehash(anna.id, "$argon2$anna", "newer")
    [row] = await rows(store, AccountRow)
    assert row.password == "newer"


async def test_a_passkey_belongs_to_one_account_and_notices_a_copy(store: Store) -> None:
    anna, bert = await join(store, "anna"), await join(store, "bert")
    await store.passkeys.add(anna.id, NewPasskey("id", "key", 5, "Laptop"), T0)
    found = await store.passkeys.find("id")
    assert found is not None
    assert (found.account_id, found.used_at) == (anna.id, None)
    assert await store.passkeys.used(found, 6, at(1))
    assert not await store.passkeys.used(found, 6, at(1))  # read before it was used
    assert not await store.passkeys.remove(bert.id, found.id, T0)
    assert await store.passkeys.remove(anna.id, found.id, T0)
    assert await store.passkeys.find("id") is None
