"""The rules of the house that a reader cannot see in one file are kept here."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOWER = ("nlu", "dialogs", "integrations", "persistence")
PACKAGES = (*LOWER, "bot", "tests")
CALLS_OF_THE_CLOCK = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns",
}  # fmt: skip
CALLS_OF_THE_ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
LONGEST_MODULE = 500


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> dict[str, str]:
    """What each local name stands for: `from datetime import date as day` gives {"day": "datetime.date"}."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def used(source: str) -> Iterator[tuple[int, str]]:
    """Every dotted name in `source` that begins with something imported, in full, and its line."""
    tree = ast.parse(source)
    names = imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            yield node.lineno, names[node.id]
        elif isinstance(node, ast.Attribute):
            words = [node.attr]
            inner: ast.expr = node.value
            while isinstance(inner, ast.Attribute):
                words.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id in names:
                yield node.lineno, ".".join((names[inner.id], *reversed(words)))


def roots_imported(source: str) -> Iterator[tuple[int, str]]:
    """Every module that `source` imports, wherever in the file, and its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def project_files() -> list[Path]:
    """What git would hand to others: tracked, or new and not ignored."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("only a git checkout knows which files belong to the project")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    ).stdout  # fmt: skip
    return [path for word in listed.split("\0") if word and (path := ROOT / word).is_file()]


def text_of(path: Path) -> str:
    """The file's text; nothing for a picture."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_imports_go_downward() -> None:
    # In a process of its own: the linter sets up logging for itself.
    code = "from importlinter.cli import lint_imports_command as run; run(['--no-cache', '--no-logo'])"
    linted = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_sql_libraries_are_imported_in_persistence_only() -> None:
    """The bot wires the store by asking persistence for it; tests look at tables through it."""
    found = [
        f"{name(path)}:{line} imports {module}"
        for path in modules("nlu", "dialogs", "integrations", "bot", "tests")
        for line, module in roots_imported(path.read_text())
        if module.partition(".")[0] in {"sqlalchemy", "sqlmodel", "alembic"}
    ]
    assert not found, "\n".join(found)


def test_clock_and_environment_are_read_in_bot_only() -> None:
    found = [
        f"{name(path)}:{line} uses {word}"
        for path in modules(*LOWER)
        for line, word in used(path.read_text())
        if word in CALLS_OF_THE_CLOCK
        or any(word == call or word.startswith(f"{call}.") for call in CALLS_OF_THE_ENVIRONMENT)
    ]
    assert not found, "\n".join(found)


def test_nothing_is_mocked() -> None:
    found = [
        f"{name(path)}:{line} imports {module}"
        for path in modules(*PACKAGES)
        for line, module in roots_imported(path.read_text())
        if module in {"mock", "unittest.mock"} or module.startswith("unittest.mock.")
    ]
    assert not found, "\n".join(found)


def test_telegram_brings_no_second_engine() -> None:
    found = [
        f"{name(path)}:{line}"
        for path in modules(*PACKAGES)
        for line, module in roots_imported(path.read_text())
        if module == "telegram.ext" or module.startswith("telegram.ext.")
    ]
    assert not found, "\n".join(found)


def test_no_module_grows_too_long() -> None:
    """A migration may: it is a list, written once and never read as a whole."""
    lengths = {
        name(path): len(path.read_text().splitlines())
        for path in modules(*PACKAGES)
        if "migrations" not in path.parts
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_nothing_is_left_for_later() -> None:
    # The words are put together here so that this file does not find itself.
    later = re.compile(rf"\b(?:{'TO' + 'DO'}|{'FIX' + 'ME'}|{'NotImplemented' + 'Error'})\b")
    found = [
        f"{name(path)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if later.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_file_names_a_package_registry_or_one_persons_machine() -> None:
    """Where packages come from is a matter of the machine that installs them; so are its folders."""
    hosts = (
        r"pypi\.o" + "rg",
        "python" + r"hosted\.org",
        r"npmjs\.o" + "rg",
        r"deb\.debian\.o" + "rg",
        r"docker\.i" + "o",
    )
    options = ("--(?:extra-)?index" + "-url", "--find" + "-links", "--trusted" + "-host")
    homes = r"(?<![\w.:/-])/(?:root|work|Users/\w+|home/\w+)/"
    forbidden = re.compile("|".join((*hosts, *(f"{option}[ =]" for option in options), homes)))
    found = [
        f"{name(path)}:{number}: {match.group()}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if (match := forbidden.search(line))
    ]
    assert not found, "\n".join(found)


def test_every_exception_from_the_lint_rules_gives_its_reason() -> None:
    section, silent = "", []
    for number, line in enumerate((ROOT / "pyproject.toml").read_text().splitlines(), 1):
        section = line if line.startswith("[") else section
        if section.startswith("[tool.ruff.lint") and re.match(r'\s+"[A-Z]+\d*"', line) and " # " not in line:
            silent.append(f"pyproject.toml:{number}: {line.strip()}")
    assert not silent, "\n".join(silent)


def test_every_exception_in_the_code_gives_its_reason() -> None:
    """`# noqa: BLE001 - one bad entry must not stop the others`, `# type: ignore[code]  # why`."""
    lint, types = r"noqa(?::\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?", r"type:\s*ignore(?:\[[\w, -]+\])?"
    bare = re.compile(rf"#\s*(?:{lint}|{types})\s*$")
    found = [
        f"{name(path)}:{number}: {line.strip()}"
        for path in modules(*PACKAGES)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert not found, "\n".join(found)


def pinned(lock: str) -> dict[str, str]:
    """The name and version of everything in a lock file."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def required() -> tuple[set[str], set[str]]:
    """The names that pyproject.toml asks for: to run, and to develop."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = (project["project"]["dependencies"], project["dependency-groups"]["dev"])
    runtime, dev = ({re.split(r"[\[><=; ]", line)[0].lower() for line in lines} for lines in lists)
    return runtime, dev


def test_the_locks_hold_everything_with_hashes() -> None:
    runtime, dev = required()
    to_run, to_develop = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert runtime <= to_run.keys()
    assert runtime | dev <= to_develop.keys()
    assert to_run.items() <= to_develop.items(), "run `make lock`: the two locks were made at different times"
    for lock in ("requirements.lock", "requirements-dev.lock"):
        entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
        assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_dependency_says_why_it_is_there() -> None:
    runtime, dev = required()
    rows = re.findall(
        r"^\| ([\w.-]+) \| [^|\n]+ \| [^|\n]+ \|$", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    named = {row.lower() for row in rows} - {"package", "program"}
    assert runtime | dev <= named
