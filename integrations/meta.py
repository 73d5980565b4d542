"""What Instagram and WhatsApp share on the way in: signature, handshake, envelope, careful reading of JSON.

Nothing here trusts a shape: a missing or strange piece is an empty value, never an exception, so that one
broken item cannot take its siblings along. A value read by `word` or `text` can be stored as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

import orjson

from dialogs.messages import Arrival
from integrations.base import BadSignature, Ignored, Malformed, Parsed

JsonObject: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Arrival | Ignored
"""What one piece of a body comes to."""

_T = TypeVar("_T")

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
_PREFIX: Final = "sha256="
_LISTS: Final[tuple[Literal["messaging", "standby"], ...]] = ("messaging", "standby")
_LONGEST_KEY: Final = 255  # a database index refuses very long keys; no real id comes near
_MILLISECONDS_FROM: Final = 100_000_000_000  # as seconds this is the year 5138
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def verify_signature(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> int:
    """Check Meta's HMAC-SHA256 over the raw ``body`` and return the position of the secret that signed it.

    Several secrets may be in use at once: while one is being changed, and because Meta does not say which of
    an app's two secrets signs Instagram-login webhooks. Every secret is tried, each in constant time. The old
    SHA-1 header is not accepted. Source: Messenger Platform, webhooks, "Validating payloads".

    Raises:
        BadSignature: the header is missing or fits none of the secrets.

    """
    given = headers.get(SIGNATURE_HEADER, "")
    if not given.startswith(_PREFIX):
        raise BadSignature(f"The request carries no {SIGNATURE_HEADER} of the form sha256=….")
    claimed = given.removeprefix(_PREFIX).encode("utf-8", "replace")
    matching = -1
    for position, secret in enumerate(secrets):
        expected = hmac.digest(secret.encode(), body, "sha256").hex().encode()
        # An empty secret would let anybody sign.
        if hmac.compare_digest(expected, claimed) and secret:
            matching = position
    if matching < 0:
        raise BadSignature(
            f"The {SIGNATURE_HEADER} fits none of the {len(secrets)} app secrets; "
            "compare them with Meta's dashboard."
        )
    return matching


def answer_handshake(verify_token: str, query: Mapping[str, str]) -> str:
    """Return the challenge of a ``hub.*`` GET, to be sent back as the bare body.

    Raises:
        BadSignature: another mode, no challenge, or the token is not ours.

    """
    given = query.get("hub.verify_token", "").encode("utf-8", "replace")
    fits = hmac.compare_digest(verify_token.encode(), given)
    if query.get("hub.mode") != "subscribe" or not fits or not verify_token:
        raise BadSignature("The webhook's verify token is not the one in the settings.")
    challenge = query.get("hub.challenge")
    if challenge is None:
        raise BadSignature("The handshake holds no hub.challenge.")
    return challenge


def load(body: bytes) -> JsonObject:
    """Return the body as a JSON object.

    Raises:
        Malformed: it is none.

    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _load_with_halves(body)
    if not isinstance(value, dict):
        raise Malformed("The body is JSON, but no object.")
    return cast("JsonObject", value)


def _load_with_halves(body: bytes) -> object:
    # A text cut in the middle of an emoji holds half a surrogate pair: orjson refuses it, Python does not.
    # Such a message must not be lost, so the half becomes a question mark.
    try:
        halves = json.loads(body)
        return orjson.loads(json.dumps(halves, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None


class Item(NamedTuple):
    """One piece of an envelope.

    ``origin`` says where it lay: in ``messaging``, in ``standby`` (another app holds the thread), or as a
    ``change`` with a ``field`` — nested in ``changes`` or flat in the entry itself.
    """

    origin: Literal["messaging", "standby", "change"]
    value: JsonObject
    entry_id: str
    entry_time: object = None
    field: str = ""


def read_envelope(
    payload: JsonObject,
    objects: frozenset[str],
    read: Callable[[Item], Iterable[Outcome]],
) -> Parsed:
    """Run ``read`` over every item of every entry and gather what comes of it.

    ``objects`` are the values of the outer ``object`` that belong to this source. An item that cannot be read
    is counted as ``broken`` and costs no other item.
    """
    arrivals: list[Arrival] = []
    ignored: list[Ignored] = []
    for piece in _pieces(payload, objects):
        for outcome in (piece,) if isinstance(piece, Ignored) else guarded(read, piece):
            if isinstance(outcome, Ignored):
                ignored.append(outcome)
            else:
                arrivals.append(outcome)
    return Parsed(tuple(arrivals), ignored=tuple(ignored))


def guarded(read: Callable[[_T], Iterable[Outcome]], piece: _T) -> Iterable[Outcome]:
    """Return what ``read`` makes of one piece; what it trips over is counted and costs no other piece."""
    try:
        return tuple(read(piece))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return (Ignored("broken", f"an item could not be read ({type(error).__name__})"),)


def _pieces(payload: JsonObject, objects: frozenset[str]) -> list[Item | Ignored]:
    about = word(payload.get("object"))
    if about and about not in objects:
        reason = "the webhook is about something else; check what the app is subscribed to"
        return [Ignored("foreign_object", reason)]
    entries = payload.get("entry")
    if not isinstance(entries, list):
        return [Ignored("no_entry", "the body holds no list of entries")]
    pieces: list[Item | Ignored] = []
    for entry in entries:
        if isinstance(entry, dict):
            pieces += _pieces_of_entry(entry) or [Ignored("empty_entry", "an entry holds no event")]
        else:
            pieces.append(Ignored("broken", "an entry is no object"))
    return pieces


def _pieces_of_entry(entry: JsonObject) -> list[Item | Ignored]:
    pieces: list[Item | Ignored] = []
    entry_id, time = word(entry.get("id")), entry.get("time")
    for origin in _LISTS:
        if origin not in entry:
            continue
        for value in _listed(entry[origin]):
            if isinstance(value, dict):
                pieces.append(Item(origin, value, entry_id, time))
            else:
                pieces.append(_broken(origin))
    if "changes" in entry:
        for change in _listed(entry["changes"]):
            value = change.get("value") if isinstance(change, dict) else None
            if isinstance(value, dict):
                # Samples of account updates carry the field one level too high or too deep.
                field = word(change.get("field")) or word(entry.get("field")) or word(value.get("field"))
                pieces.append(Item("change", value, entry_id, time, field))
            else:
                pieces.append(_broken("changes"))
    if "value" in entry:  # comments under Instagram login are documented flat, without ``changes``
        value = entry["value"]
        flat_one = Item("change", value, entry_id, time, word(entry.get("field")))
        pieces.append(flat_one if isinstance(value, dict) else _broken("value"))
    return pieces


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _broken(where: str) -> Ignored:
    return Ignored("broken", f"a piece of `{where}` is no object")


def unknown(value: Mapping[str, object], *, besides: frozenset[str] = frozenset()) -> Ignored:
    """Return the ignore for something nobody knows, counted by the names of its keys."""
    keys = sorted(key for key in value if key not in besides and key.isidentifier())
    return Ignored(f"unknown:{'+'.join(keys)[:60] or 'nothing'}", "this kind of event is not known")


def branch(value: object) -> JsonObject:
    """Return the object, or an empty one."""
    return value if isinstance(value, dict) else {}


def branches(value: object) -> list[JsonObject]:
    """Return the objects of a list; a lone object counts as a list of one."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]


def text(value: object) -> str:
    """Return the string without NUL, which PostgreSQL refuses; anything else is an empty string."""
    return value.replace("\x00", "") if isinstance(value, str) else ""


def word(value: object) -> str:
    """Return an id or a name as a string, whether it came as a string or a number; else an empty string."""
    if isinstance(value, str):
        return value.replace("\x00", "").strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def moment(value: object) -> datetime | None:
    """Return the time (UTC) that a number or a string stands for: milliseconds, seconds or ISO 8601.

    Meta mixes them: Instagram milliseconds, WhatsApp seconds in a string, dashboard tests anything.
    """
    try:
        if isinstance(value, bool):
            return None
        try:
            number = float(cast("str", value))
        except (TypeError, ValueError):
            found = datetime.fromisoformat(text(value))
            found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        else:
            found = datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
    except (ArithmeticError, OSError, ValueError):
        return None
    return found if _EARLIEST <= found <= _LATEST else None


def key(*parts: object) -> str:
    """Join the parts of an event's identity; an overlong one is replaced by its hash."""
    joined = ":".join(map(word, parts))
    return joined if len(joined) <= _LONGEST_KEY else f"sha256:{hashlib.sha256(joined.encode()).hexdigest()}"


def digest(value: object) -> str:
    """Return a short stable hash of a JSON value: the identity of what has no id."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def flat(value: JsonObject, prefix: str = "") -> dict[str, str]:
    """Return the leaves of a nested object as ``a.b.0`` → string: at most 40, each at most 500 characters."""
    leaves: dict[str, str] = {}
    pending: list[tuple[str, object, int]] = [(prefix, value, 0)]
    while pending and len(leaves) < 40:
        path, node, depth = pending.pop(0)
        if isinstance(node, dict | list) and depth < 6:
            named = node.items() if isinstance(node, dict) else enumerate(node)
            pending.extend(
                (f"{path}.{text(str(name))}".strip("."), below, depth + 1) for name, below in named
            )
        elif isinstance(node, bool):
            leaves[path] = "true" if node else "false"
        elif isinstance(node, str | int | float):
            leaves[path] = text(str(node))[:500]
    return leaves
