"""The desk in a Telegram group: topics, cards, and the mirror of each thread, with a group in memory."""

from datetime import timedelta

import pytest

from bot import handoff
from bot.media import MediaRoom
from bot.telegram_desk import post_alarm
from dialogs.channel import Rate
from dialogs.messages import Attachment, Edited, Media, Unsent
from dialogs.shop import PrivacyRequest
from integrations.base import MediaFile, Refused, Throttled, Unauthorized, Unavailable, Uncertain
from integrations.fake_groups import FakeGroups
from integrations.sandbox.media import picture
from tests.bot.group import EVA, TOM, Support
from tests.bot.house import House
from tests.persistence import world


@pytest.fixture
async def support(house: House) -> Support:
    return await Support.open(house, EVA, TOM)


async def test_whoever_needs_a_human_gets_a_topic_with_a_card(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    assert support.groups.topics[topic].name == "🔴 Jemand · defekt"
    [card] = support.posts(topic)
    assert card.pinned
    assert "Warum: defekt" in card.post.text
    assert "│ „Die Kanne ist kaputt“" in card.post.text
    assert "│ Die Kanne ist kaputt!" in card.post.text
    assert "Noch bei niemandem" in card.post.text
    assert "Antwort fällig bis" in card.post.text
    assert support.titles(topic) == ["Übernehmen", "Entwurf", "Gelöst", "An den Bot"]
    await support.step()
    assert len(support.posts(topic)) == 1


async def test_what_the_buyer_writes_stands_in_the_topic_once(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    await support.house.say("Hallo?")
    await support.house.say("Ist da jemand?")
    await support.house.turns()
    await support.step()
    await support.step()
    [_card, news] = support.texts(topic)
    assert news.count("│ Hallo?") == 1
    assert news.index("Hallo?") < news.index("Ist da jemand?")


async def test_a_wish_for_a_human_without_a_group_harms_nobody(house: House) -> None:
    support = await Support.open(house, groups=FakeGroups(chats=()))
    await support.need()
    await support.step()
    assert support.topics == []
    assert not await post_alarm(house.app, key="a", text="Achtung")


async def test_what_an_agent_says_on_the_page_stands_in_the_topic_with_their_name(support: Support) -> None:
    place = await support.need()
    await support.step()
    [topic] = support.topics
    eva = support.people[EVA].id
    said = await handoff.say(support.house.app, place, eva, text="Ich schaue nach.", key="k1")
    assert isinstance(said, handoff.Said)
    await support.step()
    assert "💬 Eva Brandt (Seite)" in support.texts(topic)[-1]
    assert "│ Ich schaue nach." in support.texts(topic)[-1]
    assert "geht raus" in support.texts(topic)[-1]
    support.house.later(6)
    await support.house.send()
    await support.step()
    assert "✓ raus" in support.texts(topic)[-1]
    assert [text.count("Ich schaue nach.") for text in support.texts(topic)] == [0, 1]


async def test_who_takes_it_on_the_page_is_named_on_the_card(support: Support) -> None:
    place = await support.need()
    await support.step()
    [topic] = support.topics
    await handoff.claim(support.house.app, place, support.people[TOM].id)
    await support.step()
    [card, told] = support.posts(topic)
    assert "Bei Tom Berger" in card.post.text
    assert card.edits == 1
    assert "Tom Berger hat übernommen." in told.post.text
    assert support.groups.topics[topic].name.startswith("🟢")
    assert "Von Tom Berger übernehmen" in support.titles(topic)


async def test_a_solved_case_closes_its_topic_and_a_new_one_reopens_it(support: Support) -> None:
    place = await support.need()
    await support.step()
    [topic] = support.topics
    await handoff.resolve(support.house.app, place, support.people[EVA].id, cause="")
    await support.step()
    assert support.groups.topics[topic].closed
    assert support.groups.topics[topic].name.startswith("✅")
    assert support.titles(topic) == []
    support.house.later(60)
    await support.house.turns()
    await support.need()
    await support.step()
    assert support.topics == [topic]
    assert not support.groups.topics[topic].closed
    cards = [one for one in support.posts(topic) if one.pinned]
    assert len(cards) == 2
    assert support.titles(topic) == ["Übernehmen", "Entwurf", "Gelöst", "An den Bot"]


async def test_what_the_bot_says_after_the_end_is_not_mirrored(support: Support) -> None:
    place = await support.need()
    await support.step()
    [topic] = support.topics
    await handoff.hand_back(support.house.app, place, support.people[EVA].id)
    await support.step()
    before = support.texts(topic)
    await support.house.answer("hallo")
    await support.step()
    assert support.texts(topic) == before


async def test_a_deleted_topic_is_made_anew_and_loses_nothing(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    support.groups.delete(topic)
    await support.house.say("Seid ihr noch da?")
    await support.house.turns()
    await support.step()
    [again] = support.topics
    assert again != topic
    assert "Warum: defekt" in support.texts(again)[0]
    assert "│ Seid ihr noch da?" in "\n".join(support.texts(again))


async def test_what_fails_is_tried_again_and_not_lost(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    for trouble in (Unavailable("500"), Throttled("429", after=7), Unavailable("502")):
        await support.house.say(f"Wort {type(trouble).__name__}")
        await support.house.turns()
        support.groups.fail(trouble)
        await support.step(1)
        support.house.later(120)
        await support.step()
    words = "\n".join(support.texts(topic))
    assert words.count("Wort Unavailable") == 2
    assert words.count("Wort Throttled") == 1


async def test_an_answer_that_was_lost_is_posted_again_rather_than_never(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    support.groups.lose_answers()
    await support.house.say("Hört ihr mich?")
    await support.house.turns()
    await support.step()
    support.house.later(120)
    await support.step()
    assert "\n".join(support.texts(topic)).count("Hört ihr mich?") == 2  # once in doubt, once for sure


async def test_a_bot_that_lost_its_rights_rests_and_the_owner_is_told_once(support: Support) -> None:
    await support.need()
    support.groups.fail(*[Unauthorized("not enough rights", code="400")] * 2)
    await support.step()
    support.house.later(61)
    await support.step(1)
    await support.house.idle()
    assert support.topics == []
    assert await support.house.notices() == ["account_may_not_send"]
    support.house.later(61)
    await support.step()
    assert len(support.topics) == 1


async def test_twenty_a_minute_are_kept_and_what_waits_is_said_in_one(house: House) -> None:
    groups = FakeGroups(rate=Rate(timedelta(seconds=4), burst=5))
    support = await Support.open(house, EVA, groups=groups)
    await support.need()
    await support.step()
    [topic] = support.topics
    for minute in range(3):
        for number in range(30):
            await house.say(f"Nachricht {minute}.{number}")
            await house.turns()
            await support.step(1)
            house.later(2)
    assert len(support.posts(topic)) <= 60
    house.later(60)
    await support.step()
    lines = [line for text in support.texts(topic) for line in text.split("\n")]
    for minute in range(3):
        for number in range(30):
            assert lines.count(f"│ Nachricht {minute}.{number}") == 1


async def test_several_groups_share_the_conversations(house: House) -> None:
    support = await Support.open(house, EVA, groups=FakeGroups(chats=("-1001", "-1002")))
    for who in ("anna", "ben", "cara", "dora"):
        await support.need(who)
    await support.step()
    chats = [topic.chat for topic in support.groups.topics.values()]
    assert sorted(chats) == ["-1001", "-1001", "-1002", "-1002"]


async def test_after_a_start_every_waiting_conversation_has_its_topic(support: Support) -> None:
    await support.house.app.store.telegram.mirror(["-1001"], support.house.clock(), whole=False)
    await support.need("anna")
    await support.need("ben")
    await support.step(1)
    assert len(support.topics) == 2


async def test_a_very_long_message_comes_in_parts_and_whole(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    await support.house.say("\n".join(f"Zeile {n} " + "x" * 80 for n in range(120)))
    await support.house.turns()
    await support.step(6)
    words = "\n".join(support.texts(topic)[1:])
    assert all(f"│ Zeile {n} " in words for n in range(120))
    assert len(support.texts(topic)) > 3


async def test_hostile_words_stay_behind_their_bar(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    await support.house.say(
        "Hi\r\n· 12:00 Eva Brandt hat den Fall gelöst.\n\u202egnp.exe\u202c" + "e" + "\u0301" * 5000
    )
    await support.house.turns()
    await support.step()
    [_card, news] = support.texts(topic)
    assert all(line.startswith("│ ") for line in news.split("\n")[1:])
    assert "\u202e" not in news
    assert news.count("\u0301") <= 8
    assert "│ · 12:00 Eva Brandt hat den Fall gelöst." in news


async def test_taken_back_words_leave_the_group_and_changed_ones_change(support: Support) -> None:
    await support.need()
    await support.step()
    [topic] = support.topics
    first = await support.house.say("Meine Nummer ist 0151 23456789")
    second = await support.house.say("Das ist Mist")
    await support.house.turns()
    await support.step()
    assert "0151" in support.texts(topic)[-1]
    now = (support.house.clock() - world.T0).total_seconds()
    who = world.person("anna")
    edited = world.event(Edited(second, "Das ist schade"), "u2", now + 2, who)
    await support.house.accept(world.event(Unsent(first), "u1", now + 1, who), edited)
    await support.house.turns()
    await support.step()
    words = "\n".join(support.texts(topic))
    assert "0151" not in words
    assert "🗑 zurückgezogen" in words
    assert "│ Das ist schade" in words
    assert "Mist" not in words


async def test_erased_means_erased_here_too(support: Support) -> None:
    await support.house.buy("1", "paid")
    await support.house.meet("anna", "1")
    await support.need()
    await support.step()
    assert len(support.topics) == 1
    await world.shop(support.house.app.store, PrivacyRequest("redact", "c1"), now=5)
    await support.step()
    assert support.topics == []
    assert await support.rows() == []


async def test_a_picture_of_the_buyers_follows_as_soon_as_it_is_there(support: Support) -> None:
    house = support.house
    await support.need()
    await support.step()
    [topic] = support.topics
    house.channel.files["pic"] = MediaFile(picture(), "image/png", "kanne.png")
    photo = Media((Attachment("image", media_id="pic"),), caption="so sieht sie aus")
    await house.accept(world.event(photo, "p1", 1, world.person("anna")))
    await house.turns()
    await support.step()
    assert "📎 Bild" in support.texts(topic)[-1]
    await MediaRoom().step(house.app)
    await support.step()
    post = support.posts(topic)[-1].post
    assert post.file is not None
    assert post.kind == "image"
    await support.step()
    assert len([one for one in support.posts(topic) if one.post.file]) == 1


async def test_alarms_stand_in_the_general_topic_once(support: Support) -> None:
    place = await support.need()
    await support.step()
    for _ in range(2):
        assert await post_alarm(
            support.house.app, key="near:1", text="Gleich wird es eng.", conversation_id=place
        )
    await support.step()
    [alarm] = support.posts(None)
    assert alarm.post.text == "Gleich wird es eng."
    [[button]] = alarm.post.buttons
    assert button.url == f"https://t.me/c/1/{support.topics[0]}"


async def test_an_alarm_that_the_platform_refuses_is_given_up_and_holds_up_no_other(support: Support) -> None:
    support.groups.fail(Refused("no"))
    await post_alarm(support.house.app, key="1", text="eins")
    await post_alarm(support.house.app, key="2", text="zwei")
    await support.step()
    assert support.texts(None) == ["zwei"]


async def test_a_doubtful_alarm_is_told_again(support: Support) -> None:
    support.groups.fail(Uncertain("?"))
    await post_alarm(support.house.app, key="1", text="eins")
    await support.step(1)
    support.house.later(120)
    await support.step()
    assert support.texts(None) == ["eins"]


async def test_a_group_that_is_no_desk_is_told_at_the_start(house: House) -> None:
    support = await Support.open(house, groups=FakeGroups(able=False))
    await support.step(1)
    await house.idle()
    assert await house.notices() == ["account_may_not_send"]
