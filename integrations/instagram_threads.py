"""Instagram's Conversations API: threads and messages as the list shows them, read as if they had been told.

Sources: Instagram Platform, "Get Conversations", and Graph API, reference of Message. At most two calls a
second; details of only the 20 newest messages; threads in the Requests folder that nobody has written in for
30 days are not listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dialogs.messages import Arrival, Attachment, Contact, Echo, Event, Media, Text, Unsupported
from integrations.instagram_events import SOURCE
from integrations.meta import JsonObject, branch, branches, key, moment, text, word
from integrations.upkeep import Listed, ThreadPage

THREADS_A_PAGE: Final = 50

LISTED: Final = {"platform": "instagram", "fields": "id,updated_time", "limit": str(THREADS_A_PAGE)}
"""What is asked of the list."""

DETAILS: Final = {
    "fields": "participants,messages.limit(20)"
    "{id,created_time,from,to,message,attachments,shares,story,is_unsupported}"
}
"""What is asked of one thread."""

_FILES: Final = {"image_data": "image", "video_data": "video", "audio_data": "audio"}


def read_page(answer: JsonObject) -> ThreadPage:
    """Return the threads of one page."""
    found = []
    for thread in branches(answer.get("data")):
        thread_id, at = word(thread.get("id")), moment(thread.get("updated_time"))
        if thread_id and at is not None:
            found.append(Listed(thread_id, at))
    paging = branch(answer.get("paging"))
    # The address in "next" carries the token: only the cursor is taken from there.
    more = word(branch(paging.get("cursors")).get("after")) if paging.get("next") else ""
    return ThreadPage(tuple(found), more)


def read_thread(answer: JsonObject, account: str, own: frozenset[str]) -> list[Arrival]:
    """Return the messages of one thread, oldest first.

    ``own`` are all ids and names by which the platform may mean the account ``account``.
    """
    person = _person(answer, own)
    if person is None:
        return []
    found = []
    for message in branches(branch(answer.get("messages")).get("data")):
        author, mid = branch(message.get("from")), word(message.get("id"))
        at = moment(message.get("created_time"))
        if not mid or at is None or not word(author.get("id")):
            continue
        identity = key(mid)
        event = (
            Echo(identity, text(message.get("message")))
            if word(author.get("id")) != person.ids[0]
            else _said(message)
        )
        if event is not None:
            found.append(Arrival(SOURCE, identity, at, event, _of(person, account)))
    return sorted(found, key=lambda arrival: arrival.at)


def _of(person: Contact, account: str) -> Contact:
    return Contact(SOURCE, account, person.ids, username=person.username)


def _person(answer: JsonObject, own: frozenset[str]) -> Contact | None:
    """Return the other side; None where there is not exactly one: then nobody can say who is whose."""
    others = {
        word(one.get("id")): word(one.get("username"))
        for one in branches(branch(answer.get("participants")).get("data"))
        if own.isdisjoint({word(one.get("id")), word(one.get("username")).casefold()})
    }
    if len(others) != 1:
        return None
    [(person, username)] = others.items()
    return Contact(SOURCE, "", (person,), username=username or None) if person else None


def _said(message: JsonObject) -> Event | None:
    """Return what the person's message was; None where nothing of it is left, as after an unsending."""
    if message.get("is_unsupported") is True:
        return Unsupported("unsupported")
    words, story = text(message.get("message")), branch(message.get("story"))
    files = [*_files(message), *_mention(story)]
    if files:
        return Media(tuple(files), words)
    if not words:
        return None
    about = branch(story.get("reply_to"))
    return Text(words, story=(word(about.get("id")) or text(about.get("link"))) or None)


def _files(message: JsonObject) -> Sequence[Attachment]:
    found = []
    for raw in branches(branch(message.get("attachments")).get("data")):
        kind = next((name for name in _FILES if branch(raw.get(name))), "")
        url = text(branch(raw.get(kind)).get("url")) if kind else text(raw.get("file_url"))
        if url:
            mime = word(raw.get("mime_type")) or None
            title = text(raw.get("name")) or None
            found.append(Attachment(_FILES.get(kind, "file"), url, mime_type=mime, title=title))
    shares = branches(branch(message.get("shares")).get("data"))
    return [*found, *(Attachment("share", url) for raw in shares if (url := text(raw.get("link"))))]


def _mention(story: JsonObject) -> Sequence[Attachment]:
    mention = branch(story.get("mention"))
    url, story_id = text(mention.get("link")), word(mention.get("id"))
    return [Attachment("story_mention", url or None, story_id or None)] if url or story_id else []
