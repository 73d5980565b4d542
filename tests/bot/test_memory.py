"""What the whole program takes of a small machine: a ceiling that is published, and kept."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]

IDLE = 250
"""Megabytes, with everything read and nothing to do: see "Starting and memory" in docs/measurements.md."""


async def test_the_program_keeps_within_its_memory(store_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", "--config", "config.yml", "--port", "0",
        cwd=ROOT, env={"PATH": os.environ["PATH"], "DATABASE_URL": store_url},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(50):
            said = b""
            while b"Strg+C" not in said:
                line = await process.stdout.readline()
                assert line, said.decode()
                said += line
        takes = psutil.Process(process.pid).memory_info().rss / 1e6
    finally:
        process.terminate()
        await process.communicate()
    assert takes < IDLE


async def test_what_only_prints_is_not_loaded_by_the_server() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys, bot.server; sys.exit('reportlab' in sys.modules)", cwd=ROOT
    )
    assert await process.wait() == 0
