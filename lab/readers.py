"""The networks that read for people: loaded once for all, and of a run that trains always the newest there is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from torch import nn

from lab import evidence, predict
from lab.checkpoint import Snapshot
from lab.config import RunConfig
from lab.layers import ImpossibleNetwork, makes_same_maps
from lab.network import build_network, with_weights
from lab.network_config import NetworkConfig
from lab.newest import newest
from lab.predict import Predictor
from lab.seeding import WEIGHTS, derived_seed
from lab.store import ENDED, Run, Store, StoreError

KEPT, TRAINING = 24, 8
"""How many networks are kept: of finished epochs, and of runs that train."""


def reader(run: int | None, epoch: int | None, store: Store) -> Predictor:
    """The network that ships (no run), or a run's after an epoch, loaded once for all who read with it.

    No epoch: the newest weights of the run. Until it has ended these change; before its first window they are those
    that it begins with, which its seed decides.

    Raises:
        StoreError: the run or the epoch does not exist, or its weights or the shipped file cannot be read.
    """
    if run is None:
        shipped = predict.SHIPPED
        return _kept(str(shipped), shipped.stat().st_mtime if shipped.exists() else 0.0, None, None, store)
    found = store.run(run)
    if epoch is None and found.status not in ENDED:
        return _as_it_trains(found, store)
    return _after_epoch(found, epoch, store)


def reference_reader(network: NetworkConfig) -> Predictor | None:
    """A reference run with just these layers, after its last epoch: the first step's that has them, the first seed's.

    None where there is none, or none can be read. What changes no map may differ: dropout and a second reading.
    """
    known = (run for pool in evidence.reference_pools() for run in pool.runs)
    alike = [run for run in known if makes_same_maps(run.config.network, network)]
    with suppress(OSError, StoreError):
        if alike:
            first = min(alike, key=lambda run: (run.step or 0, run.config.seed))
            return _reference(first.run, first.name, evidence.REFERENCE.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=KEPT)
def _reference(run: int, name: str, _changed: int) -> Predictor:
    with evidence.opened() as store:
        return replace(predict.load_predictor(run, None, store), description=name)


def _after_epoch(run: Run, epoch: int | None, store: Store) -> Predictor:
    """No epoch: the last."""
    return _kept(run.uuid, run.name, run.id, epoch or max(store.checkpoint_epochs(run.id), default=None), store)


@lru_cache(maxsize=KEPT)
def _kept(_which: str, _changed: float | str, run: int | None, epoch: int | None, store: Store) -> Predictor:
    """Loaded once; a file that was replaced, or a run that was renamed, counts as another."""
    return predict.load_predictor(run, epoch, store)


def _as_it_trains(run: Run, store: Store) -> Predictor:
    snapshot = newest(store.url, run.id)
    if snapshot is None and store.checkpoint_epochs(run.id):
        return replace(_after_epoch(run, None, store), status=run.status)
    try:
        network = _in_training(run.uuid, run.config, snapshot)
    except ImpossibleNetwork as error:
        raise StoreError(f"Run {run.id} has a network that cannot be built: {error}") from error
    where = "untrained"
    if snapshot is not None:
        where = f"epoch {snapshot.epoch}, batch {snapshot.iteration:,} of {run.config.iterations_per_epoch:,}"
    return Predictor(network, run.config.network, f"{run.name} (run {run.id}), {where}", run.status)


@lru_cache(maxsize=TRAINING)
def _in_training(uuid: str, config: RunConfig, snapshot: Snapshot | None) -> nn.Sequential:
    """The run's network with the weights of a snapshot; None: those that its seed begins with."""
    if snapshot is None:
        return build_network(config.network, derived_seed(config.seed, 0, WEIGHTS)).eval()
    return with_weights(_in_training(uuid, config, None), snapshot.weights)
