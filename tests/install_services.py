"""`python -m tests.install_services`: what the tests use for real is there, or one reads what will not run.

On Debian (and its kin) as root, missing servers are installed by apt. Elsewhere one line says which suites
cannot run; with `CI` set that is a failure, because there nobody reads the line.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tests.services import Service, missing

APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")


def main() -> int:
    """0 when the tests may start, 1 when they may not."""
    if (absent := missing()) and _apt_is_ours():
        _install([package for service in absent for package in service.packages])
        absent = missing()
    if not absent:
        return 0
    sys.stderr.write(_sentence(absent) + "\n")
    return 1 if os.environ.get("CI") else 0


def _apt_is_ours() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(packages: Sequence[str]) -> None:
    sys.stderr.write(f"Installing for the tests: {', '.join(packages)} …\n")
    # .ci/run has read the lists when it had to install something itself.
    if not os.environ.get("NACHKLANG_APT_LISTS_READ"):
        _quietly([*APT, "update"])
    _quietly([*APT, "install", "--yes", "--no-install-recommends", *packages])


def _quietly(command: Sequence[str]) -> None:
    """Prints what the command printed only when it failed; what is missing then is told afterwards."""
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}\n")


def _sentence(absent: Sequence[Service]) -> str:
    names = ", ".join(service.name for service in absent)
    suites = ", ".join(service.suites for service in absent)
    return f"Not found on this machine: {names}. Could not run: {suites}."


if __name__ == "__main__":
    sys.exit(main())
