"""How the platforms say no: their own codes in their own JSON, and the sentences of the sandbox's own API."""

from __future__ import annotations

import secrets
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class Complaint(Exception):
    """A request to the sandbox's own API that makes no sense; ``status`` is 400 or 404."""

    def __init__(self, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class PlatformError(Exception):
    """What a platform refuses: the HTTP status and the platform's own JSON."""

    def __init__(self, message: str, *, status: int, body: Json) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class GraphError(PlatformError):
    """A refusal of the Graph API (Instagram and WhatsApp): ``{"error": {…}}``."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        details: str | None = None,
        status: int = 400,
        transient: bool = False,
    ) -> None:
        self.code = code
        self.subcode = subcode
        error: Json = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
        if subcode is not None:
            error["error_subcode"] = subcode
        if transient:
            error["is_transient"] = True
        if details is not None:
            error["error_data"] = {"messaging_product": "whatsapp", "details": details}
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
        super().__init__(message, status=status, body={"error": error})


class BotApiError(PlatformError):
    """A refusal of the Telegram Bot API; the HTTP status equals its ``error_code``."""

    def __init__(self, status: int, description: str, *, retry_after: int | None = None) -> None:
        body: Json = {"ok": False, "error_code": status, "description": description}
        if retry_after is not None:
            body["parameters"] = {"retry_after": retry_after}
        super().__init__(description, status=status, body=body)


def bad_token() -> GraphError:
    """190: the bearer token is missing, wrong or has run out."""
    return GraphError(190, "Invalid OAuth access token - Cannot parse access token", status=401)


def bad_parameter(message: str, *, subcode: int | None = None) -> GraphError:
    """100: a parameter is missing or out of its limits."""
    return GraphError(100, message, subcode=subcode)


def unknown_object(object_id: str) -> GraphError:
    """100/33: the address names nothing that this token may see."""
    return GraphError(
        100,
        f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation.",
        subcode=33,
    )


def invalid_value(details: str) -> GraphError:
    """131009: WhatsApp's answer to a value out of its limits."""
    return GraphError(131009, "Parameter value is not valid", details=details)


def missing_value(details: str) -> GraphError:
    """131008: WhatsApp's answer to a parameter that is not there."""
    return GraphError(131008, "Required parameter is missing", details=details)
