"""Passwords: which are refused, and that hashes of all parameters are understood."""

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from bot.passwords import SHORTEST, Passwords, Weak, check_strength
from tests.bot.people import CHEAP, PASSWORD, PASSWORD_HASH, cheap_passwords

LENA = {"email": "lena.mueller@example.org", "name": "Lena Müller", "brand": "Rösterei Morgenrot"}


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kurz", "short"),
        ("x" * 1001, "long"),
        ("Passwort2026!", "common"),
        ("P4ssw0rt!!99", "common"),
        ("1234567890", "pattern"),
        ("qwertzuiopü", "pattern"),
        ("0987654321", "pattern"),
        ("aaaaaaaaaaaa", "pattern"),
        ("abcabcabcabc", "pattern"),
        ("lena.mueller@example.org", "known"),
        ("lena.mueller1", "known"),
        ("LenaMüller26", "known"),
        ("röstereimorgenrot", "known"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, reason: str) -> None:
    with pytest.raises(Weak) as refused:
        check_strength(password, **LENA)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "hunde mögen Käse", "vT7#kq0-Lw", "私はコーヒーが大好きです", "x" * 990 + "yz 12 ab!!"],
)
def test_what_is_hard_to_guess_is_fine(password: str) -> None:
    check_strength(password, **LENA)


@given(st.text(max_size=40))
def test_any_text_is_judged(password: str) -> None:
    try:
        check_strength(password, **LENA)
    except Weak:
        return
    assert len(password) >= SHORTEST - 9  # a ligature counts as what it stands for


async def test_the_same_password_typed_otherwise_is_the_same() -> None:
    passwords = cheap_passwords()
    hashed = await passwords.hash("Ko\u0308nigsberger Klopse")
    assert (await passwords.matches(hashed, "K\u00f6nigsberger Klopse")).right
    assert not (await passwords.matches(hashed, "Koenigsberger Klopse")).right


async def test_nothing_is_cut_off() -> None:
    passwords = cheap_passwords()
    hashed = await passwords.hash("ä" * 500 + "1")
    assert not (await passwords.matches(hashed, "ä" * 500 + "2")).right


async def test_a_hash_with_old_parameters_is_made_anew() -> None:
    now = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    match = await now.matches(PASSWORD_HASH, PASSWORD)
    assert match.right
    assert match.rehashed is not None
    assert match.rehashed != PASSWORD_HASH
    again = await now.matches(match.rehashed, PASSWORD)
    assert (again.right, again.rehashed) == (True, None)


async def test_who_does_not_exist_costs_the_same_work() -> None:
    verified = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002 - as the library has it
            verified.append(hash)
            return CHEAP.verify(hash, password)

    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    assert not (await passwords.matches(None, "anything")).right
    assert not (await passwords.matches(None, "nobody has this password")).right
    assert not (await passwords.matches("no hash at all", "anything")).right
    assert len(verified) == 3
