"""Kill a training or an import again and again at random moments, and hold what is kept against what never was killed.

    python benchmarks/kill.py [--kills 100] [--seed 1]

Every kill is a SIGKILL of a real process, up to a few hundredths of a second after it began to train an epoch, to
evaluate it, to keep its checkpoint, to claim its run or to import a file. A run is resumed after every kill, and in the
end it must be the run that was never killed, to the bit. Needs fork: not on Windows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from lab.config import RunConfig
from lab.events import Checkpoint, Epoch, Event, Window
from lab.network_config import NetworkConfig, conv, max_pool
from lab.store import Store
from lab.training_config import Augmentation, Optimizer, Schedule

MOMENTS = {"training": 0.08, "evaluation": 0.2, "checkpoint": 0.02, "claim": 0.02, "import": 0.2}
"""What is under way when the process is killed -> the most seconds that it may have been."""
KILLS_A_RUN = 6
RUNS_IN_A_FILE = 2
NOW, NEVER = "now", "never"
PATIENCE = 120.0
"""Seconds in which a process must come to its moment or end."""
CONFIG = RunConfig(
    network=NetworkConfig(layers=(conv(6, 5, stride=2), max_pool(), conv(10, 3)), batch_norm=True, dropout=0.2),
    augmentation=Augmentation(rotation=10, shift=2, pen=0.5, interpolation="bilinear"),
    optimizer=Optimizer(kind="adamw", learning_rate=0.01, weight_decay=0.1),
    schedule=Schedule(kind="one_cycle"),
    epochs=3,
    batch_size=64,
    training_images=640,
    device="cpu",
)
"""Small, with everything in it that remembers or draws random numbers."""


@dataclass
class Found:
    """What the kills have done."""

    kills: Counter[str] = field(default_factory=Counter)
    """By moment."""
    runs: int = 0
    """Killed, resumed to the end and compared."""
    lost: int = 0
    """Finished epochs that were gone after a kill."""
    doubled: int = 0
    """Windows and epochs that are there twice."""
    different: list[str] = field(default_factory=list)
    """In what a run or an import is not what was never killed."""

    @property
    def sound(self) -> bool:
        """Whether nothing at all was found."""
        return not (self.lost or self.doubled or self.different)

    def table(self) -> str:
        """For people, in Markdown."""
        lines = ["| killed during | kills |", "|---|---:|"]
        lines += [f"| {moment} | {self.kills[moment]} |" for moment in MOMENTS]
        lines.append(f"| **all** | {self.kills.total()} |")
        told = [f"{self.runs} runs resumed to their end and compared", f"{self.lost} finished epochs lost"]
        told += [f"{self.doubled} events doubled", f"{len(self.different)} differences in weights, events, predictions"]
        return "\n".join([*lines, "", "; ".join(told) + ".", *self.different])


class Killer:
    """Kills, resumes and compares, in a folder of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random, self.folder, self.found = random.Random(seed), folder, Found()
        self.store = Store(f"sqlite:///{folder / 'killed.sqlite3'}")
        self.file = folder / "whole.sqlite3"
        self.whole = Store(f"sqlite:///{self.file}")
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["benchmarks.killed"])
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # for the server of forks, which is given no other
        self.reference, *others = (self.whole.submit(CONFIG) for _ in range(RUNS_IN_A_FILE))
        for run_id in (self.reference, *others):
            self._train(self.whole, run_id, NEVER, 0)

    def kill(self, times: int) -> Found:
        """Kill so many times, as often at every moment, in random order."""
        moments = [moment for _ in range(-(-times // len(MOMENTS))) for moment in MOMENTS][:times]
        self.random.shuffle(moments)
        for number in range(moments.count("import")):
            self._kill_an_import(number)
        others = [moment for moment in moments if moment != "import"]
        for first in range(0, len(others), KILLS_A_RUN):
            self._kill_a_run(others[first : first + KILLS_A_RUN])
        return self.found

    def close(self) -> None:
        """Give back the stores' connections."""
        self.store.close()
        self.whole.close()

    def _kill_a_run(self, moments: Sequence[str]) -> None:
        run_id, kept = self.store.submit(CONFIG), 0
        for moment in moments:
            while True:  # in an epoch that is still to come, so that each kill hits
                left = CONFIG.epochs - len(self.store.checkpoint_epochs(run_id))
                after = 0 if moment == "claim" else self.random.randrange(min(2, left)) if left else 0
                killed, told = self._train(self.store, run_id, moment, after)
                kept = self._check_epochs(run_id, max(kept, told))
                if killed:
                    self.found.kills[moment] += 1
                    break
                self._compare(run_id)  # it was at its end before it was killed: the next one
                run_id, kept = self.store.submit(CONFIG), 0
            self._resume(run_id)
        if self.store.run(run_id).status == "queued":
            self._train(self.store, run_id, NEVER, 0)
        self._compare(run_id)

    def _resume(self, run_id: int) -> None:
        run = self.store.run(run_id)
        if run.status == "interrupted":
            self.store.requeue(run_id)
        elif run.status not in ("queued", "finished"):
            self.found.different.append(f"run {run_id} is {run.status} after a kill: {run.reason}")

    def _train(self, store: Store, run_id: int, moment: str, after: int) -> tuple[bool, int]:
        """Have a process train the run; whether it was killed, and the last epoch that it said was kept."""
        here, there = self.processes.Pipe()
        arguments = (store.url, run_id, moment, after, there)
        return self._run("train", arguments, here, there, MOMENTS.get(moment, 0.0))

    def _run(
        self, what: str, arguments: tuple[Any, ...], here: Connection, there: Connection, seconds: float
    ) -> tuple[bool, int]:
        process = self.processes.Process(target=in_a_fork, args=(what, *arguments))
        process.start()
        there.close()
        kept = 0
        try:
            while here.poll(PATIENCE):
                said = here.recv()
                if said == NOW:
                    time.sleep(self.random.uniform(0, seconds))
                    process.kill()
                else:
                    kept = int(said)
        except EOFError:  # it has ended, one way or the other
            pass
        process.join(PATIENCE)
        code = process.exitcode
        process.close()
        here.close()
        if code not in (0, -9):
            raise RuntimeError(f"The process that was to be killed has ended by itself, with {code}.")
        return code == -9, kept

    def _check_epochs(self, run_id: int, kept: int) -> int:
        """Every epoch that was said to be kept is there, with its checkpoint; the last that is."""
        there = self.store.checkpoint_epochs(run_id)
        told = [epoch.epoch for epoch in self.store.epochs([run_id])[run_id]]
        self.found.lost += len(set(range(1, kept + 1)) - (set(there) & set(told)))
        return max([kept, *there])

    def _compare(self, run_id: int) -> None:
        """Hold the run, which has ended, against the one that was never killed."""
        self.found.runs += 1
        mine, other = _told(self.store, run_id), _told(self.whole, self.reference)
        self.found.doubled += len(mine) - len(set(mine))
        if self.store.run(run_id).status != "finished":
            self.found.different.append(f"run {run_id} is {self.store.run(run_id).status}")
        if mine != other:
            self.found.different.append(f"run {run_id}: windows or epochs differ")
        if _kept(self.store, run_id) != _kept(self.whole, self.reference):
            self.found.different.append(f"run {run_id}: weights, predictions or the optimiser's state differ")

    def _is_the_reference(self, store: Store, run_id: int) -> bool:
        mine, other = (store, run_id), (self.whole, self.reference)
        return _told(*mine) == _told(*other) and _kept(*mine) == _kept(*other)

    def _kill_an_import(self, number: int) -> None:
        """All of a file's runs are there afterwards, or none; and importing again makes it all, once."""
        killed = False
        while not killed:  # or else it was quicker
            target = Store(f"sqlite:///{self.folder / f'target-{number}-{uuid.uuid4().hex}.sqlite3'}")
            here, there = self.processes.Pipe()
            arguments = (target.url, self.file, there)
            killed, _ = self._run("import_runs", arguments, here, there, MOMENTS["import"])
            self._check_import(number, target)
            target.close()
        self.found.kills["import"] += 1

    def _check_import(self, number: int, target: Store) -> None:
        there_are, whole = len(target.runs()), len(self.whole.runs())
        if there_are not in (0, whole):
            self.found.different.append(f"import {number}: {there_are} of {whole} runs")
        target.import_file(self.file)
        runs = [run.id for run in target.runs()]
        if len(runs) != whole:
            self.found.different.append(f"import {number}: imported again, there are {len(runs)} of {whole} runs")
        for run_id in runs:
            if not self._is_the_reference(target, run_id):
                self.found.different.append(f"import {number}: run {run_id} differs")


def in_a_fork(what: str, *arguments: Any) -> None:
    """Do what `benchmarks.killed` calls `what`."""
    from benchmarks import killed  # with torch, which is in a fork already

    getattr(killed, what)(*arguments)


def _told(store: Store, run_id: int) -> list[Event]:
    """The run's windows and epochs without their speed, which differs from run to run."""
    told: list[Event] = []
    for kept in store.events_after(run_id):
        match kept.event:
            case Window():
                told.append(replace(kept.event, images_per_second=0.0))
            case Epoch():
                told.append(replace(kept.event, seconds=0.0))
    return told


def _kept(store: Store, run_id: int) -> list[Checkpoint]:
    """The run's checkpoints, every byte of them."""
    return [store.checkpoint(run_id, epoch) for epoch in store.checkpoint_epochs(run_id)]


def main() -> None:
    """Kill, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        killer = Killer(Path(folder), arguments.seed)
        found = killer.kill(arguments.kills)
        killer.close()
    print(found.table())
    print(f"{time.monotonic() - began:.0f} s, seed {arguments.seed}.")
    sys.exit(0 if found.sound else 1)


if __name__ == "__main__":
    main()
