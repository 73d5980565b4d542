"""The main job from end to end, with the real adapters against the sandbox: buy, scan, set up, rate."""

import asyncio
import re

import pytest

from bot.entry import is_genuine
from persistence.tables import (
    BindingRow,
    EntryLinkRow,
    InboxRow,
    NoticeRow,
    OrderRow,
    OutboxRow,
    ReminderRow,
)
from persistence.tables_journeys import ConsentRow
from tests.bot.serving import Running
from tests.e2e.buyer import Buyer, what

CHANNELS = ("instagram", "whatsapp", "telegram")
SCORES = ["1", "2", "3", "4", "5"]
on_every_channel = pytest.mark.parametrize("channel", CHANNELS)


def code_of(url: str) -> str:
    """The entry code inside a link."""
    [code] = re.findall(r"NK[A-Z2-7]{22}", url)
    return str(code)


async def to_the_rating(buyer: Buyer, sku: str = "HM-01") -> str:
    """Buy, enter, set up, have it delivered, and travel until the rating is asked for; the order's id."""
    order = await buyer.buy(sku)
    await buyer.enter(order)
    await buyer.set_up()
    await buyer.arrive(order)
    await buyer.travel("4 days")
    await buyer.travel("7 days")
    if buyer.channel == "instagram":
        await buyer.say("Hallo")
    return str(order["id"])


async def agrees(buyer: Buyer) -> None:
    """Say yes to being asked, and find the proof of it in the ledger."""
    assert await buyer.asked() == ("consent_feedback", "allow", ["yes", "no"])
    await buyer.tap("yes")
    [proof] = [row for row in await buyer.server.rows(ConsentRow) if row.purpose == "feedback"]
    assert (proof.action, proof.how, proof.channel) == ("given", "tap", buyer.channel)
    assert "Darf ich dich in ein paar Tagen fragen" in proof.shown
    assert proof.message_ids != "[]"


@on_every_channel
async def test_from_the_purchase_to_a_human_who_will_answer(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    order = await buyer.buy("HM-01")
    assert set(order["links"]) == set(CHANNELS)

    # The greeting: one bubble that says who is speaking, about the right order.
    await buyer.enter(order)
    [greeting] = await buyer.heard()
    assert "automatisch" in greeting
    assert "Rösterei Morgenrot" in greeting
    assert order["number"] in greeting
    assert await buyer.asked() == ("welcome", "thanks", ["now", "later", "human"])
    [binding] = await server.rows(BindingRow)
    assert binding.order_id == order["id"]

    # The setup: three steps, one of which needs help.
    await buyer.tap("now")
    assert await buyer.asked() == ("setup", "list", ["done", "stuck"])
    await buyer.tap("done")
    await buyer.tap("stuck")
    assert await buyer.asked() == ("setup", "list", ["done", "human"])
    await buyer.tap("done")
    await buyer.tap("done")
    assert len(await buyer.heard()) == 6
    assert "Geschafft" in (await buyer.newest())["text"]

    # May we ask how it is? Only who says yes is asked, and the proof is kept.
    await agrees(buyer)

    # It arrives. Days later: how is it going? Outside the window a template asks, or the question waits.
    await buyer.arrive(order)
    said = len(await buyer.heard())
    await buyer.travel("4 days")
    if channel == "instagram":
        assert len(await buyer.heard()) == said
        assert (await buyer.touchpoints())["checkup"] == ("parked", "window")
    else:
        assert await buyer.asked() == ("checkup", "tip", ["fine", "help"])
        assert (await buyer.newest())["template"] == ("nachklang_care" if channel == "whatsapp" else None)

    await buyer.travel("7 days")
    if channel == "instagram":
        assert len(await buyer.heard()) == said
        assert (await buyer.touchpoints())["checkup"] == ("expired", "too_late")
        await buyer.say("Hallo, ich bin's")
        assert "Wo du gerade da bist" in (await buyer.newest())["text"]
    assert await buyer.asked() == ("rating", "ask", SCORES)
    assert (await buyer.newest())["template"] == ("nachklang_rating" if channel == "whatsapp" else None)

    # One tap. A human will answer, by when, and nobody talks over them.
    await buyer.tap("2")
    assert await buyer.ratings() == [(order["id"], 2, None)]
    assert await buyer.handoffs() == ["low_rating"]
    promise = (await buyer.newest())["text"]
    assert "Mensch" in promise
    assert "antwortet dir bis " in promise
    conversation = await buyer.conversation()
    assert (conversation.status, conversation.floor) == ("waiting", "agent")
    said = len(await buyer.heard())
    await buyer.say("Die Kurbel wackelt")
    assert len(await buyer.heard()) == said
    assert await server.rows(NoticeRow) == []


@pytest.mark.parametrize(("channel", "score"), [("instagram", 5), ("whatsapp", 4), ("telegram", 5)])
async def test_a_good_rating_is_thanked_for(server: Running, channel: str, score: int) -> None:
    buyer = Buyer(server, channel)
    order_id = await to_the_rating(buyer)
    await buyer.tap(str(score))
    assert await buyer.ratings() == [(order_id, score, None)]
    assert await buyer.asked() == ("rating", "praise", ["skip"])
    assert "Danke" in (await buyer.newest())["text"]
    await buyer.say("Der Kaffee duftet durchs ganze Haus")
    assert (await buyer.ratings())[-1] == (order_id, score, "Der Kaffee duftet durchs ganze Haus")
    conversation = await buyer.conversation()
    assert (conversation.status, conversation.floor) == ("bot", "bot")
    assert await buyer.handoffs() == []


async def test_who_rates_twice_is_thanked_once(server: Running) -> None:
    buyer = Buyer(server, "telegram")
    order_id = await to_the_rating(buyer)
    await buyer.tap("5")
    await buyer.tap("1")
    assert await buyer.ratings() == [(order_id, 5, None)]
    assert (await buyer.conversation()).status == "bot"


@on_every_channel
async def test_typed_numbers_do_what_taps_do(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    order = await buyer.buy("HM-01")
    await buyer.enter(order)
    await buyer.say("1")
    assert await buyer.asked() == ("setup", "list", ["done", "stuck"])
    for typed in ("1", "2", "1", "1"):
        await buyer.say(typed)
    assert len(await buyer.heard()) == 6
    assert (await buyer.asked())[0] == "consent_feedback"
    await buyer.say("1")
    await buyer.arrive(order)
    await buyer.travel("4 days")
    await buyer.travel("7 days")
    if channel == "instagram":
        await buyer.say("Hallo")
    await buyer.say("2")
    assert await buyer.ratings() == [(order["id"], 2, None)]
    assert (await buyer.conversation()).status == "waiting"


# -- entry codes


@on_every_channel
async def test_a_code_that_is_used_opens_nothing_for_others(server: Running, channel: str) -> None:
    lena, other = Buyer(server, channel), Buyer(server, channel, "passer-by")
    order = await lena.buy()
    await lena.enter(order)
    await other.enter(order)
    assert await other.asked() == ("welcome", "used", ["without", "human"])
    [binding] = await server.rows(BindingRow)
    assert binding.conversation_id == (await lena.conversation()).id
    assert order["number"] not in " ".join(await other.heard())
    # And whoever owns it may scan it again.
    await lena.enter(order)
    assert (await lena.asked())[:2] == ("welcome", "again")
    assert len(await server.rows(BindingRow)) == 1


@on_every_channel
async def test_a_forged_code_is_answered_kindly_and_changes_nothing(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    order = await buyer.buy()
    url = order["links"][channel]["url"]
    code = code_of(url)
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert is_genuine(server.app.secret, code)
    assert not is_genuine(server.app.secret, forged)
    await buyer.open(url.replace(code, forged))
    assert await buyer.asked() == ("welcome", "unreadable", ["without", "human"])
    assert await server.rows(BindingRow) == []
    assert (await buyer.conversation()).status == "bot"
    [link] = await server.rows(EntryLinkRow)
    assert link.used_at is None
    await buyer.open(url)  # the genuine one still works, in the same chat
    assert (await buyer.asked())[:2] == ("welcome", "thanks")


@on_every_channel
async def test_an_expired_code_is_answered_kindly_and_changes_nothing(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    order = await buyer.buy()
    await buyer.travel("53 weeks")
    await buyer.enter(order)
    assert await buyer.asked() == ("welcome", "expired", ["without", "human"])
    assert await server.rows(BindingRow) == []
    await buyer.tap("without")
    assert (await buyer.asked())[0] == "menu"


async def test_two_who_use_one_code_at_the_same_moment(server: Running) -> None:
    people = [Buyer(server, channel, "rival") for channel in CHANNELS]
    order = await people[0].buy()
    code = code_of(order["links"]["instagram"]["url"])
    await asyncio.gather(
        *(
            server.sandbox("api/say", channel=one.channel, person=one.key, text=f"Mein Code: {code}")
            for one in people
        )
    )
    await server.quiet()
    assert len(await server.rows(BindingRow)) == 1
    steps = sorted([(await one.asked())[1] for one in people])
    assert steps == ["thanks", "used", "used"]


async def test_the_link_on_the_card_leads_to_every_channel(server: Running) -> None:
    order = await Buyer(server, "instagram").buy()
    code = code_of(order["links"]["telegram"]["url"])
    status, page = await server.get(f"/go/{code}")
    assert status == 200
    for channel in CHANNELS:
        assert f"/sandbox/open/{channel}?" in page
        assert (await server.get(f"/go/{code}?c={channel}"))[0] == 302
        assert order["links"][channel]["qr_svg"].startswith("<svg")
    assert (await server.rows(EntryLinkRow))[0].used_at is None  # looking uses nothing up
    status, _ = await server.get(f"/go/{code[:-1]}{'A' if code[-1] != 'A' else 'B'}")
    assert status == 410


# -- more than one order


@on_every_channel
async def test_a_second_order_in_the_same_chat(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    first = await to_the_rating(buyer)
    await buyer.tap("5")
    order = await buyer.buy("FP-08")
    await buyer.enter(order)
    assert (await buyer.asked())[:2] == ("welcome", "thanks")
    assert order["number"] in (await buyer.newest())["text"]
    assert sorted(row.order_id for row in await server.rows(BindingRow)) == sorted([first, order["id"]])
    await buyer.arrive(order)
    await buyer.travel("4 days")
    await buyer.travel("7 days")
    if channel == "instagram":
        await buyer.say("Hallo")
    for _ in range(3):  # the survey about the first order comes before it is the second one's turn
        flow, _step, choices = await buyer.asked()
        if flow == "survey":
            await buyer.tap(choices[0])
    # How many days lie between the two depends on the time of day at which all this began.
    for day in range(7):
        await buyer.travel("1 day")
        if channel == "instagram":
            await buyer.say(f"Hallo nochmal, Tag {day}")
        if (await buyer.asked())[0] == "rating":
            break
    assert await buyer.asked() == ("rating", "ask", SCORES)
    await buyer.tap("4")
    assert [(one, score) for one, score, _ in await buyer.ratings()] == [(first, 5), (order["id"], 4)]


async def test_an_order_that_is_called_off_is_never_asked_about(server: Running) -> None:
    buyer = Buyer(server, "telegram")
    order = await buyer.buy()
    await buyer.enter(order)
    await server.sandbox("api/cancel", order_id=order["id"])
    await server.quiet()
    await buyer.travel("30 days")
    said = await buyer.heard()
    assert len(said) == 2
    assert "storniert" in said[1]
    waiting = [row.name for row in await server.rows(ReminderRow) if row.status == "waiting"]
    assert [name for name in waiting if order["id"] in name] == []


# -- platforms that misbehave


@on_every_channel
async def test_repeated_joined_and_shuffled_webhooks_change_nothing(server: Running, channel: str) -> None:
    await server.sandbox("faults", webhook_repeat=3, webhook_shuffle=True, webhook_batch=20)
    buyer = Buyer(server, channel)
    order = await buyer.buy("HM-01")
    await buyer.enter(order)
    await buyer.tap("now")
    for choice in ("done", "done", "done"):
        await buyer.tap(choice)
    assert len(await buyer.heard()) == 5
    await buyer.tap("yes")
    await buyer.arrive(order)
    await buyer.travel("4 days")
    await buyer.travel("7 days")
    if channel == "instagram":
        await buyer.say("Hallo")
    await buyer.tap("1")
    assert await buyer.ratings() == [(order["id"], 1, None)]
    assert await buyer.handoffs() == ["low_rating"]
    assert len(await server.rows(BindingRow)) == 1
    [known] = await server.rows(OrderRow)
    assert known.id == order["id"]
    assert await server.metric("nachklang_events_repeated_total", source=channel) > 0
    sent = [row for row in await server.rows(OutboxRow) if row.status == "sent"]
    assert (await server.sandbox(f"api/sent?channel={channel}"))["count"] == len(sent)


@on_every_channel
async def test_a_flood_of_shuffled_texts_is_heard_once_each(server: Running, channel: str) -> None:
    await server.sandbox("faults", webhook_repeat=2, webhook_shuffle=True, webhook_batch=7)
    words = [f"Nachricht {number}" for number in range(20)]
    await asyncio.gather(
        *(server.sandbox("api/say", channel=channel, person="lena", text=word) for word in words)
    )
    await server.quiet()
    texts = await server.rows(InboxRow, source=channel, kind="text")
    assert len(texts) == 20
    assert {row.status for row in texts} == {"done"}
    sent = await server.sandbox(f"api/sent?channel={channel}")
    assert sent["count"] == len(await server.rows(OutboxRow, status="sent"))


@on_every_channel
async def test_a_platform_that_stumbles_delays_but_loses_and_doubles_nothing(
    server: Running, channel: str
) -> None:
    await server.sandbox("faults", status_500=1)
    buyer = Buyer(server, channel)
    await buyer.enter(await buyer.buy())
    assert len(await buyer.heard()) == 1
    await server.sandbox("faults", drop_before_accept=1 if channel == "instagram" else 0)
    await buyer.tap("now")
    await buyer.tap("done")
    assert len(await buyer.heard()) == 3
    assert set(await buyer.fates()) == {"sent"}


# -- the person, the owner


@pytest.mark.parametrize("channel", ["instagram", "whatsapp"])
async def test_when_the_owner_answers_by_hand_the_bot_is_quiet(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    await buyer.enter(await buyer.buy())
    await buyer.do("own", text="Hier ist Frau Morgenrot persönlich!")
    assert (await buyer.conversation()).floor == "phone"
    await buyer.say("Oh, wie nett!")
    await buyer.tap("now")
    assert len(await buyer.heard()) == 1


async def test_who_hides_their_number_is_served_all_the_same(server: Running) -> None:
    await server.sandbox("api/person", key="lena", hide_phone=True)
    buyer = Buyer(server, "whatsapp")
    order = await buyer.buy()
    await buyer.enter(order)
    await buyer.tap("now")
    assert await buyer.asked() == ("setup", "list", ["done", "stuck"])
    [binding] = await server.rows(BindingRow)
    assert binding.order_id == order["id"]


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
async def test_stop_means_stop(server: Running, channel: str) -> None:
    buyer = Buyer(server, channel)
    order = await buyer.buy()
    await buyer.enter(order)
    await buyer.say("Stop")
    said = len(await buyer.heard())
    assert said == 2
    await buyer.arrive(order)
    await buyer.travel("4 days")
    await buyer.travel("30 days")
    assert len(await buyer.heard()) == said


async def test_somebody_without_a_link_finds_the_way_to_a_human(server: Running) -> None:
    buyer = Buyer(server, "instagram", "stranger")
    await buyer.say("hallo, kann mir wer helfen?")
    assert "automatisch" in (await buyer.heard())[0]
    flow, _, choices = what(await buyer.newest())
    assert flow
    assert "human" in choices
    await buyer.tap("human")
    assert (await buyer.conversation()).status == "waiting"
