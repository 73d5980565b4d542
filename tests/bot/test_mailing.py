"""The mail room: the shop is asked for each mail, as often as it takes, and always for the same one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from bot.app import accounts_of
from bot.entry import code_for, is_genuine
from bot.mailing import AT_ONCE, TOO_LATE, mail_due
from bot.rooms import Rooms
from dialogs.entry import find_code
from dialogs.records import Mailed, Touched
from dialogs.shop import Person
from integrations.base import (
    IntegrationError,
    MailRequest,
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
)
from integrations.fake import FakeMailer
from integrations.mailer import WebhookMailer
from integrations.registry import connect
from persistence.consents import NewConsent
from persistence.identity import UnknownOrder
from persistence.mails import Mail, MailFate, Mails
from persistence.tables import EntryLinkRow, NoticeRow
from persistence.tables_journeys import MailRow, TouchpointRow
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel, Fuse
from tests.bot.house import SECRET, House
from tests.bot.serving import LIVE, settings_of, until
from tests.persistence import world

ANNA = Person("c1", "Anna", "anna@example.org", language="de")


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


@pytest.fixture
def house(make_house: MakeHouse, mailer: FakeMailer) -> House:
    """A shop on Instagram whose mails can be asked for."""
    return make_house(
        FakeChannel("instagram", capabilities=LIKE["instagram"]),
        mailer=mailer,
        entry={"public_url": "https://shop.example/"},
        mail={"tries": 3},
    )


async def wish(house: House, who: str = "anna", order_id: str = "1", *, about: str | None = None) -> None:
    """A turn of somebody's chat wishes for a mail about their order."""
    await house.buy(order_id, "paid", buyer=replace(ANNA, external_id=who, email=f"{who}@example.org"))
    await house.meet(who, order_id, channel="instagram")
    key, subject = f"rating:{order_id}", order_id if about is None else about
    await house.leave(
        who,
        mails=(Mailed(key, "rating", "feedback", subject),),
        touched=(Touched(key, "rating", "feedback", "mailed", "window", subject),),
    )


async def standing(house: House) -> list[str]:
    return [row.status for row in await house.rows(MailRow)]


# -- what is asked for


async def test_the_shop_is_asked_with_a_link_and_nothing_personal(house: House, mailer: FakeMailer) -> None:
    await wish(house)
    assert await mail_due(house.app) == 1
    [request] = mailer.asked
    code = find_code(request.entry_url)
    assert code is not None
    assert is_genuine(SECRET, code)
    assert request == MailRequest(
        id=f"1-{int(world.T0.timestamp())}",
        flow="rating",
        purpose="feedback",
        order_id="1",
        order_number="#1",
        entry_url=f"https://shop.example/go/{code}",
        entry_urls={
            "link": f"https://shop.example/go/{code}",
            "instagram": f"https://chat.example/instagram?ref={code}",
        },
        language="de",
        at=world.T0,
    )
    assert not [word for word in ("Anna", "anna@", "example.org") if word in repr(request)]
    assert await house.app.store.identity.link(code, house.clock()) == "1"
    assert await standing(house) == ["sent"]
    assert house.counted("nachklang_mails_total", fate="sent") == 1
    assert await mail_due(house.app) == 0


async def test_without_a_short_link_the_first_channels_is_given(
    make_house: MakeHouse, mailer: FakeMailer
) -> None:
    channels = [FakeChannel(name, capabilities=LIKE[name]) for name in ("instagram", "whatsapp")]
    house = make_house(*channels, mailer=mailer)
    await wish(house)
    await mail_due(house.app)
    [request] = mailer.asked
    assert list(request.entry_urls) == ["instagram", "whatsapp"]
    assert request.entry_url == request.entry_urls["instagram"]


async def test_what_is_about_no_order_links_to_the_newest(house: House, mailer: FakeMailer) -> None:
    await wish(house, about="")
    await mail_due(house.app)
    assert [one.order_id for one in mailer.asked] == ["1"]


@pytest.mark.parametrize(
    ("language", "expected"), [("en-GB", "en"), ("de", "de"), ("fr", "de"), (None, "de")]
)
async def test_the_language_is_the_buyers_where_we_speak_it(
    house: House, mailer: FakeMailer, language: str | None, expected: str
) -> None:
    await house.buy("1", "paid", buyer=replace(ANNA, language=language))
    await house.meet("anna", "1", channel="instagram")
    await house.leave("anna", mails=(Mailed("rating:1", "rating", "feedback", "1"),))
    await mail_due(house.app)
    assert [one.language for one in mailer.asked] == [expected]


async def test_many_are_asked_for_in_groups(house: House, mailer: FakeMailer) -> None:
    for number in range(AT_ONCE + 1):
        await wish(house, f"guest-{number}", f"9{number}")
    assert await mail_due(house.app) == AT_ONCE
    assert await mail_due(house.app) == 1
    assert (
        len({one.id for one in mailer.asked}) == len({one.entry_url for one in mailer.asked}) == AT_ONCE + 1
    )


# -- what goes wrong


class FlakyMails(Mails):
    """A queue whose database is away when something is settled."""

    fuse: Fuse

    async def settle(self, mail: Mail, fate: MailFate, *rest: Any, **more: Any) -> None:
        self.fuse.touch()
        await super().settle(mail, fate, *rest, **more)


async def test_a_process_that_died_in_between_asks_for_the_same_mail(
    house: House, mailer: FakeMailer
) -> None:
    """It was asked for, and the program was killed before that could be written."""
    mails = FlakyMails(house.app.store.database, lease=timedelta(seconds=30))
    mails.fuse = Fuse(1)
    house.app.store.mails = mails
    await wish(house)
    with pytest.raises(OSError, match="away"):
        await mail_due(house.app)
    assert await mail_due(house.app) == 0  # the dead one's lease is respected
    house.later(31)
    assert await mail_due(house.app) == 1
    first, second = mailer.asked
    assert first == second
    assert len(await house.rows(EntryLinkRow)) == 2  # the one that tied the chat, and the mail's
    assert await standing(house) == ["sent"]


async def test_a_code_that_was_used_meanwhile_changes_nothing(house: House, mailer: FakeMailer) -> None:
    mailer.fail(Uncertain("the answer was lost"))
    await wish(house)
    await mail_due(house.app)
    code = find_code(mailer.asked[0].entry_url)
    assert code is not None
    await house.meet("anna.again", channel="instagram")
    await house.use(code, "anna.again", "1")
    house.later(60)
    assert await mail_due(house.app) == 1
    assert mailer.asked[0] == mailer.asked[1]
    assert len(mailer.mailed) == 1


@pytest.mark.parametrize("error", [Unavailable("away"), Uncertain("lost")])
async def test_it_is_asked_for_again_with_growing_pauses_and_then_given_up(
    house: House, mailer: FakeMailer, error: IntegrationError
) -> None:
    mailer.fail(*[error] * 9)
    await wish(house)
    for tries in range(1, 4):
        assert await mail_due(house.app) == 1
        assert await mail_due(house.app) == 0
        house.later(2.0**tries)
    assert await mail_due(house.app) == 0
    assert await standing(house) == ["failed"]
    assert len({one.id for one in mailer.asked}) == 1
    [notice] = await house.rows(NoticeRow)
    told = orjson.loads(notice.detail)
    assert (notice.topic, told["order"], told["flow"]) == ("mail_failed", "1", "rating")
    assert told["why"].startswith("given up after 3 tries")
    [touchpoint] = await house.rows(TouchpointRow)
    assert touchpoint.fate == "refused"


class BrokenMailer(FakeMailer):
    """A mailer with a bug, for a while."""

    fuse = Fuse(1)

    async def send(self, request: MailRequest) -> None:
        self.fuse.touch()
        await super().send(request)


async def test_a_bug_loses_no_mail(make_house: MakeHouse) -> None:
    mailer = BrokenMailer()
    house = make_house(mailer=mailer)
    await wish(house)
    await mail_due(house.app)
    assert await standing(house) == ["waiting"]
    house.later(2)
    await mail_due(house.app)
    assert (await standing(house), len(mailer.mailed)) == (["sent"], 1)
    assert house.counted("nachklang_errors_total", room="mails") == 1


@pytest.mark.parametrize("error", [Refused("gone", code="410"), Malformed("what")])
async def test_what_will_never_be_taken_is_given_up_at_once(
    house: House, mailer: FakeMailer, error: IntegrationError
) -> None:
    mailer.fail(error)
    await wish(house)
    await mail_due(house.app)
    assert (await standing(house), len(mailer.asked)) == (["failed"], 1)
    [notice] = await house.rows(NoticeRow)
    assert orjson.loads(notice.detail)["code"] == (error.code or "")


async def test_a_hook_that_asks_for_a_pause_gets_it(house: House, mailer: FakeMailer) -> None:
    mailer.fail(Throttled("slowly", after=90))
    await wish(house)
    await mail_due(house.app)
    await wish(house, "bert", "2")
    house.later(89)
    assert await mail_due(house.app) == 0
    house.later(2)
    assert await mail_due(house.app) == 2
    assert await standing(house) == ["sent", "sent"]


async def test_a_hook_that_refuses_the_signature_is_asked_until_it_works(
    house: House, mailer: FakeMailer
) -> None:
    mailer.fail(*[Unauthorized("signature", code="401")] * 6)
    await wish(house)
    for _ in range(6):  # more than the tries that anything else has
        assert await mail_due(house.app) == 1
        house.later(61)
    assert await mail_due(house.app) == 1
    await house.idle()
    assert await standing(house) == ["sent"]
    assert await house.notices() == ["account_may_not_send"]


async def test_what_comes_too_late_is_not_asked_for(house: House, mailer: FakeMailer) -> None:
    await wish(house)
    house.clock.advance(TOO_LATE + timedelta(seconds=1))
    await mail_due(house.app)
    assert (mailer.asked, await standing(house)) == ([], ["failed"])


async def test_an_order_that_is_no_longer_theirs_is_not_linked_to(house: House, mailer: FakeMailer) -> None:
    await wish(house)
    await house.app.store.identity.unbind("1", house.clock())
    await mail_due(house.app)
    assert (mailer.asked, await standing(house)) == ([], ["failed"])


async def test_nobody_is_mailed_after_an_opt_out(house: House, mailer: FakeMailer) -> None:
    await wish(house)
    await house.say("stopp", "anna", channel="instagram")
    await house.leave("anna", consents=(NewConsent("all", "withdrawn"),))
    await mail_due(house.app)
    assert mailer.asked == []


# -- the room


async def test_the_room_works_by_itself(make_house: MakeHouse, mailer: FakeMailer) -> None:
    house = make_house(mailer=mailer, server={"poll_seconds": 0.02})
    await wish(house)
    rooms = Rooms(house.app)
    rooms.open()
    try:

        async def asked() -> bool:
            return await standing(house) == ["sent"]

        await until(asked)
    finally:
        await rooms.close()


async def test_without_a_mailer_what_was_wished_for_waits(make_house: MakeHouse) -> None:
    house = make_house()
    await wish(house)
    assert await mail_due(house.app) == 0
    assert await standing(house) == ["waiting"]


@pytest.mark.parametrize("environ", [{}, LIVE])
def test_it_is_on_where_address_and_secret_are_set(environ: dict[str, str]) -> None:
    hook = {"mail": {"url": "https://shop.example/hooks/mail"}}
    on = settings_of("sqlite://", {**environ, "MAIL_WEBHOOK_SECRET": "x"}, hook)
    off = settings_of("sqlite://", environ, {})
    assert isinstance(connect(accounts_of(on, "http://127.0.0.1")).mailer, WebhookMailer)
    assert connect(accounts_of(off, "http://127.0.0.1")).mailer is None


# -- the code


async def test_a_code_that_is_asked_for_again_is_the_same(house: House) -> None:
    await house.buy("1")
    store, now, day = house.app.store, house.clock(), timedelta(days=1)
    code = await code_for(store, SECRET, "1", "mail 1", now, day)
    assert await code_for(store, SECRET, "1", "mail 1", now, day) == code
    assert await code_for(store, SECRET, "1", "mail 2", now, day) != code
    assert await code_for(store, b"another shop's secret", "1", "mail 1", now, day) != code
    with pytest.raises(UnknownOrder):
        await code_for(store, SECRET, "none", "mail 3", now, day)
