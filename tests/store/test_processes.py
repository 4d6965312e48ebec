"""A worker's name tells whether its process has ended, and no other process is taken for it."""

import os
import socket
import subprocess
import sys

import psutil
import pytest
from examples import wait_until

from lab.store import processes, worker_name
from lab.store.processes import is_gone, is_of_this_host


def test_a_name_says_host_and_process_and_when_it_began() -> None:
    host, process, beginning = worker_name().split(":")
    assert (host, process) == (socket.gethostname(), str(os.getpid()))
    assert beginning
    assert is_of_this_host(worker_name())
    assert not is_of_this_host(f"another-host:{process}:{beginning}")


def test_this_process_is_there_and_one_that_began_at_another_time_is_not() -> None:
    host, process, _ = worker_name().split(":")
    assert not is_gone(worker_name())
    assert not is_gone(f"{worker_name()}:thread")
    assert not is_gone(f"{host}:{process}")  # of an older lab, which did not say when
    assert is_gone(f"{host}:{process}:another")
    assert is_gone("nonsense")


@pytest.mark.parametrize("system", ["with /proc", "without"])
def test_a_process_has_ended_even_while_nobody_has_asked_how(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if system == "without":
        monkeypatch.setattr(processes, "PROC", processes.PROC / "nowhere")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        beginning = processes._beginning(process.pid)
        name = f"{socket.gethostname()}:{process.pid}:{beginning}:w"
        assert beginning
        assert not is_gone(name)
        process.kill()
        wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        assert is_gone(name)
    assert is_gone(name)


def test_a_process_that_may_not_be_looked_at_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(process: int) -> str:
        raise PermissionError

    monkeypatch.setattr(processes, "_ticks", refused)
    assert not is_gone(worker_name())
