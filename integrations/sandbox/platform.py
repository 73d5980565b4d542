"""A platform as the buyer's phone sees it: what a person can do, and what the shop is told of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, TypeAlias

from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.people import Person
from integrations.sandbox.settings import ChannelName
from integrations.sandbox.stage import Stage
from integrations.sandbox.world import Author, Content, Message, SentRecord, Status, Style, Thread

FileKind: TypeAlias = Literal["image", "audio", "video", "document", "sticker", "location", "ephemeral"]
Change: TypeAlias = tuple[str | None, str | None]
"""The emoji before and after."""


class Platform(ABC):
    """One of the three. Subclasses say how each happening is told, and refuse what they do not have.

    Every method of the buyer's raises `Complaint` where the phone page asks for something that cannot be.
    """

    name: ChannelName

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    # -- what the person does

    def say(self, person: Person, text: str, reply_to: str | None = None) -> Message:
        """The person writes."""
        thread = self._speaking(person)
        if reply_to is not None:
            thread.find(reply_to)
        message = self._heard(thread, Content("text", text, reply_to=reply_to))
        self._tell(person, self._said(person, message))
        return message

    def send_file(self, person: Person, kind: FileKind, url: str, caption: str) -> Message:
        """The person sends a picture, a voice note, a place and the like."""
        thread = self._speaking(person)
        style: Style = "media"
        if kind in {"location", "sticker"}:
            style = "location" if kind == "location" else "sticker"
        elif kind == "ephemeral":
            style = "unsupported"
        media = None if kind in {"location", "ephemeral"} else {"type": kind, "url": url, "caption": caption}
        message = self._new(thread, "buyer", Content(style, caption, media=media), status="sent")
        event = self._sent_file(person, message, kind)
        if event is not None:
            thread.last_heard = message.at
            self._tell(person, event)
        return message

    def tap(self, person: Person, message_id: str, payload: str, title: str) -> Message | None:
        """The person taps a button of one of the shop's messages; return what then stands in the chat."""
        thread = self._speaking(person)
        origin = thread.find(message_id)
        buttons = [*origin.content.buttons, *(b for card in origin.content.cards for b in card["buttons"])]
        button = next((b for b in buttons if "url" not in b and b["payload"] == payload), None)
        if button is None:
            raise Complaint("This message has no such button.")
        origin.tapped = payload
        self.stage.refresh(origin)
        thread.last_heard = self.stage.clock()
        return self._tapped(thread, origin, {**button, "title": title or button["title"]})

    def react(self, person: Person, message_id: str, emoji: str | None) -> Message:
        """The person puts an emoji on a message, or takes it away."""
        thread = self._speaking(person)
        message = thread.find(message_id)
        before = message.reactions.pop("buyer", None)
        if emoji is not None:
            message.reactions["buyer"] = emoji
        thread.last_heard = self.stage.clock()
        self.stage.refresh(message)
        event = self._reacted(person, message, (before, emoji))
        if event is not None:
            self._tell(person, event)
        return message

    def edit(self, person: Person, message_id: str, text: str) -> Message:
        """The person changes an own text."""
        message = self._own_message(person, message_id)
        if message.content.style != "text":
            raise Complaint("Only a text can be edited.")
        message.content = Content("text", text, reply_to=message.content.reply_to)
        message.edits += 1
        self.stage.refresh(message)
        self._tell(person, self._edited(person, message))
        return message

    def unsend(self, person: Person, message_id: str) -> Message:
        """The person takes an own message back."""
        message = self._own_message(person, message_id)
        message.content = Content("text")
        message.unsent = True
        self.stage.refresh(message)
        event = self._unsent(person, message)
        if event is not None:
            self._tell(person, event)
        return message

    def read(self, person: Person) -> int:
        """The person looks at the chat; return how many messages were new to them."""
        thread = self._thread(person)
        if thread.blocked:
            return 0
        unread = [
            message
            for message in thread.messages.values()
            if message.author != "buyer" and message.status != "failed" and message.reach("read")
        ]
        for message in unread:
            self.stage.refresh(message)
        if unread and not self.stage.faults.lose_statuses:
            self._was_read(person, unread)
        return len(unread)

    def block(self, person: Person, *, blocked: bool) -> bool:
        """The person blocks or unblocks the shop; return whether that is new. Meta's platforms never tell."""
        thread = self._thread(person)
        changed = thread.blocked != blocked
        thread.blocked = blocked
        return changed

    @abstractmethod
    def open(self, person: Person, ref: str) -> Message | None:
        """The person opens an entry link; return what then stands in the chat."""

    @abstractmethod
    def own(self, person: Person, text: str) -> Message:
        """The shop's owner answers by hand, in the platform's own app."""

    # -- what the shop does

    def typing(self, person: Person, *, on: bool) -> None:
        """Show that an answer is being written."""
        self.stage.live.publish({"type": "typing", "channel": self.name, "person": person.key, "on": on})

    def seen(self, person: Person) -> None:
        """Show the person that the shop has read everything."""
        for message in reversed(self._thread(person).messages.values()):
            if message.author == "buyer":
                if not message.reach("read"):
                    return
                self.stage.refresh(message)

    def shop_reacts(self, person: Person, message_id: str, emoji: str | None) -> bool:
        """Show the shop's emoji on a message; say whether there is such a message."""
        message = self._thread(person).messages.get(message_id)
        if message is None:
            return False
        message.reactions.pop("shop", None)
        if emoji:
            message.reactions["shop"] = emoji
        self.stage.refresh(message)
        return True

    def accept(
        self,
        person: Person | None,
        content: Content,
        *,
        reference: str | None = None,
        status: Status | None = None,
    ) -> Message:
        """Take a message from the bot: into the record, and into the chat if ``person`` is somebody."""
        if person is None:
            message = Message(self._new_id(), self.name, "", "shop", self.stage.clock(), content, status)
            message.reference = reference
        else:
            message = self._new(self._thread(person), "shop", content, status=status, reference=reference)
        key = None if person is None else person.key
        self.stage.world.record(SentRecord(message.id, self.name, key, content.words, reference, message.at))
        return message

    # -- how the platform tells it

    @abstractmethod
    def _new_id(self) -> str:
        """Return an id that no message ever had."""

    @abstractmethod
    def _said(self, person: Person, message: Message) -> Json:
        """Return the event for a text."""

    @abstractmethod
    def _sent_file(self, person: Person, message: Message, kind: FileKind) -> Json | None:
        """Return the event for a file; None where the platform says nothing."""

    @abstractmethod
    def _tapped(self, thread: Thread, origin: Message, button: Json) -> Message | None:
        """Tell the tap, and put into the chat what the platform shows for it."""

    @abstractmethod
    def _reacted(self, person: Person, message: Message, change: Change) -> Json | None:
        """Return the event for an emoji that became another; None where the platform tells it itself."""

    @abstractmethod
    def _edited(self, person: Person, message: Message) -> Json:
        """Return the event for a changed text."""

    @abstractmethod
    def _unsent(self, person: Person, message: Message) -> Json | None:
        """Return the event for a message taken back; None where the platform says nothing."""

    @abstractmethod
    def _was_read(self, person: Person, messages: list[Message]) -> None:
        """Tell that these messages of the shop were read."""

    # -- shared

    def _thread(self, person: Person) -> Thread:
        return self.stage.world.thread(self.name, person)

    def _speaking(self, person: Person) -> Thread:
        thread = self._thread(person)
        if thread.blocked:
            raise Complaint("This person has blocked the shop here: unblock it first.")
        return thread

    def _own_message(self, person: Person, message_id: str) -> Message:
        message = self._speaking(person).find(message_id)
        if message.author != "buyer" or message.unsent:
            raise Complaint("Only an own message that still stands can be changed.")
        return message

    def _heard(self, thread: Thread, content: Content) -> Message:
        message = self._new(thread, "buyer", content, status="sent")
        thread.last_heard = message.at
        return message

    def _new(
        self,
        thread: Thread,
        author: Author,
        content: Content,
        *,
        status: Status | None,
        reference: str | None = None,
    ) -> Message:
        message = Message(
            self._new_id(), self.name, thread.person.key, author, self.stage.clock(), content, status
        )
        message.reference = reference
        thread.add(message)
        self.stage.world.remember_author(message.id, thread.person.key)
        self.stage.show(message)
        return message

    def _tell(self, person: Person, event: Json) -> None:
        self.stage.postman.post(self.name, person.key, event)
