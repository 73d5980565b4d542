"""Acknowledgements: the durable door beside a bare aiohttp handler that only verifies and parses."""

import hmac
import json
import multiprocessing
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop
from aiohttp import web

from tests.benchmarks.report import Report
from tests.benchmarks.servers import SECRET, Servers, await_answer, free_port
from tests.benchmarks.webhooks import many, signature

CONNECTIONS = (64,)
SECONDS = 6
PEOPLE = 1000
PREPARED = 60_000

POST_LUA = """
local requests, n = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    local s, b = line:match("^(%S+) (.*)$")
    local headers = {["X-Hub-Signature-256"] = s, ["Content-Type"] = "application/json"}
    requests[#requests + 1] = wrk.format("POST", nil, headers, b)
  end
end
function request()
  n = n + 1
  return requests[(n - 1) % #requests + 1]
end
"""


def measure(servers: Servers, report: Report) -> None:
    """Rates and 99th percentiles for several numbers of connections."""
    if shutil.which("wrk") is None:
        report.row("door", "not measured: wrk is not installed (Debian: apt-get install wrk)")
        return
    script = servers.folder / "post.lua"
    script.write_text(POST_LUA)
    with _bare() as url:
        floor = {n: _load(servers, script, url, n) for n in CONNECTIONS}
    for n, (rate, p99) in floor.items():
        report.row(f"aiohttp, verifies and parses only, {n} connections", f"{rate:,.0f}/s, p99 {p99:.0f} ms")
    for name, database in servers.databases():
        with servers.bot(database, "--only", "web") as (url, _):
            for n in CONNECTIONS:
                rate, p99 = _load(servers, script, f"{url}/webhooks/instagram", n)
                ratio = rate / floor[n][0]
                targets = ("0.5", "0.75") if n == 64 else ("", "")
                report.row(
                    f"durable door, {name}, {n} connections",
                    f"{rate:,.0f}/s, p99 {p99:.0f} ms, ratio {ratio:.2f}",
                    *targets,
                )


def _load(servers: Servers, script: Path, url: str, connections: int) -> tuple[float, float]:
    """Post fresh webhooks for a while; return acknowledgements per second and the 99th percentile in ms."""
    prepared = servers.folder / "webhooks.txt"
    with prepared.open("wb") as file:
        for raw in many(PREPARED, PEOPLE, text="Hallo"):
            file.write(signature(raw).encode() + b" " + raw + b"\n")
    done = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{SECONDS}s",
            "--latency",
            "-s",
            str(script),
            url,
            "--",
            str(prepared),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or p99 is None or "Non-2xx" in done.stdout:
        raise RuntimeError(f"the load run went wrong:\n{done.stdout}{done.stderr}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    return float(rate[1]), float(p99[1]) * scale


@contextmanager
def _bare() -> Iterator[str]:
    """The floor, in a process of its own."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve_bare, args=(port,), daemon=True)
    process.start()
    try:
        await_answer(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.join()


def _serve_bare(port: int) -> None:
    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        expected = "sha256=" + hmac.digest(SECRET.encode(), raw, "sha256").hex()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
            return web.Response(status=401)
        json.loads(raw)
        return web.Response()

    async def alive(_request: web.Request) -> web.Response:
        return web.Response()

    site = web.Application()
    site.router.add_post("/", receive)
    site.router.add_get("/healthz", alive)
    loop = uvloop.new_event_loop()
    web.run_app(site, host="127.0.0.1", port=port, print=None, access_log=None, loop=loop)
