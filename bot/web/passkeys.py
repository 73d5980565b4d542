"""Passkeys (WebAuthn, level 3): to sign in without a password, and to add and remove them.

A passkey asks for the finger, the face or a PIN by itself, so it stands for both factors. The challenge lies
in a ticket that works once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import structlog
from aiohttp import web
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bot.web.access import APP, ME, allows, open_page, real_time, remember_session
from bot.web.auth import HOME
from bot.web.forms import line
from bot.web.pages import own_path, words
from bot.web.signing import (
    SESSION_SECONDS,
    Blocked,
    confirmed,
    device_of,
    own_address,
    rp_id_of,
    start_session,
)
from persistence.passkeys import NewPasskey
from persistence.sessions import Ticket

_log = structlog.get_logger(__name__)

_LASTS: Final = timedelta(minutes=5)
_ADD: Final = "passkey added"
_USE: Final = "passkey used"
_MOST: Final = 20
"""How many passkeys one account may have."""


def add_passkey_routes(site: web.Application) -> None:
    """Serve what the pages' script asks for."""
    site.router.add_post("/login/passkey/options", options_to_use)
    site.router.add_post("/login/passkey", use)
    site.router.add_post("/desk/me/passkeys/options", options_to_add)
    site.router.add_post("/desk/me/passkeys", add)


@open_page
async def options_to_use(request: web.Request) -> web.Response:
    """Return what the browser needs to ask for a passkey, whosever it will be."""
    rp_id = rp_id_of(request)
    if rp_id is None:
        return _no(request, "address")
    options = generate_authentication_options(
        rp_id=rp_id, user_verification=UserVerificationRequirement.REQUIRED
    )
    ticket = await _keep(request, _USE, None, options.challenge)
    return web.json_response({"options": options_to_json_dict(options), "ticket": ticket}, headers=_FRESH)


@open_page
async def use(request: web.Request) -> web.Response:
    """Sign in whoever the passkey belongs to."""
    told, app, now = await _json(request), request.app[APP], real_time(request.app[APP])
    ticket = await app.store.sessions.take_ticket(_USE, str(told.get("ticket", ""))[:100], now)
    credential = _credential(told)
    known = await app.store.passkeys.find(str(credential.get("id", ""))[:2000])
    account = None if known is None else await app.store.accounts.find(known.account_id)
    if ticket is None or known is None or account is None or account.disabled:
        return _no(request, "unknown")
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(ticket.data),
            expected_rp_id=rp_id_of(request) or "",
            expected_origin=own_address(request),
            credential_public_key=base64url_to_bytes(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever strangers' bytes do to the library, the answer is no
        _log.warning("passkey_refused", account=account.id, error=type(error).__name__)
        return _no(request, "unknown")
    if not await app.store.passkeys.used(known, verified.new_sign_count, now):
        return _no(request, "unknown")
    to = own_path(str(told.get("next", "")), HOME)
    answer = web.json_response({"to": to}, headers=_FRESH)
    remember_session(request, answer, await start_session(request, account, "passkey"), SESSION_SECONDS)
    return answer


@allows("viewer")
async def options_to_add(request: web.Request) -> web.Response:
    """Return what the browser needs to make a passkey, once the password has been given again."""
    told, app, me = await _json(request), request.app[APP], request[ME]
    rp_id = rp_id_of(request)
    if rp_id is None:
        return _no(request, "address")
    try:
        right = await confirmed(request, str(told.get("password", "")))
    except Blocked:
        return _no(request, "blocked", 429)
    if not right:
        return _no(request, "password")
    mine = await app.store.passkeys.of(me.id)
    if len(mine) >= _MOST:
        return _no(request, "many")
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=app.config.settings.brand.name,
        user_id=f"account:{me.id}".encode(),
        user_name=me.email,
        user_display_name=me.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in mine
        ],
    )
    ticket = await _keep(request, _ADD, me.id, options.challenge)
    return web.json_response({"options": options_to_json_dict(options), "ticket": ticket}, headers=_FRESH)


@allows("viewer")
async def add(request: web.Request) -> web.Response:
    """Keep a passkey that the browser has just made."""
    told, app, me = await _json(request), request.app[APP], request[ME]
    now = real_time(app)
    ticket = await app.store.sessions.take_ticket(_ADD, str(told.get("ticket", ""))[:100], now)
    if ticket is None or ticket.account_id != me.id:
        return _no(request, "slow")
    try:
        verified = verify_registration_response(
            credential=_credential(told),
            expected_challenge=base64url_to_bytes(ticket.data),
            expected_rp_id=rp_id_of(request) or "",
            expected_origin=own_address(request),
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever strangers' bytes do to the library, the answer is no
        _log.warning("passkey_not_added", account=me.id, error=type(error).__name__)
        return _no(request, "refused")
    new = NewPasskey(
        credential_id=bytes_to_base64url(verified.credential_id),
        public_key=bytes_to_base64url(verified.credential_public_key),
        sign_count=verified.sign_count,
        name=line(told, "name", 60) or device_of(request) or "Passkey",
    )
    if await app.store.passkeys.find(new.credential_id) is not None:
        return _no(request, "refused")
    await app.store.passkeys.add(me.id, new, now)
    return web.json_response({"to": "/desk/me?done=passkey#passkeys"}, headers=_FRESH)


_FRESH: Final = {"Cache-Control": "no-store"}


def _no(request: web.Request, reason: str, status: int = 422) -> web.Response:
    told = str(words(request)(f"auth.passkey.{reason}"))
    return web.json_response({"error": told}, status=status, headers=_FRESH)


async def _keep(request: web.Request, purpose: str, account_id: int | None, challenge: bytes) -> str:
    app = request.app[APP]
    ticket = Ticket(account_id, bytes_to_base64url(challenge))
    return await app.store.sessions.give_ticket(purpose, ticket, real_time(app), _LASTS)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        told = await request.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _credential(told: dict[str, Any]) -> dict[str, Any]:
    credential = told.get("credential")
    return credential if isinstance(credential, dict) else {}
