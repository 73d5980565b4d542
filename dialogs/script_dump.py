"""A flow as a file again: YAML text with every way on written out.

`dialogs.script.read_flow` gives the flow back, except for what a file cannot say: its version, and an `After`
that counts from when a product is used up and goes by its pace as well.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import yaml

from dialogs.durations import format_clock, format_duration, format_offset
from dialogs.flow import (
    Ask,
    Call,
    Carousel,
    Checklist,
    ChoiceSpec,
    Consent,
    End,
    Example,
    Flow,
    Go,
    Handoff,
    If,
    LinkSpec,
    MediaSpec,
    Note,
    Offer,
    Remind,
    Say,
    Set,
    Step,
    Target,
    Trigger,
    Wait,
)
from dialogs.source import RESOLVERS
from dialogs.words import Lines, Words

_END: Final = "end"
_TRIES: Final = 2
_SHORT: Final = 90
_WIDTH: Final = 1_000_000
"""No line is ever folded: a text stands in one line, or in a block that keeps its lines."""

_ODD: Final = frozenset("\x85\u2028\u2029\ufeff")


class _Dumper(yaml.SafeDumper):
    """Quotes whatever either YAML's old rules or those of `Source` would not take for text."""

    def increase_indent(
        self,
        flow: bool = False,  # noqa: FBT001, FBT002 - PyYAML's own signature
        indentless: bool = False,  # noqa: ARG002, FBT001, FBT002 - PyYAML's own signature
    ) -> None:
        """Indent lists too, as people do."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _: object) -> bool:
        """Write everything out, every time."""
        return True


_Dumper.yaml_implicit_resolvers = {
    first: [*yaml.SafeDumper.yaml_implicit_resolvers.get(first, ()), *RESOLVERS.get(first, ())]
    for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *RESOLVERS}
}


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if set(text) & _ODD else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=_is_short(data))


def _mapping(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.MappingNode:
    short = "id" not in data and _is_short([*data.keys(), *data.values()])
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=short)


def _is_short(parts: list[Any]) -> bool:
    """Whether plain words stand best in one line."""
    if not all(isinstance(part, str | int | float) for part in parts):
        return False
    words = [str(part) for part in parts]
    return "\n" not in "".join(words) and sum(len(word) + 4 for word in words) <= _SHORT


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)


def dump_flow(flow: Flow) -> str:
    """The flow as the text of its file."""
    data: dict[str, Any] = {"id": flow.id}
    if flow.title is not None:
        data["title"] = _words(flow.title)
    standard = Flow(flow.id, (), {})
    if flow.purpose != standard.purpose:
        data["purpose"] = flow.purpose
    if flow.goal:
        data["goal"] = flow.goal
    if flow.holdout:
        data["holdout"] = _share(flow.holdout)
    if flow.expires != standard.expires:
        data["expires"] = format_duration(flow.expires)
    for name in ("closed", "once", "sample"):
        if getattr(flow, name) != getattr(standard, name):
            data[name] = getattr(flow, name)
    if flow.triggers:
        data["starts"] = [_trigger(trigger) for trigger in flow.triggers]
    writer = _Writer(flow.id)
    data["steps"] = [{"id": step.id} | writer.step(step) for step in flow.steps.values()]
    if flow.examples:
        data["examples"] = [_example(example) for example in flow.examples]
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


# -- parts


def _words(words: Words) -> dict[str, str]:
    return dict(words.texts)


def _share(share: float) -> str | float:
    written = f"{round(share * 100, 4):g}"
    return f"{written}%" if float(written) / 100 == share else share


def _example(example: Example) -> dict[str, Any]:
    return {"about": example.about, **example.setting, "turns": [dict(turn) for turn in example.turns]}


def _trigger(trigger: Trigger) -> dict[str, Any]:
    data: dict[str, Any] = {trigger.kind: trigger.value}
    after = trigger.after
    if after.fast != after.durable:
        data["after"] = {"fast": format_duration(after.fast), "durable": format_duration(after.durable)}
    elif not after.at_once:
        data["after"] = format_offset(after.fast, used_up=after.used_up)
    if trigger.at is not None:
        data["at"] = format_clock(trigger.at)
    if trigger.when is not None:
        data["if"] = trigger.when.source
    return data


def _lines(key: str, lines: Lines) -> dict[str, Any]:
    data: dict[str, Any] = {key: _words(lines.base)}
    if lines.variants:
        data["variants"] = {name: _words(words) for name, words in lines.variants.items()}
    return data


def _media(media: MediaSpec) -> dict[str, Any]:
    data: dict[str, Any] = {"url": media.url}
    if media.alt is not None:
        data["alt"] = _words(media.alt)
    return data | ({"type": media.type} if media.type != "image" else {})


def _link(link: LinkSpec) -> dict[str, Any]:
    return {"title": _words(link.title), "url": link.url}


def _carousel(carousel: Carousel) -> str | list[str]:
    return list(carousel.skus) if carousel.of == "named" else carousel.of


def _given(**parts: Any) -> dict[str, Any]:
    """The parts that there are: no empty words, nothing that is switched off."""
    return {
        name: _words(part) if isinstance(part, Words) else part
        for name, part in parts.items()
        if part is not None and part is not False and part != ""
    }


# -- steps


class _Writer:
    """Writes the steps of one flow."""

    def __init__(self, flow: str) -> None:
        self.flow = flow

    def to(self, target: Target | None) -> str:
        """Where to, in the shortest way that cannot be mistaken."""
        if target is None:
            return _END
        if target.flow == self.flow and target.step and target.step != _END:
            return target.step
        return f"/{target.flow}/{target.step}" if target.step else f"/{target.flow}"

    def step(self, step: Step) -> dict[str, Any]:
        """One step."""
        match step:
            case Say():
                return self._say(step)
            case Ask():
                return self._ask(step)
            case Checklist():
                return self._checklist(step)
            case If():
                return self._if(step)
            case Wait():
                return self._wait(step)
            case Offer():
                return self._offer(step)
            case Consent():
                return self._consent(step)
            case _:
                return self._errand(step)

    def _errand(self, step: Set | Note | Go | Call | Remind | Handoff | End) -> dict[str, Any]:
        match step:
            case Set() | Note():
                key = "set" if isinstance(step, Set) else "note"
                return {key: {name: value.source for name, value in step.values}, "go": self.to(step.to)}
            case Go():
                return {"go": self.to(step.to)}
            case Call():
                return {"call": step.flow.flow, "go": self.to(step.to)}
            case Remind():
                span = format_duration(step.span) if step.span is not None else "later"
                return {"remind": span, "with": self.to(step.target), "go": self.to(step.to)}
            case Handoff():
                priority = {"priority": step.priority} if step.priority != "normal" else {}
                return _lines("handoff", step.lines) | {"reason": step.reason} | priority
            case End():
                return {"end": True}

    def _say(self, step: Say) -> dict[str, Any]:
        return _lines("say", step.lines) | _given(
            picture=_media(step.picture) if step.picture is not None else None,
            link=_link(step.link) if step.link is not None else None,
            carousel=_carousel(step.carousel) if step.carousel is not None else None,
            tracking=step.tracking,
            template=step.template,
            go=self.to(step.to),
        )

    def _ask(self, step: Ask) -> dict[str, Any]:
        rates = step.expects == "rating"
        silence = step.silence
        return _lines("ask", step.lines) | _given(
            picture=_media(step.picture) if step.picture is not None else None,
            tracking=step.tracking,
            template=step.template,
            answer=step.expects if step.expects != "choice" else None,
            choices=[self._choice(choice) for choice in step.choices] if step.choices and not rates else None,
            titles=[_words(choice.title) for choice in step.choices] if rates else None,
            low=self.to(step.low) if rates else None,
            middle=self.to(step.middle) if rates else None,
            high=self.to(step.high) if rates else None,
            min=step.least,
            max=step.most,
            again=step.again,
            tries=step.tries if step.tries != _TRIES else None,
            otherwise=self.to(step.otherwise) if step.otherwise is not None else None,
            skip=step.skip,
            skipped=self.to(step.skipped) if step.skip is not None else None,
            silence=None
            if silence is None
            else {"after": format_duration(silence.after), "go": self.to(silence.to)},
            save=step.save,
            note=step.note,
            go=self.to(step.to),
        )

    def _choice(self, choice: ChoiceSpec) -> dict[str, Any]:
        data: dict[str, Any] = {"id": choice.id, "title": _words(choice.title), "go": self.to(choice.to)}
        if choice.intents:
            data["intents"] = sorted(choice.intents)
        return data | _given(description=choice.description)

    def _checklist(self, step: Checklist) -> dict[str, Any]:
        names = ("done", "stuck", "trouble", "solved", "human")
        texts = {name: _words(getattr(step, name)) for name in names}
        ways = {"finished": self.to(step.finished), "person": self.to(step.person)}
        return _lines("checklist", step.lines) | texts | ways

    def _if(self, step: If) -> dict[str, Any]:
        if len(step.cases) == 1:
            condition, to = step.cases[0]
            cases: dict[str, Any] = {"if": condition.source, "then": self.to(to)}
        else:
            cases = {"if": [{"when": one.source, "go": self.to(to)} for one, to in step.cases]}
        return cases | {"else": self.to(step.otherwise)}

    def _wait(self, step: Wait) -> dict[str, Any]:
        if step.event is not None:
            longest = {"longest": format_duration(step.span)} if step.span is not None else {}
            ways = {"else": self.to(step.otherwise), "go": self.to(step.to)}
            return {"wait": step.event} | longest | ways
        until = (
            format_clock(step.clock) if step.clock is not None else format_duration(step.span or timedelta(0))
        )
        return {"wait": until, "go": self.to(step.to)}

    def _offer(self, step: Offer) -> dict[str, Any]:
        return (
            {"offer": step.what}
            | _lines("text", step.lines)
            | _given(percent=step.percent or None, code=step.code)
            | {"prefix": step.prefix, "valid": format_duration(step.valid), "most": step.most}
            | _given(carousel=step.carousel, template=step.template)
            | {"go": self.to(step.to), "nothing": self.to(step.nothing)}
        )

    def _consent(self, step: Consent) -> dict[str, Any]:
        return (
            {"consent": step.purpose, "action": step.action}
            | _lines("text", step.lines)
            | _given(yes=step.yes, no=step.no, confirm=step.confirm, again=step.again)
            | {"given": self.to(step.given), "refused": self.to(step.refused)}
        )
