"""Secrets that must be read again: sealed with a key that is derived from the shop's secret.

Whoever has the database alone can neither read nor change them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Unreadable(Exception):
    """What was sealed cannot be opened: the shop's secret is another one now, or it was tampered with."""


class Seal:
    """Seals and opens for one purpose; what was sealed for another does not open."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        """Derive the key of ``purpose``."""
        self._cipher = AESGCM(hmac.digest(secret, f"nachklang: {purpose}, sealed".encode(), hashlib.sha256))

    def close(self, plain: str, owner: str) -> str:
        """Return ``plain`` sealed; it opens for the same ``owner`` only."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, plain.encode(), owner.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, owner: str) -> str:
        """Return what was sealed.

        Raises:
            Unreadable: it cannot be opened.

        """
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], owner.encode()).decode()
        except (ValueError, InvalidTag) as error:
            raise Unreadable("sealed with another secret") from error
