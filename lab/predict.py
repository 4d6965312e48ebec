"""A checkpoint and a picture -> probabilities.

The shipped checkpoint is one safetensors file made by `python -m lab ship RUN` from one of the project's own runs; its
header says which.
"""

from __future__ import annotations

import json
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import nn

from lab.checkpoint import load_weights
from lab.config import EVALUATION_IMAGES, ConfigError, RunConfig, from_json, to_json
from lab.deslant import picture_as_seen
from lab.device import one_thread
from lab.layers import ImpossibleNetwork
from lab.mnist import normalize
from lab.network import build_network
from lab.network_config import IMAGE_SIZE, NetworkConfig
from lab.store import Store, StoreError, open_store

SHIPPED = Path(__file__).parent / "data" / "shipped.safetensors"

FEW = 8
"""Pictures up to which one thread is the quickest way."""


@dataclass(frozen=True)
class Predictor:
    """A trained network ready to read pictures, on the CPU."""

    network: nn.Sequential
    config: NetworkConfig
    description: str
    """Which run and epoch this is, for people."""
    status: str = ""
    """Of its run where that has not ended, so that there may be newer weights: queued, running or paused."""

    @property
    def is_live(self) -> bool:
        """Whether there may be newer weights."""
        return bool(self.status)

    def __call__(self, pictures: ArrayLike) -> NDArray[np.float32]:
        """Probabilities (10,) for one picture (28, 28), or (N, 10) for (N, 28, 28); ink bright, values in [0, 1].

        Raises:
            ValueError: another shape.
        """
        return self.reads(self.given(pictures))

    def given(self, pictures: ArrayLike) -> NDArray[np.float32]:
        """Pictures, of these shapes, as the network is given them.

        Raises:
            ValueError: another shape.
        """
        values = torch.as_tensor(np.asarray(pictures, dtype=np.float32))
        if values.ndim not in (2, 3) or values.shape[-2:] != (IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError(f"The pictures have the shape {tuple(values.shape)}; it must be (28, 28) or (N, 28, 28).")
        seen = picture_as_seen(values.reshape(-1, 1, IMAGE_SIZE, IMAGE_SIZE), self.config)
        return seen.reshape(values.shape).numpy()

    def reads(self, given: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probabilities for pictures as `given` gives them."""
        batch = torch.from_numpy(given).reshape(-1, 1, IMAGE_SIZE, IMAGE_SIZE)
        with torch.inference_mode(), one_thread() if len(batch) <= FEW else nullcontext():
            probabilities = torch.softmax(self.network(normalize(batch)), dim=1).numpy()  # (N, 10)
        return probabilities[0] if given.ndim == 2 else probabilities


def load_predictor(run: int | None = None, epoch: int | None = None, store: Store | None = None) -> Predictor:
    """The shipped model, or a run of the store at an epoch (default: its last finished one).

    Raises:
        StoreError: the run or the epoch does not exist, or its weights or the shipped file cannot be read.
    """
    if run is None:
        return _shipped()
    store = store or open_store()
    found = store.run(run)
    checkpoint = store.checkpoint(run, epoch)
    description = f"{found.name} (run {run}), epoch {checkpoint.epoch}"
    try:
        return _predictor(found.config.network, checkpoint.weights, description)
    except _UNREADABLE as error:
        raise StoreError(f"The weights of run {run}, epoch {checkpoint.epoch}, cannot be read.") from error


def shipped_facts() -> dict[str, Any]:
    """What the shipped checkpoint says of itself: run name, epoch, test_correct, hardware, config.

    Raises:
        StoreError: the file is missing or damaged.
    """
    try:
        with safe_open(SHIPPED, framework="pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["facts"])
    except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise _damaged() from error
    return facts


def shipped_config() -> NetworkConfig:
    """The network of the shipped checkpoint.

    Raises:
        StoreError: the file is missing or damaged.
    """
    try:
        return from_json(shipped_facts()["config"]).network
    except (ConfigError, KeyError, TypeError) as error:
        raise _damaged() from error


def ship(run: int, store: Store) -> Path:
    """Make the last epoch of `run` the shipped checkpoint; returns the file.

    Raises:
        StoreError: there is no such run or epoch, or the file cannot be written; the old one then stays as it was.
    """
    found, checkpoint = store.run(run), store.checkpoint(run)
    epochs = store.epochs([run])[run]
    facts = {
        "name": found.name,
        "step": found.step,
        "epoch": checkpoint.epoch,
        "test_correct": epochs[-1].test_correct,
        "hardware": found.hardware,
        "config": to_json(found.config),
    }
    content = save(load(checkpoint.weights), metadata={"facts": json.dumps(facts)})
    whole = SHIPPED.with_suffix(".new")
    try:
        whole.write_bytes(content)
        whole.replace(SHIPPED)
    except OSError as error:
        with suppress(OSError):
            whole.unlink(missing_ok=True)
        raise StoreError(f"{SHIPPED} cannot be written ({error.strerror or error}).") from error
    return SHIPPED


def _shipped() -> Predictor:
    facts = shipped_facts()
    try:
        config: RunConfig = from_json(facts["config"])
        description = (
            f"the ready-trained network ({facts['name']}, epoch {facts['epoch']}: "
            f"{EVALUATION_IMAGES - facts['test_correct']:,} wrong of the 10,000 test images)"
        )
        return _predictor(config.network, SHIPPED.read_bytes(), description)
    except _UNREADABLE as error:
        raise _damaged() from error


def _damaged() -> StoreError:
    return StoreError(
        f"The file of the ready-trained network, {SHIPPED}, is missing or damaged: restore it with "
        "`git checkout lab/data`, or choose a run of your own."
    )


_UNREADABLE = (OSError, SafetensorError, ConfigError, ImpossibleNetwork, KeyError, TypeError, RuntimeError)
"""What goes wrong with weights that are damaged (RuntimeError: they are those of another network), or their facts."""


def _predictor(config: NetworkConfig, weights: bytes, description: str) -> Predictor:
    network = build_network(config, seed=0)
    load_weights(network, weights)
    return Predictor(network.eval(), config, description)
