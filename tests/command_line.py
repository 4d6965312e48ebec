"""`python -m lab ...` in the process of a test."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lab import cli

Lab = Callable[..., tuple[int, str, str]]
"""Runs a command: (exit code, stdout, stderr)."""


@contextmanager
def commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int) -> Iterator[Lab]:
    """What runs them on a terminal of so many columns; what a command does to SIGTERM is undone in the end."""
    monkeypatch.setenv("COLUMNS", str(width))
    terminate = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lab", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        printed = capsys.readouterr()
        return int(leaving.value.code or 0), printed.out, printed.err

    try:
        yield run
    finally:
        signal.signal(signal.SIGTERM, terminate)
