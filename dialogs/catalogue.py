"""The catalogue: what the shop sells, with the words that help the buyer. Read from YAML.

It is a list of products with the fields of `dialogs.shop.Product`. Nothing in it is passed over: a word that
is not known is told with the nearest right one, and everything that is wrong is told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from dialogs.problems import Problem, named
from dialogs.shop import Cause, Complement, Product, SetupItem
from dialogs.source import Path as Place
from dialogs.source import Source

SHOPS: Final = Path(__file__).parent / "shops"
"""The sample shops, each in a folder of its own."""
SAMPLE: Final = SHOPS / "coffee" / "catalogue.yml"
"""What the first sample shop sells: the one that is taken where a shop has no catalogue of its own."""

_LANGUAGES: Final = ("de", "de_du", "de_sie", "en")
_UNNAMED: Final = "?"
_SHOWN: Final = 40


class CatalogueError(Exception):
    """A catalogue cannot be used; ``problems`` and the text tell all that is wrong, each with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@cache
def load_catalogue(path: Path = SAMPLE) -> Mapping[str, Product]:
    """The products of a file by SKU. Read once.

    Raises:
        CatalogueError: with every problem of the file.

    """
    products, problems = examine_catalogue(path.name, path.read_text("utf-8"))
    if problems:
        raise CatalogueError(problems)
    return products


def examine_catalogue(name: str, text: str) -> tuple[Mapping[str, Product], list[Problem]]:
    """The products that can be read, by SKU, and everything that is wrong with the file. Never raises.

    ``name`` is the file's, as the problems tell it. An empty file is a catalogue without products.
    """
    source = Source(name, text)
    if source.data is None:
        return MappingProxyType({}), [one for one in source.problems if one.kind != "empty_file"]
    if not isinstance(source.data, list):
        return MappingProxyType({}), [source.problem("no_catalogue")]
    found = [*source.problems]
    first: dict[str, int] = {}
    products: dict[str, Product] = {}
    for number, entry in enumerate(source.data):
        sku = _sku_of(entry)
        if sku in first:
            line = str(source.place((first[sku],))[0])
            found.append(source.problem("product_twice", (number, "sku"), details={"sku": sku, "line": line}))
        elif sku != _UNNAMED:
            first[sku] = number
        try:
            product = _ProductModel.model_validate(entry).product()
        except ValidationError as error:
            found += [_told(source, number, sku, detail) for detail in error.errors(include_url=False)]
        else:
            products.setdefault(sku, product)
    found += _matches(source, first)
    return MappingProxyType(products), sorted(found, key=lambda one: (one.line, one.column))


# -- the shape of a file


def _texts(texts: dict[str, str]) -> dict[str, str]:
    for language, text in texts.items():
        if language not in _LANGUAGES:
            raise PydanticCustomError("unknown_variant", "unknown language", {"word": language})
        if not text.strip():
            raise PydanticCustomError("empty_text", "empty")
    if not texts:
        raise PydanticCustomError("empty_text", "empty")
    return {language: text.strip() for language, text in texts.items()}


def _word(value: object) -> object:
    """A number that is meant as a name: who writes ``sku: 1001`` wants the text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _https(address: str) -> str:
    if address and not address.startswith("https://"):
        raise PydanticCustomError("not_https", "no safe address")
    return address


def _share(value: object) -> object:
    """A part of a whole as a number; ``30 %`` and ``yes`` are none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise PydanticCustomError("not_a_share", "no share")
    return value


_Texts = Annotated[dict[str, str], AfterValidator(_texts)]
_Sku = Annotated[str, BeforeValidator(_word), AfterValidator(str.strip), Field(min_length=1, max_length=100)]
_Name = Annotated[str, BeforeValidator(_word), Field(pattern=r"^[a-z0-9_]{1,40}$")]
_Address = Annotated[str, AfterValidator(_https)]
_Share = Annotated[float, BeforeValidator(_share)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SetupModel(_Strict):
    id: _Name
    text: _Texts
    trouble: _Texts | None = None


class _ComplementModel(_Strict):
    sku: _Sku
    why: _Texts | None = None


class _CauseModel(_Strict):
    id: _Name
    title: _Texts
    help: _Texts | None = None


class _ProductModel(_Strict):
    sku: _Sku
    title: _Texts
    pace: Literal["fast", "durable"] = "durable"
    category: str = ""
    service: Annotated[bool, Field(strict=True)] = False
    setup: tuple[_SetupModel, ...] = ()
    tips: tuple[_Texts, ...] = ()
    usages: dict[_Name, tuple[_Texts, ...]] = Field(default_factory=dict)
    success: _Texts | None = None
    complements: tuple[_ComplementModel, ...] = ()
    consumption_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    return_rate: _Share | None = None
    days: dict[_Name, Annotated[int, Field(ge=0, le=3650)]] = Field(default_factory=dict)
    picture: _Address = ""
    url: _Address = ""
    causes: tuple[_CauseModel, ...] = ()

    def product(self) -> Product:
        """The product as dialogs know it."""
        return Product(
            sku=self.sku, title=self.title, pace=self.pace, category=self.category,
            service=self.service,
            setup=tuple(SetupItem(one.id, one.text, one.trouble or {}) for one in self.setup),
            tips=self.tips, usages=self.usages, success=self.success or {},
            complements=tuple(Complement(one.sku, one.why or {}) for one in self.complements),
            consumption_days=self.consumption_days, return_rate=self.return_rate, days=self.days,
            picture=self.picture, url=self.url,
            causes=tuple(Cause(one.id, one.title, one.help or {}) for one in self.causes),
        )  # fmt: skip


_INNER: Final[Mapping[str, type[_Strict]]] = {
    "setup": _SetupModel,
    "complements": _ComplementModel,
    "causes": _CauseModel,
}
_TEXT: Final = ("ein Text; eine Zahl in Anführungszeichen", "a text; a number in quotation marks")
_LIST: Final = ("eine Liste, jede Zeile mit - davor", "a list, each line with a dash in front")
_LINES: Final = ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`")
_WHOLE: Final = ("eine ganze Zahl", "a whole number")
_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": _TEXT,
    "tuple_type": _LIST,
    "dict_type": _LINES,
    "model_type": _LINES,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": ("`true` oder `false`", "`true` or `false`"),
    "string_too_short": ("ein Text, der nicht leer ist", "a text that is not empty"),
    "string_pattern_mismatch": (
        "nur Kleinbuchstaben ohne Umlaute, Ziffern und _",
        "small letters, digits and _ only",
    ),
    "not_a_share": (
        "eine Zahl von 0 bis 1: 0.12 heißt, dass 12 von 100 zurückkommen",
        "a number from 0 to 1: 0.12 means that 12 of 100 come back",
    ),
    "not_https": ("eine Adresse, die mit https:// beginnt", "an address that begins with https://"),
}
_Explained: TypeAlias = tuple[str, Place, dict[str, str]]


# -- what is wrong


def _sku_of(entry: object) -> str:
    """What a product is called, however little of it can be read."""
    sku = _word(entry.get("sku")) if isinstance(entry, Mapping) else None
    return sku.strip() or _UNNAMED if isinstance(sku, str) else _UNNAMED


def _told(source: Source, number: int, sku: str, error: ErrorDetails) -> Problem:
    kind, at, details = _explained(error)
    called = f"№ {number + 1}" if sku == _UNNAMED else sku
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in at) or called
    return source.problem(kind, (number, *at), details={"sku": called, "field": field} | details)


def _explained(error: ErrorDetails) -> _Explained:
    """Which kind of problem it is, where in the product, and its details."""
    at: Place = tuple(part for part in error["loc"] if part != "[key]")
    context = {name: str(value) for name, value in error.get("ctx", {}).items()}
    match error["type"]:
        case "extra_forbidden":
            inner = _INNER.get(str(at[0]), _ProductModel) if len(at) > 1 else _ProductModel
            return "product_key", at, named(str(at[-1]), inner.model_fields)
        case "missing":
            return "product_lacks", at[:-1], {"word": str(at[-1])}
        case "literal_error":
            return "product_word", at, named(str(error["input"])[:_SHOWN], ("fast", "durable"))
        case "unknown_variant":
            details = {"field": str(at[0])} | named(context["word"], _LANGUAGES)
            return "product_language", (*at, context["word"]), details
        case "empty_text":
            return "product_silent", at, {}
        case kind:
            de, en = _FORMS.get(kind) or _bounds(kind, context, error["msg"])
            return "product_form", at, {"expected_de": de, "expected_en": en}


def _bounds(kind: str, context: Mapping[str, str], message: str) -> tuple[str, str]:
    match kind:
        case "greater_than_equal":
            return f"mindestens {context['ge']}", f"at least {context['ge']}"
        case "less_than_equal":
            return f"höchstens {context['le']}", f"at most {context['le']}"
        case "string_too_long":
            return f"höchstens {context['max_length']} Zeichen", f"at most {context['max_length']} characters"
        case _:
            return message, message


def _matches(source: Source, skus: Mapping[str, int]) -> Iterator[Problem]:
    """Complements that are not in the catalogue or are the product itself, and what is there twice."""
    for number, entry in enumerate(source.data):
        sku = _sku_of(entry)
        for place, other in _named_in(entry, "complements", "sku"):
            if other == sku:
                yield source.problem("complement_itself", (number, *place), details={"sku": sku})
            elif other not in skus:
                details = {"sku": sku} | named(other, skus)
                yield source.problem("complement_unknown", (number, *place), details=details)
        for field, kind in (("setup", "item_twice"), ("causes", "cause_twice")):
            met: set[str] = set()
            for place, one in _named_in(entry, field, "id"):
                if one in met:
                    yield source.problem(kind, (number, *place), details={"sku": sku, "word": one})
                met.add(one)


def _named_in(entry: object, field: str, key: str) -> Iterator[tuple[Place, str]]:
    """Every ``key`` in the list of a product's field, with its place."""
    listed: Any = entry.get(field) if isinstance(entry, Mapping) else None
    for number, one in enumerate(listed if isinstance(listed, list) else ()):
        word = _word(one.get(key)) if isinstance(one, Mapping) else None
        if isinstance(word, str) and word.strip():
            yield (field, number, key), word.strip()
