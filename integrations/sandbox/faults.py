"""The switches that make the platforms misbehave, and the dice that repeat, join and shuffle webhooks."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Countdown = Annotated[int, Field(ge=0, le=1_000_000)]


class Faults(BaseModel):
    """What goes wrong. Countdowns tell for how many of the bot's next messages; the rest stay until changed.

    Only calls that send a message use up a countdown: typing, read marks and questions never do.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    status_500: Countdown = 0
    """So many sends are answered 500; nothing is done."""
    status_429: Countdown = 0
    """So many sends are answered with the platform's own rate error; nothing is done."""
    timeout_after_accept: Countdown = 0
    """So many sends are done, and the answer never comes."""
    timeout_ms: Annotated[int, Field(ge=0, le=600_000)] = 60_000
    """Real time after which such a caller is cut off, if it has not given up before."""
    drop_before_accept: Countdown = 0
    """So many sends lose their connection before anything is done."""
    slow_ms: Annotated[int, Field(ge=0, le=120_000)] = 0
    """Every answer comes this much later; what it reports has already happened."""
    webhook_repeat: Annotated[int, Field(ge=0, le=20)] = 0
    """Every webhook is delivered this many times more, at the same moment."""
    webhook_lose: bool = False
    """Webhooks are lost before they leave, all of them; in the chats everything stands as ever."""
    webhook_shuffle: bool = False
    """Waiting events leave in any order."""
    webhook_batch: Annotated[int, Field(ge=0, le=1000)] = 0
    """Up to so many events travel in one POST (Meta's only; Telegram never joins updates)."""
    status_delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 250
    """Real time from a message to each of its next delivery reports."""
    lose_statuses: bool = False
    """Delivery and read reports are not sent."""
    pair_rate: bool = True
    """The rate per person is enforced."""
    group_rate: bool = True
    """The rate per support group is enforced."""
    group_topics: bool = True
    """The support groups have topics."""
    group_rights: bool = True
    """The bot may manage the topics of the support groups."""
    window: bool = True
    """The messaging window is enforced."""

    def strike(self, countdown: str) -> bool:
        """Use up one of a countdown; say whether there was one left."""
        left = int(getattr(self, countdown))
        if left:
            setattr(self, countdown, left - 1)
        return left > 0

    def change(self, values: dict[str, object]) -> None:
        """Take over the named values, all or none.

        Raises:
            pydantic.ValidationError: an unknown name or a value out of bounds.

        """
        checked = Faults.model_validate({**self.model_dump(), **values})
        for name in values:
            setattr(self, name, getattr(checked, name))
