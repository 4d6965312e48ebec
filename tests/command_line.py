"""`python -m lab ...` in the process of a test."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab import cli

Lab = Callable[..., tuple[int, str, str]]
"""Runs a command: (exit code, stdout, stderr)."""
SHORT = ("--images", 48, "--device", "cpu")
"""What makes a training short."""
EPOCH_KEYS = {
    "epoch",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "test_correct",
    "learning_rate",
    "seconds",
}


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


def answer(outcome: tuple[int, str, str]) -> Any:
    """The JSON that a command has printed, and nothing else with it."""
    code, out, err = outcome
    assert (code, err) == (0, "")
    return json.loads(out)
