"""Instagram in the sandbox: what happens in a chat, and the Send and Conversations API behind the routes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from integrations.sandbox import instagram_events as events
from integrations.sandbox import instagram_rules as rules
from integrations.sandbox.errors import Complaint, GraphError, Json, bad_parameter, unknown_object
from integrations.sandbox.limits import as_object, as_text
from integrations.sandbox.people import Person
from integrations.sandbox.platform import Change, FileKind, Platform
from integrations.sandbox.settings import InstagramAccount
from integrations.sandbox.stage import Stage
from integrations.sandbox.webhooks import Route, escaped, signature
from integrations.sandbox.world import HUMAN_AGENT, WINDOWS, Content, Message, Thread

EDITS = 5
HISTORY = 20
"""The Conversations API gives details of only so many of a thread's newest messages."""
CONVERSATION = "aWdfdGhyZWFkOg"
"""What the id of a conversation begins with; the person's follows."""
ICE_BREAKER: Json = {"question": "Los geht’s", "payload": "start"}
"""Offered to a person who opens a link before ever having written, unless the shop has set its own."""


def route(account: InstagramAccount) -> Route:
    """Return how Instagram's events are posted."""
    return Route(
        "instagram",
        lambda lanes: escaped(events.pack(account, lanes)),
        lambda body: {"X-Hub-Signature-256": signature(account.app_secret, body)},
    )


class Instagram(Platform):
    """A professional account with one app on it."""

    name = "instagram"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.account = stage.settings.instagram
        self.subscribed: tuple[str, ...] = (
            "messages", "messaging_postbacks", "messaging_seen", "message_reactions", "messaging_referral",
            "message_edit",
        )  # fmt: skip
        """The webhook fields of the account; with none of them Instagram is silent."""
        self.ice_breakers: list[Json] = [ICE_BREAKER]
        self.tokens = {self.account.access_token}
        """The access tokens that are valid: a renewed one does not end the one before."""

    # -- the person

    def open(self, person: Person, ref: str) -> Message | None:
        """An ``ig.me`` link: alone in a chat that exists, with the tapped ice breaker in a new one."""
        thread = self._speaking(person)
        if thread.messages:
            thread.last_heard = now = self.stage.clock()
            self._tell(person, events.from_person(self.account, person, now, referral=events.referral(ref)))
            return None
        first = self.ice_breakers[0]
        message = self._heard(thread, Content("text", first["question"]))
        postback = {
            "mid": message.id,
            "title": first["question"],
            "payload": first["payload"],
            "referral": events.referral(ref),
        }
        self._tell(person, events.from_person(self.account, person, message.at, postback=postback))
        return message

    def own(self, person: Person, text: str) -> Message:
        """Somebody types in the Instagram app: an echo without an app's id."""
        message = self._new(self._thread(person), "owner", Content("text", text), status="sent")
        self._tell(person, events.echo(self.account, person, message, by_app=False))
        return message

    def edit(self, person: Person, message_id: str, text: str) -> Message:
        """At most five times."""
        if self._own_message(person, message_id).edits >= EDITS:
            raise Complaint(f"Instagram lets a message be edited {EDITS} times.")
        return super().edit(person, message_id, text)

    # -- the Send API

    def send(self, body: Json) -> Json:
        """Carry out one ``POST /{account}/messages`` that holds a message.

        Raises:
            GraphError: with Instagram's code.

        """
        rules.check_envelope(body)
        content = rules.read_message(as_object(body.get("message")))
        person = self._recipient(body)
        thread = self._thread(person)
        if thread.blocked:
            raise GraphError(551, "This person isn't available right now.", subcode=1545041)
        span = HUMAN_AGENT if body.get("tag") == "HUMAN_AGENT" else WINDOWS["instagram"]
        if self.stage.faults.window and not thread.heard_within(span, self.stage.clock()):
            raise GraphError(10, "This message is sent outside of allowed window.", subcode=2534022)
        message = self.accept(person, content, status="sent")
        self._tell(person, events.echo(self.account, person, message, by_app=True))
        return {"recipient_id": person.igsid, "message_id": message.id}

    def act(self, body: Json) -> Json:
        """Carry out one ``sender_action``.

        Raises:
            GraphError: with Instagram's code.

        """
        rules.check_envelope(body)
        action = rules.read_action(body)
        person = self._recipient(body)
        if self._thread(person).blocked:
            raise GraphError(551, "This person isn't available right now.", subcode=1545041)
        if action == "mark_seen":
            self.seen(person)
        elif action in {"typing_on", "typing_off"}:
            self.typing(person, on=action == "typing_on")
        else:
            payload = as_object(body.get("payload"))
            emoji = as_text(payload.get("reaction")) if action == "react" else None
            emoji = "❤️" if emoji == "love" else emoji
            if not self.shop_reacts(person, as_text(payload.get("message_id")), emoji):
                raise bad_parameter("Param payload[message_id] is no message of this thread.")
        return {"recipient_id": person.igsid}

    def _recipient(self, body: Json) -> Person:
        igsid = as_object(body.get("recipient"))["id"]
        person = self.stage.world.people.find("instagram", igsid)
        if person is None:
            raise GraphError(100, "No matching user found", subcode=2534014)
        return person

    # -- asking

    def conversations(self, igsid: str | None, fields: str, *, limit: int = 25, after: str = "") -> Json:
        """Answer ``GET /{account}/conversations``: newest first, details if ``fields`` asks for messages.

        ``after`` is the cursor of the page before; a next page is named as long as there is one.
        """
        person = None if igsid is None else self.stage.world.people.find("instagram", igsid)
        if igsid is not None:
            threads = [] if person is None else [self._thread(person)]
        else:
            threads = [thread for (name, _), thread in self.stage.world.threads.items() if name == self.name]
        found = [self.conversation(thread, fields) for thread in threads if thread.messages]
        found.sort(key=lambda item: item["updated_time"], reverse=True)
        begin = int(after) if after.isascii() and after.isdigit() else 0
        page: Json = {"data": found[begin : begin + limit]}
        if len(found) > begin + limit:
            cursor = str(begin + limit)
            page["paging"] = {"cursors": {"after": cursor}, "next": f"https://graph.invalid/?after={cursor}"}
        return page

    def conversation(self, thread: Thread, fields: str) -> Json:
        """Return one conversation."""
        newest = list(thread.messages.values())[-HISTORY:][::-1]
        item: Json = {"id": CONVERSATION + thread.person.igsid, "updated_time": graph_time(newest[0])}
        if "messages" in fields:
            standing = [message for message in newest if not message.unsent]
            item["messages"] = {"data": [self.copy(one, thread.person, fields) for one in standing]}
        if "participants" in fields:
            item["participants"] = {"data": [self._shop(), _who(thread.person)]}
        return item

    def renew(self) -> Json:
        """Answer ``GET /refresh_access_token``: a token for 60 more days."""
        token = f"IGsandbox{secrets.token_hex(16)}"
        self.tokens.add(token)
        return {"access_token": token, "token_type": "bearer", "expires_in": 60 * 24 * 3600}

    def find_conversation(self, conversation_id: str) -> Thread | None:
        """Return the chat behind an id of `conversation`."""
        prefix, _, igsid = conversation_id.partition(CONVERSATION)
        person = None if prefix else self.stage.world.people.find("instagram", igsid)
        thread = None if person is None else self._thread(person)
        return thread if thread is not None and thread.messages else None

    def find_message(self, message_id: str) -> Json | None:
        """Return one message of any chat."""
        key = self.stage.world.authors.get(message_id)
        if key is None:
            return None
        person = self.stage.world.people.get(key)
        message = self._thread(person).messages.get(message_id)
        return None if message is None else self.copy(message, person)

    def copy(self, message: Message, person: Person, fields: str = "") -> Json:
        """Return a message as the Conversations API shows it; its file where ``fields`` asks for files."""
        shop, buyer = self._shop(), _who(person)
        sender, receiver = (buyer, shop) if message.author == "buyer" else (shop, buyer)
        item: Json = {
            "id": message.id,
            "created_time": graph_time(message),
            "from": sender,
            "to": {"data": [receiver]},
            "message": "" if message.unsent else message.content.words,
        }
        media = message.content.media
        if "attachments" in fields and media is not None and media.get("url") and not message.unsent:
            name = {"image": "image_data", "video": "video_data"}.get(str(media.get("type")), "")
            item["attachments"] = {
                "data": [{name: {"url": media["url"]}} if name else {"file_url": media["url"]}]
            }
        return item

    def profile(self, igsid: str) -> Json:
        """Return a person's profile, which can be read once they have written.

        Raises:
            GraphError: 100, nobody such.

        """
        person = self.stage.world.people.find("instagram", igsid)
        if person is None or self._thread(person).last_heard is None:
            raise unknown_object(igsid)
        return {"id": igsid, "name": person.name, "username": person.ig_username}

    def _shop(self) -> Json:
        return {"id": self.account.account_id, "username": self.account.handle}

    # -- how Instagram tells it

    def _new_id(self) -> str:
        return "aWdfZAG1faXRlbToxOk1lc3NhZA2VJRDo" + secrets.token_urlsafe(24)

    def _tell(self, person: Person, event: Json) -> None:
        if self.subscribed:
            super()._tell(person, event)

    def _said(self, person: Person, message: Message) -> Json:
        return events.said(self.account, person, message)

    def _sent_file(self, person: Person, message: Message, kind: FileKind) -> Json | None:
        return events.sent_file(self.account, person, message, kind)

    def _tapped(self, thread: Thread, origin: Message, button: Json) -> Message:
        message = self._heard(thread, Content("text", button["title"]))
        quick = origin.content.style == "quick_replies"
        self._tell(
            thread.person,
            events.tapped(self.account, thread.person, message, payload=button["payload"], quick=quick),
        )
        return message

    def _reacted(self, person: Person, message: Message, change: Change) -> Json:
        return events.reacted(self.account, person, message.id, change[1], self.stage.clock())

    def _edited(self, person: Person, message: Message) -> Json:
        return events.edited(self.account, person, message, self.stage.clock())

    def _unsent(self, person: Person, message: Message) -> Json:
        return events.unsent(self.account, person, message, self.stage.clock())

    def _was_read(self, person: Person, messages: Sequence[Message]) -> None:
        self._tell(person, events.read(self.account, person, messages[-1].id, self.stage.clock()))


def graph_time(message: Message) -> str:
    """Return when the message was written, as the Graph API gives times."""
    return message.at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _who(person: Person) -> Json:
    return {"id": person.igsid, "username": person.ig_username}
