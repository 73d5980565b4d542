"""Outgoing messages in the shapes of the WhatsApp Cloud API; limits were kept by whoever rendered them.

Source of the shapes: WhatsApp Cloud API, "Send messages" (text, media, interactive reply buttons, lists, call
to action URL), "Template messages", "Typing indicators", "Business-scoped user IDs".
"""

from __future__ import annotations

from dialogs.messages import Button, Outgoing, Picture, Template
from integrations.base import Refused
from integrations.meta import JsonObject
from integrations.whatsapp_inbound import is_user_id


def body_of(address: str, outgoing: Outgoing, *, reference: str) -> JsonObject:
    """Return the request body for one message to a number (digits) or a business-scoped user id.

    Raises:
        Refused: WhatsApp knows no such message (a carousel, a list without rows).

    """
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(address),
        **_content(outgoing),
        "biz_opaque_callback_data": reference,
    }


def seen_body(message_id: str, *, typing: bool) -> JsonObject:
    """Return the one request that marks a message as read and may show the typing bubble for up to 25 s."""
    body: JsonObject = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    return {**body, "typing_indicator": {"type": "text"}} if typing else body


def _recipient(address: str) -> JsonObject:
    # A user id in `to` is dropped in silence; a number without plus gets our own country's code in front.
    number = address.removeprefix("+")
    return {"recipient": address} if is_user_id(number) else {"to": f"+{number}"}


def _content(outgoing: Outgoing) -> JsonObject:
    if outgoing.template is not None:
        return {"type": "template", "template": _template(outgoing.template)}
    match outgoing.style:
        case "text":
            return _text(outgoing.text)
        case "buttons" | "quick_replies" if outgoing.buttons:
            action: JsonObject = {"buttons": [_reply(one) for one in outgoing.buttons]}
            return _interactive("button", outgoing, action)
        case "list" if outgoing.buttons:
            rows = [_row(one) for one in outgoing.buttons]
            return _interactive(
                "list", outgoing, {"button": outgoing.list_label, "sections": [{"rows": rows}]}
            )
        case "link" if outgoing.link is not None:
            parameters = {"display_text": outgoing.link.title, "url": outgoing.link.url}
            return _interactive("cta_url", outgoing, {"name": "cta_url", "parameters": parameters})
        case "media" if outgoing.picture is not None:
            return _media(outgoing.picture, outgoing.text)
        case _:
            raise Refused(f"WhatsApp cannot send a message of the style `{outgoing.style}` in this form.")


def _text(body: str) -> JsonObject:
    with_link = "https://" in body or "http://" in body
    return {"type": "text", "text": {"body": body, "preview_url": with_link}}


def _media(picture: Picture, caption: str) -> JsonObject:
    if picture.type == "audio" and caption:
        # A voice message carries no words; they must not be lost, so the address goes with them.
        return _text(f"{caption}\n{picture.url}")
    content = _linked(picture)
    if caption:
        content["caption"] = caption
    return {"type": picture.type, picture.type: content}


def _linked(picture: Picture) -> JsonObject:
    content: JsonObject = {"link": picture.url}
    if picture.type == "document" and picture.alt:
        content["filename"] = picture.alt
    return content


def _interactive(kind: str, outgoing: Outgoing, action: JsonObject) -> JsonObject:
    interactive: JsonObject = {"type": kind, "body": {"text": outgoing.text}, "action": action}
    picture = outgoing.picture
    # Lists take a text header only; sound fits into none.
    if picture is not None and kind != "list" and picture.type != "audio":
        interactive["header"] = {"type": picture.type, picture.type: _linked(picture)}
    return {"type": "interactive", "interactive": interactive}


def _reply(button: Button) -> JsonObject:
    return {"type": "reply", "reply": {"id": button.payload, "title": button.title}}


def _row(button: Button) -> JsonObject:
    row = {"id": button.payload, "title": button.title}
    return {**row, "description": button.description} if button.description else row


def _template(template: Template) -> JsonObject:
    """Return the template: body parameters by position, quick replies first, URL buttons behind them."""
    components: list[JsonObject] = []
    if template.parameters:
        filled = [{"type": "text", "text": one} for one in template.parameters]
        components.append({"type": "body", "parameters": filled})
    buttons = [("quick_reply", {"type": "payload", "payload": one}) for one in template.payloads]
    buttons += [("url", {"type": "text", "text": one}) for one in template.url_suffixes]
    components += [
        {"type": "button", "sub_type": kind, "index": str(position), "parameters": [parameter]}
        for position, (kind, parameter) in enumerate(buttons)
    ]
    content: JsonObject = {"name": template.name, "language": {"code": template.language}}
    return {**content, "components": components} if components else content
