"""Contenders take turns, each in a process of its own that ends without a word."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.contender import Apart, Contender, Round, interleave

ROOT = Path(__file__).parent.parent


class Stopwatch:
    """A contender that claims to be a second slower each time, and how often it was asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[int] = []

    def iterate(self, iterations: int) -> float:
        self.asked.append(iterations)
        return self.seconds + len(self.asked)

    def evaluate(self) -> float:
        return 10.0

    def describe(self) -> str:
        return f"asked for {self.asked}"


class Starter(Stopwatch):
    """A contender that says how its process would start another."""

    def describe(self) -> str:
        return multiprocessing.get_start_method()


class Here(Apart):
    """A contender in this process, which notes when it is measured."""

    def __init__(self, contender: Contender, order: list[str], name: str) -> None:
        self.contender, self.order, self.name = contender, order, name

    def ask(self, method: str, *arguments: object) -> object:
        if method == "iterate":
            self.order.append(self.name)
        return getattr(self.contender, method)(*arguments)


def test_the_contenders_take_turns() -> None:
    order: list[str] = []
    contenders = {name: Here(Stopwatch(0), order, name) for name in "AB"}
    found = interleave(contenders, iterations=7, rounds=3)
    assert order == ["A", "B", "A", "B", "A", "B"]
    assert found["A"] == [Round(iteration=seconds, evaluation=10.0) for seconds in (1, 2, 3)]
    assert contenders["A"].ask("describe") == "asked for [7, 7, 7]"


def test_what_loads_a_contenders_data_is_started_as_in_any_process_here() -> None:
    with Apart(Starter, 1.0) as contender:
        assert contender.ask("describe") == multiprocessing.get_start_method()


IMPORTED_FOR_LONG = """
import sys, threading
from lab.contender import Apart

class Contender:
    def describe(self):
        threading.Event().wait(MOMENT == "measuring" and 60)

MOMENT = sys.argv[1]

if __name__ == "__mp_main__":  # in the contender's process, before anything of the lab's runs there
    print("importing", flush=True)
    if MOMENT == "importing":
        threading.Event().wait(60)

if __name__ == "__main__":
    with Apart(Contender) as contender:
        try:
            contender.ask("__init__")
            print("measuring", flush=True)
            contender.ask("describe")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            raise SystemExit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there a process inherits no blocked signals")
@pytest.mark.parametrize("moment", ["importing", "measuring"])
def test_ctrl_c_ends_a_contender_at_once_and_without_a_word(tmp_path: Path, moment: str) -> None:
    """A terminal sends it to all its processes."""
    program = tmp_path / "program.py"
    program.write_text(IMPORTED_FOR_LONG)
    with subprocess.Popen(
        [sys.executable, program, moment],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        while process.stdout.readline() != f"{moment}\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "interrupted\n", "")
