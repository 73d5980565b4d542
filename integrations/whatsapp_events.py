"""WhatsApp's webhook changes as domain events: what comes for one number, and news about the account.

Sources: WhatsApp Cloud API, webhook reference (statuses, user_preferences, smb_message_echoes, the account's
and the templates' fields).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

from dialogs.messages import Arrival, Delivery, Echo, Notice, Preference, Receipt
from integrations.base import Ignored, Parsed
from integrations.meta import (
    Item,
    JsonObject,
    Outcome,
    branch,
    branches,
    digest,
    flat,
    guarded,
    key,
    read_envelope,
    text,
    unknown,
    word,
)
from integrations.whatsapp_inbound import SOURCE, Scene, identity, ids, read_message, said

_OBJECTS: Final = frozenset({"whatsapp_business_account"})
_NOTICES: Final = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "business_capability_update",
        "business_status_update",
        "business_username_update",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_category_update",
        "template_correct_category_detection",
    }
)
_LEFT_ALONE: Final = {
    "automatic_events": "events for advertising are not used",
    "calls": "calls are not answered",
    "flows": "the health of forms is watched in Meta's dashboard",
    "history": "the past of a number that came over from the app",
    "messaging_handovers": "the platform's own agent is not used",
    "partner_solutions": "news for solution partners",
    "smb_app_state_sync": "the address book of a number that came over from the app",
    "tracking_events": "events for advertising are not used",
}
_STATUSES: Final[dict[str, Delivery]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # a voice message that was listened to
    "failed": "failed",
}
_ALLOWED: Final = {"stop": False, "resume": True, "signup": True}


def read(payload: JsonObject, account: str, now: datetime) -> Parsed:
    """Translate a loaded webhook body for the number with the id ``account``."""
    return read_envelope(payload, _OBJECTS, lambda item: _read_item(item, account, now))


def _read_item(item: Item, account: str, now: datetime) -> Iterable[Outcome]:
    value, field = item.value, item.field
    number = word(branch(value.get("metadata")).get("phone_number_id"))
    if item.origin != "change":
        return [unknown({item.origin: None})]
    if number and number != account:
        return [Ignored("foreign_account", "the webhook is for another phone number of the business")]
    if field in _LEFT_ALONE:
        return [Ignored(field, _LEFT_ALONE[field])]
    if field.startswith("group_") or "groups" in value:
        return [Ignored("group", "groups are not answered")]
    scene = Scene(item, account, now)
    if field in _NOTICES or (not field and "event" in value):
        return [_notice(scene, field or "account_update", value)]
    outcomes = _contents(scene)
    # There the platform's own agent holds the conversation: its course is kept, not answered.
    return map(_in_standby, outcomes) if field == "standby" else outcomes


def _in_standby(outcome: Outcome) -> Outcome:
    return replace(outcome, standby=True) if isinstance(outcome, Arrival) else outcome


def _contents(scene: Scene) -> Iterable[Outcome]:
    value, field = scene.item.value, scene.item.field
    present = [name for name in _READERS if name in value]
    if not present:
        yield unknown({field: None} if field else value)
    for name in present:
        for piece in value[name] if isinstance(value[name], list) else [value[name]]:
            if isinstance(piece, dict):
                yield from guarded(partial(_READERS[name], scene), piece)
            else:
                yield Ignored("broken", f"a piece of `{name}` is no object")


def _status(scene: Scene, status: JsonObject) -> Iterable[Outcome]:
    message_id, reached = word(status.get("id")), word(status.get("status"))
    delivery = _STATUSES.get(reached)
    if delivery is None or not message_id:
        return [
            Ignored(f"status:{reached[:40] or 'nothing'}", "this status is not known, or names no message")
        ]
    participant = word(status.get("recipient_participant_id"))
    to_group = word(status.get("recipient_type")) == "group"
    named = ids(
        participant or ("" if to_group else status.get("recipient_id")), status.get("recipient_user_id")
    )
    error = next(iter(branches(status.get("errors"))), {})
    pricing = branch(status.get("pricing"))
    receipt = Receipt(
        message_id,
        delivery,
        reference=text(status.get("biz_opaque_callback_data")) or None,
        code=word(error.get("code")) or None,
        detail=_detail(error) or None,
        price_category=word(pricing.get("category")) or None,
        price_type=word(pricing.get("type")) or None,
    )
    external_id = key(message_id, reached, participant) if participant else key(message_id, reached)
    at = scene.at(status.get("timestamp"))
    return [Arrival(SOURCE, external_id, at, receipt, scene.contact(named))]


def _detail(error: JsonObject) -> str:
    details = text(branch(error.get("error_data")).get("details"))
    return (details or text(error.get("message")) or text(error.get("title")))[:500]


def _echo(scene: Scene, message: JsonObject) -> Iterable[Outcome]:
    """Translate what a person typed in the WhatsApp Business app, on a number that lives in both places."""
    kind = word(message.get("type"))
    if kind in {"edit", "revoke"}:
        return [Ignored(f"echo:{kind}", "the shop changed a message of its own")]
    contact = scene.contact(ids(message.get("to"), message.get("to_user_id")))
    if contact is None:
        return [Ignored("no_sender", "an echo that does not say to whom")]
    event = Echo(identity(message), said(message))
    return [Arrival(SOURCE, identity(message), scene.at(message.get("timestamp")), event, contact)]


def _preference(scene: Scene, preference: JsonObject) -> Iterable[Outcome]:
    contact = scene.contact(ids(preference.get("wa_id"), preference.get("user_id")))
    topic, value = word(preference.get("category")), word(preference.get("value"))
    if contact is None or value not in _ALLOWED:
        return [
            Ignored(f"preference:{value[:40] or 'nothing'}", "this preference is not known, or is nobody's")
        ]
    stamp = preference.get("timestamp")  # here an integer
    external_id = key(contact.ids[0], topic, value, stamp)
    event = Preference(topic or "marketing_messages", _ALLOWED[value])
    return [Arrival(SOURCE, external_id, scene.at(stamp), event, contact)]


def _error(scene: Scene, error: JsonObject) -> Iterable[Outcome]:
    """Translate an error about the number as such. It has neither id nor time: one a day is told."""
    told = {"code": word(error.get("code")), "title": text(error.get("title")), "detail": _detail(error)}
    when = word(scene.item.entry_time) or scene.now.date().isoformat()
    external_id = key("errors", scene.item.entry_id, when, digest(error))
    event = Notice("errors", {name: value for name, value in told.items() if value})
    return [Arrival(SOURCE, external_id, scene.at(None), event)]


def _notice(scene: Scene, topic: str, value: JsonObject) -> Arrival:
    external_id = key(topic, scene.item.entry_id, scene.item.entry_time, digest(value))
    return Arrival(SOURCE, external_id, scene.at(None), Notice(topic, flat(value)))


_Reader: TypeAlias = Callable[[Scene, JsonObject], Iterable[Outcome]]
_READERS: Final[dict[str, _Reader]] = {
    "messages": read_message,
    "statuses": _status,
    "message_echoes": _echo,
    "user_preferences": _preference,
    "errors": _error,
}
