"""The requests room: the shop is told of each request, as often as it takes, and always the same words."""

from datetime import timedelta

import pytest

from bot import requests
from bot.app import accounts_of
from bot.config import ConfigError
from bot.requests import Asked, Wish
from bot.requests_room import requests_due
from bot.rooms import Rooms
from integrations.base import (
    IntegrationError,
    Malformed,
    Refused,
    ServiceRequest,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
)
from integrations.fake import FakeRequests
from integrations.registry import connect
from integrations.requests_hook import WebhookRequests
from persistence.tables import NoticeRow
from persistence.tables_desk import ServiceRequestRow
from tests.bot.conftest import MakeHouse
from tests.bot.house import House
from tests.bot.serving import LIVE, settings_of, until
from tests.persistence import world

KIM = 1


@pytest.fixture
def hook() -> FakeRequests:
    return FakeRequests()


@pytest.fixture
def house(make_house: MakeHouse, hook: FakeRequests) -> House:
    """A shop whose programs are told."""
    return make_house(requests=hook)


async def wish(house: House, key: str = "k") -> int:
    """An agent asks for a gift; the request's id."""
    await house.buy("1", "paid")
    chat = await house.meet("anna", "1")
    done = await requests.ask(house.app, chat, KIM, Wish("gift", "1", {"what": "Kekse"}), key=key)
    assert isinstance(done, Asked)
    return done.id


async def standing(house: House) -> list[tuple[str, int]]:
    return [(row.handover, row.attempts) for row in await house.rows(ServiceRequestRow)]


async def test_the_shop_is_told_what_is_asked_for(house: House, hook: FakeRequests) -> None:
    number = await wish(house)
    assert await requests_due(house.app) == 1
    assert hook.told == [
        ServiceRequest(f"{number}-open", number, "gift", "open", "1", "#1", {"what": "Kekse"}, world.T0)
    ]
    assert await standing(house) == [("sent", 1)]
    assert house.counted("nachklang_requests_total", fate="sent") == 1
    assert await requests_due(house.app) == 0


async def test_where_nobody_is_to_be_told_nothing_waits(make_house: MakeHouse) -> None:
    house = make_house()
    await wish(house)
    assert await requests_due(house.app) == 0
    assert await standing(house) == [("", 0)]


async def test_that_it_is_called_off_is_told_as_something_new(house: House, hook: FakeRequests) -> None:
    number = await wish(house)
    await requests_due(house.app)
    await requests.settle(house.app, number, KIM, "cancelled")
    await requests_due(house.app)
    assert [(one.id, one.status) for one in hook.told] == [
        (f"{number}-open", "open"),
        (f"{number}-cancelled", "cancelled"),
    ]


@pytest.mark.parametrize(
    ("trouble", "standing_then"),
    [
        (Unavailable("down", code="503"), "waiting"), (Uncertain("lost"), "waiting"),
        (Throttled("slowly", after=30, code="429"), "waiting"), (Unauthorized("who?", code="401"), "waiting"),
        (Refused("no", code="404"), "failed"), (Malformed("odd"), "failed"),
    ],
)  # fmt: skip
async def test_what_becomes_of_a_try_that_failed(
    house: House, hook: FakeRequests, trouble: IntegrationError, standing_then: str
) -> None:
    number = await wish(house)
    hook.fail(trouble)
    await requests_due(house.app)
    assert await standing(house) == [(standing_then, 1)]
    house.clock.advance(timedelta(hours=1))
    await requests_due(house.app)
    notices = [row.topic for row in await house.rows(NoticeRow)]
    if standing_then == "failed":
        assert len(hook.told) == 1
        assert notices == ["request_failed"]
    else:
        assert {one.id for one in hook.told} == {f"{number}-open"}
        assert len(hook.told) == 2
        assert list(hook.taken) == [f"{number}-open"]
        assert await standing(house) == [("sent", 2)]


async def test_what_fails_too_often_is_given_up_and_told(make_house: MakeHouse, hook: FakeRequests) -> None:
    house = make_house(requests=hook)
    tries = house.app.config.settings.requests.tries
    hook.fail(*[Unavailable("down", code="503") for _ in range(tries)])
    await wish(house)
    for _ in range(tries + 2):
        await requests_due(house.app)
        house.clock.advance(timedelta(days=1))
    assert await standing(house) == [("failed", tries)]
    [row] = await house.rows(ServiceRequestRow)
    assert row.problem == f"given up after {tries} tries: down"


async def test_the_room_is_open_where_there_is_a_hook(house: House, hook: FakeRequests) -> None:
    rooms = Rooms(house.app)
    rooms.open()
    try:
        await wish(house)

        async def told() -> bool:
            return bool(hook.taken)

        await until(told)
    finally:
        await rooms.close()


def test_it_is_on_where_address_and_secret_are_set() -> None:
    url = {"requests": {"url": "https://shop.example/hooks"}}
    secret = {"REQUESTS_WEBHOOK_SECRET": "a secret"}
    on = settings_of("sqlite:///x", {**LIVE, **secret}, url)
    assert isinstance(connect(accounts_of(on, "")).requests, WebhookRequests)
    sandbox = settings_of("sqlite:///x", secret, url)
    assert isinstance(connect(accounts_of(sandbox, "http://127.0.0.1:9")).requests, WebhookRequests)
    assert connect(accounts_of(settings_of("sqlite:///x", LIVE, {}), "")).requests is None
    with pytest.raises(ConfigError, match="REQUESTS_WEBHOOK_SECRET is missing"):
        settings_of("sqlite:///x", LIVE, url)
    with pytest.raises(ConfigError, match=r"requests\.url is missing"):
        settings_of("sqlite:///x", {**LIVE, **secret}, {})
    with pytest.raises(ConfigError, match="no web address"):
        settings_of("sqlite:///x", LIVE, {"requests": {"url": "shop.example"}})
