"""A run's network and all that trains it, owned in one place and closed in good order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor

from lab.augment import augment
from lab.checkpoint import load_optimizer, load_weights, optimizer_to_bytes, weights_to_bytes
from lab.compute.averaging import Averaging
from lab.compute.engines import make_engine, planned_engine
from lab.compute.optimizing import Step, make_optimizer
from lab.compute.replay import Replayed, cuda_graph
from lab.compute.tally import Tally
from lab.compute.threads import Threads
from lab.config import RunConfig
from lab.device import give_freed_memory_back
from lab.memory import TooLittleMemory, images_at_once, memory_problem
from lab.mnist import normalize, to_unit
from lab.network import build_network

REPLAYED_ON = "cuda"

Batch = tuple[Tensor, ...]
"""Images and labels of an iteration; or, where a recorded one makes both itself, the numbers of the images."""


class Trainer:
    """Network, gradients, optimiser, threads, graph replay and engine of one run, as a context that ends them.

    It draws from the seeds that it is given and from nothing else. The sums of an epoch and of a window of it are added
    up as it trains, those of an evaluation as it evaluates; whoever reads them resets them.
    """

    def __init__(self, config: RunConfig, device: str, images: Tensor, labels: Tensor, seed: int) -> None:
        """`images` uint8 (N, 1, 28, 28) and `labels` int64 (N,) on `device`; `seed` decides the first weights.

        Raises:
            lab.layers.ImpossibleNetwork: see `lab.layers.layer_table`.
            MemoryError: the run would not fit (`lab.memory.TooLittleMemory`), or memory was refused.
        """
        problem = memory_problem(config, device, planned_engine(config, device))
        if problem is not None:
            raise TooLittleMemory(problem)
        self._config, self._images, self._labels = config, images, labels
        self._augmentation, self._dropout = torch.Generator(device), torch.Generator(device)
        self.network = build_network(config.network, seed)
        self._engine = make_engine(config, self.network, device, self._dropout)
        self.optimizer = make_optimizer(config.optimizer, self.network, device, recorded=device == REPLAYED_ON)
        self._step = Step(self.optimizer) if device == "cpu" else self.optimizer.step
        decay = config.weight_averaging
        self._averaging = Averaging(self.network, decay, device) if decay else None
        self._rate = -1.0  # none yet: 0 is one, late in a schedule
        self.epoch, self.window, self.evaluation = (Tally(device) for _ in range(3))
        self._threads = Threads(torch.get_num_threads() if self._engine.name == "compiled" else 1)
        # a GPU draws other numbers for many images than for a few of them after each other
        self._at_once = images_at_once(config) if device == "cpu" else config.batch_size
        self._recorded: Replayed | None = None
        if device == REPLAYED_ON and config.engine != "pytorch":
            generators = (self._augmentation, self._dropout)
            self._recorded = Replayed(self._iterate, config.batch_size, cuda_graph(generators))

    @property
    def engine(self) -> str:
        """How it computes, for people: compiled, folded or PyTorch."""
        return self._engine.name

    def __enter__(self) -> Trainer:
        self._threads.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """End what it holds: it can be used no more."""
        self._threads.__exit__()
        self._engine.close()
        # the graph first: it writes to all of them
        del self._recorded, self._engine, self._averaging, self._step, self.optimizer, self.network
        give_freed_memory_back()

    def at_rest(self) -> AbstractContextManager[object]:
        """Inside, the calling thread has all its threads back and may train something else; needs to be entered."""
        return self._threads.at_rest()

    def seed(self, augmentation: int, dropout: int) -> None:
        """Decide what is drawn from here on."""
        self._augmentation.manual_seed(augmentation)
        self._dropout.manual_seed(dropout)

    def batches(self, order: Tensor) -> Iterator[Batch]:
        """The images `order` (N,) by their numbers, in batches; augmented anew each time.

        Those of several batches are made at once, with the same bits: most of what it takes for a batch of a small
        network is Python's and PyTorch's own work for each call, from a cache that an iteration has emptied.
        """
        if self._recorded:
            yield from ((numbers,) for numbers in torch.split(order, self._config.batch_size))
            return
        for numbers in torch.split(order, self._at_once):
            images, labels = (torch.split(made, self._config.batch_size) for made in self._make(numbers))
            yield from zip(images, labels, strict=True)

    def iterate(self, batch: Batch, rate: float) -> None:
        """Train on one of `batches` with the learning rate `rate`."""
        self._set_rate(rate)
        if self._averaging:
            self._averaging.begin()
        with self._threads.iteration():
            (self._recorded or self._train)(*batch)
        self.epoch.count(len(batch[0]))
        self.window.count(len(batch[0]))

    def evaluate(self, images: Tensor, labels: Tensor, augmentation: torch.Generator | None = None) -> Tensor:
        """The predicted labels (B,) of uint8 images (B, 1, 28, 28), in float32 and without dropout.

        With weight averaging it is the averaged network that reads them. Adds to `evaluation`. `augmentation`, a
        generator of the device: the images are augmented first, as it decides.
        """
        units = to_unit(images)
        if augmentation is not None:
            units = augment(units, self._config.augmentation, augmentation)
        with self._averaged():
            scores = self._engine.scores(normalize(units))  # (B, 10)
        predicted = scores.argmax(1)
        self.evaluation.add(F.cross_entropy(scores, labels), (predicted == labels).sum(), len(labels))
        self.evaluation.count(len(labels))
        return predicted

    def weights(self) -> dict[str, Tensor]:
        """A copy on the CPU of the weights that are evaluated, as they are now, by their names."""
        with self._averaged():
            return {name: tensor.detach().to("cpu", copy=True) for name, tensor in self.network.state_dict().items()}

    def checkpoint(self) -> tuple[bytes, bytes]:
        """Weights, those that are evaluated, and all else that is needed to go on, each as safetensors."""
        with self._averaged():
            weights = weights_to_bytes(self.network)
        return weights, optimizer_to_bytes(self.optimizer, self._averaging.state() if self._averaging else {})

    def restore(self, weights: bytes, optimizer_state: bytes | None) -> None:
        """Go on from what `checkpoint` gave; without a state the optimiser and the average begin anew from there."""
        load_weights(self.network, weights)
        if optimizer_state is None:
            if self._averaging:
                self._averaging.restart()
            return
        beside = load_optimizer(self.optimizer, optimizer_state)
        if isinstance(self._step, Step):
            self._step = Step(self.optimizer)  # of its new state
        if self._averaging:
            self._averaging.restore(beside)

    def _averaged(self) -> AbstractContextManager[None]:
        """Inside, the network is the one that is evaluated and kept."""
        return self._averaging.in_place() if self._averaging else nullcontext()

    def _iterate(self, numbers: Tensor) -> None:
        """One iteration on the images `numbers` (B,): no step of it waits for the device."""
        self._train(*self._make(numbers))

    def _make(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """The images `numbers` (N,) as the network is given them, (N, 1, 28, 28), and their labels (N,)."""
        images = to_unit(self._images.index_select(0, numbers))
        if self._config.augmentation.active:
            images = augment(images, self._config.augmentation, self._augmentation)
        return normalize(images), self._labels.index_select(0, numbers)

    def _train(self, images: Tensor, labels: Tensor) -> None:
        loss, correct = self._engine.gradient(images, labels)
        self._step()
        if self._averaging:
            self._averaging.follow()
        self.epoch.add(loss, correct, len(labels))
        self.window.add(loss, correct, len(labels))

    def _set_rate(self, rate: float) -> None:
        if rate == self._rate:
            return
        self._rate = rate
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
