"""The gap healer: what no webhook told is taken in once, and answered only where that still makes sense."""

from datetime import timedelta

import pytest

from bot.healing import SETTLE, HealingRoom
from dialogs.messages import Arrival, Tap
from integrations.base import Refused, Throttled, Unauthorized, Unavailable
from integrations.fake_upkeep import FakeUpkeep
from persistence.tables import InboxRow, NoticeRow, OutboxRow
from tests.bot.conftest import MakeHouse, Serve
from tests.bot.fakes import LIKE, SteeredClock
from tests.bot.house import House
from tests.bot.serving import until

MINUTE, HOUR = 60.0, 3600.0


class Shop:
    """A house whose Instagram can be asked, and the room that asks."""

    def __init__(self, house: House, platform: FakeUpkeep) -> None:
        self.house = house
        self.platform = platform
        self.room = HealingRoom()

    def write(self, text: str, who: str = "anna", *, ago: float = 0, by_shop: bool = False) -> Arrival:
        """Somebody wrote, and no webhook was sent."""
        at = self.house.clock() - timedelta(seconds=ago)
        return self.platform.write(who, text, at, by_shop=by_shop)

    async def look(self) -> list[str]:
        """Let the next look happen, to its end; return what was asked of the platform."""
        self.platform.asked.clear()
        self.house.later(15 * MINUTE)
        return await self.go_on()

    async def go_on(self) -> list[str]:
        """Let a minute pass in which the room works."""
        for _ in range(60):
            await self.room.step(self.house.app)
            self.house.later(1)
        return self.platform.asked

    async def inbox(self) -> list[tuple[str, str, str]]:
        """What is stored: the platform's id, the kind, and how it stands."""
        return [(row.external_id, row.kind, row.status) for row in await self.house.rows(InboxRow)]


@pytest.fixture
async def shop(make_house: MakeHouse) -> Shop:
    """A shop that has begun to compare; nothing has been written yet."""
    clock = SteeredClock()
    platform = FakeUpkeep(clock, LIKE["instagram"], "instagram", "shop")
    house = make_house(platform)
    platform.clock = house.clock
    shop = Shop(house, platform)
    await shop.look()
    return shop


async def test_what_no_webhook_told_is_taken_in_and_answered(shop: Shop) -> None:
    lost = shop.write("hallo")
    assert await shop.look() == ["list", "thread of anna"]
    [row] = await shop.house.rows(InboxRow)
    assert (row.external_id, row.kind, row.at) == (lost.external_id, "text", lost.at)
    assert await shop.house.turns() == 1
    assert len(await shop.house.outbox()) > 0
    [notice] = await shop.house.rows(NoticeRow)
    assert notice.topic == "gaps_healed"
    assert "hallo" not in notice.detail
    assert "anna" not in notice.detail
    assert '"healed":"1"' in notice.detail
    assert shop.house.counted("nachklang_healed_total", channel="instagram", fate="taken") == 1


async def test_a_webhook_that_comes_after_all_changes_nothing(shop: Shop) -> None:
    lost = shop.write("hallo")
    await shop.look()
    assert await shop.house.accept(lost) == 0
    assert await shop.house.turns() == 1


async def test_what_was_told_is_not_taken_in_again_and_a_thread_is_asked_once(shop: Shop) -> None:
    told = shop.write("hallo")
    await shop.house.accept(told)
    await shop.house.turns()
    assert await shop.look() == ["list", "thread of anna"]
    assert await shop.look() == ["list"]
    assert len(await shop.house.rows(InboxRow)) == 1
    assert await shop.house.notices() == []


async def test_what_is_old_is_shown_and_not_answered(shop: Shop) -> None:
    shop.house.later(3 * HOUR)
    old = shop.write("ist jemand da?", ago=2 * HOUR)
    await shop.look()
    assert await shop.house.turns() == 0
    assert await shop.inbox() == [(old.external_id, "text", "kept")]
    chat = await shop.house.conversation()
    assert chat.heard_at == old.at, "the window is open all the same"
    [notice] = await shop.house.rows(NoticeRow)
    assert '"not_answered":"1"' in notice.detail


async def test_what_somebody_has_answered_since_is_not_answered_again(shop: Shop) -> None:
    asked = shop.write("wo ist mein Paket?", ago=10)
    answered = shop.write("Kommt morgen!", by_shop=True)
    await shop.look()
    await shop.house.turns()
    assert await shop.inbox() == [
        (asked.external_id, "text", "kept"),
        (answered.external_id, "echo", "done"),
    ]
    assert (await shop.house.conversation()).floor == "phone", "what was typed on the phone takes the floor"
    assert await shop.house.outbox() == []


async def test_our_own_messages_are_no_gaps(shop: Shop) -> None:
    shop.platform.hear("anna")
    told = shop.write("hallo")
    await shop.house.accept(told)
    await shop.house.turns()
    await shop.house.send()
    for sent in shop.platform.sent:
        echo = shop.write(sent.outgoing.text, by_shop=True)
        shop.platform.written["thread of anna"][-1] = Arrival(
            "instagram", sent.id, echo.at, echo.event, echo.contact
        )
    before = len(await shop.house.rows(InboxRow))
    await shop.look()
    assert len(await shop.house.rows(InboxRow)) == before


async def test_a_text_that_reads_like_a_button_is_the_tap_that_it_was(shop: Shop) -> None:
    shop.platform.hear("anna")
    await shop.house.accept(shop.write("hallo"))
    await shop.house.turns()
    await shop.house.send()
    buttons = [button for one in shop.platform.sent for button in one.outgoing.buttons]
    assert buttons, "the greeting offers something"
    shop.house.later(5)
    lost = shop.write(buttons[0].title)
    await shop.look()
    assert (lost.external_id, "tap", "new") in await shop.inbox()
    late = Arrival("instagram", lost.external_id, lost.at, Tap(buttons[0].payload), lost.contact)
    assert await shop.house.accept(late) == 0


async def test_what_was_written_before_the_shop_came_is_left_alone(make_house: MakeHouse) -> None:
    platform = FakeUpkeep(SteeredClock(), LIKE["instagram"], "instagram", "shop")
    house = make_house(platform)
    shop = Shop(house, platform)
    shop.write("von früher")
    house.later(MINUTE)
    await shop.look()
    shop.write("von heute")
    await shop.look()
    assert [one.external_id for one in await house.rows(InboxRow)] == ["anna-2"]


async def test_what_was_written_while_the_program_was_away_is_found(shop: Shop) -> None:
    shop.house.later(HOUR)
    lost = shop.write("bist du da?")
    shop.house.later(26 * HOUR)
    await shop.look()
    assert await shop.inbox() == [(lost.external_id, "text", "new")]


async def test_what_is_young_may_still_be_told(shop: Shop) -> None:
    shop.house.later(15 * MINUTE)
    shop.write("eben erst")
    for _ in range(5):
        await shop.room.step(shop.house.app)
        shop.house.later(2)
    assert await shop.inbox() == []
    shop.house.later(SETTLE.total_seconds())
    await shop.look()
    assert len(await shop.inbox()) == 1


async def test_all_pages_are_read_at_the_platforms_pace(shop: Shop) -> None:
    people = ["anna", "ben", "cem", "dana", "eva"]
    for who in people:
        shop.write("hallo", who)
    shop.platform.asked.clear()
    shop.house.later(15 * MINUTE)
    for _ in range(20):  # time stands still
        await shop.room.step(shop.house.app)
    assert len(shop.platform.asked) == 1
    asked = await shop.go_on()
    assert asked == ["list", "list 2", "list 4", *(f"thread of {who}" for who in people)]
    assert {row.external_id for row in await shop.house.rows(InboxRow)} == {f"{who}-1" for who in people}


async def test_a_look_that_fails_is_taken_again_from_where_it_began(shop: Shop) -> None:
    shop.write("hallo")
    shop.platform.fail_asking(Unavailable("gone"))
    assert await shop.look() == ["list"]
    shop.house.later(3 * HOUR)
    await shop.look()
    assert len(await shop.inbox()) == 1


async def test_who_is_told_to_wait_waits_and_goes_on(shop: Shop) -> None:
    shop.write("hallo")
    shop.platform.fail_asking(Throttled("slowly", after=20))
    assert await shop.look() == ["list", "list", "thread of anna"]
    assert len(await shop.inbox()) == 1


async def test_one_thread_that_cannot_be_had_keeps_nobody_elses_from_being_read(shop: Shop) -> None:
    shop.write("hallo", "anna")
    shop.house.later(1)
    shop.write("hallo", "ben")
    shop.house.later(15 * MINUTE)
    await shop.room.step(shop.house.app)
    shop.platform.fail_asking(Refused("gone", code="100"))
    shop.house.later(1)
    await shop.go_on()
    assert [one.external_id for one in await shop.house.rows(InboxRow)] == ["anna-1"]
    await shop.look()
    assert len(await shop.inbox()) == 2, "and next time it is tried again"


async def test_an_account_that_may_not_look_says_so_once_and_still_sends(shop: Shop) -> None:
    for _ in range(2):
        shop.platform.fail_asking(Unauthorized("no permission", code="10"))
        await shop.look()
    assert await shop.house.notices() == ["gaps_unseen"]
    assert shop.house.app.resting("instagram", "shop", shop.house.clock()) is None


async def test_one_process_of_many_looks(shop: Shop) -> None:
    other = Shop(shop.house, shop.platform)
    shop.write("hallo")
    shop.platform.asked.clear()
    shop.house.later(15 * MINUTE)
    for _ in range(10):
        await shop.room.step(shop.house.app)
        await other.room.step(shop.house.app)
        shop.house.later(1)
    assert shop.platform.asked == ["list", "thread of anna"]


async def test_a_lost_webhook_is_healed_in_the_whole_program(serve: Serve) -> None:
    async with serve() as server:
        said = await server.sandbox("api/say", channel="instagram", text="Hallo")
        await server.quiet()
        answered = len(await server.rows(OutboxRow))
        await server.sandbox("clock", advance="20 minutes")
        await until(lambda: server.app.store.recall("compared:instagram:17841400000000042"))
        await server.sandbox("faults", webhook_lose=True)
        lost = await server.sandbox("api/say", channel="instagram", text="Bei mir ist gar nichts angekommen")
        await server.sandbox("api/media", channel="instagram", type="image")
        await server.sandbox("faults", webhook_lose=False)
        assert len(await server.rows(InboxRow, kind="text")) == 1
        await server.sandbox("clock", advance="20 minutes")
        rows = await until(lambda: server.rows(NoticeRow, topic="gaps_healed"))
        assert '"healed":"2"' in rows[0].detail
        await server.quiet()
        told = {row.external_id: row.kind for row in await server.rows(InboxRow) if row.kind != "echo"}
        assert told[said["message"]["id"]] == told[lost["message"]["id"]] == "text"
        assert sorted(kind for kind in told.values() if kind in {"text", "media"}) == [
            "media",
            "text",
            "text",
        ]
        assert len(await server.rows(OutboxRow)) > answered


async def test_it_can_be_switched_off(make_house: MakeHouse) -> None:
    platform = FakeUpkeep(SteeredClock(), LIKE["instagram"], "instagram", "shop")
    house = make_house(platform, healing={"minutes": 0})
    shop = Shop(house, platform)
    shop.write("hallo")
    assert await shop.look() == []


async def test_while_a_human_has_the_floor_the_desk_is_told_of_everything_unanswered(shop: Shop) -> None:
    told = shop.write("hallo")
    await shop.house.accept(told)
    await shop.house.turns()
    typed = shop.write("Ich kümmere mich.", by_shop=True)
    await shop.house.accept(typed)
    await shop.house.turns()
    shop.house.later(4 * HOUR)
    lost = shop.write("danke, und noch etwas", ago=2 * HOUR)
    await shop.look()
    assert (lost.external_id, "text", "new") in await shop.inbox()
