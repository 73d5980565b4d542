"""The two engines behind one protocol: the built-in one, and a Rasa server with the built-in one behind it.

Understanding itself is pure and takes no time worth waiting for. What has to be waited for, a server's
answer, is fetched before, by `Engine.prepare`; what comes back is a function like `nlu.engine.Embedded` for
that one text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from bot.config import Config, ConfigError
from bot.publishing import read_products
from bot.understanding import engine_of
from dialogs.heard import Understand
from integrations.http import Http
from integrations.rasa import Parsed, Rasa, RasaSettings
from nlu.engine import Embedded
from nlu.understanding import Understanding


class Engine(Protocol):
    """What understands texts. ``waits`` tells that `prepare` may have to wait for an answer from outside."""

    @property
    def waits(self) -> bool:
        """Whether it is worth asking for a text before it is understood."""

    @property
    def understand(self) -> Understand:
        """The function that understands any text at once, without help from outside."""

    async def prepare(self, text: str) -> Understand:
        """Fetch what ``text`` needs and return what understands it; never raises, waits a while at most."""

    def report(self) -> str:
        """Say for ``/readyz`` which engine answers, and what is wrong with it if anything."""

    async def aclose(self) -> None:
        """Release what is held."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """The embedded engine alone."""

    understand: Understand
    waits: bool = False

    async def prepare(self, text: str) -> Understand:  # noqa: ARG002 - the protocol's; nothing has to be fetched
        """Return the one function for all texts."""
        return self.understand

    def report(self) -> str:
        """Name the engine."""
        return "embedded"

    async def aclose(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class WithRasa:
    """Rasa says what somebody is after; mood, entities, language and handoff are the embedded engine's.

    Where Rasa does not answer, the embedded engine's own intent holds.
    """

    understand: Understand
    rasa: Rasa
    http: Http
    waits: bool = True

    async def prepare(self, text: str) -> Understand:
        """Ask Rasa about ``text``."""
        parsed = await self.rasa.parse(text)
        return self.understand if parsed is None else partial(_informed, self.understand, parsed)

    def report(self) -> str:
        """Tell the state of the circuit breaker."""
        state = self.rasa.report()
        return f"rasa: {state}" + ("" if self.rasa.state == "closed" else "; the embedded engine answers")

    async def aclose(self) -> None:
        """Stop trying the server and close the connections to it."""
        await self.rasa.aclose()
        await self.http.aclose()


def _informed(
    understand: Understand, parsed: Parsed, text: str, *, language: str | None, expecting: str | None
) -> Understanding:
    meaning = understand(text, language=language, expecting=expecting)
    others = tuple(one for one in meaning.others if one[0] != parsed.intent)
    return replace(meaning, intent=parsed.intent, confidence=parsed.confidence, others=others)


def make_engine(
    config: Config, embedded: Embedded, clock: Callable[[], datetime], named: str | None = None
) -> Engine:
    """Make the engine that the settings, or ``named``, ask for; ``embedded`` is it, or stands behind it.

    Raises:
        ConfigError: there is no address for Rasa.

    """
    settings = config.settings.nlu
    if (named or settings.engine) == "embedded":
        return BuiltIn(embedded)
    url = config.environment.rasa_url
    if not url:
        raise ConfigError(
            "nlu.engine is rasa, but RASA_URL is not set. `make rasa` serves on http://127.0.0.1:5005; "
            "or set nlu.engine to embedded."
        )
    http = Http()
    return WithRasa(embedded, Rasa(RasaSettings(url, timeout=settings.rasa_seconds), http, clock), http)


def engine_named(config: Config, named: str | None) -> Engine:
    """Make an engine for a command, on the machine's own clock.

    Raises:
        ConfigError: as in `make_engine`, or the training files or the catalogue are bad.

    """
    embedded = engine_of(config, products=read_products(config))
    return make_engine(config, embedded, lambda: datetime.now(UTC), named)
