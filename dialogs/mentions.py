"""Whom a note of an agent mentions: ``@`` and a name, as colleagues write it."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["mentioned"]


def mentioned(text: str, names: Mapping[int, str]) -> tuple[int, ...]:
    """Return the accounts whose names stand behind an ``@``, in the order of the text, each once.

    ``names`` are the accounts' full names. The whole name counts, or a first name that only one of them has;
    small and capital letters are the same. An ``@`` inside a word, as in an address, mentions nobody, and of
    two names that fit the longer one is meant.
    """
    known = _known(names)
    if not known:
        return ()
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)@({'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
    found = (known.get(_plain(one[1])) for one in pattern.finditer(_plain(text)))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _known(names: Mapping[int, str]) -> dict[str, int]:
    """Return what each may be called by; what two would answer to calls nobody."""
    known: dict[str, int] = {}
    doubtful: set[str] = set()
    calls = [
        (call, account)
        for account, name in sorted(names.items())
        for call in dict.fromkeys((_plain(name), *_plain(name).split(" ")[:1]))
        if call
    ]
    for call, account in calls:
        if known.setdefault(call, account) != account:
            doubtful.add(call)
    return {call: account for call, account in known.items() if call not in doubtful}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
