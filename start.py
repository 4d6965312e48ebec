"""Starts the lab on Windows, macOS and Linux. It needs only Python.

python start.py               makes .venv, installs what requirements.txt pins, and starts the app;
                              other arguments go to Streamlit: python start.py --server.port 8600
python start.py test          the same, then checks and runs every test; other arguments go to pytest
python start.py check         only lint, format and types

Nothing is installed twice, so a later start needs no internet.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WINDOWS = sys.platform == "win32"
NEEDED = (3, 11)
APP, DEV = "requirements.txt", "requirements-dev.txt"
CHECKS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
ASK_VERSION = "import sys; sys.exit(sys.version_info < (3, 11))"


class CannotStart(Exception):
    """Why not, and what to do, in one sentence."""


def main(arguments: Sequence[str]) -> int:
    """What `python start.py` does with its arguments; returns the exit code."""
    if arguments and arguments[0] in ("-h", "--help"):
        say(str(__doc__))
        return 0
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in ("test", "check"):
            raise CannotStart(
                f"start.py knows no {arguments[0]!r}: it takes test, check, or arguments for Streamlit, "
                "such as --server.port 8600."
            )
        if sys.version_info < NEEDED:
            return call([*other_python(), str(ROOT / "start.py"), *arguments])
        check_machine()
        if arguments and arguments[0] in ("test", "check"):
            return test(make_environment(DEV), arguments[0], arguments[1:])
        return run(make_environment(APP), arguments)
    except CannotStart as error:
        say(str(error))
        return 1
    except OSError as error:
        say(
            f"{error.filename or ROOT} cannot be used: {error.strerror or error}. The lab needs its own folder whole, "
            "the right to write there, and half a gigabyte of free space."
        )
        return 1


def say(line: str) -> None:
    """One line for people, at once. Nobody need be there to read it: of `| head`, say, only the first line is read."""
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python complains of it at its end


# --- which Python -------------------------------------------------------------------------------------------------


def other_python() -> list[str]:
    """The command of a Python that is new enough, where this one is not.

    Raises:
        CannotStart: there is none.
    """
    for command in (["py", "-3.11"], ["python3.11"], ["py", "-3"], ["python3"]):
        found = shutil.which(command[0])
        if found and call([found, *command[1:], "-c", ASK_VERSION], quiet=True) == 0:
            return [found, *command[1:]]
    raise CannotStart(
        f"The lab needs Python 3.11 or newer, but this is {platform.python_version()}: "
        "install 3.11 from https://www.python.org/downloads/ and start again."
    )


def check_machine() -> None:
    """Refuse what PyTorch is not made for; its installation would fail with less clear words.

    Raises:
        CannotStart: this Python or machine is such.
    """
    if sys.maxsize <= 2**32:
        raise CannotStart(
            "PyTorch needs a 64-bit Python, but this one has 32 bits: install a 64-bit one and start again."
        )
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise CannotStart(
            "PyTorch is no longer made for Macs with Intel processors. "
            "If your Mac has an Apple processor, install the Python for it and start again."
        )


# --- the environment ----------------------------------------------------------------------------------------------


def python_of(environment: Path) -> Path:
    """Its interpreter. Programs are started as `python -m`: their own files name a folder that may have been moved."""
    return environment / "Scripts" / "python.exe" if WINDOWS else environment / "bin" / "python"


def make_environment(requirements: str) -> Path:
    """The Python of `.venv`, with everything that the file `requirements` names; makes and installs what is missing.

    Raises:
        CannotStart: it cannot be made, or something cannot be installed.
    """
    environment = ROOT / ".venv"
    python = python_of(environment)
    unfinished = environment / "unfinished"  # while pip runs: what it leaves when it is ended may look installed
    if unfinished.exists() or not works(python):
        say("Making .venv, a Python environment only for the lab ...")
        if call([sys.executable, "-m", "venv", "--clear", str(environment)]):
            raise CannotStart(f"{environment} could not be made: see above.")
    stamp, wanted = environment / f"installed-{Path(requirements).stem}", fingerprint(requirements)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        say(f"Installing what {requirements} names. The first time, this loads half a gigabyte, for some minutes ...")
        unfinished.touch()
        stamp.unlink(missing_ok=True)
        quiet = [] if sys.stdout is not None and sys.stdout.isatty() else ["--quiet"]
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
        if call([*pip, "-r", str(ROOT / requirements)]):
            raise CannotStart(
                "Something could not be installed: see above. This needs Python 3.11 and the internet. "
                "Start again to try once more."
            )
        stamp.write_text(wanted, encoding="utf-8")
        unfinished.unlink()
    return python


def works(python: Path) -> bool:
    """Whether it is there, new enough and has pip: its own Python may have gone, or its making been interrupted."""
    return python.exists() and call([str(python), "-c", f"import pip; {ASK_VERSION}"], quiet=True) == 0


def fingerprint(requirements: str) -> str:
    """Changes with what is to be installed."""
    files = dict.fromkeys((APP, requirements))
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in files)).hexdigest()


# --- what is started ----------------------------------------------------------------------------------------------


def run(python: Path, arguments: Sequence[str]) -> int:
    """The app, until Ctrl-C ends it."""
    say("Starting the lab. Ctrl-C ends it.")
    command = [str(python), "-m", "lab.ui.serving", *arguments]
    if WINDOWS:
        return call(command)
    os.chdir(ROOT)
    os.execv(command[0], command)  # this process becomes the app: signals and the exit code are its own


def test(python: Path, what: str, arguments: Sequence[str]) -> int:
    """Lint, format and types, and if `what` is "test" every test; the exit code of the first that fails."""
    commands = [*CHECKS, ("pytest", *arguments)] if what == "test" else CHECKS
    for command in commands:
        say(f"python -m {' '.join(command)}")
        code = call([str(python), "-m", *command])
        if code:
            return code
    return 0


def call(command: Sequence[str], quiet: bool = False) -> int:
    """Run a command in the lab's folder and return its exit code; Ctrl-C is for it, and it is waited for."""
    output = subprocess.DEVNULL if quiet else None
    try:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    except OSError as error:
        if not quiet:
            say(f"{command[0]} cannot be started: {error}")
        return 127
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            continue
        return 128 - code if code < 0 else code  # as a shell says that a signal ended it


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
