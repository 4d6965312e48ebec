"""The names of workers, which tell others whether the process behind one has ended."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

import psutil

PROC = Path("/proc")


def worker_name() -> str:
    """The name of a worker in this process: its host, its process id and when that process began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_own_beginning(os.getpid())}"


def is_of_this_host(worker: str) -> bool:
    """Whether the worker's process can be seen from here."""
    return worker.split(":")[0] == socket.gethostname()


def is_gone(worker: str) -> bool:
    """Whether the worker's process, on this host, has ended; another process may have got its id since."""
    parts = worker.split(":")
    if len(parts) < 2 or not parts[1].isdigit():
        return True
    beginning = _beginning(int(parts[1]))
    return beginning is None or bool(beginning and len(parts) > 2 and parts[2] != beginning)


@lru_cache(maxsize=2)
def _own_beginning(process: int) -> str:
    return _beginning(process) or ""


def _beginning(process: int) -> str | None:
    """When the process began, as a word without a colon; None when it has ended, "" when it does not let us see.

    A process that has ended and whose parent has not yet asked how counts as ended.
    """
    try:
        if (PROC / "self" / "stat").exists():
            return _ticks(process)
        seen = psutil.Process(process)
        return None if seen.status() == psutil.STATUS_ZOMBIE else f"{seen.create_time():.0f}"
    except (OSError, psutil.Error):
        return "" if psutil.pid_exists(process) else None


def _ticks(process: int) -> str | None:
    """Linux tells it in ticks since the machine was started: unlike the time of day, nobody sets it anew."""
    state, *others = (PROC / str(process) / "stat").read_bytes().rpartition(b")")[2].split()
    return None if state in (b"Z", b"X") else f"{_boot()}-{others[18].decode()}"


@lru_cache(maxsize=1)
def _boot() -> str:
    """Which start of the machine this is; "" where it is not told."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").split("-")[0]
    except OSError:
        return ""
