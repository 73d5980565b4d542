"""What updates of a support group become, and that they never become a buyer's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.group import GROUP_EVENTS, Changed, Membership, Place, Pressed, Spoken, TopicTurned
from dialogs.messages import Attachment
from integrations.base import Parsed, Throttled, Unauthorized
from integrations.http import Answer
from integrations.telegram import Telegram, TelegramSettings
from integrations.telegram_http import failure

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GROUP = -1001000000001
BOT = Telegram(TelegramSettings("7:token", "secret", support_chats=(str(GROUP),)))
PLAIN = Telegram(TelegramSettings("7:token", "secret"))
Json = dict[str, Any]

EVA: Json = {"id": 501, "is_bot": False, "first_name": "Eva", "last_name": "Brandt"}
CHAT: Json = {"id": GROUP, "type": "supergroup", "title": "Support", "is_forum": True}
IN_TOPIC: Json = {"message_thread_id": 42, "is_topic_message": True}


def parse(update: Json, bot: Telegram = BOT) -> Parsed:
    return bot.parse({}, json.dumps({"update_id": 9, **update}).encode(), NOW)


def message(**more: Any) -> Json:
    return {"message_id": 100, "from": EVA, "chat": CHAT, "date": 1795262400, **more}


def place(topic: int | None = 42, number: int = 100) -> Place:
    return Place(str(GROUP), topic, number, "501", "Eva Brandt")


CASES: dict[str, tuple[Json, Any]] = {
    "words in a topic": ({"message": message(text="Hallo", **IN_TOPIC)}, Spoken(place(), "Hallo")),
    "every message in a topic answers its first": (
        {"message": message(text="a", **IN_TOPIC, reply_to_message={"message_id": 42, "chat": CHAT})},
        Spoken(place(), "a"),
    ),
    "a real answer": (
        {"message": message(text="a", **IN_TOPIC, reply_to_message={"message_id": 77, "chat": CHAT})},
        Spoken(place(), "a", reply_to=77),
    ),
    "a thread of replies in General is no topic": (
        {"message": message(text="a", message_thread_id=77)},
        Spoken(place(None), "a"),
    ),
    "a picture": (
        {
            "message": message(
                caption="so",
                **IN_TOPIC,
                photo=[
                    {"file_id": "s", "file_unique_id": "1", "width": 1, "height": 1},
                    {"file_id": "l", "file_unique_id": "2", "width": 2, "height": 2},
                ],
            )
        },
        Spoken(place(), "so", Attachment("image", media_id="l")),
    ),
    "an edit": (
        {"edited_message": message(text="neu", edit_date=1795262500, **IN_TOPIC)},
        Changed(place(), "neu"),
    ),
    "a button": (
        {"callback_query": {"id": "c1", "from": EVA, "data": "take:1", "message": message(**IN_TOPIC)}},
        Pressed(place(), "take:1", "c1"),
    ),
    "closed by hand": (
        {"message": message(forum_topic_closed={}, **IN_TOPIC)},
        TopicTurned(place(), closed=True),
    ),
    "reopened by hand": (
        {"message": message(forum_topic_reopened={}, **IN_TOPIC)},
        TopicTurned(place(), closed=False),
    ),
    "rights taken away": (
        {"my_chat_member": {"chat": CHAT, "from": EVA, "date": 1, "new_chat_member": {"status": "member"}}},
        Membership(place(None, 0), able=False),
    ),
    "rights given": (
        {
            "my_chat_member": {
                "chat": CHAT,
                "from": EVA,
                "date": 1,
                "new_chat_member": {"status": "administrator", "can_manage_topics": True},
            }
        },
        Membership(place(None, 0), able=True),
    ),
}


@pytest.mark.parametrize(("update", "event"), CASES.values(), ids=CASES.keys())
def test_updates_of_a_support_group_become_events_of_the_desk(update: Json, event: Any) -> None:
    parsed = parse(update)
    assert [one.event for one in parsed.desk] == [event]
    assert (parsed.arrivals, parsed.shop) == ((), ())
    assert parsed.desk[0].external_id == "7:9"
    assert GROUP_EVENTS.validate_json(GROUP_EVENTS.dump_json(event)) == event


@pytest.mark.parametrize("update", [update for update, _ in CASES.values()], ids=CASES.keys())
def test_without_support_groups_they_are_ignored_as_ever(update: Json) -> None:
    parsed = parse(update, PLAIN)
    assert (parsed.arrivals, parsed.desk) == ((), ())
    assert [one.kind for one in parsed.ignored] == ["group"]


IGNORED: dict[str, tuple[Json, str]] = {
    "another group": ({"message": message(text="a") | {"chat": {**CHAT, "id": -5}}}, "group"),
    "a bot": ({"message": message(text="a") | {"from": {**EVA, "is_bot": True}}}, "bot"),
    "a new member": ({"message": message(new_chat_members=[EVA])}, "service_message"),
    "a reaction": (
        {
            "message_reaction": {
                "chat": CHAT, "message_id": 1, "user": EVA, "date": 1, "old_reaction": [], "new_reaction": [],
            }
        },
        "group_other",
    ),
    "an anonymous administrator": (
        {"message": {name: value for name, value in message(text="a").items() if name != "from"}},
        "malformed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("update", "kind"), IGNORED.values(), ids=IGNORED.keys())
def test_what_is_left_alone_is_named(update: Json, kind: str) -> None:
    parsed = parse(update)
    assert parsed.desk == ()
    assert [one.kind for one in parsed.ignored] == [kind]


def test_a_link_may_be_said_in_private_and_anything_else_is_a_buyers() -> None:
    private = {"id": 501, "type": "private", "first_name": "Eva"}
    linking = parse({"message": message(text="/link ABC") | {"chat": private}})
    assert [one.event for one in linking.desk] == [
        Spoken(Place("501", None, 100, "501", "Eva Brandt"), "/link ABC")
    ]
    for text in ("Hallo", "/linksammlung", "/start x"):
        parsed = parse({"message": message(text=text) | {"chat": private}})
        assert (parsed.desk, len(parsed.arrivals)) == ((), 1)
    assert parse({"message": message(text="/link ABC") | {"chat": private}}, PLAIN).desk == ()


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
)


@given(
    kind=st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]),
    spoilt=st.dictionaries(
        st.sampled_from([
            "message_id", "from", "text", "caption", "photo", "message_thread_id", "is_topic_message", "data",
            "id", "message", "reply_to_message", "forum_topic_closed", "new_chat_member", "date",
        ]),
        _LEAVES,
    ),
)  # fmt: skip
def test_nothing_that_comes_from_a_group_becomes_a_buyers_or_breaks(kind: str, spoilt: Json) -> None:
    body = message(text="a", data="x", id="1", message=message(**IN_TOPIC), **IN_TOPIC) | spoilt
    parsed = parse({kind: body | {"chat": CHAT}})
    assert parsed.arrivals == ()
    assert len(parsed.desk) + len(parsed.ignored) == 1


def test_a_group_that_became_another_says_its_new_id() -> None:
    body = {"ok": False, "description": "Bad Request: group chat was upgraded to a supergroup chat"}
    answer = Answer(400, {}, json.dumps(body | {"parameters": {"migrate_to_chat_id": -1009}}).encode())
    error = failure(answer, "sendMessage", "7:token")
    assert isinstance(error, Unauthorized)
    assert "its id is -1009 now: set TELEGRAM_SUPPORT_CHAT_ID" in str(error)


def test_the_wait_that_telegram_asks_for_is_kept() -> None:
    body = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests",
        "parameters": {"retry_after": 38},
    }
    error = failure(Answer(429, {}, json.dumps(body).encode()), "sendMessage", "7:token")
    assert isinstance(error, Throttled)
    assert error.after == 38
