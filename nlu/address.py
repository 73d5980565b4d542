"""How a buyer addresses the shop: with du or with Sie, read from messages as people type them.

Written German tells Sie (you) from sie (she, they) by its capital; in chats the capital is often missing,
and at the beginning of a sentence it says nothing. So a word counts only where nothing else can be meant,
and a message that shows both forms or none shows nothing. Several people addressed as ihr count as du, as
German shops write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

Address: TypeAlias = Literal["du", "sie"]

MAX_TEXT: Final = 600
"""Only so much of a text is read: whoever addresses somebody does so early, and it bounds the time."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TOKEN: Final = re.compile(r"[^\W\d_]+|[^\w\s]|\n|\d+")
_BEGINS: Final = frozenset('.!?…:\n„“"‚»«()•–—-*/|')
"""After these a capital may be one of a sentence's beginning."""

_DU: Final = _set(
    "du dich dir dein deine deinen deinem deiner deines deins euch euer eure euren eurem eurer eures kannst "
    "könntest koenntest hättest haettest würdest wuerdest magst willst möchtest moechtest musst weißt "
    "weisst hast bist schickst machst chasch chönntsch hesch weisch bisch hettsch wotsch dini dim dinere "
    "eui euri eue eui enk eich"
)
"""Words that only du or ihr has, wherever they stand; Swiss and Austrian spellings too."""

_PLURAL: Final = _set(
    "habt seid könnt koennt wollt mögt moegt dürft duerft müsst muesst solltet könntet koenntet wärt "
    "waert hättet haettet würdet wuerdet händ hend chönd chönned chöi chöit chönntet chöntet heit sind "
    "sit wänd weit müend wüssed liefered schicked hobts kennts seids megts woits"
)
"""What ihr does, where the form is its own."""

_NOT_IHR: Final = _set(
    "hat ist wird tut gibt hilft gefällt gefaellt passt steht schmeckt fehlt gehört gehoert reicht geht "
    "nicht hält haelt lässt laesst kommt bringt nützt jetzt erst fast seit damit somit nichts rechts "
    "stets bereits recht sonst"
)
"""Words in t after which ihr is her or their: „der Pulli gefällt ihr“."""

_THINGS: Final = _set(
    "paket produkt angebot gerät geraet set shirt brett heft bett licht dienst support account etikett "
    "gewicht gesicht restaurant geschäft geschaeft gebiet blatt format konzept team shop service"
)
"""What is often hers or theirs, and in t as well, where nobody writes capitals: „dass ihr paket fehlt“."""

_IF: Final = _set("ob dass daß wenn weil falls wie was wo wann warum da bis sobald dat")
_WHO: Final = _set(
    "die den das dies diese es ihn sie mir mich uns da noch auch schon nicht mal denn bitte eigentlich ja"
)
_POLITE: Final = _set(
    "können koennen könnten koennten würden wuerden haben hätten haetten möchten moechten wollen dürfen "
    "duerfen sollten müssen muessen wären waeren werden chönd chönnd chönntet händ hend wänd"
)
"""What Sie does in a question: „können sie mir sagen“."""

_ORDERS: Final = _set(
    "schicken senden geben sagen melden schreiben helfen antworten lassen prüfen pruefen rufen stornieren "
    "ändern aendern nehmen machen löschen loeschen teilen bestätigen bestaetigen erklären erklaeren "
    "korrigieren hören hoeren veranlassen kümmern kuemmern beachten schauen überweisen ueberweisen "
    "erstatten ersetzen streichen tragen holen leiten bringen"
)
"""What one asks for with Sie: „schicken Sie mir“; they are often written small."""

_TO_US: Final = _set(
    "mir mich uns sich bitte mal meine meinen mein das die den es doch endlich keine nicht dafür dafuer"
)
_OF_HER: Final = _set(
    "ist hat wird kann war hatte soll muss gefällt passt läuft kommt liegt steht geht bleibt funktioniert "
    "macht"
)
"""What she or it does: formal address takes the plural."""

_COMMAND: Final = _set(
    "schick schickt schicke sag sagt sage schreib schreibt gib gebt meld meldet melde hilf helft schau "
    "schaut schaug guck guckt lass lasst ruf ruft nimm nehmt mach macht sende sendet storniert storniere "
    "ändert änder schicked schribed schrib säg säged gäbed lueg lueged erklär erklärt zeig zeigt"
)
"""What one asks a friend for; it counts at the beginning of a sentence and before somebody or something."""

_AFTER_COMMAND: Final = _set("mir mich uns mal euch bitte endlich einfach doch dir kurz mer üs nomal")
_YOUR: Final = _set("Ihr Ihre Ihren Ihrem Ihrer Ihres")
_GREETED: Final = re.compile(r"\b(?:sehr )?geehrte[rs]?\b|\bwerte (?:damen|herren)\b", re.IGNORECASE)
_DEAR: Final = re.compile(r"\b(?:hallo|hi|hey|moin|servus|na|liebe|hoi) ihr\b|\bihr lieben\b", re.IGNORECASE)
_BOUGHT: Final = re.compile(
    r"\b(?:bei|von|mit|an) ihnen (?:\w{1,20} ){0,4}"
    r"(?:bestellt|gekauft|gesehen|geschrieben|bekommen|erhalten|telefoniert|gehört|gewendet)\b|"
    r"\bihnen (?:eine? )?(?:mail|e|nachricht|geschrieben|auch|ebenfalls|einen)\b"
)


def address_of(text: str) -> Address | None:
    """How the writer of ``text`` addresses the reader; None when it does not show, or shows both.

    Total on any Unicode, linear in what is read. Meant for German; other languages show nothing, as a rule.
    """
    text = text[:MAX_TEXT]
    tokens: list[str] = _TOKEN.findall(text)
    found = set(_shown(tokens))
    if _DEAR.search(text):
        found.add("du")
    if _GREETED.search(text) or _BOUGHT.search(text):
        found.add("sie")
    return found.pop() if len(found) == 1 else None


def _shown(tokens: list[str]) -> Iterator[Address]:
    """What each word shows, where it shows something."""
    small = [token.casefold() for token in tokens]
    capitals = _writes_capitals(tokens)
    for at, word in enumerate(small):
        if word in _DU or _orders_a_friend(tokens, small, at) or _is_ihr(tokens, small, at):
            yield "du"
        elif _is_sie(tokens, small, at, capitals=capitals) or _is_your(tokens, at):
            yield "sie"


def _orders_a_friend(tokens: list[str], small: list[str], at: int) -> bool:
    """Whether it is a command as in „schick mir“."""
    if small[at] not in _COMMAND or not _begins(tokens, at):
        return False
    return at + 1 < len(small) and small[at + 1] in _AFTER_COMMAND


def _begins(tokens: list[str], at: int) -> bool:
    """Whether a sentence or a clause in brackets begins here; signs of joy count as an end."""
    return (
        at == 0 or tokens[at - 1] in _BEGINS or not (tokens[at - 1].isalnum() or tokens[at - 1] in ",;&%'’")
    )


def _titled(word: str) -> bool:
    """Written with one capital: neither small nor shouted."""
    return word[:1].isupper() and word[1:].islower()


def _writes_capitals(tokens: list[str]) -> bool:
    """Whether the writer uses capitals within sentences, so that a small sie is she or they."""
    return any(_titled(word) and not _begins(tokens, at) for at, word in enumerate(tokens))


def _is_ihr(tokens: list[str], small: list[str], at: int) -> bool:
    """Whether ihr (Swiss and Bavarian: es, dr) is the subject: you of several people."""
    if small[at] not in {"ihr", "es", "dr"}:
        return False
    before = small[at - 1] if at else ""
    after = small[at + 1] if at + 1 < len(small) else ""
    if small[at] in {"es", "dr"}:
        return before in {"händ", "chönd", "chöit", "heit", "hobts", "kennts"}
    if before in _PLURAL or after in _PLURAL:
        return True
    if after in _THINGS or (after and _titled(tokens[at + 1])):
        return False
    if _of_you(before) or _of_you(after):
        return True
    if before in _IF or _begins(tokens, at):
        ahead = small[at + 1 : at + 10]
        return not _PLURAL.isdisjoint(ahead) or (after in _WHO and any(_of_you(word) for word in ahead))
    return False


def _of_you(word: str) -> bool:
    """Whether it may be what ihr does: in t, in Switzerland in ed, in Bavaria in ts."""
    if len(word) < 4 or word in _NOT_IHR or word in _THINGS:
        return False
    return word.endswith(("t", "ts")) or (len(word) > 5 and word.endswith("ed"))


def _is_sie(tokens: list[str], small: list[str], at: int, *, capitals: bool) -> bool:
    """Whether Sie or Ihnen is the reader."""
    word = tokens[at]
    after = small[at + 1] if at + 1 < len(small) else ""
    if small[at] not in {"sie", "ihnen", "ihne"} or (small[at] == "sie" and after in _OF_HER):
        return False
    if _titled(word):
        return not _begins(tokens, at) or _opens_formally(small, at)
    return word.islower() and _is_small_sie(tokens, small, at, capitals=capitals)


def _opens_formally(small: list[str], at: int) -> bool:
    """Whether the sentence that begins here is about the reader: „Sie haben mir …“, „Ihnen auch …“."""
    after = [*small[at + 1 : at + 3], "", ""]
    if small[at] == "sie":
        return after[0] in _POLITE and after[1] in {"mir", "mich", "uns", "meine", "meinen"}
    return at == 0 and after[0] in {"auch", "ebenfalls", "allen", "einen"}


def _is_small_sie(tokens: list[str], small: list[str], at: int, *, capitals: bool) -> bool:
    """Whether a small sie is the reader all the same; who writes capitals elsewhere rarely means it so."""
    before = small[at - 1] if at else ""
    after = small[at + 1] if at + 1 < len(small) else ""
    first = at > 0 and _begins(tokens, at - 1)
    if capitals:
        return before in _ORDERS and first and after in {"mir", "mich", "uns", "bitte", "sich"}
    if small[at] != "sie":
        return before in {"bei", "danke"}
    if before in _ORDERS or (at > 1 and small[at - 2] == "bitte" and before.endswith("en")):
        return True
    return before in _POLITE and first and after in _WHO | _TO_US | {"noch", "auch", "einen", "eine"}


def _is_your(tokens: list[str], at: int) -> bool:
    """Whether Ihr, Ihre … is your, said formally: its capital has no other reason."""
    word = tokens[at]
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    if word not in _YOUR or (word == "Ihr" and not after[:1].isupper()):
        return False
    return not _begins(tokens, at) or (at == 0 and _titled(after))
