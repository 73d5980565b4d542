"""The ports for what is looked after beside the path: gaps in what a platform has told, tokens that end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from dialogs.channel import Rate
from dialogs.messages import Arrival


@dataclass(frozen=True, slots=True)
class Listed:
    """One thread as the platform lists it: its id there, and when something last happened in it."""

    id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Threads, what happened last first; ``more`` asks for the next page, empty: there is none."""

    threads: tuple[Listed, ...]
    more: str = ""


@runtime_checkable
class Comparing(Protocol):
    """A channel whose platform can be asked what was written, in case a webhook never came.

    One call of either method is one call of the platform's.
    """

    @property
    def asking_rate(self) -> Rate:
        """How often it may be asked, all processes together."""

    async def threads(self, more: str = "") -> ThreadPage:
        """Return the account's threads, or another page of them.

        Raises:
            IntegrationError: as for `Channel.send`, but never `Uncertain`.

        """

    async def messages(self, thread: str) -> Sequence[Arrival]:
        """Return the newest messages of a thread, oldest first, as the webhook would have told them.

        Ids and times are the platform's own, so that a webhook that comes after all is recognised. The
        account's own messages are echoes. A tap cannot be told from a text here. What cannot be read, and a
        thread of more than two, is left out.

        Raises:
            IntegrationError: as for `threads`.

        """


@dataclass(frozen=True, slots=True)
class Renewed:
    """A fresh access token, and how long it is valid."""

    token: str = field(repr=False)
    lasts: timedelta


@runtime_checkable
class Renewing(Protocol):
    """A channel whose access token has an end."""

    @property
    def renewable(self) -> bool:
        """Whether this kind of token can be renewed by the program at all."""

    @property
    def token(self) -> str:
        """The token that is used now."""

    def use_token(self, token: str) -> None:
        """Speak with this token from the next call on."""

    async def renew(self) -> Renewed:
        """Ask for a token that lasts anew. The one in use stays valid, and stays in use.

        Raises:
            IntegrationError: as for `Channel.send`, but never `Uncertain`; nothing has changed.

        """
