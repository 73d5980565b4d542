"""The Graph API: ``/graph/{version}/…`` for Instagram and WhatsApp, told apart by the id in the address."""

from __future__ import annotations

import hmac
from typing import Final

from aiohttp import web

from integrations.sandbox import requests
from integrations.sandbox.errors import GraphError, Json, bad_parameter, bad_token, unknown_object
from integrations.sandbox.http import json_answer, parameters, read_body, troubled
from integrations.sandbox.instagram import Instagram
from integrations.sandbox.limits import as_objects, as_text
from integrations.sandbox.media import size_of
from integrations.sandbox.stage import Stage
from integrations.sandbox.whatsapp import WhatsApp

_VERSION: Final = r"/graph/{version:v\d{1,2}\.\d}"


class GraphApi:
    """Routes and tokens; what is behind them, `Instagram` and `WhatsApp` know."""

    def __init__(self, stage: Stage, instagram: Instagram, whatsapp: WhatsApp) -> None:
        self._stage = stage
        self._instagram = instagram
        self._whatsapp = whatsapp

    def add_routes(self, app: web.Application) -> None:
        """Take over everything below ``/graph``, and what Meta thinks of the templates."""
        app.router.add_routes(
            [
                web.post(_VERSION + "/{id}/messages", self.messages),
                web.get(_VERSION + "/{id}/conversations", self.conversations),
                web.get(_VERSION + "/{id}/message_templates", self.templates),
                web.post("/api/template", self.judge_template),
                web.post(_VERSION + "/{id}/messenger_profile", self.messenger_profile),
                web.route("*", _VERSION + "/{id}/subscribed_apps", self.subscribed_apps),
                web.get(_VERSION + "/{id}", self.read_object),
                web.get("/graph/refresh_access_token", self.refresh),
            ]
        )

    async def messages(self, request: web.Request) -> web.Response:
        """``POST /{id}/messages``."""
        given = await _given(request)
        if self._is_whatsapp(request, given):
            return await self._whatsapp_message(request, given)
        if "sender_action" in given and "message" not in given:
            return json_answer(self._instagram.act(given))
        return await troubled(
            request,
            self._stage,
            lambda: self._instagram.send(given),
            broken=_temporary(),
            throttled=GraphError(
                613, "Calls to this api have exceeded the rate limit.", subcode=2534040, status=429
            ),
        )

    async def _whatsapp_message(self, request: web.Request, given: Json) -> web.Response:
        if given.get("messaging_product") != "whatsapp":
            raise bad_parameter("The parameter messaging_product is required.")
        if "status" in given:
            return json_answer(self._whatsapp.act(given))
        if given.get("type") == "reaction":
            return json_answer(self._whatsapp.react_as_shop(given))
        return await troubled(
            request,
            self._stage,
            lambda: self._whatsapp.send(given),
            broken=_temporary(),
            throttled=GraphError(
                130429, "Rate limit hit", details="Cloud API message throughput has been reached.", status=429
            ),
        )

    async def conversations(self, request: web.Request) -> web.Response:
        """``GET /{id}/conversations``."""
        self._instagram_only(request)
        asked = request.query
        limit = asked.get("limit", "25")
        if not (limit.isascii() and limit.isdigit() and 0 < int(limit) <= 100):
            raise bad_parameter("Param limit must be a number from 1 to 100.")
        fields, after = asked.get("fields", ""), asked.get("after", "")
        found = self._instagram.conversations(asked.get("user_id"), fields, limit=int(limit), after=after)
        return json_answer(found)

    async def refresh(self, request: web.Request) -> web.Response:
        """``GET /refresh_access_token``, which has no version: for tokens of Instagram Login."""
        self._require(request, *self._instagram.tokens)
        if request.query.get("grant_type") != "ig_refresh_token":
            raise bad_parameter("Param grant_type must be ig_refresh_token.")
        return json_answer(self._instagram.renew())

    async def templates(self, request: web.Request) -> web.Response:
        """``GET /{waba}/message_templates``, a page of them."""
        account = self._stage.settings.whatsapp
        self._require(request, account.access_token)
        if request.match_info["id"] != account.waba_id:
            raise unknown_object(request.match_info["id"])

        def address(after: str) -> str:
            return str(request.url.update_query(after=after))

        return json_answer(self._stage.templates.page(request.query, address))

    async def judge_template(self, request: web.Request) -> web.Response:
        """``POST /api/template``: Meta approves, rejects, pauses, disables or deletes one, or changes it."""
        body = await read_body(request, requests.TemplateChange)
        self._whatsapp.judge_template(
            body.name, body.language, body.status, reason=body.reason, body=body.body
        )
        return json_answer({"status": body.status})

    async def messenger_profile(self, request: web.Request) -> web.Response:
        """``POST /{id}/messenger_profile``: ice breakers, at most four, of the default locale."""
        given = await _given(request)
        self._instagram_only(request, given)
        sets = as_objects(given.get("ice_breakers"))
        offered = [item for entry in sets for item in (as_objects(entry.get("call_to_actions")) or [entry])]
        if len(offered) > 4:
            raise bad_parameter("Param ice_breakers must hold at most 4 items.")
        if any(not as_text(item.get("question")) or not as_text(item.get("payload")) for item in offered):
            raise bad_parameter("Each of ice_breakers needs a question and a payload.")
        self._instagram.ice_breakers = offered or self._instagram.ice_breakers
        return json_answer({"result": "success"})

    async def subscribed_apps(self, request: web.Request) -> web.Response:
        """``GET``, ``POST`` and ``DELETE /{id}/subscribed_apps``."""
        given = await _given(request)
        object_id = request.match_info["id"]
        if object_id == self._stage.settings.whatsapp.waba_id:
            self._require(request, self._stage.settings.whatsapp.access_token, given=given)
            return self._whatsapp_subscription(request.method)
        self._instagram_only(request, given)
        if request.method == "POST":
            fields = given.get("subscribed_fields", "")
            names = fields if isinstance(fields, list) else str(fields).split(",")
            self._instagram.subscribed = tuple(name.strip() for name in names if name.strip())
            if not self._instagram.subscribed:
                raise bad_parameter("Param subscribed_fields must name at least one field.")
            return json_answer({"success": True})
        if request.method == "DELETE":
            self._instagram.subscribed = ()
            return json_answer({"success": True})
        fields = list(self._instagram.subscribed)
        app = {"id": self._instagram.account.app_id, "subscribed_fields": fields}
        return json_answer({"data": [app] if fields else []})

    def _whatsapp_subscription(self, method: str) -> web.Response:
        if method in {"POST", "DELETE"}:
            self._whatsapp.subscribed = method == "POST"
            return json_answer({"success": True})
        app = {"whatsapp_business_api_data": {"id": self._instagram.account.app_id, "name": "Sandbox"}}
        return json_answer({"data": [app] if self._whatsapp.subscribed else []})

    async def read_object(self, request: web.Request) -> web.Response:
        """``GET /{id}``: the account itself, the number, a person, a conversation, a message or a file."""
        object_id = request.match_info["id"]
        number = self._stage.settings.whatsapp
        media = self._stage.world.media.get(object_id)
        if object_id == number.phone_number_id or media is not None:
            self._require(request, number.access_token)
            if media is not None:
                file = {"sha256": "c2FuZGJveA==", "id": object_id, **size_of(media["url"])}
                return json_answer({"messaging_product": "whatsapp", **media, **file})
            return json_answer(
                {
                    "id": number.phone_number_id,
                    "display_phone_number": number.number,
                    "verified_name": self._stage.settings.shop_name,
                    "quality_rating": "GREEN",
                }
            )
        account = self._instagram.account
        if _offered(request) == number.access_token:
            raise unknown_object(object_id)
        self._require(request, *self._instagram.tokens)
        if object_id in {"me", account.account_id}:
            me = {"id": account.account_id, "user_id": account.account_id, "username": account.handle}
            return json_answer({**me, "name": self._stage.settings.shop_name, "account_type": "BUSINESS"})
        thread = self._instagram.find_conversation(object_id)
        if thread is not None:
            return json_answer(self._instagram.conversation(thread, request.query.get("fields", "")))
        message = self._instagram.find_message(object_id)
        return json_answer(message if message is not None else self._instagram.profile(object_id))

    # -- who may

    def _is_whatsapp(self, request: web.Request, given: Json) -> bool:
        """Say whose id this is, once the token fits it."""
        object_id = request.match_info["id"]
        number = self._stage.settings.whatsapp
        if object_id == number.phone_number_id:
            self._require(request, number.access_token, given=given)
            return True
        self._instagram_only(request, given)
        return False

    def _instagram_only(self, request: web.Request, given: Json | None = None) -> None:
        account = self._instagram.account
        self._require(request, *self._instagram.tokens, given=given)
        if request.match_info["id"] not in {"me", account.account_id}:
            raise unknown_object(request.match_info["id"])

    @staticmethod
    def _require(request: web.Request, *tokens: str, given: Json | None = None) -> None:
        offered = _offered(request, given).encode()
        if not any(hmac.compare_digest(offered, token.encode()) for token in tokens):
            raise bad_token()


def _offered(request: web.Request, given: Json | None = None) -> str:
    offered = request.headers.get("Authorization", "").partition("Bearer")[2].strip()
    return offered or str((given or request.query).get("access_token", ""))


def _temporary() -> GraphError:
    return GraphError(2, "Service temporarily unavailable", status=500, transient=True)


async def _given(request: web.Request) -> Json:
    try:
        return await parameters(request)
    except ValueError:
        raise bad_parameter("The body is not a JSON object.") from None
