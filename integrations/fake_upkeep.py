"""A channel in memory whose platform can be asked what was written, and whose token has an end.

It keeps every promise of `integrations.upkeep` without a network, for tests of what lies above.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from dialogs.channel import Rate
from dialogs.messages import Arrival, Contact, Echo, Text
from integrations.base import IntegrationError, Refused
from integrations.fake import FakeChannel
from integrations.upkeep import Listed, Renewed, ThreadPage

PAGE: Final = 2
"""Threads on a page: so few that tests meet the second."""


@dataclass(slots=True)
class FakeUpkeep(FakeChannel):
    """A `FakeChannel` that remembers ``written``, whether or not anybody was told of it."""

    renewable: bool = True
    token: str = "token-1"  # noqa: S105 - opens nothing
    written: dict[str, list[Arrival]] = field(default_factory=dict)
    """Messages by thread, each in the order of writing."""
    asked: list[str] = field(default_factory=list)
    """Every question, in order: ``list``, ``list <cursor>``, a thread's id or ``renew``."""
    lasts: timedelta = timedelta(days=60)
    _faults: deque[IntegrationError] = field(default_factory=deque)
    _renewals: int = 1

    # -- the test's side

    def write(self, person: str, text: str, at: datetime, *, by_shop: bool = False) -> Arrival:
        """Let a message stand in a thread of the platform's; return it as a webhook would tell it."""
        thread = self.written.setdefault(f"thread of {person}", [])
        message_id = f"{person}-{len(thread) + 1}"
        event = Echo(message_id, text) if by_shop else Text(text)
        contact = Contact(self.name, self.account, (person,))
        thread.append(Arrival(self.name, message_id, at, event, contact))
        return thread[-1]

    def fail_asking(self, *errors: IntegrationError) -> None:
        """Let the next questions raise these, one each."""
        self._faults.extend(errors)

    # -- the ports

    @property
    def asking_rate(self) -> Rate:
        """One question a second."""
        return Rate(timedelta(seconds=1), burst=1)

    async def threads(self, more: str = "") -> ThreadPage:
        """Return two threads at a time, what was written last first.

        Raises:
            IntegrationError: what `fail_asking` was given.

        """
        self._ask(f"list {more}".strip())
        listed = sorted(
            (Listed(thread, max(one.at for one in said)) for thread, said in self.written.items()),
            key=lambda one: one.updated_at,
            reverse=True,
        )
        begin = int(more or 0)
        on = str(begin + PAGE) if len(listed) > begin + PAGE else ""
        return ThreadPage(tuple(listed[begin : begin + PAGE]), on)

    async def messages(self, thread: str) -> Sequence[Arrival]:
        """Return a thread's messages.

        Raises:
            Refused: there is no such thread.
            IntegrationError: what `fail_asking` was given.

        """
        self._ask(thread)
        if thread not in self.written:
            raise Refused("There is no such thread.", code="100")
        return [replace(one) for one in sorted(self.written[thread], key=lambda one: one.at)]

    def use_token(self, token: str) -> None:
        """Speak with another token."""
        self.token = token

    async def renew(self) -> Renewed:
        """Return a fresh token.

        Raises:
            IntegrationError: what `fail_asking` was given.

        """
        self._ask("renew")
        self._renewals += 1
        return Renewed(f"token-{self._renewals}", self.lasts)

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if self._faults:
            raise self._faults.popleft()
