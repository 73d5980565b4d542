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
from statistics import median
from typing import NamedTuple

import uvloop
from aiohttp import web

from tests.benchmarks.report import Report
from tests.benchmarks.servers import SECRET, Servers, await_answer, free_port
from tests.benchmarks.webhooks import many, signature

CONNECTIONS = (16, 64, 256)
SECONDS = 2
ROUNDS = 7
PEOPLE = 1000
PREPARED = 20_000


class _Load(NamedTuple):
    """Acknowledgements per second, and the 99th percentile in milliseconds."""

    rate: float
    p99: float


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
    """Rates, 99th percentiles and the ratio to the floor, for several numbers of connections.

    Floor and door take turns in short rounds, and the ratio is the middle one of the rounds' ratios: a
    machine that is slower for a while is so for both.
    """
    if shutil.which("wrk") is None:
        report.row("door", "not measured: wrk is not installed (Debian: apt-get install wrk)")
        return
    script = servers.folder / "post.lua"
    script.write_text(POST_LUA)
    with _bare() as floor_url:
        for name, database in servers.databases():
            with servers.bot(database, "--only", "web") as (url, _):
                for n in CONNECTIONS:
                    rounds = [
                        (
                            _load(servers, script, floor_url, n),
                            _load(servers, script, f"{url}/webhooks/instagram", n),
                        )
                        for _ in range(ROUNDS)
                    ]
                    _report(report, name, n, rounds)


def _report(report: Report, name: str, connections: int, rounds: list[tuple[_Load, _Load]]) -> None:
    floor, door = ([pair[side] for pair in rounds] for side in (0, 1))
    ratios = sorted(pair[1].rate / pair[0].rate for pair in rounds)
    where = f"{name}, {connections} connections"
    report.row(
        f"aiohttp, verifies and parses only, beside {where}",
        f"{median(one.rate for one in floor):,.0f}/s, p99 {median(one.p99 for one in floor):.0f} ms",
    )
    report.row(
        f"durable door, {where}",
        f"{median(one.rate for one in door):,.0f}/s, p99 {median(one.p99 for one in door):.0f} ms, "
        f"ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        *(("0.5", "0.75") if connections == 64 else ("", "")),
    )


def _load(servers: Servers, script: Path, url: str, connections: int) -> _Load:
    """Post fresh webhooks for a while."""
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
    return _Load(float(rate[1]), float(p99[1]) * scale)


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
