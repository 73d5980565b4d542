"""Starting: how long until ready, and how much memory the whole program takes."""

import os
import shutil
import subprocess
import sys
import time

import psutil

from tests.benchmarks.door import POST_LUA
from tests.benchmarks.report import Report, percentile
from tests.benchmarks.servers import Servers, await_answer, free_port
from tests.benchmarks.webhooks import many, signature

STARTS = 5
LOAD_SECONDS = 6


def measure(servers: Servers, report: Report) -> None:
    """Seconds from the command to a ready server, and resident megabytes, sandbox included."""
    waits = []
    database = f"sqlite:///{servers.folder / 'start.db'}"
    for _ in range(STARTS):
        port = free_port()
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", str(port)],
            env={**os.environ, "DATABASE_URL": database},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await_answer(f"http://127.0.0.1:{port}/readyz")
        waits.append(time.perf_counter() - began)
        idle = psutil.Process(process.pid).memory_info().rss / 1e6
        process.terminate()
        process.wait(30)
    report.row(
        "start until ready, SQLite, with the sandbox", f"{percentile(waits, 0.5):.2f} s", "3 s", "1.5 s"
    )
    report.row("resident memory, idle", f"{idle:.0f} MB", "250 MB", "120 MB")
    if shutil.which("wrk") is None:
        return
    with servers.bot(f"sqlite:///{servers.folder / 'load.db'}") as (url, pid):
        report.row(
            "resident memory, under load", f"{_under_load(servers, url, pid):.0f} MB", "350 MB", "180 MB"
        )


def _under_load(servers: Servers, url: str, pid: int) -> float:
    """The largest resident set while webhooks pour in and are answered."""
    script, prepared = servers.folder / "load.lua", servers.folder / "load.txt"
    script.write_text(POST_LUA)
    with prepared.open("wb") as file:
        for raw in many(20_000, 2_000, text="Hallo"):
            file.write(signature(raw).encode() + b" " + raw + b"\n")
    load = subprocess.Popen(
        [
            "wrk",
            "-t1",
            "-c32",
            f"-d{LOAD_SECONDS}s",
            "-s",
            str(script),
            f"{url}/webhooks/instagram",
            "--",
            str(prepared),
        ],
        stdout=subprocess.DEVNULL,
    )
    process, largest = psutil.Process(pid), 0.0
    while load.poll() is None:
        largest = max(largest, process.memory_info().rss / 1e6)
        time.sleep(0.1)
    return largest
