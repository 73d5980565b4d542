"""The page on which the owner plays the agents of a support group, and the JSON API beside it."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from integrations.sandbox import pages
from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.group import Groups
from integrations.sandbox.group_people import Agents, GroupFile, TopicAct
from integrations.sandbox.group_world import Group
from integrations.sandbox.http import json_answer, read_body
from integrations.sandbox.media import default_address
from integrations.sandbox.requests import TEXT, Body


class InGroup(Body):
    """Something that an agent does; without ``chat_id`` in the first group."""

    agent: str
    chat_id: int | None = None
    topic: int | None = None


class Say(InGroup):
    """A text."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT)]
    reply_to: int | None = None


class File(InGroup):
    """A file; without ``url`` the sandbox has one."""

    type: GroupFile
    url: str | None = None
    caption: Annotated[str, Field(max_length=TEXT)] = ""


class Edit(InGroup):
    """A new text for an own message."""

    message_id: int
    text: Annotated[str, Field(min_length=1, max_length=TEXT)]


class Tap(InGroup):
    """A tapped button."""

    message_id: int
    payload: str


class React(InGroup):
    """An emoji; null or empty takes it away."""

    message_id: int
    emoji: Annotated[str, Field(max_length=40)] | None = None


class OnTopic(InGroup):
    """What is done to a topic as a whole."""

    act: TopicAct
    name: Annotated[str, Field(max_length=128)] = ""


class GroupApi:
    """One handler per endpoint."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._agents = Agents(groups)

    def add_routes(self, app: web.Application) -> None:
        """Take over ``/group`` and ``/api/group``."""
        post = app.router.add_post
        app.router.add_get("/group", self.page)
        app.router.add_get("/api/group", self.look)
        post("/api/group/say", self.say)
        post("/api/group/file", self.file)
        post("/api/group/edit", self.edit)
        post("/api/group/tap", self.tap)
        post("/api/group/react", self.react)
        post("/api/group/topic", self.topic)

    async def page(self, _request: web.Request) -> web.StreamResponse:
        """Return the page."""
        return pages.file(pages.GROUP)

    async def look(self, _request: web.Request) -> web.Response:
        """Return everything that the page shows."""
        stage = self._groups.stage
        groups = self._groups.all()
        agents = {one.key: one for group in groups for one in self._groups.agents(group)}
        return json_answer(
            {
                "now": stage.clock().isoformat(),
                "language": stage.settings.language,
                "bot": stage.settings.shop_name,
                "agents": [{"key": one.key, "name": one.name, "id": one.chat_id} for one in agents.values()],
                "groups": [group.json() for group in groups],
            }
        )

    async def say(self, request: web.Request) -> web.Response:
        """An agent writes."""
        body = await read_body(request, Say)
        said = self._agents.say(self._group(body), body.agent, body.topic, body.text, body.reply_to)
        return _shown(said.json())

    async def file(self, request: web.Request) -> web.Response:
        """An agent sends a file."""
        body = await read_body(request, File)
        url = body.url or default_address(request, body.type)
        group = self._group(body)
        return _shown(
            self._agents.send_file(group, body.agent, body.topic, body.type, url, body.caption).json()
        )

    async def edit(self, request: web.Request) -> web.Response:
        """An agent changes an own text."""
        body = await read_body(request, Edit)
        return _shown(self._agents.edit(self._group(body), body.agent, body.message_id, body.text).json())

    async def tap(self, request: web.Request) -> web.Response:
        """An agent taps a button."""
        body = await read_body(request, Tap)
        return _shown(self._agents.tap(self._group(body), body.agent, body.message_id, body.payload).json())

    async def react(self, request: web.Request) -> web.Response:
        """An agent puts an emoji on a message."""
        body = await read_body(request, React)
        return _shown(self._agents.react(self._group(body), body.agent, body.message_id, body.emoji).json())

    async def topic(self, request: web.Request) -> web.Response:
        """An agent closes, reopens, renames or deletes a topic."""
        body = await read_body(request, OnTopic)
        topic = self._agents.topic(self._group(body), body.agent, body.act, body.topic, body.name)
        return json_answer({"topic": {"id": topic.id, "name": topic.name, "closed": topic.closed}})

    def _group(self, body: InGroup) -> Group:
        groups = self._groups.all()
        found = self._groups.find(body.chat_id) if body.chat_id is not None else next(iter(groups), None)
        if found is None:
            raise Complaint("There is no such group.", status=404)
        return found


def _shown(message: Json) -> web.Response:
    return json_answer({"message": message})
