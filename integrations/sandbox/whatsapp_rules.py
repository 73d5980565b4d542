"""What WhatsApp accepts: the limits of its Cloud API with its own codes. Pure.

Sources: the send-messages, reply-buttons, list, cta-url, media, template and error-code pages of Meta's
WhatsApp Cloud API documentation. Texts of ``details`` are in the platform's manner; only codes are a promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from integrations.sandbox.errors import GraphError, Json, bad_parameter, invalid_value, missing_value
from integrations.sandbox.limits import as_object, as_objects, as_text, button, is_web_address
from integrations.sandbox.settings import ApprovedTemplate
from integrations.sandbox.world import Content

TEXT: Final = 4096
BODY: Final = 1024
FOOTER: Final = 60
HEADER: Final = 60
CAPTION: Final = 1024
BUTTONS: Final = 3
BUTTON_TITLE: Final = 20
BUTTON_ID: Final = 256
LIST_LABEL: Final = 20
LIST_SECTIONS: Final = 10
LIST_ROWS: Final = 10
ROW_TITLE: Final = 24
ROW_DESCRIPTION: Final = 72
ROW_ID: Final = 200
REFERENCE: Final = 512
TEMPLATE_PAYLOAD: Final = 256
MEDIA: Final = frozenset({"image", "video", "audio", "document", "sticker"})
_HOLE: Final = re.compile(r"\{\{(\d+)\}\}")
_UNRULY: Final = re.compile(r"[\n\t]| {5,}")


def read_message(body: Json, templates: Sequence[ApprovedTemplate]) -> Content:
    """Return what a send shows; reactions and read marks are not sends.

    Raises:
        GraphError: it is not within the limits.

    """
    if len(as_text(body.get("biz_opaque_callback_data"))) > REFERENCE:
        raise bad_parameter(f"Param biz_opaque_callback_data must be at most {REFERENCE} characters long.")
    kind = body.get("type", "text")
    part = as_object(body.get(kind)) if isinstance(kind, str) else {}
    reply_to = as_text(as_object(body.get("context")).get("message_id")) or None
    if kind == "text":
        content = _text(part)
    elif kind == "interactive":
        content = _interactive(part)
    elif kind == "template":
        content = _template(part, templates)
    elif kind in MEDIA:
        content = _media(kind, part)
    elif kind == "location":
        content = Content("location", f"{part.get('latitude')}, {part.get('longitude')}")
    else:
        raise bad_parameter("Param type must be one of {text, interactive, template, image, …}.")
    return Content(
        content.style, content.text, footer=content.footer, buttons=content.buttons,
        list_label=content.list_label, media=content.media, reply_to=reply_to, template=content.template,
    )  # fmt: skip


def _text(part: Json) -> Content:
    words = as_text(part.get("body"))
    if not words:
        raise bad_parameter("The parameter text['body'] is required.")
    if len(words) > TEXT:
        raise bad_parameter(f"Param text['body'] must be at most {TEXT} characters long.")
    return Content("text", words)


def _media(kind: str, part: Json) -> Content:
    caption = as_text(part.get("caption"))
    if len(caption) > CAPTION:
        raise bad_parameter(f"Param {kind}['caption'] must be at most {CAPTION} characters long.")
    if not part.get("id") and not is_web_address(part.get("link")):
        raise bad_parameter(f"Param {kind}['link'] is not a valid URI.")
    if caption and kind in {"audio", "sticker"}:
        raise bad_parameter(f"Unexpected key 'caption' on param {kind}.")
    style: Final = "sticker" if kind == "sticker" else "media"
    media = {"type": kind, "url": as_text(part.get("link")), "caption": caption}
    return Content(style, caption, media=media)


def _interactive(part: Json) -> Content:
    kind = part.get("type")
    action = as_object(part.get("action"))
    body = as_text(as_object(part.get("body")).get("text"))
    footer = as_text(as_object(part.get("footer")).get("text"))
    header = as_object(part.get("header"))
    _fits(body, 1, TEXT if kind == "list" else BODY, "Body text")
    _fits(footer, 0, FOOTER, "Footer text")
    media = _header(header)
    if kind == "list" and media is not None:
        raise invalid_value("Header type must be text for this interactive type")
    if kind == "button":
        return Content("buttons", body, footer=footer, buttons=_reply_buttons(action), media=media)
    if kind == "list":
        label = as_text(action.get("button"))
        _fits(label, 1, LIST_LABEL, "Button label")
        return Content("list", body, footer=footer, buttons=_rows(action), list_label=label)
    if kind == "cta_url":
        given = as_object(action.get("parameters"))
        _fits(as_text(given.get("display_text")), 1, BUTTON_TITLE, "Button label")
        if action.get("name") != "cta_url" or not is_web_address(given.get("url")):
            raise invalid_value("Invalid URL in cta_url button")
        link = button("", given["display_text"], url=given["url"])
        return Content("link", body, footer=footer, buttons=(link,), media=media)
    raise invalid_value("Interactive type must be one of button, list, cta_url")


def _header(header: Json) -> Json | None:
    """Return the file that stands above an interactive message; a header of text shows none."""
    kind = header.get("type")
    if not header:
        return None
    if kind == "text":
        _fits(as_text(header.get("text")), 1, HEADER, "Header text")
        return None
    if kind not in {"image", "video", "document"}:
        raise invalid_value("Header type must be one of text, image, video, document")
    file = as_object(header.get(kind))
    if not file.get("id") and not is_web_address(file.get("link")):
        raise invalid_value("Header media link is not a valid URI")
    return {"type": kind, "url": as_text(file.get("link")), "caption": ""}


def _reply_buttons(action: Json) -> tuple[Json, ...]:
    given = as_objects(action.get("buttons"))
    if not 1 <= len(given) <= BUTTONS:
        raise invalid_value(f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {BUTTONS}")
    replies = [as_object(item.get("reply")) for item in given if item.get("type") == "reply"]
    if len(replies) != len(given):
        raise invalid_value("Button type must be reply")
    for reply in replies:
        _fits(as_text(reply.get("title")), 1, BUTTON_TITLE, "Button title")
        _fits(as_text(reply.get("id")), 1, BUTTON_ID, "Button id")
    _distinct((reply["title"] for reply in replies), "title")
    _distinct((reply["id"] for reply in replies), "id")
    return tuple(button(reply["id"], reply["title"]) for reply in replies)


def _rows(action: Json) -> tuple[Json, ...]:
    sections = as_objects(action.get("sections"))
    if not 1 <= len(sections) <= LIST_SECTIONS:
        raise invalid_value(f"Invalid sections count. Min allowed: 1, Max allowed: {LIST_SECTIONS}")
    for section in sections:
        _fits(as_text(section.get("title")), 1 if len(sections) > 1 else 0, ROW_TITLE, "Section title")
    rows = [row for section in sections for row in as_objects(section.get("rows"))]
    if not 1 <= len(rows) <= LIST_ROWS:
        raise invalid_value(f"Total row count exceed max allowed count: {LIST_ROWS}")
    for row in rows:
        _fits(as_text(row.get("title")), 1, ROW_TITLE, "Row title")
        _fits(as_text(row.get("description")), 0, ROW_DESCRIPTION, "Row description")
        _fits(as_text(row.get("id")), 1, ROW_ID, "Row id")
    _distinct((row["id"] for row in rows), "id")
    return tuple(button(row["id"], row["title"], description=as_text(row.get("description"))) for row in rows)


def _fits(value: str, least: int, most: int, what: str) -> None:
    if not least <= len(value) <= most:
        raise invalid_value(f"{what} length invalid. Min length: {least}, Max length: {most}")


def _distinct(values: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise invalid_value(f"Duplicated {what} of reply buttons or rows")
        seen.add(value)


def find_template(name: str, language: str, templates: Sequence[ApprovedTemplate]) -> ApprovedTemplate:
    """Return the approved template.

    Raises:
        GraphError: 132001, it does not exist in this language.

    """
    for template in templates:
        if (template.name, template.language) == (name, language):
            return template
    raise GraphError(
        132001,
        "Template name does not exist in the translation",
        details=f"template name ({name}) does not exist in {language}",
        status=404,
    )


def _template(part: Json, templates: Sequence[ApprovedTemplate]) -> Content:
    language = as_text(as_object(part.get("language")).get("code"))
    template = find_template(as_text(part.get("name")), language, templates)
    components = as_objects(part.get("components"))
    values = [
        _parameter(p) for c in components if c.get("type") == "body" for p in as_objects(c.get("parameters"))
    ]
    wanted = len(set(_HOLE.findall(template.body)))
    if len(values) != wanted:
        raise GraphError(
            132000,
            "Number of parameters does not match the expected number of params",
            details=f"body: number of localizable_params ({len(values)}) does not match the expected number"
            f" of params ({wanted})",
        )
    text = _HOLE.sub(lambda hole: values[int(hole[1]) - 1], template.body)
    if len(text) > BODY:
        raise GraphError(132005, "Translated text too long", details="Hydrated body text is too long")
    buttons = tuple(_template_button(index, template, components) for index in range(len(template.buttons)))
    return Content("template", text, footer=template.footer, buttons=buttons, template=template.name)


def _parameter(given: Json) -> str:
    text = as_text(given.get("text"))
    if given.get("type") != "text":
        raise GraphError(132012, "Parameter format does not match format in the created template")
    if not text:
        raise missing_value("Parameter of type text is missing text value")
    if _UNRULY.search(text):
        raise bad_parameter(
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        )
    return text


def _template_button(index: int, template: ApprovedTemplate, components: list[Json]) -> Json:
    made = template.buttons[index]
    given = next(
        (c for c in components if c.get("type") == "button" and str(c.get("index")) == str(index)), None
    )
    value = next(iter(as_objects((given or {}).get("parameters"))), {})
    if given is not None and as_text(given.get("sub_type")).lower() != made.type:
        raise GraphError(132012, "Parameter format does not match format in the created template")
    if made.type == "url":
        hole = _HOLE.search(made.url)
        suffix = as_text(value.get("text"))
        if hole is not None and not suffix:
            raise missing_value(f"buttons: Button at index {index} of type Url requires a parameter")
        return button("", made.text, url=_HOLE.sub(lambda _hole: suffix, made.url))
    payload = as_text(value.get("payload")) or made.text
    if len(payload) > TEMPLATE_PAYLOAD:
        raise invalid_value(f"Button payload length invalid. Max length: {TEMPLATE_PAYLOAD}")
    return button(payload, made.text)
