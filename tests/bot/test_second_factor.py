"""Codes of an authenticator app and recovery codes: each counts once."""

from dataclasses import replace

import pyotp
import pytest

from bot.sealing import Seal, Unreadable
from bot.second_factor import SecondFactor, qr_code
from persistence.accounts import Credentials
from persistence.database import Database
from persistence.store import Store
from tests.bot.people import make_account
from tests.persistence.world import T0

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FACTOR = SecondFactor(b"the shop's secret")


def code_at(seconds: float) -> str:
    return pyotp.TOTP(SECRET).at(int(T0.timestamp() + seconds))


@pytest.mark.parametrize(("seconds", "steps"), [(0, 0), (-30, -1), (30, 1)])
def test_a_clock_may_be_a_little_wrong(seconds: float, steps: int) -> None:
    assert FACTOR.step_of(SECRET, code_at(seconds), T0) == int(T0.timestamp()) // 30 + steps


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 1000])
def test_what_is_no_code_is_none(code: str) -> None:
    assert FACTOR.step_of(SECRET, code, T0) is None
    assert FACTOR.step_of(SECRET, code_at(90), T0) is None


def test_a_code_may_be_typed_with_gaps() -> None:
    code = code_at(0)
    assert FACTOR.step_of(SECRET, f" {code[:3]} {code[3:]} ", T0) is not None


async def test_each_code_counts_once_and_an_older_one_no_more(store_url: str) -> None:
    store = Store(Database(store_url))
    account = await make_account(store, now=T0)
    codes = FACTOR.new_codes()
    assert len(set(codes)) == 10
    await store.accounts.set_totp(
        account.id, FACTOR.seal(SECRET, account.id), 0, [FACTOR.hash_code(one) for one in codes], T0
    )
    who = await store.accounts.credentials_of(account.id)
    assert who is not None

    async def passes(code: str, who: Credentials = who, factor: SecondFactor = FACTOR) -> bool:
        return await factor.passes(store.accounts, who, code, T0)

    assert await passes(code_at(0))
    assert not await passes(code_at(0))
    assert not await passes(code_at(-30))
    assert await passes(code_at(30))
    assert await passes(codes[0].upper().replace("-", " "))
    assert not await passes(codes[0])
    assert not await passes("")
    assert not await passes(codes[1], replace(who, totp=None))
    elsewhere = SecondFactor(b"another secret")
    assert not await passes(code_at(0), factor=elsewhere)
    assert not await passes(codes[1], factor=elsewhere)
    await store.close()


def test_what_is_sealed_opens_for_its_owner_and_purpose_alone() -> None:
    seal = Seal(b"secret", "one")
    closed = seal.close("plain", "account:1")
    assert "plain" not in closed
    assert seal.open(closed, "account:1") == "plain"
    assert seal.close("plain", "account:1") != closed
    for other, owner in (
        (seal, "account:2"),
        (Seal(b"secret", "two"), "account:1"),
        (Seal(b"x", "one"), "account:1"),
    ):
        with pytest.raises(Unreadable):
            other.open(closed, owner)
    with pytest.raises(Unreadable):
        seal.open("nonsense", "account:1")


def test_the_picture_holds_the_secret_and_no_style() -> None:
    drawn = qr_code(SECRET, "lena@example.org", "Shop: mit Doppelpunkt")
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert drawn.count("<path") == 2
