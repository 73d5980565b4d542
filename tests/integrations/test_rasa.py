"""The Rasa engine: what is asked and believed, and that nobody waits for a server that is away.

The first part holds for the fake server and for a real, trained one: `make rasa-test` asks for the latter.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from integrations.http import Answer, Http
from integrations.rasa import LONGEST, Parsed, Rasa, RasaSettings, State
from integrations.rasa_fake import FakeRasa, Trouble, meaning
from nlu.understanding import Intent

ROOT = Path(__file__).parent.parent.parent
START = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
PAUSE = timedelta(seconds=10)
PATIENCE = 0.2  # the time-out where a test waits for one


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    client = Http()
    yield client
    await client.aclose()


@pytest.fixture
async def fake() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
async def fake_url(fake: FakeRasa) -> AsyncIterator[str]:
    async with TestServer(fake.app) as server:
        yield str(server.make_url(""))


@pytest.fixture
async def rasa(fake_url: str, http: Http, clock: Clock) -> AsyncIterator[Rasa]:
    """A client of the fake that soon loses patience."""
    client = Rasa(RasaSettings(fake_url, timeout=PATIENCE, pause=PAUSE), http, clock)
    yield client
    await client.aclose()


# -- what the fake and a trained server do alike


@pytest.fixture(params=["fake", pytest.param("trained", marks=pytest.mark.rasa)])
async def either(request: pytest.FixtureRequest, http: Http, clock: Clock) -> AsyncIterator[Rasa]:
    if request.param == "fake":
        fake = FakeRasa()
        async with TestServer(fake.app) as server:
            yield Rasa(RasaSettings(str(server.make_url(""))), http, clock)
    else:
        url = os.environ.get("RASA_URL")
        if not url:
            pytest.fail("RASA_URL names no server; `make rasa-test` starts one")
        # A busy machine may be slow; how long an answer takes is measured elsewhere.
        yield Rasa(RasaSettings(url, timeout=20.0), http, clock)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hallo", "greeting"),
        ("Hello!", "greeting"),
        ("Danke", "thanks"),
        ("thank you so much", "thanks"),
        ("wo bleibt mein paket", "order_status"),
        ("Where is my parcel?", "order_status"),
    ],
)
async def test_german_and_english_are_understood(either: Rasa, text: str, intent: Intent) -> None:
    parsed = await either.parse(text)
    assert parsed is not None
    assert parsed.intent == intent
    assert 0 < parsed.confidence <= 1


@pytest.mark.parametrize("before", ["", " ", "\n\t ", "/", " / //"])
@pytest.mark.parametrize("after", ["", " ", "\n\n"])
async def test_what_is_named_is_found_where_it_stands(either: Rasa, before: str, after: str) -> None:
    text = f"{before}Wo bleibt meine Bestellung #20418?{after}"
    parsed = await either.parse(text)
    assert parsed is not None
    orders = [one for one in parsed.entities if one.kind == "order_number"]
    assert orders
    assert all("20418" in text[one.start : one.end] == one.value for one in orders)
    assert all(one.confidence is None or 0 <= one.confidence <= 1 for one in orders)


@pytest.mark.parametrize(
    "text",
    [
        "👍",
        "👩‍🔧🔥",
        "½",
        "\x00",
        "\ud83d",
        "a\ud83db",
        "שלום",
        "ﬁ" * 50,
        "?" * 3000,
        "wort " * 5000,
        "[a](b)",
        '{"a": 1}',
    ],
)
async def test_nothing_that_can_be_written_does_harm(either: Rasa, text: str) -> None:
    parsed = await either.parse(text)
    assert isinstance(parsed, Parsed)
    assert either.state == "closed"
    assert all(0 <= one.start < one.end <= len(text) for one in parsed.entities)


@pytest.mark.parametrize("text", ["", " ", "\n\u2003\n", "/", "// /"])
async def test_where_nothing_is_said_nothing_is_asked(either: Rasa, text: str) -> None:
    assert await either.parse(text) is None
    assert either.report() == "closed"


async def test_many_can_be_asked_at_once(either: Rasa) -> None:
    many = await asyncio.gather(*(either.parse("hallo") for _ in range(10)))
    assert [one and one.intent for one in many] == ["greeting"] * 10


async def test_it_is_ready(either: Rasa) -> None:
    assert await either.ready()
    assert either.state == "closed"


# -- what is asked


async def test_a_buyer_cannot_choose_the_intent(fake: FakeRasa, rasa: Rasa) -> None:
    assert meaning("/refund_request")["intent"] == {
        "name": "refund_request",
        "confidence": 1.0,
    }  # as Rasa does
    parsed = await rasa.parse(" //refund_request")
    assert parsed is not None
    assert parsed.intent == "out_of_scope"
    assert fake.asked == ["refund_request"]


async def test_of_a_long_text_the_beginning_is_asked_about(fake: FakeRasa, rasa: Rasa) -> None:
    assert await rasa.parse("wo bleibt " + "mein paket " * 10_000)
    assert len(fake.asked[0]) <= LONGEST


# -- what is believed


def saying(**changes: Any) -> bytes:
    """A good answer, and what is to be different in it."""
    return orjson.dumps({**meaning("Bestellung #17"), **changes})


def entity(**changes: Any) -> dict[str, Any]:
    return {"entity": "order_number", "start": 0, "end": 3, "value": "#17", **changes}


GREETING = b'{"name": "greeting", "confidence": '

RUBBISH: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"intent": ' + GREETING + b"0.5}",
    b'{"intent": ' + GREETING + b"NaN}}",
    b'{"intent": ' + GREETING + b"Infinity}}",
    b'{"intent": ' + GREETING + b"1e999}}",
    saying(intent=None),
    saying(intent="greeting"),
    saying(intent={"name": "greet", "confidence": 0.9}),
    saying(intent={"name": "GREETING", "confidence": 0.9}),
    saying(intent={"name": None, "confidence": 0.0}),
    saying(intent={"name": 17, "confidence": 0.9}),
    saying(intent={"name": "greeting"}),
    saying(intent={"name": "greeting", "confidence": "0.9"}),
    saying(intent={"name": "greeting", "confidence": True}),
    saying(intent={"name": "greeting", "confidence": None}),
    saying(intent={"name": "greeting", "confidence": 1.1}),
    saying(intent={"name": "greeting", "confidence": -0.1}),
    saying(entities=None),
    saying(entities={}),
    saying(entities=["#17"]),
    saying(entities=[entity(entity=None)]),
    saying(entities=[entity(start=-1)]),
    saying(entities=[entity(start="0")]),
    saying(entities=[entity(start=0.5)]),
    saying(entities=[entity(start=3)]),
    saying(entities=[entity(end=10_000)]),
    saying(entities=[entity(end=None)]),
    saying(entities=[entity(confidence_entity=7)]),
)


@pytest.mark.parametrize("body", RUBBISH)
async def test_rubbish_is_not_believed(fake: FakeRasa, rasa: Rasa, body: bytes) -> None:
    fake.fail(body)
    assert await rasa.parse("Bestellung #17, geheim") is None
    assert "it answered what cannot be used" in rasa.report()
    assert len(rasa.report()) < 200
    assert not re.search(r"#17|geheim|greet|setup_help", rasa.report())
    assert await rasa.parse("hallo") is not None


async def test_what_a_shop_has_added_is_passed_over(fake: FakeRasa, rasa: Rasa) -> None:
    known = entity(value={"seconds": 1}, role="x", confidence_entity=1.00001)
    fake.fail(saying(entities=[entity(entity="colour"), known], more=[1]))
    parsed = await rasa.parse("#17")
    assert parsed is not None
    assert [(one.kind, one.value, one.confidence) for one in parsed.entities] == [
        ("order_number", "#17", 1.0)
    ]


async def test_a_probability_may_be_rounded_and_a_fallback_is_out_of_scope(
    fake: FakeRasa, rasa: Rasa
) -> None:
    fake.fail(
        saying(intent={"name": "greeting", "confidence": 1.0000001}),
        saying(intent={"name": "nlu_fallback", "confidence": 0.6}),
        saying(intent={"name": "yes", "confidence": 1}),
    )
    parsed = [await rasa.parse("Bestellung #17") for _ in range(3)]
    assert [(one.intent, one.confidence) for one in parsed if one] == [
        ("greeting", 1.0),
        ("out_of_scope", 0.6),
        ("yes", 1.0),
    ]


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["greeting", "#17"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["intent", "name", "confidence", "entities", "entity", "start", "end"]), inner
        )
    ),
    max_leaves=12,
)


class Parrot(Http):
    """Answers every request with the same words, without a network."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    async def request(self, method: str, url: str, **_: Any) -> Answer:
        return Answer(200, {}, self.body)


@given(body=st.binary(max_size=40) | json.map(orjson.dumps), text=st.text(max_size=20))
async def test_no_answer_and_no_text_raises(body: bytes, text: str) -> None:
    client = Rasa(RasaSettings("http://127.0.0.1:5005"), Parrot(body), Clock())
    parsed = await client.parse(text)
    assert parsed is None or (parsed.intent in get_args(Intent) and 0 <= parsed.confidence <= 1)
    assert await client.ready() is False


class Broken(Http):
    """Fails in a way that nobody has thought of."""

    async def request(self, method: str, url: str, **_: Any) -> Answer:
        raise RuntimeError(f"{method} {url}")


async def test_what_nobody_has_thought_of_is_a_failure_like_others(clock: Clock) -> None:
    client = Rasa(RasaSettings("http://127.0.0.1:5005"), Broken(), clock)
    assert await client.parse("hallo") is None
    assert await client.ready() is False
    assert client.report() == "closed, last error 2026-11-25T22:00:00+00:00: asking failed (RuntimeError)"


# -- the breaker


def now() -> float:
    return asyncio.get_running_loop().time()


def state(of: Rasa) -> State:
    return of.state


async def settled(rasa: Rasa) -> None:
    """Wait until the server has been tried."""
    if rasa._probing is not None:
        await asyncio.wait([rasa._probing], timeout=5)


async def test_a_server_that_hangs_costs_its_time_out_once(fake: FakeRasa, rasa: Rasa, clock: Clock) -> None:
    fake.stay("hang")
    began = now()
    assert await rasa.parse("hallo") is None
    assert PATIENCE * 0.9 <= now() - began < 5 * PATIENCE
    assert state(rasa) == "open"
    assert rasa.report() == (
        "open since 2026-11-25T22:00:00+00:00, last error 2026-11-25T22:00:00+00:00: no answer within 0.2 s"
    )
    for _ in range(3):  # over the pauses too: what tries the server then is nobody's message
        began = now()
        assert [await rasa.parse("hallo") for _ in range(100)] == [None] * 100
        assert now() - began < PATIENCE
        await settled(rasa)
        clock.advance(PAUSE.total_seconds())
    assert fake.asked == ["hallo"] * 3


async def test_one_question_in_the_background_finds_out_that_the_server_is_back(
    fake: FakeRasa, rasa: Rasa, clock: Clock
) -> None:
    fake.fail("hang")
    assert await rasa.parse("wo bleibt mein paket") is None
    clock.advance(PAUSE.total_seconds() - 1)
    assert await rasa.parse("wo bleibt mein paket") is None
    assert state(rasa) == "open"
    clock.advance(1)
    assert await asyncio.gather(*(rasa.parse("wo bleibt mein paket") for _ in range(20))) == [None] * 20
    assert state(rasa) == "half-open"
    assert rasa.report().startswith("half-open since 2026-11-25T22:00:00+00:00, last error")
    await settled(rasa)
    assert state(rasa) == "closed"
    assert fake.asked == ["wo bleibt mein paket", "hallo"]
    assert await rasa.parse("danke") is not None
    assert rasa.report().startswith("closed, last error 2026-11-25T22:00:00+00:00: no answer")


async def test_a_server_that_is_still_away_is_left_alone_for_another_pause(
    fake: FakeRasa, rasa: Rasa, clock: Clock
) -> None:
    fake.fail("hang", "500")
    await rasa.parse("danke")
    clock.advance(PAUSE.total_seconds())
    await rasa.parse("danke")
    await settled(rasa)
    assert rasa.report() == (
        "open since 2026-11-25T22:00:00+00:00, last error 2026-11-25T22:00:10+00:00: it answered 500"
    )
    clock.advance(PAUSE.total_seconds() - 1)
    await rasa.parse("danke")
    assert fake.asked == ["danke", "hallo"]


async def test_a_clock_that_is_set_back_makes_no_pause_longer(
    fake: FakeRasa, rasa: Rasa, clock: Clock
) -> None:
    fake.fail("hang")
    await rasa.parse("danke")
    clock.advance(-3600)
    await rasa.parse("danke")
    await settled(rasa)
    assert state(rasa) == "closed"


@pytest.mark.parametrize("trouble", ["500", "rubbish", "close", b"{}"])
async def test_failures_in_a_row_open_it(fake: FakeRasa, rasa: Rasa, trouble: Trouble) -> None:
    fake.fail(trouble, trouble)
    assert [await rasa.parse("danke") for _ in range(2)] == [None, None]
    assert await rasa.parse("danke") is not None  # the row is broken
    fake.stay(trouble)
    for wanted in ("closed", "closed", "open"):
        assert await rasa.parse("danke") is None
        assert state(rasa) == wanted
    asked = len(fake.asked)
    assert await rasa.parse("danke") is None
    assert len(fake.asked) == asked


async def test_a_server_without_a_model_is_not_ready(fake: FakeRasa, rasa: Rasa) -> None:
    fake.loaded = False
    assert await rasa.parse("danke") is None
    assert "it answered 409" in rasa.report()
    assert not await rasa.ready()


@pytest.mark.parametrize("trouble", get_args(get_args(Trouble)[0]))
async def test_a_server_in_trouble_is_not_ready_and_the_breaker_does_not_mind(
    fake: FakeRasa, rasa: Rasa, trouble: Trouble
) -> None:
    fake.stay(trouble)
    began = now()
    assert not await rasa.ready()
    assert now() - began < 5 * PATIENCE
    assert rasa.report() == "closed"


async def test_nobody_at_the_address(http: Http, clock: Clock) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://user:hush@127.0.0.1:{nobody.getsockname()[1]}/?token=hush"
        client = Rasa(RasaSettings(url), http, clock)
        began = now()
        assert [await client.parse("geheim") for _ in range(4)] == [None] * 4
        assert now() - began < 1
        assert not await client.ready()
    assert client.state == "open"
    assert "geheim" not in client.report()
    assert "hush" not in client.report()


@pytest.mark.parametrize("url", ["", "rasa", "ftp://127.0.0.1", "http://["])
async def test_what_is_no_address(http: Http, clock: Clock, url: str) -> None:
    client = Rasa(RasaSettings(url), http, clock)
    assert await client.parse("hallo") is None
    assert not await client.ready()


async def test_no_more_are_asked_at_once_than_can_be_answered_in_time(
    fake: FakeRasa, fake_url: str, http: Http, clock: Clock
) -> None:
    client = Rasa(RasaSettings(fake_url, at_once=4), http, clock)
    answers = await asyncio.gather(*(client.parse("danke") for _ in range(10)))
    assert sum(one is not None for one in answers) == len(fake.asked) == 4
    assert client.report() == "closed"
    assert await client.parse("danke") is not None


async def test_late_news_of_a_closed_chapter_changes_nothing(
    fake: FakeRasa, rasa: Rasa, clock: Clock
) -> None:
    """Two questions were under way when the first opened the breaker: the second does not open it again."""
    fake.stay("hang")
    first = asyncio.create_task(rasa.parse("danke"))
    await asyncio.sleep(PATIENCE / 2)
    second = asyncio.create_task(rasa.parse("danke"))
    assert await first is None
    opened = rasa.report()
    clock.advance(1)
    assert await second is None
    assert rasa.report() == opened


async def test_who_gives_up_leaves_no_trace(fake: FakeRasa, rasa: Rasa) -> None:
    fake.fail("hang")
    task = asyncio.create_task(rasa.parse("danke"))
    await asyncio.sleep(PATIENCE / 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rasa.report() == "closed"
    assert await rasa.parse("danke") is not None


async def test_closing_ends_the_attempt(fake: FakeRasa, rasa: Rasa, clock: Clock) -> None:
    fake.stay("hang")
    await rasa.parse("danke")
    clock.advance(PAUSE.total_seconds())
    await rasa.parse("danke")
    await asyncio.sleep(PATIENCE / 4)
    assert state(rasa) == "half-open"
    await rasa.aclose()
    await rasa.aclose()
    assert state(rasa) == "open"
