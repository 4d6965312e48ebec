"""The process that `benchmarks/kill.py` kills: it trains or imports, and says when the moment to kill it has come.

Imported once by a server that forks such processes, since importing torch takes longer than training here.
"""

from __future__ import annotations

import os
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

os.environ["OMP_NUM_THREADS"] = "1"  # before torch: a fork has no threads but its own

import torch

from benchmarks.kill import CONFIG, NOW
from lab import jobs, training
from lab.events import Epoch, Event, Started, Window
from lab.mnist import Mnist, load_mnist
from lab.store import Claim, Store

torch.set_num_threads(1)
_ALL = load_mnist("cpu")
FEW = Mnist(
    _ALL.train_images[: CONFIG.training_images].clone(),
    _ALL.train_labels[: CONFIG.training_images].clone(),
    _ALL.test_images,
    _ALL.test_labels,
)
for _ in training.train(replace(CONFIG, epochs=1, training_images=64), FEW):
    pass  # so that nothing has to be built or imported in the forks


def train(url: str, run_id: int, moment: str, after: int, pipe: Connection) -> None:
    """Train a queued run to its end; says the number of every kept epoch, and NOW at the moment.

    The moment is when `moment` begins for the `after`-th time, from 0 on.
    """
    patch.object(jobs, "load_mnist", lambda device: FEW).start()
    _tell(moment, after, pipe)
    worker = jobs.Worker(Store(url), "cpu", only=run_id)
    worker.start()
    worker.join()


def import_runs(url: str, file: Path, pipe: Connection) -> None:
    """Import the ended runs of another lab's file."""
    target = Store(url)
    pipe.send(NOW)
    target.import_file(file)


def _tell(moment: str, after: int, pipe: Connection) -> None:
    append, claim, left = Claim.append, Store.claim, [after]

    def comes(what: str) -> None:
        if what == moment:
            left[0] -= 1
            if left[0] < 0:
                pipe.send(NOW)

    def tell_append(self: Claim, event: Event) -> None:
        if isinstance(event, Epoch):
            comes("checkpoint")
        append(self, event)
        if isinstance(event, Epoch):
            pipe.send(event.epoch)
        if isinstance(event, Epoch | Started):
            comes("training")
        if isinstance(event, Window) and event.iteration % CONFIG.iterations_per_epoch == 0:
            comes("evaluation")  # of the epoch whose last window this was

    def tell_claim(self: Store, *arguments: Any) -> Claim | None:
        comes("claim")
        return claim(self, *arguments)

    patch.object(Claim, "append", tell_append).start()  # for as long as this process lives
    patch.object(Store, "claim", tell_claim).start()
