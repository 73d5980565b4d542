"""Tokens: renewed weekly, kept sealed, taken up at the start; where that fails, the owner is told in time."""

from datetime import timedelta

import pytest

from bot.sealing import Seal
from bot.settings import Settings
from bot.tokens import TokenRoom, take_up_tokens
from integrations.base import Refused, Unauthorized, Unavailable
from integrations.fake_upkeep import FakeUpkeep
from persistence.tables import NoticeRow, SettingRow
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, SteeredClock
from tests.bot.house import SECRET, House

DAY = 86_400.0
KEY = "token:instagram:shop"


def live(house: House, **instagram: str) -> House:
    """The shop speaks with the real platforms."""
    channels = {"sandbox": "never", "instagram": instagram}
    settings = Settings.model_validate({"channels": channels})
    house.app.config = house.app.config.model_copy(update={"settings": settings})
    return house


class Shop:
    """A house whose Instagram token can be renewed."""

    def __init__(self, make_house: MakeHouse, token: str = "IG-given", *, like: House | None = None) -> None:
        self.platform = FakeUpkeep(SteeredClock(), LIKE["instagram"], "instagram", "shop", token=token)
        self.house = live(make_house(self.platform))
        if like is not None:
            self.house.clock.advance(like.clock() - self.house.clock())
        self.room = TokenRoom()

    async def start(self) -> "Shop":
        """The program starts."""
        await take_up_tokens(self.house.app)
        return self

    async def day(self, days: float = 1) -> str:
        """Let days pass, with a look each; return the token that is used then."""
        for _ in range(max(int(days), 1)):
            self.house.later(DAY * min(days, 1))
            await self.room.step(self.house.app)
        return self.platform.token

    async def told(self) -> list[tuple[str, str]]:
        """What the owner was told: the topic, and the days that are left."""
        rows = await self.house.rows(NoticeRow)
        return [(row.topic, row.detail.partition('"days":"')[2].rstrip('"}')) for row in rows]


@pytest.fixture
async def shop(make_house: MakeHouse) -> Shop:
    return await Shop(make_house).start()


async def test_a_token_is_renewed_at_once_and_then_every_week(shop: Shop) -> None:
    assert shop.platform.token == "IG-given"
    assert await shop.day() == "token-2"
    assert await shop.day(6) == "token-2"
    assert await shop.day() == "token-3"
    assert await shop.day(70) == "token-13"
    assert await shop.told() == []
    assert shop.house.counted("nachklang_tokens_total", channel="instagram", fate="renewed") == 12


async def test_it_is_kept_sealed_and_taken_up_by_the_next_start(shop: Shop, make_house: MakeHouse) -> None:
    await shop.day()
    [row] = await shop.house.rows(SettingRow, key=KEY)
    assert "token-2" not in row.value
    assert "IG-given" not in row.value
    again = await Shop(make_house, like=shop.house).start()
    assert again.platform.token == "token-2"


async def test_another_token_in_the_environment_wins(shop: Shop, make_house: MakeHouse) -> None:
    await shop.day()
    other = await Shop(make_house, "IG-newer", like=shop.house).start()
    assert other.platform.token == "IG-newer"
    assert await other.day() == "token-2", "and begins anew"
    back = await Shop(make_house, "IG-given", like=other.house).start()
    assert back.platform.token == "IG-given"


async def test_what_was_sealed_with_another_secret_is_forgotten(shop: Shop, make_house: MakeHouse) -> None:
    await shop.day()
    [row] = await shop.house.rows(SettingRow, key=KEY)
    sealed = row.value.partition('"sealed":"')[2].partition('"')[0]
    strange = row.value.replace(sealed, Seal(b"x" * 32, "access tokens").close("token-2", "instagram:shop"))
    await shop.house.app.store.remember(KEY, strange)
    again = await Shop(make_house, like=shop.house).start()
    assert again.platform.token == "IG-given"
    assert Seal(SECRET, "access tokens").open(sealed, "instagram:shop") == "token-2"


async def test_another_process_follows(shop: Shop, make_house: MakeHouse) -> None:
    other = await Shop(make_house, like=shop.house).start()
    await shop.day()
    assert await other.day() == "token-2"
    assert "renew" not in other.platform.asked


async def test_a_refusal_is_tried_again_a_day_later_and_a_passing_fault_within_hours(shop: Shop) -> None:
    shop.platform.fail_asking(Refused("too young", code="100"), Unavailable("gone"))
    assert await shop.day() == "IG-given"
    assert await shop.day() == "IG-given"
    assert await shop.day(1 / 20) == "token-2"
    assert await shop.told() == []


async def test_whoever_is_refused_three_times_is_told(shop: Shop) -> None:
    shop.platform.fail_asking(*(Unauthorized("ended", code="190") for _ in range(5)))
    await shop.day(5)
    assert await shop.told() == [("token_not_renewed", "")]
    assert await shop.day() == "token-2"


async def test_before_a_token_ends_that_cannot_be_renewed_the_owner_is_told_four_times(shop: Shop) -> None:
    await shop.day()
    shop.platform.fail_asking(*(Refused("no", code="100") for _ in range(70)))
    await shop.day(65)
    assert await shop.told() == [
        ("token_not_renewed", ""), ("token_ends", "14"), ("token_ends", "7"), ("token_ends", "3"),
        ("token_ends", "1"),
    ]  # fmt: skip


async def test_a_renewed_token_is_warned_of_anew(shop: Shop) -> None:
    await shop.day()
    shop.platform.fail_asking(*(Unavailable("gone") for _ in range(50)))
    await shop.day(56)
    assert await shop.told() == [("token_ends", "14"), ("token_ends", "7")]
    assert await shop.day() == "token-3"
    shop.platform.fail_asking(*(Unavailable("gone") for _ in range(50)))
    await shop.day(47)
    assert [days for _, days in await shop.told()] == ["14", "7", "14"]


async def test_an_end_in_the_settings_is_announced_where_nothing_can_be_renewed(
    make_house: MakeHouse,
) -> None:
    platform = FakeUpkeep(SteeredClock(), LIKE["instagram"], "instagram", "shop", renewable=False)
    day = (SteeredClock()() + timedelta(days=20)).date().isoformat()
    house = live(make_house(platform), token_ends=day)
    shop = await Shop(make_house).start()
    shop.house, shop.platform = house, platform
    await shop.day(25)
    assert platform.token == "token-1"
    assert platform.asked == []
    assert [topic for topic, _ in await shop.told()] == ["token_ends"] * 4
    shop.room = TokenRoom()
    await shop.day()
    assert len(await shop.told()) == 4, "a restart repeats nothing"


async def test_in_the_sandbox_nothing_is_renewed(make_house: MakeHouse) -> None:
    platform = FakeUpkeep(SteeredClock(), LIKE["instagram"], "instagram", "shop")
    house = make_house(platform)
    await take_up_tokens(house.app)
    assert await TokenRoom().step(house.app) == 0
    assert platform.asked == []
