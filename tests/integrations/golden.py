"""What the adapters make of a webhook body, in a form short enough to keep beside the payloads."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.base import Parsed
from integrations.instagram import Instagram, InstagramSettings
from integrations.whatsapp import WhatsApp, WhatsAppSettings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
VENDORED = Path(__file__).parent / "payloads"
CAPTURED = Path(__file__).parents[3] / "shared" / "payloads"
"""A larger collection may lie beside the checkout; tests read it where it is, and do without elsewhere."""


def instagram(**changes: Any) -> Instagram:
    settings = InstagramSettings(
        app_secrets=("secret one", "secret two"),
        verify_token="let me in",
        access_token="IGtoken",
        account_id="17841402233445566",
        handle="lichtwerk",
        app_id="123456789",
    )
    return Instagram(dataclasses.replace(settings, **changes))


def whatsapp(**changes: Any) -> WhatsApp:
    settings = WhatsAppSettings(
        app_secrets=("secret one", "secret two"),
        verify_token="let me in",
        access_token="EAAtoken",
        phone_number_id="106540352242922",
        number="4930123456",
    )
    return WhatsApp(dataclasses.replace(settings, **changes))


def compact(parsed: Parsed) -> list[Any]:
    """Arrivals as objects without defaults, then what was ignored as strings."""
    rows: list[Any] = []
    for arrival in parsed.arrivals:
        row: dict[str, Any] = {"id": arrival.external_id, "at": arrival.at.isoformat()}
        if arrival.contact is not None:
            kept = shortened(arrival.contact)
            row["from"] = {name: kept[name] for name in kept if name not in {"channel", "account"}}
        if arrival.standby:
            row["standby"] = True
        rows.append({**row, arrival.event.kind: shortened(arrival.event)})
    return [*rows, *(f"ignored {one.kind}" for one in parsed.ignored)]


def shortened(value: Any) -> Any:
    """A dataclass as an object of what differs from the defaults."""
    if dataclasses.is_dataclass(value):
        named = {one.name: one for one in dataclasses.fields(value) if one.name != "kind"}
        return {
            name: shortened(getattr(value, name))
            for name, one in named.items()
            if getattr(value, name) != one.default
        }
    if isinstance(value, tuple):
        return [shortened(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value
