"""How long a run will take on this machine, before it has begun: from a run of the same kind that was trained here.

Where there is none, nothing is said: how fast a network or a machine is follows from nothing but a measurement.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.config import RunConfig
from lab.events import Epoch
from lab.store import Run, Store, is_of_this_host
from lab.time_left import TRAINING_COSTS

LOOKED_AT = 5
"""Runs of the same kind whose epochs are read, in case the newest have none."""


def seconds_foreseen(store: Store, config: RunConfig) -> float | None:
    """How long a run of `config` will take here; None where nothing like it was trained on this machine."""
    runs = [run for run in store.runs() if run.worker and is_of_this_host(run.worker) and is_alike(run, config)]
    runs.sort(key=lambda run: _extent(run.config) != _extent(config))  # else the newest first, as they are
    epochs = store.epochs([run.id for run in runs[:LOOKED_AT]])
    measured = ((run.config, epochs[run.id]) for run in runs[:LOOKED_AT] if epochs.get(run.id))
    found = next(measured, None)
    return None if found is None else _scaled(config, *found)


def is_alike(run: Run, config: RunConfig) -> bool:
    """Whether what an image took in this run is what it will take: the same sums on the same device."""
    mine, theirs = config, run.config
    return (
        mine.network == theirs.network
        and mine.augmentation.active == theirs.augmentation.active
        and (mine.precision, mine.engine) == (theirs.precision, theirs.engine)
        and mine.device in (theirs.device, run.device)
    )


def _extent(config: RunConfig) -> tuple[int, int]:
    return config.images_per_epoch, config.batch_size


def _scaled(config: RunConfig, trained: RunConfig, epochs: Iterable[Epoch]) -> float:
    """The seconds of these epochs, brought to the images that `config` goes through."""
    done = list(epochs)
    each = sum(epoch.seconds for epoch in done) / sum(_work(trained, epoch.epoch) for epoch in done)
    return each * sum(_work(config, epoch) for epoch in range(1, config.epochs + 1))


def _work(config: RunConfig, epoch: int) -> float:
    """What an epoch takes, in images trained on: see `TRAINING_COSTS`."""
    return config.images_per_epoch + config.images_read(epoch) / TRAINING_COSTS
