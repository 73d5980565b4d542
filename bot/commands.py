"""The commands of ``python -m bot``: words and options. What they do is imported when they are called.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 it failed or something
was wrong with the data, 2 the command or the settings are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from bot.config import Config

_DEFAULT: Final = Path("config.yml")

app = typer.Typer(
    help="Nachklang looks after buyers in their DMs, after they bought.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local variables, and with them secrets
)

ConfigPath = Annotated[
    Path,
    typer.Option("--config", metavar="FILE", help="The shop's settings; without the file, defaults hold."),
]
OrderOption = Annotated[str, typer.Option("--order", metavar="ID", help="The order's id or number.")]
ChannelOption = Annotated[
    str | None,
    typer.Option("--channel", metavar="NAME", help="Only this channel: instagram, whatsapp, telegram."),
]


@app.command()
def serve(
    config: ConfigPath = _DEFAULT,
    host: Annotated[str | None, typer.Option(help="Where to listen, instead of server.host.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Which port to listen on, instead of server.port.")
    ] = None,
    only: Annotated[
        Literal["web", "work"] | None, typer.Option(help="Only take requests in, or only work them off.")
    ] = None,
) -> None:
    """Start the server. SIGTERM lets it finish what is in hand."""
    with _in_words():
        settings = _load(config)
        changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        if changes:
            server = settings.settings.server.model_copy(update=changes)
            settings = settings.model_copy(
                update={"settings": settings.settings.model_copy(update={"server": server})}
            )
        from bot.server import serve as run  # noqa: PLC0415 - `--help` stays fast

        code = run(settings, only)
    raise typer.Exit(code)


@app.command()
def migrate(config: ConfigPath = _DEFAULT) -> None:
    """Bring the database to the newest schema; safe to repeat."""
    with _in_words():
        from bot.commands_store import migrate as run  # noqa: PLC0415 - `--help` stays fast

        typer.echo(run(_load(config)))


@app.command("entry-link")
def entry_link(
    order: OrderOption,
    channel: ChannelOption = None,
    qr: Annotated[
        Path | None, typer.Option("--qr", metavar="FILE", help="Also write the QR code: .svg or .png.")
    ] = None,
    config: ConfigPath = _DEFAULT,
) -> None:
    """Print the signed links that open the chat already tied to an order.

    Every call makes a new code. With --channel nothing but that channel's link is printed.
    """
    _check_file(qr, ("svg", "png"), "--qr")
    with _in_words():
        from bot.commands_entry import entry_link as run  # noqa: PLC0415 - `--help` stays fast

        run(_load(config), order, channel, qr)


@app.command("entry-sheet")
def entry_sheet(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to: .pdf, or .svg (one per page).")
    ],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="All orders placed since then, in the shop's time zone."),
    ] = None,
    order: Annotated[
        list[str] | None,
        typer.Option("--order", metavar="ID", help="This order; may be given several times."),
    ] = None,
    channel: ChannelOption = None,
    per_page: Annotated[int, typer.Option("--per-page", help="How many cards on a page: 10 or 8.")] = 10,
    config: ConfigPath = _DEFAULT,
) -> None:
    """Make a printable A4 sheet of parcel inserts, each with the QR code of one order."""
    _check_file(out, ("pdf", "svg"), "--out")
    if per_page not in (8, 10):
        raise typer.BadParameter("a page holds 10 or 8 cards", param_hint="--per-page")
    if (since is None) == (not order):
        raise typer.BadParameter(
            "say which orders: either --since 2026-11-01, or --order ID", param_hint="--since"
        )
    with _in_words():
        from bot.commands_entry import Wanted  # noqa: PLC0415 - `--help` stays fast
        from bot.commands_entry import entry_sheet as run  # noqa: PLC0415 - as above

        run(_load(config), Wanted(since, tuple(order or ())), channel, out, per_page)


@app.command()
def unlink(order: OrderOption, config: ConfigPath = _DEFAULT) -> None:
    """Undo a wrong binding: the order's chats are no longer tied to it."""
    with _in_words():
        from bot.commands_entry import unlink as run  # noqa: PLC0415 - `--help` stays fast

        run(_load(config), order)


@app.command("hand-back")
def hand_back(
    conversation: Annotated[
        int, typer.Option("--conversation", metavar="ID", help="The conversation's number, as logs name it.")
    ],
    *,
    solved: Annotated[
        bool, typer.Option("--solved", help="The buyer's case is closed: it brakes nothing any more.")
    ] = False,
    config: ConfigPath = _DEFAULT,
) -> None:
    """Give the floor in a conversation back to the bot, after a human has answered."""
    with _in_words():
        from bot.commands_store import hand_back as run  # noqa: PLC0415 - `--help` stays fast

        typer.echo(run(_load(config), conversation, solved=solved))


@app.command("owner-link")
def owner_link(config: ConfigPath = _DEFAULT) -> None:
    """Print a link that makes an owner, or gives one back the keys who was locked out.

    It works once, for seven days; earlier ones no longer do.
    """
    with _in_words():
        from bot.commands_people import owner_link as run  # noqa: PLC0415 - `--help` stays fast

        typer.echo(run(_load(config)))


@app.command()
def audit(config: ConfigPath = _DEFAULT) -> None:
    """Print the audit log as JSON lines, and verify that nothing in it was changed: exit code 1 if it was."""
    with _in_words():
        from bot.commands_people import audit as run  # noqa: PLC0415 - `--help` stays fast

        whole = run(_load(config))
    if not whole:
        raise typer.Exit(1)


@app.command("import-orders")
def import_orders(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True, show_default=False),
    ],
    config: ConfigPath = _DEFAULT,
) -> None:
    """Read orders from a spreadsheet. The same file twice changes nothing.

    Lines that make no sense are named and left out; then the exit code is 1.
    """
    with _in_words():
        from bot.commands_orders import import_orders as run  # noqa: PLC0415 - `--help` stays fast

        clean = run(_load(config), file)
    if not clean:
        raise typer.Exit(1)


@app.command()
def tag(
    name: Annotated[
        str, typer.Argument(metavar="TAG", help="A word of a–z, 0–9 and _, as flows name it behind tag:.")
    ],
    order: Annotated[
        str | None, typer.Option("--order", metavar="ID", help="On the buyer of this order (id or number).")
    ] = None,
    waiting_for: Annotated[
        str | None,
        typer.Option("--waiting-for", metavar="SKU", help="On all who asked to be told of this product."),
    ] = None,
    config: ConfigPath = _DEFAULT,
) -> None:
    """Put a tag on buyers, which starts the flows that wait for it."""
    if not re.fullmatch(r"[a-z0-9_]{1,40}", name):
        raise typer.BadParameter("small letters, digits and _, up to 40 characters", param_hint="TAG")
    order, waiting_for = (word.strip() if word else None for word in (order, waiting_for))
    if bool(order) == bool(waiting_for):
        raise typer.BadParameter("say on whom: either --order ID, or --waiting-for SKU", param_hint="--order")
    with _in_words():
        from bot.commands_tags import tag as run  # noqa: PLC0415 - `--help` stays fast

        typer.echo(run(_load(config), name, order, waiting_for))


@app.command()
def correct(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.jsonl", exists=True, dir_okay=False, readable=True, show_default=False),
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who judged the messages.")] = "",
    config: ConfigPath = _DEFAULT,
) -> None:
    """Take in messages with what they mean, one JSON object a line: the next training learns from them.

    Each line has text, language (de, en), intent, mood (negative, neutral, positive), handoff (true, false);
    conversation and message (their numbers) if it came from a chat. A bad line refuses the whole file.
    """
    with _in_words():
        from bot.commands_train import correct as run  # noqa: PLC0415 - `--help` stays fast

        run(_load(config), file, by)


@app.command()
def train(config: ConfigPath = _DEFAULT) -> None:
    """Learn from all judged messages, and print how often the engine was wrong before and after.

    The running server takes the new engine with its next start.
    """
    with _in_words():
        from bot.commands_train import train as run  # noqa: PLC0415 - `--help` stays fast

        run(_load(config))


@app.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]…", help="Files, or folders that hold a whole book.", show_default=False
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A list of problems as JSON.")] = False,
    lang: Annotated[Literal["de", "en"], typer.Option(help="The language of the report.")] = "de",
    config: ConfigPath = _DEFAULT,
) -> None:
    """Check dialog scripts: everything that is wrong at once, with file, line, and how to mend it.

    Without a path the shop's own scripts are checked. The exit code is 1 if there are errors.
    """
    with _in_words():
        from bot.commands_check import check as run  # noqa: PLC0415 - `--help` stays fast

        clean = run(paths or [], lang, as_json=as_json, config=_load(config))
    if not clean:
        raise typer.Exit(1)


@app.command()
def simulate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Conversation files, flows, or folders.", show_default=False),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="What became of each, as JSON.")] = False,
    examples: Annotated[
        bool, typer.Option("--examples", help="Also play the examples in the shop's own scripts.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Also tell which steps and choices were never taken.")
    ] = False,
    lang: Annotated[Literal["de", "en"], typer.Option(help="The language of the report.")] = "de",
    config: ConfigPath = _DEFAULT,
) -> None:
    """Play conversations on a virtual clock. The exit code is 1 if one goes otherwise than written.

    A flow's file is played by its examples, among the shop's other scripts.
    """
    if not paths and not examples:
        raise typer.BadParameter("name files or folders to play, or give --examples", param_hint="FILE…")
    with _in_words():
        from bot.commands_simulate import simulate as run  # noqa: PLC0415 - `--help` stays fast

        clean = run(_load(config), paths or [], lang, as_json=as_json, examples=examples, coverage=coverage)
    if not clean:
        raise typer.Exit(1)


@app.command()
def chat(
    lang: Annotated[
        Literal["de", "en"] | None, typer.Option(help="The buyer's language, instead of the shop's.")
    ] = None,
    order: Annotated[
        Path | None,
        typer.Option(
            "--order", metavar="FILE", help="What was bought: JSON or YAML, as for /webhooks/orders."
        ),
    ] = None,
    channel: Annotated[
        Literal["whatsapp", "instagram", "telegram"], typer.Option(help="The channel whose rules hold.")
    ] = "whatsapp",
    config: ConfigPath = _DEFAULT,
) -> None:
    """Talk to the bot in the terminal: buttons are numbers, /later moves the clock, /help shows the rest."""
    with _in_words():
        from bot.commands_chat import chat as run  # noqa: PLC0415 - `--help` stays fast

        run(_load(config), lang, order, channel)


@app.command()
def understand(
    engine: Annotated[
        Literal["embedded", "rasa"] | None, typer.Option("--engine", help="Instead of nlu.engine.")
    ] = None,
    config: ConfigPath = _DEFAULT,
) -> None:
    """Say what messages mean: JSON lines in ({"text": …, "lang"?: …}), JSON lines out, in the same order."""
    with _in_words():
        from bot.commands_understand import streams  # noqa: PLC0415 - `--help` stays fast
        from bot.commands_understand import understand as run  # noqa: PLC0415 - as above

        good = run(_load(config), engine, *streams())
    raise typer.Exit(0 if good else 1)


@app.command()
def templates(config: ConfigPath = _DEFAULT) -> None:
    """Print the message templates as WhatsApp wants them submitted: a list as JSON, and how each stands."""
    with _in_words():
        from bot.commands_templates import templates as run  # noqa: PLC0415 - `--help` stays fast

        run(_load(config))


def _load(path: Path) -> Config:
    """Read the settings. Only the default file may be missing: another one that is not there is a slip."""
    from bot.config import ConfigError, load  # noqa: PLC0415 - `--help` stays fast

    if path != _DEFAULT and not path.exists():
        raise ConfigError(
            f"{path}: there is no such file. Name an existing one with --config, or leave it out."
        )
    return load(path)


def _check_file(path: Path | None, kinds: tuple[str, ...], option: str) -> None:
    """Refuse a file that could not be written, before anything is done for it."""
    if path is None:
        return
    if path.suffix.lower().removeprefix(".") not in kinds:
        raise typer.BadParameter(
            f"{path}: the name must end in {' or '.join(f'.{k}' for k in kinds)}", param_hint=option
        )
    if not path.parent.is_dir():
        raise typer.BadParameter(f"{path.parent}: there is no such folder", param_hint=option)


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what the person at the keyboard can mend into a sentence and an exit code."""
    from bot.commands_files import CommandFailed  # noqa: PLC0415 - `--help` stays fast
    from bot.config import ConfigError  # noqa: PLC0415 - as above
    from persistence.database import DatabaseError  # noqa: PLC0415 - as above

    try:
        yield
    except (ConfigError, DatabaseError) as error:
        _stop(str(error), 2)
    except (CommandFailed, OSError) as error:
        _stop(str(error), 1)


def _stop(message: str, code: int) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(code)
