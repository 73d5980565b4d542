"""A file's address is a stranger's word: it leads to the platform's own machines or nowhere."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from integrations.base import IntegrationError, MediaGone, MediaTooLarge, Refused, Unavailable
from integrations.downloads import META_HOSTS, Downloads
from integrations.http import Http
from tests.integrations.test_http import serving

GRAPH = "https://graph.facebook.com"
TOKEN = "EAAsecretToken"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    client = Http()
    yield client
    await client.aclose()


def meta(base: str = GRAPH) -> Downloads:
    return Downloads(Http(), service="Meta", base=base, hosts=META_HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&hash=x",
        "https://scontent.cdninstagram.com/v/t51/1.jpg?oh=1",
        "https://video-fra3-1.xx.fbcdn.net/v/1.mp4",
        "https://graph.facebook.com/v25.0/1",
        "https://mmg.whatsapp.net/d/f/1.enc",
    ],
)
def test_the_platforms_own_machines_are_asked(url: str) -> None:
    assert meta().allows(URL(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/1",  # in the clear
        "https://lookaside.fbsbx.com:8443/1",
        "https://fbsbx.com.evil.example/1",
        "https://evilfbsbx.com/1",
        "https://evil.example/?fbsbx.com",
        "https://evil.example/fbcdn.net",
        "https://user:word@lookaside.fbsbx.com/1",
        "https://lookaside.fbsbx.com@evil.example/1",
        "https://127.0.0.1/1",
        "https://[::1]/1",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:8080/metrics",
        "file:///etc/passwd",
        "data:image/png;base64,AA==",
        "ftp://lookaside.fbsbx.com/1",
        "//lookaside.fbsbx.com/1",
        "/etc/passwd",
    ],
)
async def test_nobody_else_is_asked(url: str, http: Http) -> None:
    downloads = Downloads(http, service="Meta", base=GRAPH, hosts=META_HOSTS)
    with pytest.raises(Refused) as caught:
        await downloads.get(url, largest=10)
    assert "passwd" not in str(caught.value)


@given(host=st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True))
def test_a_host_is_the_platforms_only_below_its_own_names(host: str) -> None:
    try:
        url = URL(f"https://{host}/1")
    except ValueError:
        return
    name = url.host or ""
    ours = any(name == one or name.endswith(f".{one}") for one in (*META_HOSTS, "graph.facebook.com"))
    assert meta().allows(url) <= ours


def test_beside_the_sandboxs_api_is_the_sandbox_alone() -> None:
    sandbox = meta("http://127.0.0.1:8080/sandbox/graph")
    assert sandbox.allows(URL("http://127.0.0.1:8080/sandbox/media/sample.png"))
    for url in (
        "/metrics",
        "/sandbox/../metrics",
        "/sandboxes/1",
        "/sandbox/%2e%2e/metrics",
        "/desk/media/1",
    ):
        assert not sandbox.allows(URL(f"http://127.0.0.1:8080{url}"))
    assert not sandbox.allows(URL("http://127.0.0.1:8081/sandbox/media/sample.png"))


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def fetched(http: Http, handler: Handler, *, largest: int = 100, path: str = "/api/file") -> bytes:
    async with serving(handler) as base:
        downloads = Downloads(http, service="Meta", base=f"{base}/api/graph")
        return (await downloads.get(base + path, largest=largest, token=TOKEN)).body


async def test_the_sandbox_is_found_by_whatever_name_the_browser_knew_it(http: Http) -> None:
    async def file(_request: web.Request) -> web.Response:
        return web.Response(body=b"file")

    async with serving(file) as base:
        downloads = Downloads(http, service="Meta", base=f"{base}/api/graph")
        got = await downloads.get("http://shop.example:1/api/media/1", largest=10)
    assert got.body == b"file"


async def test_redirects_are_followed_to_the_platform_alone(http: Http) -> None:
    async def there(request: web.Request) -> web.Response:
        if request.path == "/api/file":
            raise web.HTTPFound("/api/moved")
        return web.Response(body=request.headers["Authorization"].encode())

    assert await fetched(http, there) == f"Bearer {TOKEN}".encode()

    for target in ("http://169.254.169.254/latest", "/metrics", "file:///etc/passwd", ""):

        async def elsewhere(_request: web.Request, target: str = target) -> web.Response:
            return web.Response(status=302, headers={"Location": target} if target else {})

        with pytest.raises(Refused):
            await fetched(http, elsewhere)


class Trusting(Downloads):
    """Goes wherever it is sent."""

    def allows(self, url: URL) -> bool:
        return url.scheme == "http"


async def test_a_token_stays_with_the_host_that_it_is_for(http: Http) -> None:
    told: list[str | None] = []

    async def second(request: web.Request) -> web.Response:
        told.append(request.headers.get("Authorization"))
        return web.Response(body=b"file")

    async with serving(second) as other:

        async def first(_request: web.Request) -> web.Response:
            raise web.HTTPFound(f"{other}/file")

        async with serving(first) as base:
            downloads = Trusting(http, service="Meta", base=f"{base}/graph")
            await downloads.get(f"{base}/file", largest=10, token=TOKEN)
    assert told == [None]


async def test_a_circle_of_redirects_ends(http: Http) -> None:
    async def circle(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/api/file")

    with pytest.raises(Refused):
        await fetched(http, circle)


async def test_a_file_is_read_no_further_than_it_may_be_large(http: Http) -> None:
    async def announced(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 101)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 1000)
        except ConnectionError:
            return response

    for handler in (announced, endless):
        with pytest.raises(MediaTooLarge):
            await fetched(http, handler)

    async def exact(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 100)

    assert len(await fetched(http, exact)) == 100


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, MediaGone), (410, MediaGone), (403, MediaGone), (401, MediaGone), (400, Refused),
        (429, Unavailable), (500, Unavailable), (503, Unavailable), (304, Refused),
    ],
)  # fmt: skip
async def test_what_an_answer_means(http: Http, status: int, error: type[IntegrationError]) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    with pytest.raises(error) as caught:
        await fetched(http, answer, path="/api/bot123:secret/file?token=geheim")
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)
    assert "geheim" not in str(caught.value)
