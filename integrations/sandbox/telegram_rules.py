"""What Telegram accepts: the limits of the Bot API with its own descriptions. Pure.

Source: core.telegram.org/bots/api. Values arrive as strings, because clients post forms.
"""

from __future__ import annotations

import html
import re
from typing import Any, Final

import orjson

from integrations.sandbox.errors import BotApiError, Json
from integrations.sandbox.limits import as_object, as_text, button, is_web_address
from integrations.sandbox.world import Content

TEXT: Final = 4096
CAPTION: Final = 1024
CALLBACK_DATA_BYTES: Final = 64
CALLBACK_ANSWER: Final = 200
KEYBOARD_BUTTONS: Final = 100
MEDIA: Final = {
    "sendPhoto": ("photo", "image"),
    "sendVideo": ("video", "video"),
    "sendAudio": ("audio", "audio"),
    "sendVoice": ("voice", "audio"),
    "sendDocument": ("document", "document"),
}
"""Method → the field of the file, and what it is on the phone page."""
_TAG: Final = re.compile(r"<[^<>]*>")


def bad_request(what: str) -> BotApiError:
    """Return a 400 as the Bot API words it."""
    return BotApiError(400, f"Bad Request: {what}")


def read_message(method: str, given: Json) -> Content:
    """Return what a ``send…`` shows.

    Raises:
        BotApiError: 400, it is not within the limits.

    """
    keyboard = read_keyboard(given.get("reply_markup"))
    reply_to = _object(given.get("reply_parameters")).get("message_id") or given.get("reply_to_message_id")
    quoted = str(reply_to) if reply_to else None
    if method == "sendMessage":
        text = plain(as_text(given.get("text")), as_text(given.get("parse_mode")))
        if not text.strip():
            raise bad_request("message text is empty")
        if len(text) > TEXT:
            raise bad_request("message is too long")
        return Content("buttons" if keyboard else "text", text, buttons=keyboard, reply_to=quoted)
    field, shown = MEDIA[method]
    url = as_text(given.get(field))
    if not url:
        raise bad_request(f"there is no {field} in the request")
    if "/" in url and not is_web_address(url):
        raise bad_request("invalid file HTTP URL specified: Unsupported URL protocol")
    caption = plain(as_text(given.get("caption")), as_text(given.get("parse_mode")))
    if len(caption) > CAPTION:
        raise bad_request("message caption is too long")
    media = {"type": shown, "url": url, "caption": caption}
    return Content("media", caption, media=media, buttons=keyboard, reply_to=quoted)


def read_keyboard(given: Any) -> tuple[Json, ...]:
    """Return the buttons of an inline keyboard; other keyboards show none.

    Raises:
        BotApiError: 400, a button is out of its limits.

    """
    rows = _object(given).get("inline_keyboard") or []
    buttons = [as_object(item) for row in rows if isinstance(row, list) for item in row]
    if len(buttons) > KEYBOARD_BUTTONS:
        raise bad_request("reply markup is too long")
    return tuple(_button(item) for item in buttons)


def _button(item: Json) -> Json:
    title = as_text(item.get("text"))
    if not title:
        raise bad_request("inline keyboard button text must be non-empty")
    url = item.get("url")
    if url is not None:
        if not is_web_address(url) and not as_text(url).startswith("tg://"):
            raise bad_request("BUTTON_URL_INVALID")
        return button("", title, url=as_text(url))
    data = item.get("callback_data")
    if data is None:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if not 1 <= len(as_text(data).encode()) <= CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return button(as_text(data), title)


def plain(text: str, parse_mode: str) -> str:
    """Return the text as a person reads it: limits count after the marks are taken out."""
    if parse_mode.upper() == "HTML":
        return html.unescape(_TAG.sub("", text))
    return text


def _object(value: Any) -> Json:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad_request("can't parse the JSON object") from None
    return as_object(value)
