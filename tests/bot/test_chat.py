"""`python -m bot chat`: the bot in a terminal, here with what is piped in."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from bot.commands import app


def chat(said: str, *words: object) -> Result:
    """The command, with these lines typed one after the other."""
    return CliRunner().invoke(app, ["chat", *map(str, words)], input=said)


def test_the_bot_greets_shows_numbers_and_understands_them() -> None:
    done = chat("1\n")
    assert done.exit_code == 0, done.output
    assert "Danke für deine Bestellung #1001" in done.stdout
    assert "  1. Ja, los geht's\n  2. Lieber später" in done.stdout
    assert "Schritt 1 von 3" in done.stdout


def test_it_speaks_english_to_whoever_wants_it() -> None:
    done = chat("/help\nwhere is my parcel?\n", "--lang", "en", "--channel", "telegram")
    assert "Thank you for your order" in done.stdout
    assert "/later 3 days" in done.stdout
    assert "hasn't been shipped yet" in done.stdout


def test_time_and_the_shop_move_when_told_to() -> None:
    done = chat("Lieber später\n/shop shipped\n/shop delivered\n/later 4 Tage\n/quit\nHallo\n")
    assert done.exit_code == 0, done.output
    assert "unterwegs" in done.stdout
    assert "Ein Tipp zu" in done.stdout


def test_a_slip_is_answered_and_nothing_is_lost() -> None:
    done = chat(
        "/latr\n/later bald\n/shop melted\n/shop\nMensch bitte\n/agent Hallo, hier ist Mia\n/solved\n"
    )
    assert done.exit_code == 0, done.output
    assert "Das kenne ich nicht." in done.stdout
    assert "Keine Zeitspanne." in done.stdout
    assert done.stdout.count("Möglich sind: paid, shipped") == 2
    assert "Hallo, hier ist Mia" in done.stdout


def test_the_order_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    order = {
        "id": "77", "number": "#4711", "currency": "EUR", "total": "39.90",
        "placed_at": "2026-11-01T10:00:00Z", "buyer": {"name": "Jo Muster", "language": "en"},
        "items": [{"sku": "FP-08", "title": "French Press"}],
    }  # fmt: skip
    file.write_text(
        json.dumps({"event": "order.paid", "id": "1", "at": "2026-11-01T10:00:00Z", "order": order})
    )
    done = chat("", "--order", file)
    assert done.exit_code == 0, done.output
    assert "Thank you for your order #4711" in done.stdout
    assert "Hello Jo" in done.stdout


def test_an_order_may_be_short_and_a_wrong_one_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "order.yml"
    file.write_text("items: [{sku: EB-500}]\n")
    assert "Espresso Abendrot" in chat("", "--order", file).stdout
    file.write_text("total: viel\n")
    done = chat("", "--order", file)
    assert (done.exit_code, "order.total" in done.stderr) == (1, True)
    file.write_text("- 1\n")
    assert "an order is a mapping" in chat("", "--order", file).stderr
    assert "there is no such file" in chat("", "--order", tmp_path / "none").stderr
