"""Whether a failed call may have been carried out: servers here refuse, hang up, lie or stay silent."""

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.base import IntegrationError, Malformed, Refused, Unavailable, Uncertain
from integrations.http import Answer, Http, redacted

TOKEN = "12345:AAtheSecretToken"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    client = Http()
    yield client
    await client.aclose()


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[int]:
    """A TCP server that says what ``talk`` says, and its port."""
    open_writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        await talk(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in open_writers:
            writer.transport.abort()
        server.close()
        await server.wait_closed()


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SMTP ready\r\n\r\n")
    writer.close()


async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"SMTP ready\r\n\r\n")
    writer.close()


async def test_an_object_goes_out_as_json_and_any_status_comes_back(http: Http) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        said = {"got": await request.json(), "token": request.headers["Authorization"], **request.query}
        return web.json_response(said, status=418, headers={"Retry-After": "7"})

    async with serving(handler) as url:
        answer = await http.request(
            "POST", f"{url}/v1/x", json={"a": "ü"}, headers={"Authorization": "Bearer t"}, params={"q": "1 2"}
        )
    assert (answer.status, answer.ok, answer.headers["retry-after"]) == (418, False, "7")
    assert answer.json() == {"got": {"a": "ü"}, "token": "Bearer t", "q": "1 2"}


async def test_bytes_go_out_as_they_are(http: Http) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=request.content_type.encode() + b" " + await request.read())

    async with serving(handler) as url:
        as_json = await http.request("POST", url, json=b'{"a":  1}')
        as_form = await http.request("POST", url, data={"a": "1"})
    assert as_json.body == b'application/json {"a":  1}'
    assert as_form.body == b"application/x-www-form-urlencoded a=1"


async def test_redirects_are_not_followed_and_cookies_are_not_kept(http: Http) -> None:
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(dict(request.cookies))
        return web.Response(status=302, headers={"Location": "/elsewhere", "Set-Cookie": "a=b"})

    async with serving(handler) as url:
        # A cookie jar would leave out addresses that are bare numbers by itself.
        named = url.replace("127.0.0.1", "localhost")
        answers = [await http.request("GET", named) for _ in range(2)]
    assert [answer.status for answer in answers] == [302, 302]
    assert seen == [{}, {}]


async def test_refused_connection_means_nothing_was_done(http: Http) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="before the request left"):
            await http.request("POST", f"http://127.0.0.1:{taken.getsockname()[1]}/send", json={})


async def test_failed_tls_means_nothing_was_done(http: Http) -> None:
    async with talking(no_tls) as port:
        with pytest.raises(Unavailable, match=r"broke off .* before the request left"):
            await http.request("POST", f"https://127.0.0.1:{port}/send", json={})


async def test_timeout_before_the_request_left_means_nothing_was_done(http: Http) -> None:
    async with talking(silent) as port:
        with pytest.raises(Unavailable, match="timed out before"):
            await http.request("POST", f"https://127.0.0.1:{port}/send", json={}, timeout=0.05)


@pytest.mark.parametrize("talk", [hang_up, break_off, no_http])
async def test_broken_line_after_a_post_is_uncertain(http: Http, talk: Talk) -> None:
    async with talking(talk) as port:
        with pytest.raises(Uncertain, match="find out"):
            await http.request("POST", f"http://127.0.0.1:{port}/send", json={})


async def test_timeout_after_a_post_is_uncertain(http: Http) -> None:
    async with talking(silent) as port:
        with pytest.raises(Uncertain, match="timed out after"):
            await http.request("POST", f"http://127.0.0.1:{port}/send", json={}, timeout=0.05)


async def test_a_kept_connection_that_has_died_is_uncertain(http: Http) -> None:
    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await reader.readuntil(b"\r\n\r\n{}")
        writer.close()

    async with talking(answer_once) as port:
        first = await http.request("POST", f"http://127.0.0.1:{port}/send", json={})
        assert first.json() == {}
        with pytest.raises(Uncertain):
            await http.request("POST", f"http://127.0.0.1:{port}/send", json={})


@pytest.mark.parametrize("talk", [hang_up, break_off, no_http])
async def test_a_broken_question_can_be_asked_again(http: Http, talk: Talk) -> None:
    async with talking(talk) as port:
        with pytest.raises(Unavailable, match="only asks"):
            await http.request("GET", f"http://127.0.0.1:{port}/history")


@pytest.mark.parametrize("url", ["", "no address", "ftp://127.0.0.1/x", f"http:///bot{TOKEN}/x", "http://["])
async def test_what_is_no_http_address_is_refused(http: Http, url: str) -> None:
    with pytest.raises(Refused) as caught:
        await http.request("POST", url, json={})
    assert TOKEN not in str(caught.value)


async def test_what_cannot_be_json_is_refused(http: Http) -> None:
    with pytest.raises(Refused, match="JSON"):
        await http.request("POST", "http://127.0.0.1:1/x", json={"text": "half an emoji \ud83d"})


@pytest.mark.parametrize("talk", [hang_up, break_off, no_http, silent])
async def test_errors_hold_no_token_and_no_body(http: Http, talk: Talk) -> None:
    async with talking(talk) as port:
        with pytest.raises(IntegrationError) as caught:
            await http.request(
                "POST",
                f"http://user:{TOKEN}@127.0.0.1:{port}/bot{TOKEN}/send?access_token={TOKEN}",
                json={"text": "private words"},
                params={"key": TOKEN},
                timeout=0.2,
            )
    shown = "".join(traceback.format_exception(caught.value))
    assert f"127.0.0.1:{port}/bot***/send" in str(caught.value)
    assert "theSecret" not in shown
    assert "private words" not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.telegram.org/bot12345:AAx/sendMessage", "api.telegram.org/bot***/sendMessage"),
        ("https://u:p@h.example:8/a/b?token=1#f", "h.example:8/a/b"),
        ("https://graph.example/v25.0/17/messages", "graph.example/v25.0/17/messages"),
    ],
)
def test_redacted(url: str, shown: str) -> None:
    assert redacted(url) == shown


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"x"', b"null", b"\xff"])
def test_an_answer_that_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        Answer(200, {}, body).json()


async def test_closing_twice_and_asking_again_is_harmless(http: Http) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response()

    await http.aclose()
    async with serving(handler) as url:
        assert (await http.request("GET", url)).ok
        await http.aclose()
        await http.aclose()
        assert (await http.request("GET", url)).ok
