"""How long a run will take on this machine, before it has begun.

Best from a run of the same kind that was trained here; else from one of another network, by the multiplications of
both; before anything was trained here, from how fast the processor multiplies matrices.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.config import RunConfig
from lab.events import Epoch
from lab.gauge import core_gflops, cores, may_have_gpu
from lab.layers import ImpossibleNetwork, training_macs
from lab.store import Run, Store, is_of_this_host
from lab.time_left import TRAINING_COSTS

LOOKED_AT = 5
"""Runs of the same kind whose epochs are read, in case the newest have none."""


SHARE_WITH_BATCH_NORM, SHARE = 0.6, 0.8
"""Of what its cores reach in a product of matrices, what a training on the compiled engine does: 0.60 on step 5 in
batches of 64 and 0.82 on step 1 in batches of 16, on two cores of an Intel Xeon (`benchmarks/paths.py`, and
`python -m lab bench`)."""


def seconds_foreseen(store: Store, config: RunConfig) -> float | None:
    """How long a run of `config` will take here; None where it uses what was never measured here, or cannot be."""
    try:
        return _foreseen(store, config)
    except ImpossibleNetwork:
        return None


def _foreseen(store: Store, config: RunConfig) -> float | None:
    runs = [run for run in store.runs() if run.worker and is_of_this_host(run.worker) and _is_near(run, config)]
    runs.sort(key=lambda run: (not is_alike(run, config), _extent(run.config) != _extent(config)))  # else newest first
    epochs = store.epochs([run.id for run in runs[:LOOKED_AT]])
    own = ((run, [epoch for epoch in epochs.get(run.id, ()) if epoch.epoch > (run.parent_epoch or 0)]) for run in runs)
    found = next(((run.config, told) for run, told in own if told), None)  # a fork has its first epochs from elsewhere
    return _gauged(config) if found is None else _scaled(config, *found)


def is_alike(run: Run, config: RunConfig) -> bool:
    """Whether what an image took in this run is what it will take: the same sums on the same device."""
    trained = run.config
    same_sums = config.network == trained.network and config.augmentation.active == trained.augmentation.active
    return same_sums and _is_near(run, config)


def _is_near(run: Run, config: RunConfig) -> bool:
    """Whether it was computed as this one will be, if perhaps with another network."""
    trained = run.config
    same_way = (config.precision, config.engine) == (trained.precision, trained.engine)
    return same_way and config.device in (trained.device, run.device)


def _gauged(config: RunConfig) -> float | None:
    """By the processor's speed: none for a GPU, and none for another engine than the compiled one."""
    on_gpu = config.device not in ("cpu", "auto") or (config.device == "auto" and may_have_gpu())
    if on_gpu or config.precision != "float32" or config.engine != "fastest":
        return None
    return _gigaflop(config, range(1, config.epochs + 1)) / (core_gflops() * cores())


def _extent(config: RunConfig) -> tuple[int, int]:
    return config.images_per_epoch, config.batch_size


def _scaled(config: RunConfig, trained: RunConfig, epochs: Iterable[Epoch]) -> float:
    """The seconds of these epochs, brought to the images that `config` goes through and to its network."""
    done = list(epochs)
    seconds = sum(epoch.seconds for epoch in done)
    return (
        seconds * _gigaflop(config, range(1, config.epochs + 1)) / _gigaflop(trained, (epoch.epoch for epoch in done))
    )


def _gigaflop(config: RunConfig, epochs: Iterable[int]) -> float:
    """What these epochs cost: billions of operations in a product of matrices that would take as long.

    A multiplication and an addition each; what an epoch reads is counted by `TRAINING_COSTS`.
    """
    cost = config.network.readings / TRAINING_COSTS
    images = sum(config.images_per_epoch + cost * config.images_read(epoch) for epoch in epochs)
    share = SHARE_WITH_BATCH_NORM if config.network.batch_norm else SHARE
    return 2 * images * training_macs(config.network) / share / 1e9
