"""Webhooks as the platforms and shops would sign them with the secrets of `serving.LIVE`."""

import base64
import hashlib
import hmac
import time
from typing import Any

import orjson

from tests.bot.serving import LIVE

SECRETS = {
    "instagram": "instagram secret",
    "whatsapp": "whatsapp secret",
    "telegram": "telegram-secret",
    "shopify": "shopify secret",
    "orders": "orders secret",
}
MILLIS = time.time_ns() // 1_000_000
"""When people write: now, or the messaging window would be closed already."""
SECONDS = MILLIS // 1000


def sign(source: str, body: bytes, secret: str | None = None) -> dict[str, str]:
    """Headers with which a source's webhook is genuine, or would be with another secret."""
    key = (SECRETS[source] if secret is None else secret).encode()
    digest = hmac.digest(key, body, hashlib.sha256)
    match source:
        case "telegram":
            return {"X-Telegram-Bot-Api-Secret-Token": key.decode()}
        case "shopify":
            return {
                "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
                "X-Shopify-Topic": "orders/paid",
                "X-Shopify-Webhook-Id": f"delivery-{digest.hex()[:12]}",
            }
        case "orders":
            return {"X-Signature-256": f"sha256={digest.hex()}"}
        case _:
            return {"X-Hub-Signature-256": f"sha256={digest.hex()}"}


def instagram(*items: dict[str, Any], **entry: Any) -> bytes:
    """A webhook of the shop's Instagram account with these items."""
    whole = {"id": LIVE["INSTAGRAM_ACCOUNT_ID"], "time": MILLIS, "messaging": list(items), **entry}
    return orjson.dumps({"object": "instagram", "entry": [whole]})


def instagram_item(message_id: str, text: str, person: str = "anna", after: int = 0) -> dict[str, Any]:
    """One text of a person."""
    return {
        "sender": {"id": person},
        "recipient": {"id": LIVE["INSTAGRAM_ACCOUNT_ID"]},
        "timestamp": MILLIS + after,
        "message": {"mid": message_id, "text": text},
    }


def instagram_text(message_id: str, text: str, person: str = "anna") -> bytes:
    """A webhook with one text."""
    return instagram(instagram_item(message_id, text, person))


def whatsapp(*messages: dict[str, Any], field: str = "messages", **value: Any) -> bytes:
    """A webhook of the shop's WhatsApp number with these messages."""
    whole: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "493023125042",
            "phone_number_id": LIVE["WHATSAPP_PHONE_NUMBER_ID"],
        },
        **value,
    }
    if messages:
        whole["messages"] = list(messages)
    change = {"field": field, "value": whole}
    return orjson.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "1022", "changes": [change]}]}
    )


def whatsapp_message(message_id: str, text: str, number: str = "491701234567") -> dict[str, Any]:
    """One text of a person."""
    return {
        "from": number,
        "id": message_id,
        "timestamp": str(SECONDS),
        "type": "text",
        "text": {"body": text},
    }


def telegram_text(update: int, text: str, person: int = 77, name: str = "Anna") -> bytes:
    """An update with one text."""
    chat = {"id": person, "type": "private", "first_name": name}
    return orjson.dumps(
        {
            "update_id": update,
            "message": {
                "message_id": update,
                "date": SECONDS,
                "chat": chat,
                "from": {"id": person, "is_bot": False, "first_name": name, "language_code": "de"},
                "text": text,
            },
        }
    )


def order(order_id: str = "1001", event: str = "order.paid", delivery: str = "d-1", **buyer: Any) -> bytes:
    """One event of the generic order feed."""
    return orjson.dumps(
        {
            "event": event,
            "id": delivery,
            "at": "2026-11-21T10:00:00Z",
            "order": {
                "id": order_id,
                "number": order_id,
                "currency": "EUR",
                "total": "89.00",
                "placed_at": "2026-11-21T09:58:00Z",
                "buyer": {"name": "Anna", "language": "de", **buyer},
                "items": [{"sku": "HM-01", "title": "Handmühle", "quantity": 1, "price": "89.00"}],
            },
        }
    )


def shopify_order(number: int = 5001, **more: Any) -> bytes:
    """An order as Shopify describes it, cut to what matters here."""
    return orjson.dumps(
        {
            "id": number,
            "name": f"#{number}",
            "currency": "EUR",
            "total_price": "89.00",
            "created_at": "2026-11-21T10:58:00+01:00",
            "updated_at": "2026-11-21T10:59:00+01:00",
            "line_items": [{"id": 1, "sku": "HM-01", "title": "Handmühle", "quantity": 1, "price": "89.00"}],
            **more,
        }
    )
