"""All doors of the desk's first column: the queue and everything around it."""

from __future__ import annotations

from aiohttp import web

from bot.web.alarms import add_alarm_routes
from bot.web.bulk import add_bulk_routes
from bot.web.desk import add_queue_routes
from bot.web.desk_settings import add_desk_settings_routes
from bot.web.export import add_export_routes
from bot.web.live_routes import add_live_routes


def add_desk_routes(site: web.Application) -> None:
    """Serve the queue, what is done to its rows, alarms, live events, the settings and the export."""
    add_queue_routes(site)
    add_bulk_routes(site)
    add_alarm_routes(site)
    add_live_routes(site)
    add_desk_settings_routes(site)
    add_export_routes(site)
