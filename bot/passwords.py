"""Passwords: which are good enough, how they are kept, and how they are compared.

They are kept as argon2id hashes, of the password's NFKC form, whatever its length. With whatever parameters a
hash was made it is understood; one with other parameters than today's is to be made anew when its password is
at hand.
"""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 1000
"""Nothing is ever cut off; beyond this a password is refused, so that nobody makes us hash megabytes."""

_COMMON: Final = frozenset(
    (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").casefold().split()
)
_ROWS: Final = (
    "1234567890",
    "qwertzuiopü",
    "qwertyuiop",
    "asdfghjklöä",
    "yxcvbnm",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
)
_LEET: Final = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})


class Weak(Exception):
    """The password is not good enough; ``reason`` is the key of its words under ``auth.weak``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a password is the one, and its new hash if the old one's parameters are out of date."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hashes and compares, a few at a time: each takes memory, and a crowd must not take it all."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        """Hash with ``hasher``'s parameters; the library's own follow RFC 9106."""
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(at_once)
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Return the hash to keep."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _form(password))

    async def matches(self, hashed: str | None, password: str) -> Match:
        """Tell whether a password is the one. Without a hash the same work is done for nothing."""
        if hashed is None and not self._nobodys:
            self._nobodys = await self.hash("nobody has this password")
        async with self._turns:
            return await asyncio.to_thread(self._compare, hashed, password)

    def _compare(self, hashed: str | None, password: str) -> Match:
        if len(password) > LONGEST:
            return Match(right=False)
        try:
            self._hasher.verify(hashed or self._nobodys, _form(password))
        except (VerificationError, InvalidHashError):
            return Match(right=False)
        if hashed is None:
            return Match(right=False)
        outdated = self._hasher.check_needs_rehash(hashed)
        return Match(right=True, rehashed=self._hasher.hash(_form(password)) if outdated else None)


def check_strength(password: str, *, email: str, name: str = "", brand: str = "") -> None:
    """Refuse a password that is guessed first.

    Raises:
        Weak: it is short, among the commonest, a row of keys, a repetition, or made of what is known of its
            owner.

    """
    plain = _form(password).casefold()
    if len(plain) < SHORTEST:
        raise Weak("short")
    if len(password) > LONGEST:
        raise Weak("long")
    core = plain.strip("0123456789!?.,-_#*+$ ")
    if {plain, core, plain.translate(_LEET), core.translate(_LEET)} & _COMMON:
        raise Weak("common")
    if _is_repetition(plain) or _is_row(plain):
        raise Weak("pattern")
    known = [email, email.partition("@")[0], name, brand]
    if any(len(word) >= 4 and _mostly(plain, _form(word).casefold()) for word in known):
        raise Weak("known")


def _form(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _mostly(plain: str, word: str) -> bool:
    """Tell whether a password is little more than a word."""
    squeezed = word.replace(" ", "")
    return any(one in plain and len(plain) - len(one) < SHORTEST - 2 for one in (word, squeezed))


def _is_repetition(plain: str) -> bool:
    """Tell whether few signs come again and again: aaaaaaaaaa, abcabcabcabc."""
    return len(set(plain)) <= 3 or any(
        plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, len(plain) // 2 + 1)
    )


def _is_row(plain: str) -> bool:
    """Tell whether nearly all of it runs along a row of keys, or the alphabet, forwards or backwards."""
    rows = [row * 2 for row in _ROWS]
    pairs = {
        row[i : i + 2]
        for way in (rows, [row[::-1] for row in rows])
        for row in way
        for i in range(len(row) - 1)
    }
    steps = [plain[i : i + 2] in pairs for i in range(len(plain) - 1)]
    return sum(steps) >= 0.8 * len(steps)
