"""The secret that signs sessions and entry links: the owner's, or one that the shop's database keeps."""

from __future__ import annotations

import secrets
from typing import Final

from bot.config import Config, ConfigError
from persistence.once import remember_once
from persistence.store import Store

_KEY: Final = "secret"
_SHORTEST: Final = 8


async def signing_secret(config: Config, store: Store) -> bytes:
    """Return ``NACHKLANG_SECRET``; where it is not set, a random one, made once and kept in the store.

    Every process and every restart gets the same bytes. Who sets another secret later makes all links and
    sessions of the earlier one worthless.

    Raises:
        ConfigError: ``NACHKLANG_SECRET`` is shorter than 8 characters.

    """
    chosen = config.environment.nachklang_secret
    if chosen is not None:
        text = chosen.get_secret_value()
        if len(text) < _SHORTEST:
            raise ConfigError(
                f"environment: NACHKLANG_SECRET is too short to sign with ({len(text)} characters). "
                "Make one with `openssl rand -hex 32`, or unset it."
            )
        return text.encode()
    known = await store.recall(_KEY)
    return (known or await remember_once(store.database, _KEY, secrets.token_hex(32))).encode()
