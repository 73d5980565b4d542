"""Calls to Meta's Graph API, and what its error codes mean for us.

Meta's codes are data here: one table for Instagram and WhatsApp, whose codes do not contradict each other.
The platform's own sentences are not repeated in errors: they may quote numbers and names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from integrations.base import (
    IntegrationError,
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from integrations.http import Answer, Http
from integrations.meta import JsonObject, branch, word

Outcome: TypeAlias = Literal[
    "throttled",
    "person_throttled",
    "unavailable",
    "uncertain",
    "unauthorized",
    "refused",
    "window_closed",
    "unreachable",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What one error code comes to; ``after`` is how many seconds to wait where it is a limit."""

    outcome: Outcome
    meaning: str
    after: float = 0.0


def _faults(outcome: Outcome, rows: dict[tuple[int, int | None], str]) -> dict[tuple[int, int | None], Fault]:
    return {codes: Fault(outcome, meaning) for codes, meaning in rows.items()}


# Sources: "Error codes" of the Messenger Platform / Instagram messaging and of the WhatsApp Cloud API.
FAULTS: Final[dict[tuple[int, int | None], Fault]] = {
    **_faults(
        "window_closed",
        {
            (10, 2534022): "the 24-hour window is closed",
            (10, 2018278): "the 24-hour window is closed",
            (10, 2018065): "the 24-hour window is closed",
            (
                131047,
                None,
            ): "more than 24 hours have passed since the person wrote; only a template may go out",
        },
    ),
    **_faults(
        "unreachable",
        {
            (10, 2018108): "this person cannot receive messages at present",
            (100, 2534014): "no such person for this account",
            (100, 2018001): "no such person for this account",
            (2018001, None): "no such person for this account",
            (551, None): "this person does not accept messages, often because of a block",
            (200, 1545041): "this person does not accept messages, often because of a block",
            (131026, None): "undeliverable: not on WhatsApp, an old app, or terms not accepted",
        },
    ),
    **_faults(
        "unauthorized",
        {
            (0, None): "the access token was not accepted",
            (190, None): "the access token is invalid or has expired",
            (3, None): "the app lacks a permission",
            (10, None): "the app lacks a permission",
            (131005, None): "the app lacks a permission",
            (10, 2534077): "the link of Page and account is broken, or two-factor login is missing",
            (100, 2534013): "the link of Page and account is broken, or two-factor login is missing",
            (10, 1893063): "Meta has restricted the account for a while",
            (100, 2534029): "Meta has blocked the business from messaging",
            (200, 2018028): "the app is not reviewed or not live, and the person has no role on it",
            (200, 2534041): "access to messages is switched off in the Instagram app's settings",
            (613, 2018338): "Meta judges the sending as abusive",
            (1, 99): "the app probably lacks a permission or Advanced Access",
            (368, None): "Meta has blocked the account for a policy violation",
            (131031, None): "the account is locked",
            (131042, None): "the payment method must be put right; without it nothing is sent",
            (131045, None): "the number is not registered",
            (133010, None): "the number is not registered",
        },
    ),
    **_faults(
        "unavailable",
        {
            (1, None): "an unknown error at Meta",
            (2, None): "a passing fault at Meta (Instagram says this of a block, too)",
            (131000, None): "something went wrong at Meta",
            (131016, None): "the service is overloaded",
            (131057, None): "the account is in maintenance",
            (133004, None): "the server is not available at present",
        },
    ),
    **_faults(
        "uncertain",
        {(1, 1357046): "Meta reports an error, but the message may have gone out"},
    ),
    **_faults(
        "refused",
        {
            (33, None): "a parameter is wrong",
            (100, None): "a parameter is wrong, or the tag is no longer allowed",
            (100, 2534015): "this content is not allowed for this kind of message",
            (100, 2018014): "a message and a sender action in one request",
            (100, 2018008): "the media address could not be fetched",
            (100, 2018047): "the media is not of the type it was declared as",
            (100, 2018294): "the video could not be fetched in 75 seconds",
            (100, 2018109): "the attachment is too large",
            (100, 2534025): "the private reply is invalid or was used already",
            (9000001, None): "the content was deleted",
            (130472, None): "the person is in one of Meta's experiments and gets no marketing messages",
            (130497, None): "the business may not write to this country",
            (131008, None): "a parameter is missing",
            (131009, None): "a parameter has a wrong value",
            (131021, None): "sender and recipient are the same",
            (131049, None): "the person got too many marketing messages; not before 24 hours have passed",
            (131050, None): "the person has stopped marketing messages",
            (131051, None): "this type of message is not supported",
            (131052, None): "the media could not be downloaded",
            (131053, None): "the media could not be uploaded",
            (131055, None): "only for the Marketing Messages API",
            (131062, None): "this template cannot go to a user id; a phone number is needed",
            (132000, None): "the template has another number of parameters",
            (132001, None): "the template does not exist in this language",
            (132005, None): "the template is too long once filled",
            (132007, None): "the template breaks a policy",
            (132012, None): "a template parameter has the wrong format",
            (132015, None): "the template is paused for low quality",
            (132016, None): "the template is disabled for low quality",
            (132068, None): "the flow is blocked",
            (132069, None): "the flow is throttled",
        },
    ),
    (4, None): Fault("throttled", "the app's limit is reached", 300),
    (32, None): Fault("throttled", "the Page's limit is reached", 300),
    (613, None): Fault("throttled", "the account's limit is reached", 60),
    (613, 2534040): Fault("throttled", "the account's limit is reached", 60),
    (80007, None): Fault("throttled", "the business account's limit is reached", 300),
    (130429, None): Fault("throttled", "the number's throughput is reached", 5),
    (131048, None): Fault("throttled", "the number's spam limit is reached", 3600),
    (133016, None): Fault("throttled", "too many registrations", 3600),
    # One message per 6 s to one person; the sender's own backoff makes the 4^n seconds of it.
    (131056, None): Fault("person_throttled", "too many messages to this person in a short time", 6),
    # Control is given back by the other app, or runs out after 24 hours.
    (2018300, None): Fault("person_throttled", "another app holds this conversation", 900),
    (2018321, None): Fault("person_throttled", "another app holds this conversation", 900),
    (100, 2534037): Fault("person_throttled", "another app holds this conversation", 900),
}

_PERMISSION: Final = Fault("unauthorized", "the app lacks a permission")
_TRANSIENT: Final = Fault("unavailable", "Meta calls this error a passing one")
_TRACE: Final = re.compile(r"[\w-]{1,64}")


def fault(code: int, subcode: int | None = None) -> Fault | None:
    """Return what an error code means, or None where it is not known. Codes of receipts may be asked, too."""
    by_both = FAULTS.get((code, subcode))
    if by_both is not None:
        return by_both
    # Some subcodes also come as the code itself, and the other way round.
    by_subcode = FAULTS.get((subcode, None)) if subcode is not None and subcode > 1_000_000 else None
    found = by_subcode or FAULTS.get((code, None))
    return found or (_PERMISSION if 200 <= code <= 299 else None)


def _by_status(status: int) -> Fault:
    if status == 429:
        return Fault("throttled", "too many requests", 30)
    if status in {401, 403}:
        return Fault("unauthorized", "the access token was not accepted")
    if status in {408, 502, 504}:
        return Fault("uncertain", "a gateway gave up waiting; the message may have gone out")
    if 400 <= status < 500:
        return Fault("refused", "the request was not accepted")
    return Fault("unavailable", "the service is not available")


def error_of(answer: Answer, service: str) -> IntegrationError:
    """Turn an answer that tells of an error into the one of our errors that says what to do next.

    ``service`` names the platform in the text. ``Retry-After`` in seconds is honoured.
    """
    try:
        told = branch(answer.json().get("error"))
    except Malformed:
        told = {}
    code, subcode = _number(told.get("code")), _number(told.get("error_subcode"))
    known = fault(code, subcode) if code is not None else None
    if known is None:
        known = _TRANSIENT if told.get("is_transient") is True else _by_status(answer.status)
    if known.outcome == "unavailable" and answer.status in {502, 504}:
        known = _by_status(answer.status)
    name = (
        None if code is None else f"{code}/{subcode}" if (code, subcode) in FAULTS and subcode else str(code)
    )
    parts = [f"status {answer.status}", f"code {name}" if name else "no code"]
    trace = _TRACE.fullmatch(word(told.get("fbtrace_id")))
    parts += [f"trace {trace.group()}"] if trace else []
    return _raised(known, f"{service}: {known.meaning} ({', '.join(parts)}).", name, _retry_after(answer))


def _raised(known: Fault, message: str, code: str | None, told: float | None) -> IntegrationError:
    if known.outcome == "unavailable" and told is not None:
        return Throttled(message, after=told, code=code)
    if known.outcome in {"throttled", "person_throttled"}:
        after = known.after if told is None else told
        return Throttled(message, after=after, person=known.outcome == "person_throttled", code=code)
    errors: dict[str, type[IntegrationError]] = {
        "unavailable": Unavailable,
        "uncertain": Uncertain,
        "unauthorized": Unauthorized,
        "window_closed": WindowClosed,
        "unreachable": Unreachable,
    }
    return errors.get(known.outcome, Refused)(message, code=code)


def _number(value: object) -> int | None:
    digits = word(value)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None


def _retry_after(answer: Answer) -> float | None:
    seconds = answer.headers.get("Retry-After", "").strip()
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else None


class Graph:
    """One account's way to the Graph API: base address, version and bearer token; that one may change."""

    def __init__(self, http: Http, *, service: str, base: str, version: str, token: str) -> None:
        self._http = http
        self._service = service
        self._root = base.strip("/")
        self._base = "/".join(part.strip("/") for part in (base, version) if part)
        self.token = token

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, path: str, body: JsonObject) -> JsonObject:
        """Send ``body`` to ``path`` (relative, without the version) and return the answer.

        Raises:
            IntegrationError: by what the platform said; `Uncertain` where it accepted and we cannot read it.

        """
        answer = await self._http.request("POST", f"{self._base}/{path}", json=body, headers=self._headers)
        return self._read(answer, Uncertain)

    async def get(self, path: str, params: dict[str, str]) -> JsonObject:
        """Ask for ``path``.

        Raises:
            IntegrationError: as for `post`, but nothing that only asks is ever uncertain.

        """
        return await self._ask(f"{self._base}/{path}", params)

    async def get_unversioned(self, path: str, params: dict[str, str]) -> JsonObject:
        """Ask for ``path`` beside the versions, where the token's own endpoints are.

        Raises:
            IntegrationError: as for `get`.

        """
        return await self._ask(f"{self._root}/{path}", params)

    async def _ask(self, address: str, params: dict[str, str]) -> JsonObject:
        answer = await self._http.request("GET", address, params=params, headers=self._headers)
        try:
            return self._read(answer, Unavailable)
        except Uncertain as error:
            raise Unavailable(str(error), code=error.code) from None

    def _read(self, answer: Answer, unreadable: type[IntegrationError]) -> JsonObject:
        if not answer.ok:
            raise error_of(answer, self._service)
        try:
            found = answer.json()
        except Malformed:
            raise unreadable(
                f"{self._service} answered with status {answer.status}, but not in JSON."
            ) from None
        if "error" in found:
            raise error_of(answer, self._service)
        return found
