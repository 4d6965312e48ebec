"""`python -m lab`."""

import os
import signal
import sys
from typing import NoReturn

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C has ended."""


def leave(_signal: int, _frame: object) -> NoReturn:
    """End at once and without a word: nothing has begun yet."""
    os._exit(INTERRUPTED)


def main() -> None:
    """Import the command line, which takes a second or more, and run it."""
    on_interrupt = signal.getsignal(signal.SIGINT)
    if on_interrupt is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, leave)
    from lab.console import replace_what_is_closed

    replace_what_is_closed()
    from lab import cli

    try:
        signal.signal(signal.SIGINT, on_interrupt)
        cli.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":  # not again in the processes that `bench` starts
    main()
