"""WhatsApp in the sandbox: what happens in a chat, and the Cloud API behind the routes.

As in real life most failures come late: the call is answered 200, and a ``failed`` status follows.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from integrations.sandbox import whatsapp_events as events
from integrations.sandbox import whatsapp_rules as rules
from integrations.sandbox.errors import Complaint, GraphError, Json, bad_parameter
from integrations.sandbox.limits import as_object, as_text
from integrations.sandbox.people import Person
from integrations.sandbox.platform import Change, FileKind, Platform
from integrations.sandbox.settings import WhatsAppNumber
from integrations.sandbox.stage import Stage
from integrations.sandbox.templates import TemplateStatus, status_update
from integrations.sandbox.webhooks import Route, escaped, signature
from integrations.sandbox.world import WINDOWS, Content, Message, Status, Thread

PAIR_INTERVAL: Final = timedelta(seconds=6)
PAIR_BURST: Final = 45
UNDELIVERABLE: Final = 131026
OUTSIDE_WINDOW: Final = 131047


def route(number: WhatsAppNumber) -> Route:
    """Return how WhatsApp's events are posted."""
    return Route(
        "whatsapp",
        lambda lanes: escaped(events.pack(number, lanes)),
        lambda body: {"X-Hub-Signature-256": signature(number.app_secret, body)},
    )


class WhatsApp(Platform):
    """A business number on the Cloud API that is used in the WhatsApp Business app as well."""

    name = "whatsapp"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.number = stage.settings.whatsapp
        self.subscribed = True
        """Whether the business account's webhooks go to the app."""

    # -- the person

    def open(self, person: Person, ref: str) -> Message | None:  # noqa: ARG002 - as every platform
        """Refuse: a ``wa.me`` link only fills in a text, which the person then sends."""
        raise Complaint("On WhatsApp an entry link carries a text: let the person say it.")

    def own(self, person: Person, text: str) -> Message:
        """Somebody types in the WhatsApp Business app."""
        message = self._new(self._thread(person), "owner", Content("text", text), status="sent")
        self._tell(person, events.owner_echo(self.number, person, message))
        return message

    # -- Meta

    def judge_template(
        self, name: str, language: str, status: TemplateStatus, *, reason: str = "", body: str = ""
    ) -> None:
        """Let Meta approve, reject, pause, disable or delete a template, and tell the shop.

        Raises:
            Complaint: there is no such template.

        """
        verdict = self.stage.templates.change(name, language, status, reason=reason, body=body)
        if self.subscribed:
            event = status_update(verdict, int(self.stage.clock().timestamp()))
            self.stage.postman.post(self.name, "templates", event)

    # -- the Cloud API

    def send(self, body: Json) -> Json:
        """Carry out one ``POST /{number}/messages`` that holds a message.

        Raises:
            GraphError: with WhatsApp's code.

        """
        wanted = as_object(body.get("template"))
        self.stage.templates.check(
            as_text(wanted.get("name")), as_text(as_object(wanted.get("language")).get("code"))
        )
        content = rules.read_message(body, self.stage.templates.known)
        target, person, reaches = self._recipient(body)
        if person is not None and self.stage.faults.pair_rate:
            wait = self._thread(person).spend(self.stage.clock(), interval=PAIR_INTERVAL, burst=PAIR_BURST)
            if wait is not None:
                raise GraphError(
                    131056,
                    "(Business Account, Consumer Account) pair rate limit hit",
                    details="Message failed to send because there were too many messages sent from this phone"
                    " number to the same phone number in a short period of time.",
                )
        reference = as_text(body.get("biz_opaque_callback_data")) or None
        message = self.accept(person if reaches else None, content, reference=reference)
        if reaches or person is None:
            self._settle(person, message, target, self._failure(person, content))
        contact: Json = {"input": target}
        if person is not None:
            contact |= {"user_id": person.user_id} if "." in target else {"wa_id": person.wa_id}
        else:
            contact["wa_id"] = target.removeprefix("+")
        sent: Json = {"id": message.id}
        if content.style == "template":
            sent["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}

    def act(self, body: Json) -> Json:
        """Carry out a read mark, perhaps with the sign of typing.

        Raises:
            GraphError: with WhatsApp's code.

        """
        if body.get("status") != "read":
            raise bad_parameter("Param status must be one of {read}.")
        person = self._author_of(as_text(body.get("message_id")))
        self.seen(person)
        if body.get("typing_indicator"):
            if as_object(body["typing_indicator"]).get("type") != "text":
                raise bad_parameter("Param typing_indicator['type'] must be one of {text}.")
            self.typing(person, on=True)
        return {"success": True}

    def react_as_shop(self, body: Json) -> Json:
        """Carry out a ``type: reaction``, which stands in no record because it is no message.

        Raises:
            GraphError: with WhatsApp's code.

        """
        target, person, _ = self._recipient(body)
        reaction = as_object(body.get("reaction"))
        emoji = as_text(reaction.get("emoji")) or None
        if person is not None:
            self.shop_reacts(person, as_text(reaction.get("message_id")), emoji)
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": target}],
            "messages": [{"id": self._new_id()}],
        }

    def _recipient(self, body: Json) -> tuple[str, Person | None, bool]:
        """Return the address, whose it is (None: a stranger's), and whether the message gets there at all."""
        target, user_id = as_text(body.get("to")), as_text(body.get("recipient"))
        people = self.stage.world.people
        if target:  # `to` wins when both are set
            digits = "".join(c for c in target if c.isdigit())
            if digits == self.number.number.removeprefix("+"):
                raise GraphError(131021, "Recipient cannot be sender", details="Recipient is the sender")
            if target.startswith("+"):
                return target, people.find("whatsapp", digits), True
            found = people.find("whatsapp", target) if "." in target else None
            # A user id in `to` is accepted and then silently lost. Any other address without the plus gets
            # the number's own country code in front, which makes it somebody else's number.
            return (
                ("+" + self.number.country_code + digits if found is None else target),
                found,
                found is None,
            )
        if user_id:
            return user_id, people.find("whatsapp", user_id), True
        raise bad_parameter("The parameter to is required.")

    def _failure(self, person: Person | None, content: Content) -> int | None:
        """Return the code with which the message will fail."""
        if person is None or self._thread(person).blocked:
            return UNDELIVERABLE
        if content.style == "template" or not self.stage.faults.window:
            return None
        open_now = self._thread(person).heard_within(WINDOWS["whatsapp"], self.stage.clock())
        return None if open_now else OUTSIDE_WINDOW

    def _settle(self, person: Person | None, message: Message, target: str, failure: int | None) -> None:
        delay = self.stage.faults.status_delay_ms / 1000
        if failure is not None:
            message.error = {"code": failure, "title": events.FAILURES[failure][0]}
        for count, status in enumerate(_way(failure), start=1):
            self.stage.later(count * delay, partial(self._report, person, message, status, target))

    def _report(self, person: Person | None, message: Message, status: Status, target: str) -> None:
        if not message.reach(status):  # read already: the chat was open
            return
        if person is not None:
            self.stage.refresh(message)
        if not self.stage.faults.lose_statuses:
            self._tell_status(person, message, status, target)

    def _tell_status(self, person: Person | None, message: Message, status: Status, target: str) -> None:
        if not self.subscribed:
            return
        template = message.content.template
        category = next((t.category for t in self.stage.templates.known if t.name == template), "service")
        event = events.status_change(
            self.number, person, message, status, self.stage.clock(),
            recipient=target.removeprefix("+"), category=category,
        )  # fmt: skip
        # Reports travel beside the person's messages, not behind them.
        lane = "status:" + (person.key if person is not None else target)
        self.stage.postman.post(self.name, lane, event)

    def _author_of(self, message_id: str) -> Person:
        key = self.stage.world.authors.get(message_id)
        if key is not None and message_id.startswith("wamid."):
            return self.stage.world.people.get(key)
        raise GraphError(100, "Invalid parameter", details="message_id is no message that was received")

    # -- how WhatsApp tells it

    def _new_id(self) -> str:
        return "wamid.HBgM" + secrets.token_urlsafe(24) + "AA=="

    def _tell(self, person: Person, event: Json) -> None:
        if self.subscribed:
            super()._tell(person, event)

    def _said(self, person: Person, message: Message) -> Json:
        return events.said(self.number, person, message)

    def _sent_file(self, person: Person, message: Message, kind: FileKind) -> Json:
        media_id = str(10**15 + self.stage.world.number())
        if message.content.media is not None:
            self.stage.world.remember_media(
                media_id, {"url": message.content.media["url"], "mime_type": events.mime_type(kind)}
            )
        return events.sent_file(self.number, person, message, kind, media_id)

    def _tapped(self, thread: Thread, origin: Message, button: Json) -> Message:
        message = self._heard(thread, Content("text", button["title"], reply_to=origin.id))
        self._tell(
            thread.person, events.tapped(self.number, thread.person, message, origin=origin, button=button)
        )
        return message

    def _reacted(self, person: Person, message: Message, change: Change) -> Json:
        reaction = {"message_id": message.id, "emoji": change[1] or ""}
        return self._happening(person, type="reaction", reaction=reaction)

    def _edited(self, person: Person, message: Message) -> Json:
        text = {"type": "text", "text": {"body": message.content.text}}
        return self._happening(person, type="edit", edit={"original_message_id": message.id, "message": text})

    def _unsent(self, person: Person, message: Message) -> Json:
        return self._happening(person, type="revoke", revoke={"original_message_id": message.id})

    def _happening(self, person: Person, **what: object) -> Json:
        return events.message_change(self.number, person, self._new_id(), self.stage.clock(), **what)

    def _was_read(self, person: Person, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.author == "shop":
                self._tell_status(person, message, "read", "")


def _way(failure: int | None) -> tuple[Status, ...]:
    return ("sent", "delivered") if failure is None else ("failed",)
