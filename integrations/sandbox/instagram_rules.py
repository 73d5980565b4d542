"""What Instagram accepts: the limits of its Send API with its own codes. Pure.

Sources: the Send API, quick-reply, button-template, generic-template and error-code pages of Meta's Instagram
messaging documentation. Error texts follow the form "(#100) Length of param …"; only codes are a promise.
"""

from __future__ import annotations

from typing import Final

from integrations.sandbox.errors import GraphError, Json, bad_parameter
from integrations.sandbox.limits import as_object, as_objects, as_text, button, is_web_address
from integrations.sandbox.world import Content

TEXT_BYTES: Final = 1000
QUICK_REPLIES: Final = 13
TITLE: Final = 20
PAYLOAD: Final = 1000
TEMPLATE_TEXT: Final = 640
TEMPLATE_BUTTONS: Final = 3
CARDS: Final = 10
CARD_TEXT: Final = 80
IMAGES: Final = 10
MEDIA: Final = frozenset({"image", "video", "audio", "file"})
ACTIONS: Final = frozenset({"typing_on", "typing_off", "mark_seen", "react", "unreact"})
REMOVED_TAGS: Final = frozenset({"CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"})


def check_envelope(body: Json) -> None:
    """Refuse what is wrong about a send before its content is looked at.

    Raises:
        GraphError: 100, with Meta's subcode where it has one.

    """
    recipient = as_object(body.get("recipient"))
    if "comment_id" in recipient:
        raise bad_parameter("The comment is invalid or was already replied to.", subcode=2534025)
    if not as_text(recipient.get("id")):
        raise bad_parameter("Param recipient[id] must be a string id.")
    if "message" in body and "sender_action" in body:
        raise bad_parameter("Only one of message and sender_action may be set.", subcode=2018014)
    if "message" not in body and "sender_action" not in body:
        raise bad_parameter("One of message and sender_action must be set.")
    kind = body.get("messaging_type")
    if kind not in {None, "RESPONSE", "UPDATE", "MESSAGE_TAG"}:
        raise bad_parameter("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}.")
    tag = body.get("tag")
    if tag in REMOVED_TAGS:
        raise bad_parameter(f"The tag {tag} is no longer supported.")
    if (kind == "MESSAGE_TAG" and tag is None) or tag not in {None, "HUMAN_AGENT"}:
        raise bad_parameter("Param tag must be one of {HUMAN_AGENT}.")


def read_action(body: Json) -> str:
    """Return the sender action.

    Raises:
        GraphError: 100, there is none such.

    """
    action = as_text(body.get("sender_action"))
    if action not in ACTIONS:
        raise bad_parameter(f"Param sender_action must be one of {{{', '.join(sorted(ACTIONS))}}}.")
    return action


def read_message(message: Json) -> Content:
    """Return what a ``message`` shows.

    Raises:
        GraphError: 100, it is not within the limits.

    """
    text = as_text(message.get("text"))
    attachments = as_objects(message.get("attachments"))
    attachment = as_object(message.get("attachment"))
    if attachment:
        attachments = [attachment, *attachments]
    if text and attachments:
        raise bad_parameter("Only one of message[text] and message[attachment] may be set.")
    if not text and not attachments:
        raise bad_parameter("Param message must hold a text or an attachment.")
    if len(text.encode()) > TEXT_BYTES:
        raise bad_parameter(f"Length of param message[text] must be less than or equal to {TEXT_BYTES}")
    content = _attached(attachments) if attachments else Content("text", text)
    replies = _quick_replies(message)
    reply_to = as_text(as_object(message.get("reply_to")).get("mid")) or None
    return Content(
        "quick_replies" if replies and content.style == "text" else content.style,
        content.text,
        buttons=content.buttons or replies,
        media=content.media,
        cards=content.cards,
        reply_to=reply_to,
    )


def _quick_replies(message: Json) -> tuple[Json, ...]:
    given = message.get("quick_replies")
    if given is None:
        return ()
    replies = as_objects(given)
    if not 1 <= len(replies) <= QUICK_REPLIES:
        raise bad_parameter(f"Param message[quick_replies] must hold 1 to {QUICK_REPLIES} items.")
    for reply in replies:
        # user_phone_number and user_email were switched off on 2026-10-05.
        if reply.get("content_type") != "text":
            raise bad_parameter("Param message[quick_replies][content_type] must be text.")
        _check_label(reply.get("title"), reply.get("payload"), "message[quick_replies]")
    return tuple(button(reply["payload"], reply["title"]) for reply in replies)


def _check_label(title: object, payload: object, where: str) -> None:
    if not 1 <= len(as_text(title)) <= TITLE:
        raise bad_parameter(f"Length of param {where}[title] must be between 1 and {TITLE}")
    if not 1 <= len(as_text(payload)) <= PAYLOAD:
        raise bad_parameter(f"Length of param {where}[payload] must be between 1 and {PAYLOAD}")


def _attached(attachments: list[Json]) -> Content:
    first = attachments[0]
    kind = as_text(first.get("type"))
    payload = as_object(first.get("payload"))
    if len(attachments) > 1:
        if any(item.get("type") != "image" for item in attachments) or len(attachments) > IMAGES:
            raise bad_parameter(f"Only images may travel together, at most {IMAGES}.", subcode=2018047)
        for item in attachments:
            _check_file(as_object(item.get("payload")))
    if kind == "like_heart":
        return Content("sticker", "❤️")
    if kind == "MEDIA_SHARE":
        return Content("media", media={"type": "image", "url": "", "caption": as_text(payload.get("id"))})
    if kind == "template":
        return _template(payload)
    if kind not in MEDIA:
        raise bad_parameter("Param message[attachment][type] is not a type that may be sent.")
    _check_file(payload)
    shown = "document" if kind == "file" else kind
    return Content("media", media={"type": shown, "url": payload["url"], "caption": ""})


def _check_file(payload: Json) -> None:
    if not payload.get("attachment_id") and not is_web_address(payload.get("url")):
        raise GraphError(100, "Failed to fetch the file from the url.", subcode=2018008)


def _template(payload: Json) -> Content:
    kind = payload.get("template_type")
    if kind == "button":
        text = as_text(payload.get("text"))
        if not 1 <= len(text) <= TEMPLATE_TEXT:
            raise bad_parameter(f"Length of param payload[text] must be between 1 and {TEMPLATE_TEXT}")
        buttons = _buttons(payload.get("buttons"), least=1)
        return Content("buttons", text, buttons=buttons)
    if kind == "generic":
        elements = as_objects(payload.get("elements"))
        if not 1 <= len(elements) <= CARDS:
            raise bad_parameter(f"Param payload[elements] must hold 1 to {CARDS} items.")
        return Content("cards", cards=tuple(_card(element) for element in elements))
    raise bad_parameter("Param payload[template_type] must be one of {button, generic}.")


def _card(element: Json) -> Json:
    title, subtitle = as_text(element.get("title")), as_text(element.get("subtitle"))
    image = as_text(element.get("image_url")) or None
    if not 1 <= len(title) <= CARD_TEXT:
        raise bad_parameter(f"Length of param elements[title] must be between 1 and {CARD_TEXT}")
    if len(subtitle) > CARD_TEXT:
        raise bad_parameter(f"Length of param elements[subtitle] must be less than or equal to {CARD_TEXT}")
    if image is not None and not is_web_address(image):
        raise bad_parameter("Failed to fetch the file from the url.", subcode=2018008)
    buttons = _buttons(element.get("buttons"), least=0)
    if not subtitle and image is None and not buttons:
        raise bad_parameter("An element needs a subtitle, an image or a button beside its title.")
    return {"title": title, "subtitle": subtitle, "image_url": image, "buttons": list(buttons)}


def _buttons(given: object, *, least: int) -> tuple[Json, ...]:
    buttons = as_objects(given)
    if not least <= len(buttons) <= TEMPLATE_BUTTONS:
        raise bad_parameter(f"Param buttons must hold {least} to {TEMPLATE_BUTTONS} items.")
    return tuple(_button(item) for item in buttons)


def _button(item: Json) -> Json:
    if item.get("type") == "web_url":
        if not is_web_address(item.get("url")):
            raise bad_parameter("Param buttons[url] must be a web address.")
        _check_label(item.get("title"), "-", "buttons")
        return button("", item["title"], url=item["url"])
    if item.get("type") != "postback":
        raise bad_parameter("Param buttons[type] must be one of {web_url, postback}.")
    _check_label(item.get("title"), item.get("payload"), "buttons")
    return button(item["payload"], item["title"])
