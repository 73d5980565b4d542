"""All doors of the desk's second column: the thread, what is done with it, and what is written in it."""

from __future__ import annotations

from aiohttp import web

from bot.web.canned import add_canned_routes
from bot.web.composer import add_composer_routes
from bot.web.thread import add_reading_routes
from bot.web.thread_acts import add_acting_routes


def add_thread_routes(site: web.Application) -> None:
    """Serve threads, what is done with them and written in them, and the canned replies."""
    add_reading_routes(site)
    add_acting_routes(site)
    add_composer_routes(site)
    add_canned_routes(site)
