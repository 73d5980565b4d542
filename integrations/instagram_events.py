"""Instagram's webhook items as domain events.

Items are told apart by the object that they hold, never by the name of a webhook field: Meta's own pages
spell the fields differently. Messenger's items (``object: "page"``) have the same shape and are read, too.
Source of the shapes: Instagram Platform webhooks, "Webhook notification examples" and "ig.me links".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from dialogs.messages import (
    Arrival,
    Attachment,
    Contact,
    Echo,
    Edited,
    Event,
    Media,
    Notice,
    Reaction,
    Receipt,
    Referral,
    Referred,
    Shared,
    Tap,
    Text,
    ThreadControl,
    Unsent,
    Unsupported,
)
from integrations.base import Ignored, Parsed
from integrations.meta import (
    Item,
    JsonObject,
    Outcome,
    branch,
    branches,
    digest,
    flat,
    key,
    moment,
    read_envelope,
    text,
    unknown,
    word,
)

SOURCE: Final = "instagram"
_OBJECTS: Final = frozenset({"instagram", "page"})
_ENVELOPE: Final = frozenset({"sender", "recipient", "timestamp", "is_self"})

_LEFT_ALONE: Final = {
    "account_linking": "account linking is not used",
    "app_roles": "roles of apps are set in Meta's dashboard",
    "comments": "comments are not direct messages",
    "live_comments": "comments are not direct messages",
    "mentions": "mentions in comments are not direct messages",
    "message_request": "the person's next message tells the same",
    "optin": "recurring notifications were retired in February 2026",
    "story_insights": "figures are not used",
}
_NAMES_OF_IGNORED: Final = {"comments": "comment", "live_comments": "comment", "mentions": "mention"}


class _Scene(NamedTuple):
    """What is known of an item before its event is read. ``stamp`` is the time as it came, or nothing."""

    item: Item
    account: str
    app_id: str
    at: datetime
    stamp: str
    sender: str
    recipient: str

    def arrival(self, external_id: str, event: Event, *, person: str | None = None) -> Outcome:
        """Return the event of ``person``, by default of the sender."""
        who = self.sender if person is None else person
        if not who:
            return Ignored("no_sender", "nobody can be answered")
        standby = self.item.origin == "standby" or self.item.field == "standby"
        return Arrival(SOURCE, external_id, self.at, event, Contact(SOURCE, self.account, (who,)), standby)


def read(payload: JsonObject, account: str, app_id: str, now: datetime) -> Parsed:
    """Translate a loaded webhook body; ``app_id`` (may be empty) tells whose thread control is."""
    return read_envelope(payload, _OBJECTS, lambda item: _read_item(item, account, app_id, now))


def _read_item(item: Item, account: str, app_id: str, now: datetime) -> Iterable[Outcome]:
    value = item.value
    present = [name for name in _READERS if name in value]
    if "message" in present or "postback" in present:
        # Messenger lays the referral of a first message beside it; it must not count as a second event.
        present = [name for name in present if name != "referral"]
    if not present:
        return [_left_alone(item)]
    raw = value.get("timestamp")
    at = moment(raw) or moment(item.entry_time) or now
    stamp = word(raw) or word(item.entry_time)
    sender = word(branch(value.get("sender")).get("id"))
    recipient = word(branch(value.get("recipient")).get("id"))
    scene = _Scene(item, account, app_id, at, stamp, sender, recipient)
    if len(present) == 1:  # as nearly always
        return _READERS[present[0]](scene)
    return [outcome for name in present for outcome in _READERS[name](scene)]


def _left_alone(item: Item) -> Ignored:
    names = [item.field, *item.value] if item.origin == "change" else list(item.value)
    for name in names:
        if name in _LEFT_ALONE:
            return Ignored(_NAMES_OF_IGNORED.get(name, name), _LEFT_ALONE[name])
    if item.origin == "change":
        return unknown({item.field: None} if item.field else item.value)
    return unknown(item.value, besides=_ENVELOPE)


def _message(scene: _Scene) -> Iterable[Outcome]:
    message = branch(scene.item.value.get("message"))
    mid = word(message.get("mid"))
    identity = key(mid) if mid else key(scene.sender, scene.stamp, digest(message))
    echo, deleted = message.get("is_echo") is True, message.get("is_deleted") is True
    if echo and deleted:
        return [Ignored("echo_unsent", "the shop took back a message of its own")]
    if echo:
        heard = Echo(identity, _said(message), word(message.get("app_id")) or None)
        return [scene.arrival(identity, heard, person=scene.recipient)]
    if scene.sender == scene.account != scene.recipient:
        return [Ignored("own_message", "a message of the account itself, not marked as an echo")]
    if deleted:
        return [scene.arrival(identity, Unsent(identity))]
    if message.get("is_unsupported") is True:
        return [scene.arrival(identity, Unsupported("unsupported"))]
    event = _content(message, _referral(message) or _referral(scene.item.value))
    return [scene.arrival(identity, event) if event else unknown({"message": None, **message})]


def _said(message: JsonObject) -> str:
    """Return the text of an echo, also where it stands inside a template."""
    texts = [text(message.get("text"))]
    for attachment in branches(message.get("attachments")):
        payload = branch(attachment.get("payload"))
        elements = branches(branch(payload.get("generic")).get("elements")) or [{}]
        texts += [text(payload.get("text")), text(elements[0].get("title")), text(attachment.get("title"))]
    return next((said for said in texts if said), "")


def _content(message: JsonObject, referral: Referral | None) -> Event | None:
    said = text(message.get("text"))
    reply = branch(message.get("reply_to"))
    reply_to = word(reply.get("mid")) or None
    payload = text(branch(message.get("quick_reply")).get("payload"))
    if payload:  # the text is the button's title: what counts is the payload
        return Tap(payload, said, reply_to, referral=referral)
    attachments = branches(message.get("attachments"))
    if len(attachments) == 1 and word(attachments[0].get("type")) == "location":
        return Shared("location", _coordinates(attachments[0]))
    # Messenger adds a "fallback" preview to a text with an address in it; it says nothing new.
    if attachments and not (said and all(one.get("type") == "fallback" for one in attachments)):
        return Media(tuple(_attachment(one) for one in attachments), said, reply_to, referral)
    if said:
        story = branch(reply.get("story"))
        about = (word(story.get("id")) or text(story.get("url"))) or None
        return Text(said, reply_to, about, referral)
    return Referred(referral) if referral else None


def _attachment(raw: JsonObject) -> Attachment:
    payload = branch(raw.get("payload"))
    url = text(payload.get("url")) or text(payload.get("story_media_url")) or text(raw.get("url"))
    ids = (
        payload.get(name) for name in ("ig_post_media_id", "reel_video_id", "story_media_id", "sticker_id")
    )
    return Attachment(
        word(raw.get("type")) or "unknown",
        url or None,
        next((found for found in map(word, ids) if found), None),
        title=text(payload.get("title")) or text(raw.get("title")) or None,
    )


def _coordinates(raw: JsonObject) -> dict[str, str]:
    found = branch(branch(raw.get("payload")).get("coordinates"))
    places = {"latitude": found.get("lat"), "longitude": found.get("long")}
    return {name: text(str(place)) for name, place in places.items() if isinstance(place, str | float | int)}


def _referral(holder: JsonObject) -> Referral | None:
    raw = branch(holder.get("referral"))
    if not raw:
        return None
    product = word(branch(raw.get("product")).get("id"))
    return Referral(
        ref=text(raw.get("ref")) or None,
        source=word(raw.get("source")) or None,
        ad_id=word(raw.get("ad_id")) or None,
        product_id=product or None,
    )


def _postback(scene: _Scene) -> Iterable[Outcome]:
    raw = branch(scene.item.value.get("postback"))
    payload, title, mid = text(raw.get("payload")), text(raw.get("title")), word(raw.get("mid"))
    if not payload and not title:
        yield unknown({"postback": None, **raw})
        return
    identity = key(mid) if mid else key(scene.sender, scene.stamp, payload or title)
    referral = _referral(raw) or _referral(scene.item.value)
    yield scene.arrival(identity, Tap(payload or title, title, referral=referral))


def _edit(scene: _Scene) -> Iterable[Outcome]:
    raw = branch(scene.item.value.get("message_edit"))
    mid, edits = word(raw.get("mid")), word(raw.get("num_edit"))
    if not mid:
        yield unknown({"message_edit": None, **raw})
        return
    yield scene.arrival(key(mid, edits or scene.stamp), Edited(mid, text(raw.get("text"))))


def _reaction(scene: _Scene) -> Iterable[Outcome]:
    raw = branch(scene.item.value.get("reaction"))
    mid, action = word(raw.get("mid")), word(raw.get("action"))
    if action not in {"react", "unreact"}:
        yield unknown({"reaction": None, **raw})
        return
    emoji = (text(raw.get("emoji")) or text(raw.get("reaction"))) or None
    identity = key(mid or scene.sender, action, scene.stamp)
    yield scene.arrival(identity, Reaction(mid, emoji if action == "react" else None))


def _read(scene: _Scene) -> Iterable[Outcome]:
    raw = branch(scene.item.value.get("read"))
    mid, mark = word(raw.get("mid")), raw.get("watermark")
    if mid:
        yield scene.arrival(key(mid, "read"), Receipt(mid, "read"))
    elif (until := moment(mark)) is not None:
        yield scene.arrival(key(scene.sender, "read", mark), Receipt(None, "read", watermark=until))
    else:
        yield unknown({"read": None, **raw})


def _delivery(scene: _Scene) -> Iterable[Outcome]:
    raw = branch(scene.item.value.get("delivery"))
    listed = raw.get("mids")
    mids = [mid for mid in map(word, listed) if mid] if isinstance(listed, list) else []
    for mid in mids:
        yield scene.arrival(key(mid, "delivered"), Receipt(mid, "delivered"))
    until = moment(raw.get("watermark"))
    if not mids and until is not None:
        identity = key(scene.sender, "delivered", raw.get("watermark"))
        yield scene.arrival(identity, Receipt(None, "delivered", watermark=until))
    elif not mids:
        yield unknown({"delivery": None, **raw})


def _standalone_referral(scene: _Scene) -> Iterable[Outcome]:
    referral = _referral(scene.item.value)
    if referral is None:
        yield unknown({"referral": None})
        return
    identity = key(scene.sender, scene.stamp, referral.ref or digest(scene.item.value))
    yield scene.arrival(identity, Referred(referral))


def _thread_control(action: str, name: str) -> _Reader:
    def read_control(scene: _Scene) -> Iterable[Outcome]:
        raw = branch(scene.item.value.get(name))
        owner = word(raw.get("new_owner_app_id"))
        if action == "pass":  # goes to the app that is given the thread
            ours = owner in {"", scene.app_id} or not scene.app_id
        elif action == "request":  # goes to the app that holds the thread
            ours = True
        else:
            ours = bool(owner) and owner == scene.app_id
        identity = key(scene.sender, action, scene.stamp, owner or digest(raw))
        yield scene.arrival(identity, ThreadControl(action, ours))

    return read_control


def _policy(scene: _Scene) -> Iterable[Outcome]:
    raw = branch(scene.item.value.get("policy_enforcement"))
    identity = key(scene.item.entry_id, scene.stamp, digest(raw))
    yield Arrival(SOURCE, identity, scene.at, Notice("policy_enforcement", flat(raw)))


_Reader: TypeAlias = Callable[[_Scene], Iterable[Outcome]]
_READERS: Final[dict[str, _Reader]] = {
    "message": _message,
    "postback": _postback,
    "message_edit": _edit,
    "reaction": _reaction,
    "read": _read,
    "delivery": _delivery,
    "referral": _standalone_referral,
    "pass_thread_control": _thread_control("pass", "pass_thread_control"),
    "take_thread_control": _thread_control("take", "take_thread_control"),
    "request_thread_control": _thread_control("request", "request_thread_control"),
    "release_thread_control": _thread_control("release", "release_thread_control"),
    "policy_enforcement": _policy,
}
