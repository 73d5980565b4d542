"""What an agent may send besides words: files that were uploaded for the thread, and approved templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.app import App
from bot.desk_scene import DeskScene, scene_of
from bot.media import ref_of
from bot.template_watch import states_of
from dialogs.canned import meaning
from dialogs.channel import Capabilities, file_problem
from dialogs.messages import Picture, Template
from dialogs.names import NAMES, value_of
from dialogs.stored_templates import StoredTemplate, problems
from dialogs.templates import TemplateText, approved, fill_template
from dialogs.words import Language, Tone
from persistence.media import KeptMedia

LONGEST_ALT: Final = 500
_LONGEST_VALUE: Final = 600


class Unsendable(Exception):
    """It cannot be sent. ``words`` is a key of ``composer.yml``, ``values`` fill it in."""

    def __init__(self, why: str, words: str, **values: str) -> None:
        super().__init__(why)
        self.why = why
        self.words = words
        self.values = values


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a template: what it stands for, and what is known of it (empty: nothing)."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a template's text; ``number`` tells which value it is, 0 for the text itself."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Sendable:
    """A template as it may be sent here: with its values filled in as far as they are known.

    ``title`` is that of the flow which uses it; empty where that has none. ``wrong`` says why it cannot be
    sent at present, as the words ``composer.template.wrong`` name it; empty: it can, as far as is known.
    """

    name: str
    title: str
    language: Language
    category: str
    parameters: tuple[Value, ...]
    parts: tuple[Part, ...]
    buttons: tuple[str, ...]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class FilledTemplate:
    """A template with every value, and what it says."""

    template: Template
    text: str


async def ways_to_reply(app: App, conversation_id: int, language: Language) -> tuple[Sendable, ...]:
    """Return the templates in the buyer's language, those that can be sent first.

    ``language`` is the agent's own, for explanations.
    """
    now = app.clock()
    scene = await scene_of(app, conversation_id, now)
    if scene is None:
        return ()
    tone = _tone(app, scene)
    known = approved(app.book.templates, tone.voice)
    known = tuple(sorted(known, key=lambda one: (one.category != "UTILITY", one.name)))
    titles = _titles(app, language)
    states = await states_of(app, scene.moment.channel, scene.moment.account, now)
    ways = [
        _sendable(one, titles.get(one.name, ""), scene, language, states.get((one.name, one.language)))
        for one in known
        if one.language == tone.language
    ]
    return tuple(sorted(ways, key=lambda one: one.wrong != ""))


def _titles(app: App, language: Language) -> dict[str, str]:
    """What templates are called: as the flow whose steps name them."""
    titles: dict[str, str] = {}
    for flow in app.book.flows.values():
        for step in flow.steps.values():
            name = getattr(step, "template", "")
            if name and flow.title is not None:
                titles.setdefault(name, flow.title.source(Tone(language)))
    return titles


async def template_of(app: App, conversation_id: int, asked: Any) -> FilledTemplate | None:
    """Return the template that a page asks for, ``{"name", "parameters": [...]}``; None: it asks for none.

    Raises:
        Unsendable: there is no such template here, WhatsApp has it in another state, or a value is missing.

    """
    if asked is None:
        return None
    now = app.clock()
    scene = await scene_of(app, conversation_id, now)
    name = asked.get("name") if isinstance(asked, dict) else None
    text = None if scene is None else _text_of(app, scene, name)
    if scene is None or text is None:
        raise Unsendable("unknown", "template.none")
    states = await states_of(app, scene.moment.channel, scene.moment.account, now)
    if wrong := _wrong(text, states.get((text.name, text.language))):
        raise Unsendable("unfit", f"template.wrong.{wrong}")
    given = asked.get("parameters")
    values = [str(one)[:_LONGEST_VALUE].strip() for one in given] if isinstance(given, list) else []
    for number, parameter in enumerate(text.parameters, 1):
        if number > len(values) or not values[number - 1]:
            raise Unsendable("gaps", "gaps", names=meaning(parameter, "de"))
    filled = fill_template(app.book.templates, text.name, _tone(app, scene), scene.fill)
    if filled is None:
        raise Unsendable("unknown", "template.none")
    plain = tuple(" ".join(one.split()) for one in values[: len(text.parameters)])
    said = "".join(part.text for part in parts_of(text.body, plain))
    return FilledTemplate(replace(filled, parameters=plain), said)


def parts_of(body: str, values: Sequence[str]) -> tuple[Part, ...]:
    """Put values into a text, where it has ``{{1}}``, ``{{2}}`` and so on."""
    parts: list[Part] = []
    rest = body
    for number, value in enumerate(values, 1):
        before, found, after = rest.partition(f"{{{{{number}}}}}")
        if not found:
            continue
        parts += [Part(before)] if before else []
        parts.append(Part(value, number))
        rest = after
    return (*parts, Part(rest)) if rest else tuple(parts)


async def pictures_of(app: App, conversation_id: int, asked: Any, most: int) -> tuple[Picture, ...]:
    """Return the files that a page names: ``[{"id", "alt"}]``, uploaded for this thread.

    Raises:
        Unsendable: one does not exist, belongs to another thread, or is nothing for the channel.

    """
    wanted = [one for one in asked if isinstance(one, dict)] if isinstance(asked, list) else []
    if len(wanted) > most:
        raise Unsendable("many", "file.wrong.many", n=str(most))
    if not wanted:
        return ()
    moment = await app.store.moments.of(conversation_id)
    port = None if moment is None else app.channels.get((moment.channel, moment.account))
    pictures: list[Picture] = []
    for one in wanted:
        number = one.get("id")
        file = await app.store.media.find(number) if isinstance(number, int) else None
        if file is None or file.conversation_id != conversation_id:
            raise Unsendable("file", "file.wrong.other", name=file.name if file is not None else "?")
        if port is not None:
            _check(file, port.capabilities, port.name)
        pictures.append(ref_of(file).picture(str(one.get("alt") or "")[:LONGEST_ALT].strip()))
    return tuple(pictures)


def _check(file: KeptMedia, capabilities: Capabilities, channel: str) -> None:
    flaw = file_problem(capabilities, file.type, file.mime, file.size)
    name = file.name or file.type
    if flaw == "size":
        raise Unsendable("too_large", "file.wrong.too_large", name=name)
    if flaw is not None:
        kinds = ", ".join(
            sorted({mime.partition("/")[2].upper() for one in capabilities.files for mime in one.mimes})
        )
        raise Unsendable(
            "channel", "file.wrong.channel", name=name, channel=channel.capitalize(), kinds=kinds
        )


def _wrong(text: TemplateText, stored: StoredTemplate | None) -> str:
    """What keeps a template from being sent as it is shown; nothing where nothing is known."""
    found = () if stored is None else problems(stored, text)
    return found[0] if found else ""


def _sendable(
    text: TemplateText, title: str, scene: DeskScene, language: Language, stored: StoredTemplate | None
) -> Sendable:
    values = tuple(Value(meaning(name, language), _known(scene, name)) for name in text.parameters)
    return Sendable(
        text.name,
        title,
        text.language,
        text.category if stored is None else stored.category or text.category,
        values,
        parts_of(text.body, [one.text or "…" for one in values]),
        tuple(button.title for button in text.buttons),
        _wrong(text, stored),
    )


def _known(scene: DeskScene, name: str) -> str:
    """What a name stands for, in one line; nothing where nothing is known."""
    found, known = value_of(scene.scene, name), NAMES.get(name)
    if known is not None and found == known.fallback:
        return ""
    return " ".join(str(found).split())[:_LONGEST_VALUE]


def _text_of(app: App, scene: DeskScene, name: object) -> TemplateText | None:
    tone = _tone(app, scene)
    found = (one for one in approved(app.book.templates, tone.voice) if one.language == tone.language)
    return next((one for one in found if one.name == name), None)


def _tone(app: App, scene: DeskScene) -> Tone:
    """The tone of templates: approved once for each language, in the brand's own voice."""
    return replace(scene.scene.tone, voice=app.config.settings.brand.voice)
