"""Outgoing messages in the shapes of Instagram's Send API; limits were kept by whoever rendered them.

Source of the shapes: Instagram messaging, "Send messages", "Quick replies", "Button template", "Generic
template", "Human agent".
"""

from __future__ import annotations

from typing import Final

from dialogs.messages import Button, Link, OutCard, Outgoing
from integrations.base import Refused
from integrations.meta import JsonObject

_MEDIA: Final = {"image": "image", "video": "video", "audio": "audio", "document": "file"}


def body_of(address: str, outgoing: Outgoing, *, agent_tag: bool) -> JsonObject:
    """Return the request body for one message to the person with the id ``address``.

    Raises:
        Refused: Instagram knows no such message (a template, a list, a text that rides along with media).

    """
    # The human-agent tag opens seven days for replies that a person typed; all else answers within 24 hours.
    kind = (
        {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        if agent_tag
        else {"messaging_type": "RESPONSE"}
    )
    return {"recipient": {"id": address}, **kind, "message": _message(outgoing)}


def _message(outgoing: Outgoing) -> JsonObject:
    if outgoing.template is not None:
        raise Refused("Instagram has no templates; this message cannot be sent there.")
    match outgoing.style:
        case "text":
            return {"text": outgoing.text}
        case "quick_replies":
            return {"text": outgoing.text, "quick_replies": [_quick_reply(one) for one in outgoing.buttons]}
        case "buttons" | "link":
            buttons = [_postback(one) for one in outgoing.buttons]
            if outgoing.link is not None:
                buttons.append(_web_url(outgoing.link))
            return _template({"template_type": "button", "text": outgoing.text, "buttons": buttons})
        case "cards" if not outgoing.text:
            elements = [_element(card) for card in outgoing.cards]
            return _template({"template_type": "generic", "elements": elements})
        case "media" if outgoing.picture is not None and not outgoing.text:
            picture = outgoing.picture
            return {"attachment": {"type": _MEDIA[picture.type], "payload": {"url": picture.url}}}
        case _:
            raise Refused(
                f"Instagram cannot send a message of the style `{outgoing.style}` in this form; "
                "text must go in a message of its own."
            )


def _template(payload: JsonObject) -> JsonObject:
    return {"attachment": {"type": "template", "payload": payload}}


def _quick_reply(button: Button) -> JsonObject:
    return {"content_type": "text", "title": button.title, "payload": button.payload}


def _postback(button: Button) -> JsonObject:
    return {"type": "postback", "title": button.title, "payload": button.payload}


def _web_url(link: Link) -> JsonObject:
    return {"type": "web_url", "title": link.title, "url": link.url}


def _element(card: OutCard) -> JsonObject:
    buttons = [_postback(one) for one in card.buttons]
    if card.link is not None:
        buttons.append(_web_url(card.link))
    element: JsonObject = {"title": card.title}
    if card.subtitle:
        element["subtitle"] = card.subtitle
    if card.image_url:
        element["image_url"] = card.image_url
    if buttons:
        element["buttons"] = buttons
    return element
