"""How a process of the lab is ended: by Ctrl-C, by SIGTERM or by closing its terminal, in good order and soon.

Python's own ending frees what other threads still compute with, and a native engine then writes into freed memory. So
whoever trains is told to end and waited for first, and `leave` ends a process that has a thread which cannot wait.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

GIVE_UP_SECONDS = 1.8
"""From the signal until a run is interrupted whose iteration is still under way."""
PATIENCE_SECONDS = 2.5
"""From the signal to the end of the process, whatever it is doing."""
INTERRUPTED = 130
"""The exit code of a process that a signal has ended before its run could be stopped."""
OPEN_FILES = 4096
"""That a server may have open at once: enough for a class with several tabs each."""


@contextmanager
def on_ending_signal(act: Callable[[], None]) -> Iterator[None]:
    """Inside, the first signal to end the process calls `act` instead, and later ones do nothing.

    `act` is called in the main thread, between any two lines of it: it must not wait for what the main thread may hold.
    """
    told = False

    def handle(_signal: int, _frame: object) -> None:
        nonlocal told
        if not told:
            told = True
            act()

    with _handling(_ending_signals(), handle):
        yield


def import_torch() -> None:
    """Import torch, which takes seconds, before anything is begun; a signal meanwhile ends the process, without a word.

    As an exception it could be lost: parts of torch's own code go on after one. For the main thread.
    """
    wanted = [number for number in _ending_signals() if signal.getsignal(number) is not signal.SIG_IGN]
    with _handling(wanted, lambda _signal, _frame: leave(INTERRUPTED)):
        import torch  # noqa: F401


@contextmanager
def _handling(signals: list[signal.Signals], handle: Callable[[int, object], None]) -> Iterator[None]:
    """Inside, these signals come to `handle`."""
    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _ending_signals() -> list[signal.Signals]:
    """Those of this system; SIGHUP only where `nohup` has not asked for it to be ignored."""
    names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"]
    found = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    return [number for number in found if number.name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN]


def allow_more_files() -> None:
    """Let this process have more files and connections open than the system lets one have that does not ask.

    A server has about six for each page that is looked at, and three for two minutes for each that was left. macOS
    begins with 256, many a Linux with 1,024; Windows has no such limit.
    """
    try:
        import resource
    except ImportError:
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(OSError, ValueError):  # then it stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def leave(code: int) -> NoReturn:
    """End the process here and now, whatever its other threads are doing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or its reader has gone
            stream.flush()
    os._exit(code)


def after(seconds: float, act: Callable[..., object], *arguments: object) -> None:
    """Call `act` in so many seconds, in a thread of its own; not if the process has ended by then."""
    timer = threading.Timer(seconds, act, args=arguments)
    timer.name, timer.daemon = f"lab-{act.__name__}", True
    timer.start()
