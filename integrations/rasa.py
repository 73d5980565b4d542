"""The Rasa engine: asks a Rasa server what a text means, and goes on without it when it does not answer.

A buyer must never wait for a server that is away. So there is a time-out for each question, and a circuit
breaker over all of them: *closed*, texts are asked about; *open*, nobody asks until a pause is over;
*half-open*, one question of our own finds out, in the background, whether the server is back. Whoever asks
meanwhile gets None at once and lets the embedded engine answer.

Of what a server says nothing is believed that does not look like Rasa's answer with the house's own intents.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, TypeAlias, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from integrations.base import IntegrationError
from integrations.http import Http
from nlu.understanding import EntityKind, Intent

State: TypeAlias = Literal["closed", "open", "half-open"]

LONGEST: Final = 2000
"""So many characters of a text are asked about: its beginning says what it is about, and time is short."""

_PROBE: Final = "hallo"
_BEGINNING: Final = re.compile(r"\A[\s/]+")
_KINDS: Final = frozenset(get_args(EntityKind))
_ROUNDING: Final = 1e-4
"""By so much a probability may be above 1: Rasa reckons with 32 bits."""


@dataclass(frozen=True, slots=True)
class RasaSettings:
    """Where the server is, and how patient to be with it.

    A question may take ``timeout`` seconds. One that takes longer, or ``failures`` others in a row that go
    wrong, open the breaker for ``pause``. No more than ``at_once`` questions are asked at a time: Rasa
    answers one by one, and the last in a long line would run out of time.
    """

    url: str
    timeout: float = 1.0
    failures: int = 3
    pause: timedelta = timedelta(seconds=10)
    at_once: int = 16


@dataclass(frozen=True, slots=True)
class Named:
    """Something named in a text: ``text[start:end]``. ``value`` is as it was written, not in one spelling."""

    kind: EntityKind
    value: str
    start: int
    end: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What Rasa reads in a text; ``confidence`` is its own, from 0 to 1, and not calibrated."""

    intent: Intent
    confidence: float
    entities: tuple[Named, ...] = ()


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


_Probability: TypeAlias = Annotated[float, Field(ge=0, le=1 + _ROUNDING, allow_inf_nan=False)]


class _Intent(_Strict):
    name: Intent | Literal["nlu_fallback"]
    confidence: _Probability


class _Entity(_Strict):
    entity: str
    start: Annotated[int, Field(ge=0)]
    end: int
    value: JsonValue = None
    confidence_entity: _Probability | None = None


class _Meaning(_Strict):
    """The answer of ``POST /model/parse``."""

    intent: _Intent
    entities: tuple[_Entity, ...] = ()


class _Status(_Strict):
    """The answer of ``GET /status`` while a model is loaded."""

    model_file: Annotated[str, Field(min_length=1)]


class _Wrong(Exception):
    """The server answered, but not with what we can use. The text quotes nothing of the answer."""


class Rasa:
    """Asks one Rasa server. Never raises, and never lets anybody wait longer than the time-out.

    ``clock`` says what time it is; it need not run evenly. Belongs to the event loop of its first question.
    """

    def __init__(self, settings: RasaSettings, http: Http, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/")
        self._http = http
        self._clock = clock
        self._state: State = "closed"
        self._since: datetime | None = None
        self._tried: datetime | None = None
        self._error = ""
        self._failures = 0
        self._asking = 0
        self._probing: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """Whether texts are asked about (closed) or not (open), or the server is being tried (half-open)."""
        return self._state

    def report(self) -> str:
        """Say the state, since when, and what went wrong last; never a word of a message."""
        said = self._state if self._state == "closed" else f"{self._state} since {_at(self._since)}"
        return f"{said}, last error {_at(self._tried)}: {self._error}" if self._error else said

    async def parse(self, text: str) -> Parsed | None:
        """Ask what ``text`` means; None when that cannot be learnt now, or when nothing is said.

        None costs no time, except once: when the server has just stopped answering.
        """
        asked, skipped = _asked(text)
        if not asked or not self._may_ask():
            return None
        self._asking += 1
        try:
            return await self._ask(asked, skipped)
        finally:
            self._asking -= 1

    async def ready(self) -> bool:
        """Ask whether the server runs and has a model loaded, whatever the state; within the time-out."""
        try:
            _Status.model_validate_json(await self._call("GET", "/status"))
        except (_Wrong, TimeoutError, ValidationError):
            return False
        return True

    async def aclose(self) -> None:
        """Stop trying the server. The connections belong to whoever made the `Http`."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    # -- the breaker

    def _may_ask(self) -> bool:
        if self._state == "closed":
            return self._asking < self._settings.at_once
        if self._state == "open" and self._paused():
            self._state = "half-open"
            self._probing = asyncio.create_task(self._probe(), name="rasa-probe")
        return False

    def _paused(self) -> bool:
        """Whether the pause is over. A clock that was set back must not make it longer."""
        waited = self._clock() - self._tried if self._tried is not None else self._settings.pause
        return not timedelta(0) <= waited < self._settings.pause

    async def _probe(self) -> None:
        """Try the server with a word of our own: no buyer's message has to wait for the outcome."""
        try:
            await self._ask(_PROBE, 0, probing=True)
        finally:
            if self._state == "half-open":  # given up half-way
                self._state = "open"

    def _succeeded(self, *, probing: bool) -> None:
        if probing or self._state == "closed":
            self._state, self._since, self._failures = "closed", None, 0

    def _failed(self, why: str, *, at_once: bool = False, probing: bool = False) -> None:
        """Count a failure; those of questions that were under way when the breaker opened say nothing new."""
        if not probing and self._state != "closed":
            return
        self._tried, self._error = self._clock(), why
        self._failures += 1
        if probing:
            self._state = "open"
        elif at_once or self._failures >= self._settings.failures:
            self._state, self._since = "open", self._tried

    # -- the questions

    async def _ask(self, asked: str, skipped: int, *, probing: bool = False) -> Parsed | None:
        try:
            answer = await self._call("POST", "/model/parse", {"text": asked})
            parsed = _read(answer, asked, skipped)
        except TimeoutError:
            why = f"no answer within {self._settings.timeout:g} s"
            self._failed(why, at_once=True, probing=probing)
        except _Wrong as error:
            self._failed(str(error), probing=probing)
        else:
            self._succeeded(probing=probing)
            return parsed
        return None

    async def _call(self, method: str, path: str, json: object = None) -> bytes:
        """Return the body of the server's answer.

        Raises:
            TimeoutError: it took too long.
            _Wrong: it could not be reached, the line broke, or it answered with another status than 200.

        """
        async with asyncio.timeout(self._settings.timeout):
            try:
                # Http has a time-out of its own, whose error looks like a broken line. It never gets so far.
                patience = 2 * self._settings.timeout + 1
                answer = await self._http.request(method, self._url + path, json=json, timeout=patience)
            except IntegrationError as error:
                # What follows is advice for requests that have an effect; a question has none.
                raise _Wrong(str(error).partition(";")[0]) from None
            except Exception as error:  # noqa: BLE001 - whatever it is, the embedded engine can still answer
                raise _Wrong(f"asking failed ({type(error).__name__})") from None
        if answer.status != 200:
            raise _Wrong(f"it answered {answer.status}")
        return answer.body


def _asked(text: str) -> tuple[str, int]:
    """Return what is to be asked about ``text``, and how many characters were left out before it.

    Rasa leaves out white space itself, and would count from there. A slash at the beginning it takes for an
    order of which intent to see, which is not the buyer's to give; and it would write such a text to its log.
    """
    skipped = len(text) - len(_BEGINNING.sub("", text))
    asked = text[skipped : skipped + LONGEST].rstrip()
    # Half an emoji cannot be sent. A question mark takes the place of each half, so that offsets stay right.
    return asked.encode("utf-8", "replace").decode(), skipped


def _read(body: bytes, asked: str, skipped: int) -> Parsed:
    """Read the server's answer.

    Raises:
        _Wrong: it is not what Rasa says, with a model that was trained for this house.

    """
    try:
        meaning = _Meaning.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        # The places within a Literal list every intent.
        place = ".".join(str(part) for part in first["loc"] if "[" not in str(part)) or "its body"
        raise _Wrong(f"it answered what cannot be used: {place} ({first['type']})") from None
    if any(not found.start < found.end <= len(asked) for found in meaning.entities):
        raise _Wrong("it answered what cannot be used: entities (not within the text)")
    return Parsed(
        "out_of_scope" if meaning.intent.name == "nlu_fallback" else meaning.intent.name,
        min(meaning.intent.confidence, 1.0),
        tuple(
            Named(
                cast("EntityKind", found.entity),
                found.value if isinstance(found.value, str) else asked[found.start : found.end],
                found.start + skipped,
                found.end + skipped,
                None if found.confidence_entity is None else min(found.confidence_entity, 1.0),
            )
            for found in meaning.entities
            if found.entity in _KINDS  # a shop's own model may know more kinds than the house
        ),
    )


def _at(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment is not None else "?"
