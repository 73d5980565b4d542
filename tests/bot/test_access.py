"""Who may do what, asked of every route of the whole site; and that no other site can make somebody do it."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web_urldispatcher import AbstractRoute, PrefixedSubAppResource
from structlog.typing import EventDict

from bot.server import whole_site
from bot.web.access import (
    MOUNTED,
    RANK,
    SAFE,
    Need,
    Role,
    declared,
    masked,
    open_page,
    place_of,
    real_time,
)
from bot.web.signing import network_of
from bot.web.site import make_site
from persistence.accounts import Profile
from persistence.tables import table
from persistence.tables_people import SessionRow
from tests.bot.house import House
from tests.bot.people import sign_in

ROLES: Final[tuple[Role | None, ...]] = (None, *RANK)
TO_LOGIN: Final = re.compile(r"/login(\?next=.*)?$")
PAGE: Final = {"Accept": "text/html"}


@dataclass
class Door:
    """One route of the site, as a client asks for it."""

    method: str
    path: str
    need: Need | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors(site: web.Application) -> Iterator[Door]:
    for resource in site.router.resources():
        if isinstance(resource, PrefixedSubAppResource):
            continue
        for route in resource:
            if route.method != "HEAD":
                yield Door(route.method, path_of(route), declared(route.handler))


def path_of(route: AbstractRoute) -> str:
    """The route's address with something in the place of its names: a number where only that fits."""
    info = route.get_info()
    if "path" in info:
        return str(info["path"])
    numbers = {
        name for name, form in re.findall(r"\(\?P<(\w+)>([^)]*)\)", info["pattern"].pattern) if "d" in form
    }
    return re.sub(
        r"\{(\w+)[^}]*\}", lambda found: "999" if found[1] in numbers else "x", str(info["formatter"])
    )


@pytest.fixture
async def site(house: House) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """The whole site of an application that the test walks through by hand."""
    async with TestClient(TestServer(whole_site(house.app))) as client:
        yield client


async def ask(
    client: TestClient[web.Request, web.Application], door: Door, headers: dict[str, str], **more: Any
) -> tuple[int, str]:
    """The status and where it leads; of a stream nothing more is waited for."""
    async with client.request(
        door.method, door.path, headers=headers, allow_redirects=False, **more
    ) as answer:
        return answer.status, answer.headers.get("Location", "") + answer.headers.get("HX-Redirect", "")


def test_every_route_declares_whom_it_is_for(house: House) -> None:
    site = whole_site(house.app)
    assert [str(door) for door in doors(site) if door.need is None] == []
    for resource in site.router.resources():
        if isinstance(resource, PrefixedSubAppResource):
            assert str(resource._app.get(MOUNTED)) in {"all", *RANK}, resource
    assert len(list(doors(site))) > 40


@pytest.mark.timeout(240)  # every route, once for each role
async def test_what_a_route_declares_is_what_happens(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    wrong = []
    for door in doors(site.app):
        for role in ROLES:
            visitor = await sign_in(house.app, role) if role else None
            headers = {**PAGE, **(visitor.headers if visitor else {})}
            status, leads = await ask(site, door, headers)
            if problem := judge(door, role, status, leads):
                wrong.append(f"{door} for {role or 'nobody'}: {problem} ({status} {leads})")
    assert not wrong, "\n".join(wrong)


def judge(door: Door, role: Role | None, status: int, leads: str) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if status >= 500:
        return "it broke"
    if door.need == "all":
        return "it asked who is there" if TO_LOGIN.match(leads) and "next" in leads else ""
    if role is None and door.need != "page":
        return "" if status == 303 and TO_LOGIN.match(leads) else "nobody got in"
    if role is None:
        # Whoever has no session has no token either, and nothing can be posted.
        return "" if door.method in SAFE or status == 403 else "it was posted to without a token"
    if door.need == "page":
        return "it was refused" if status in {401, 403} else ""
    assert door.need is not None
    if RANK[role] < RANK[door.need]:
        return "" if status == 403 else "too low a role got in"
    return "it was refused" if status in {401, 403} or TO_LOGIN.match(leads) else ""


@pytest.mark.timeout(240)  # every route that changes something, several times
async def test_nothing_is_changed_without_the_token_of_the_session(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    wrong = []
    olga = await sign_in(house.app, "owner")
    other = await sign_in(house.app, "owner", "Otto Owner")
    cookie = {"Cookie": olga.headers["Cookie"], **PAGE}
    right = {"X-CSRF-Token": olga.csrf}
    attempts = {
        "no token": cookie,
        "another's token": {**cookie, "X-CSRF-Token": other.csrf},
        "another's token, masked": {**cookie, "X-CSRF-Token": masked(other.csrf)},
        "no token, however long": {**cookie, "X-CSRF-Token": "0" * 80},
        "another site": {**cookie, **right, "Sec-Fetch-Site": "cross-site"},
        "a sibling site": {**cookie, **right, "Sec-Fetch-Site": "same-site"},
        "another origin": {**cookie, **right, "Origin": "https://evil.example"},
        "no origin at all": {**cookie, **right, "Origin": "null"},
    }
    unsafe = [door for door in doors(site.app) if door.method not in SAFE and door.need != "all"]
    for door in unsafe:
        for name, headers in attempts.items():
            status, _ = await ask(site, door, headers)
            if status != 403:
                wrong.append(f"{door} with {name}: {status}")
        status, _ = await ask(site, door, cookie, data={"csrf": other.csrf})
        if status != 403:
            wrong.append(f"{door} with another's token in the form: {status}")
    assert len(unsafe) > 20
    assert not wrong, "\n".join(wrong)


async def test_the_token_may_come_in_the_form_or_in_the_header(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    olga = await sign_in(house.app, "owner")
    look = Door("POST", "/desk/me/look", "viewer")
    cookie = {"Cookie": olga.headers["Cookie"]}
    here = {"Origin": f"http://{site.host}:{site.port}"}
    for headers, form in (
        (cookie, {"csrf": olga.csrf}),
        (cookie, {"csrf": masked(olga.csrf)}),
        ({**cookie, **here}, {"csrf": olga.csrf}),
        ({**cookie, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": olga.csrf}, {}),
    ):
        assert await ask(site, look, headers, data={**form, "next": "/desk/people"}) == (303, "/desk/people")


async def test_pages_are_packed_and_show_the_token_in_another_guise_each_time(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    olga = await sign_in(house.app, "owner")
    seen = set()
    for _ in range(2):
        async with site.get("/desk/me", headers={**olga.headers, "Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            text = await answer.text()
            assert olga.csrf not in text
            seen.add(text.partition('name="csrf" content="')[2].partition('"')[0])
    assert len(seen) == 2
    async with site.get("/desk/me", headers={**olga.headers, "Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers


async def test_nobody_is_sent_to_the_sign_in_and_back_afterwards(
    site: TestClient[web.Request, web.Application],
) -> None:
    page = Door("GET", "/desk/people?done=role&x=ä", "owner")
    status, leads = await ask(site, page, PAGE)
    assert (status, leads) == (303, "/login?next=%2Fdesk%2Fpeople%3Fdone%3Drole%26x%3D%25C3%25A4")
    for headers in ({"HX-Request": "true"}, {"Accept": "text/event-stream"}):
        assert await ask(site, page, headers) == (401, "/login")


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tx", "desk"]
)
async def test_nobody_is_sent_elsewhere(
    house: House, site: TestClient[web.Request, web.Application], next_path: str
) -> None:
    olga = await sign_in(house.app, "owner")
    async with site.get(
        "/login", params={"next": next_path}, headers=olga.headers, allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/desk")


async def test_a_handler_that_declares_nothing_is_refused_and_named(
    house: House, aiohttp_client: Any, logged: list[EventDict]
) -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        raise AssertionError

    site = make_site(house.app)
    site.router.add_get("/forgotten", forgotten)
    client = await aiohttp_client(site)
    async with client.get("/forgotten") as answer:
        assert answer.status == 403
    assert [entry["event"] for entry in logged] == ["handler_declares_no_access"]
    assert "forgotten" in logged[0]["handler"]


async def test_a_session_that_was_taken_away_is_none(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    await sign_in(house.app, "owner")
    anna = await sign_in(house.app, "agent")
    me = Door("GET", "/desk/me", "viewer")
    assert (await ask(site, me, anna.headers))[0] == 200
    await house.app.store.accounts.disable(anna.account.id, "shell", house.clock())
    assert (await ask(site, me, anna.headers))[0] == 303
    for cookie in ("nachklang-session=", "nachklang-session=" + "x" * 43, "nachklang-session=" + "x" * 4000):
        assert (await ask(site, me, {"Cookie": cookie}))[0] == 303


async def test_only_what_a_person_does_keeps_a_session_alive(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    anna = await sign_in(house.app, "agent")
    database = house.app.store.database
    hour_ago = real_time(house.app) - timedelta(hours=1)
    rows = table(SessionRow)
    form = {"csrf": anna.csrf, "thread": "1"}
    for door, headers, counts in (
        (Door("GET", "/desk/me", "viewer"), {"HX-Request": "true"}, False),
        (Door("POST", "/desk/presence", "viewer"), {}, False),
        (Door("GET", "/desk/me", "viewer"), {}, True),
        (Door("POST", "/desk/me/look", "viewer"), {"HX-Request": "true"}, True),
    ):
        await database.write(lambda connection: connection.execute(rows.update().values(seen_at=hour_ago)))
        await ask(site, door, {**anna.headers, **headers}, data=form if door.method == "POST" else None)
        [session] = await house.app.store.sessions.of(anna.account.id, real_time(house.app))
        assert (session.seen_at > hour_ago) == counts, door


async def test_pages_carry_what_protects_them_and_speak_the_accounts_language(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    anna = await sign_in(house.app, "agent")
    await house.app.store.accounts.set_profile(
        anna.account.id, Profile("<b>Anna</b>\u202e", "en", "dark", None, True), house.clock()
    )
    async with site.get("/desk/me", headers=anna.headers) as answer:
        text, headers = await answer.text(), answer.headers
    assert '<html lang="en" data-theme="dark">' in text
    assert "<b>Anna" not in text
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"  # with none at all forms would lose their origin
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", text)
    async with site.get("/desk/me", headers={**anna.headers, "X-Forwarded-Proto": "https"}) as answer:
        assert answer.headers["Strict-Transport-Security"]
        assert answer.url.path == "/login"  # the cookie of an open connection is none on an encrypted one


async def test_a_page_that_is_not_there_says_so_in_words(
    house: House, site: TestClient[web.Request, web.Application]
) -> None:
    anna = await sign_in(house.app, "agent")
    async with site.get("/desk/nowhere/at/all", headers={**PAGE, **anna.headers}) as answer:
        assert (answer.status, "Hier ist nichts" in await answer.text()) == (404, True)
    async with site.get("/nowhere", headers={**PAGE, "HX-Request": "true"}) as answer:
        assert (answer.status, answer.headers["HX-Retarget"]) == (404, "#notices")
        assert "<html" not in await answer.text()
    async with site.get("/webhooks/nobody", headers=PAGE) as answer:
        assert answer.content_type == "text/plain"


@pytest.mark.parametrize(
    ("remote", "told", "place"),
    [
        ("93.184.216.34", "198.51.100.7", "93.184.216.34"),  # who is not our proxy is not believed
        ("127.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("", "198.51.100.7", ""),
    ],
)
def test_only_a_proxy_of_the_house_is_believed(remote: str, told: str, place: str) -> None:
    class Asked:
        headers: Final = {"X-Forwarded-For": told}

        def __init__(self) -> None:
            self.remote = remote

    assert place_of(Asked()) == place  # type: ignore[arg-type]  # these two fields are all that is looked at


@pytest.mark.parametrize(
    ("place", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "unix:"),
    ],
)
def test_an_ipv6_house_counts_as_one_place(place: str, network: str) -> None:
    assert network_of(place) == network


def test_an_open_page_is_declared_as_such() -> None:
    @open_page
    async def page(_request: web.Request) -> web.Response:
        return web.Response()

    assert declared(page) == "page"
