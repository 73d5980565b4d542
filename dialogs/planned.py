"""What is to come, as a reminder carries it: a flow that begins or goes on, a promise, a silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dialogs.state import Frame


@dataclass(frozen=True, slots=True)
class Planned:
    """Something that is to come: what a reminder carries.

    ``kind`` is ``touch`` (a flow begins), ``wait`` (a flow goes on), ``remind`` (a promise), ``silence`` (no
    answer came) or ``delay`` (a parcel is late). ``on`` names the trigger as ``<kind>:<value>``, ``calls``
    the flows to come back to. ``wanted`` is the SKU for which somebody waits whom it is about.
    """

    kind: str
    key: str = ""
    flow: str = ""
    step: str = ""
    order_id: str = ""
    until: datetime | None = None
    version: str = ""
    on: str = ""
    calls: tuple[Frame, ...] = ()
    asked: int = 0
    wanted: str = ""

    def data(self) -> dict[str, str]:
        """As a reminder keeps it."""
        texts = {
            "kind": self.kind, "key": self.key, "flow": self.flow, "step": self.step,
            "order_id": self.order_id, "on": self.on, "version": self.version,
            "until": self.until.isoformat() if self.until is not None else "",
            "calls": ";".join(f"{one.flow}/{one.step}/{one.version}" for one in self.calls),
            "asked": str(self.asked) if self.asked else "", "wanted": self.wanted,
        }  # fmt: skip
        return {name: text for name, text in texts.items() if text}

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Planned:
        """From a reminder's data; total: what cannot be read is left out."""
        calls = [one.split("/") for one in data.get("calls", "").split(";") if one.count("/") == 2]
        asked = data.get("asked", "")
        return cls(
            data.get("kind", ""), data.get("key", ""), data.get("flow", ""), data.get("step", ""),
            data.get("order_id", ""), _moment(data.get("until", "")), data.get("version", ""),
            data.get("on", ""), tuple(Frame(*one) for one in calls),
            int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0,
            data.get("wanted", ""),
        )  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
