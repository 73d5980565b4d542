"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes when the phone is gone."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from datetime import datetime
from typing import Final

import pyotp
import segno

from bot.sealing import Seal, Unreadable
from persistence.accounts import Accounts, Credentials

RECOVERY_CODES: Final = 10
_STEP_SECONDS: Final = 30
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for each other."""


class SecondFactor:
    """Makes and checks codes. ``secret`` is the shop's; a key of its own is derived from it."""

    def __init__(self, secret: bytes) -> None:
        """Seal with ``secret``."""
        self._seal = Seal(secret, "second factor")
        self._key = hmac.digest(secret, b"nachklang: recovery codes, first form", hashlib.sha256)

    def new_secret(self) -> str:
        """Return a fresh secret, in base32."""
        return pyotp.random_base32()

    def seal(self, secret: str, account_id: int) -> str:
        """Return a secret as it may be kept."""
        return self._seal.close(secret, f"account:{account_id}")

    def unseal(self, sealed: str, account_id: int) -> str:
        """Return a secret that was sealed for this account.

        Raises:
            Unreadable: it was sealed with another shop's secret.

        """
        return self._seal.open(sealed, f"account:{account_id}")

    def step_of(self, secret: str, code: str, now: datetime) -> int | None:
        """Return the time step that a code belongs to: this one or the one before or after, else None."""
        digits = "".join(sign for sign in code if not sign.isspace())
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
            return None
        totp = pyotp.TOTP(secret, interval=_STEP_SECONDS)
        step = int(now.timestamp()) // _STEP_SECONDS
        fitting = [
            one for one in (step - 1, step, step + 1) if hmac.compare_digest(totp.generate_otp(one), digits)
        ]
        return max(fitting) if fitting else None

    async def passes(self, accounts: Accounts, who: Credentials, code: str, now: datetime) -> bool:
        """Check a code of the app, or a recovery code, and use it up."""
        if who.totp is None:
            return False
        try:
            secret = self.unseal(who.totp, who.account.id)
        except Unreadable:
            step = None  # the shop has another secret now; recovery codes have gone with it
        else:
            step = self.step_of(secret, code, now)
        if step is not None:
            return await accounts.use_step(who.account.id, step)
        return await accounts.use_code(who.account.id, self.hash_code(code), now)

    def new_codes(self) -> list[str]:
        """Return fresh recovery codes, as they are shown once."""
        return [
            "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
            for _ in range(RECOVERY_CODES)
        ]

    def hash_code(self, code: str) -> str:
        """Return a recovery code as it is kept, however it was typed."""
        plain = "".join(sign for sign in code.lower() if sign in _ALPHABET)
        return hmac.digest(self._key, plain.encode(), hashlib.sha256).hex()


def qr_code(secret: str, email: str, brand: str) -> str:
    """Return an SVG that authenticator apps read: no style inside, so that no page must allow any."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=brand.replace(":", " "))
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=True,
        border=4,
        scale=5,
        dark="#000",
        light="#fff",
        omitsize=False,
    )
    return out.getvalue().decode()
