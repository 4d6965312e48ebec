"""RunConfig -> Iterator[Event]: the training loop. It knows no thread, no store and no screen.

All randomness comes from generators derived from (seed, epoch, purpose), so an epoch can be replayed alone and a run
resumed at an epoch boundary is the run that was never interrupted, bit for bit on one CPU.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.augment import augment
from lab.checkpoint import load_optimizer, load_weights, optimizer_to_bytes, weights_to_bytes
from lab.computation import computation
from lab.config import RunConfig
from lab.device import DeviceUnavailable, device_name, resolve_device
from lab.events import Checkpoint, Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped, Window
from lab.layers import ImpossibleNetwork, total_parameters, training_problem
from lab.memory import memory_problem
from lab.mnist import Mnist, to_unit
from lab.network import build_network
from lab.replay import Replayed, cuda_graph
from lab.schedule import learning_rate
from lab.threads import Threads

Command = Literal["run", "pause", "stop"]
Control = Callable[[], Command]
"""Asked at every iteration what to do; must answer quickly."""

WINDOWS_PER_EPOCH = 20
EVALUATION_BATCH = 250
PAUSE_POLL_SECONDS = 0.05
REPLAYED_ON = "cuda"


@dataclass(frozen=True)
class ResumePoint:
    """The last finished epoch of an earlier attempt, and its weights and optimiser state (safetensors)."""

    epoch: int
    weights: bytes
    optimizer_state: bytes


def train(
    config: RunConfig,
    data: Mnist,
    control: Control = lambda: "run",
    resume: ResumePoint | None = None,
) -> Iterator[Event]:
    """Train `config` on `data` and tell it as events; the last is Finished, Stopped or Failed.

    `data` must be on the device that `config.device` resolves to.
    """
    problem = training_problem(config) or memory_problem(config)
    if problem is not None:
        yield Failed(reason=problem)
        return
    try:
        run = _Run(config, data, control, resume)
        with closing(run.computation):
            yield from run.events()
    except _StopRequested:
        yield Stopped()
    except _Diverged:
        yield Failed(reason="The loss is no longer a finite number: the run has diverged. Try a smaller learning rate.")
    except (DeviceUnavailable, ImpossibleNetwork) as error:
        yield Failed(reason=str(error))
    except (MemoryError, RuntimeError, ValueError) as error:
        yield Failed(reason=_reason(error))


def _reason(error: Exception) -> str:
    """One sentence for what ended a training; PyTorch refuses the CPU's memory with a RuntimeError of its own."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "DefaultCPUAllocator" in str(error):
        return "The device ran out of memory: choose a smaller batch size or fewer channels."
    return f"Training stopped with an error: {(str(error).splitlines() or ['it has no message'])[0]}"


def derived_seed(seed: int, epoch: int, purpose: int) -> int:
    """One 32-bit seed for each (seed, epoch, purpose), well mixed by numpy's SeedSequence."""
    return int(np.random.SeedSequence([seed, epoch, purpose]).generate_state(1)[0])


WEIGHTS, ORDER, AUGMENTATION, DROPOUT = range(4)
"""The purposes for which a run draws random numbers."""


class _StopRequested(Exception):
    pass


class _Diverged(Exception):
    pass


class _Tally:
    """Sums since the last reset, kept on the device so that the loop need not wait for it."""

    def __init__(self, device: str) -> None:
        self.loss, self.correct = torch.zeros((), device=device), torch.zeros((), device=device)
        self.images = 0
        """Counted by `count`, apart from the sums: a replayed iteration runs no Python."""

    def add(self, loss: Tensor, correct: Tensor, images: int) -> None:
        """Add a batch's mean loss and right answers."""
        self.loss += loss * images
        self.correct += correct

    def count(self, images: int) -> None:
        self.images += images

    def reset(self) -> None:
        self.loss.zero_()
        self.correct.zero_()
        self.images = 0

    def mean_loss(self) -> float:
        """Mean loss an image; raises _Diverged when it is no longer finite."""
        value = self.loss.item() / self.images
        if not np.isfinite(value):
            raise _Diverged
        return value

    def accuracy(self) -> float:
        return 100 * self.correct.item() / self.images


@dataclass
class _Stopwatch:
    """Seconds since a reset, pauses left out."""

    started: float = field(default_factory=time.perf_counter)

    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def leave_out(self, seconds: float) -> None:
        self.started += seconds


class _Run:
    """The state of one training: the network, its optimiser and where it stands."""

    def __init__(self, config: RunConfig, data: Mnist, control: Control, resume: ResumePoint | None) -> None:
        self.config, self.control = config, control
        self.device = resolve_device(config.device)
        self.train_images, self.train_labels, self.test_images, self.test_labels = data.split(config.evaluate_on)
        self.augmentation, self.dropout = torch.Generator(self.device), torch.Generator(self.device)
        self.network = build_network(config.network, derived_seed(config.seed, 0, WEIGHTS))
        self.computation = computation(config, self.network, self.device, self.dropout)
        self.optimizer = _optimizer(config, self.network, self.device)
        self.first_epoch = 1
        if resume is not None:
            load_weights(self.network, resume.weights)
            load_optimizer(self.optimizer, resume.optimizer_state)
            self.first_epoch = resume.epoch + 1
        self.clocks = (_Stopwatch(), _Stopwatch())  # of the epoch and of the window
        self.rate = 0.0
        self.whole, self.window = _Tally(self.device), _Tally(self.device)
        self.threads = Threads(torch.get_num_threads() if self.computation.name == "compiled" else 1)
        self.iterate = self._iterate
        if self.device == REPLAYED_ON and config.engine != "pytorch":
            self.iterate = Replayed(self._iterate, config.batch_size, cuda_graph((self.augmentation, self.dropout)))

    def events(self) -> Iterator[Event]:
        yield Started(
            device=self.device,
            device_name=device_name(self.device),
            engine=self.computation.name,
            parameters=total_parameters(self.config.network),
            first_epoch=self.first_epoch,
            epochs=self.config.epochs,
            iterations_per_epoch=self.config.iterations_per_epoch,
            batch_size=self.config.batch_size,
        )
        with self.threads:
            for epoch in range(self.first_epoch, self.config.epochs + 1):
                yield from self._epoch(epoch)
        yield Finished()

    def _epoch(self, epoch: int) -> Iterator[Event]:
        self.clocks = (_Stopwatch(), _Stopwatch())
        self.whole.reset()
        self.window.reset()
        iterations = self.config.iterations_per_epoch
        first = (epoch - 1) * iterations
        window_ends = {round(iterations * (i + 1) / WINDOWS_PER_EPOCH) for i in range(WINDOWS_PER_EPOCH)}
        for index, numbers in enumerate(self._batches(epoch)):
            yield from self._obey()
            self._set_rate(learning_rate(self.config, first + index))
            with self.threads.iteration():
                self.iterate(numbers)
            self.whole.count(len(numbers))
            self.window.count(len(numbers))
            if index + 1 in window_ends:
                yield self._window_event(epoch, first + index + 1)
                self.window.reset()
        test, predictions = yield from self._evaluate()
        yield Epoch(
            epoch=epoch,
            train_loss=self.whole.mean_loss(),
            train_accuracy=self.whole.accuracy(),
            test_loss=test.mean_loss(),
            test_accuracy=test.accuracy(),
            test_correct=int(test.correct.item()),
            learning_rate=self.rate,
            seconds=self.clocks[0].seconds(),
            checkpoint=Checkpoint(
                epoch=epoch,
                weights=weights_to_bytes(self.network),
                predictions=predictions.to("cpu", torch.uint8).numpy().tobytes(),
                optimizer_state=optimizer_to_bytes(self.optimizer),
            ),
        )

    def _batches(self, epoch: int) -> Iterator[Tensor]:
        """The epoch's training images by their numbers, shuffled, a batch at a time; seeds all that the epoch draws."""
        self.augmentation.manual_seed(derived_seed(self.config.seed, epoch, AUGMENTATION))
        self.dropout.manual_seed(derived_seed(self.config.seed, epoch, DROPOUT))
        generator = torch.Generator().manual_seed(derived_seed(self.config.seed, epoch, ORDER))
        order = torch.randperm(self.config.images_per_epoch, generator=generator).to(self.device)
        yield from torch.split(order, self.config.batch_size)

    def _iterate(self, numbers: Tensor) -> None:
        """One iteration on the images `numbers` (B,): no step of it waits for the device."""
        images = to_unit(self.train_images[numbers])
        if self.config.augmentation.active:
            images = augment(images, self.config.augmentation, self.augmentation)
        loss, correct = self.computation.gradient(images, self.train_labels[numbers])
        self.optimizer.step()
        self.whole.add(loss, correct, len(numbers))
        self.window.add(loss, correct, len(numbers))

    def _set_rate(self, rate: float) -> None:
        if rate == self.rate:
            return
        self.rate = rate
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _window_event(self, epoch: int, iteration: int) -> Window:
        loss = self.window.mean_loss()  # waits for the device, so the clock is read after it
        seconds = self.clocks[1].seconds()
        self.clocks = (self.clocks[0], _Stopwatch())
        return Window(
            epoch=epoch,
            iteration=iteration,
            loss=loss,
            accuracy=self.window.accuracy(),
            learning_rate=self.rate,
            images_per_second=self.window.images / seconds,
        )

    def _evaluate(self) -> Generator[Event, None, tuple[_Tally, Tensor]]:
        """Loss and predicted labels of the evaluation images, in float32, dropout off, batch-norm statistics fixed."""
        tally, predictions = _Tally(self.device), []
        batches = zip(
            torch.split(self.test_images, EVALUATION_BATCH),
            torch.split(self.test_labels, EVALUATION_BATCH),
            strict=True,
        )
        for images, labels in batches:
            yield from self._obey()
            scores = self.computation.scores(to_unit(images))  # (B, 10)
            predicted = scores.argmax(1)
            tally.add(F.cross_entropy(scores, labels), (predicted == labels).sum(), len(labels))
            tally.count(len(labels))
            predictions.append(predicted)
        return tally, torch.cat(predictions)

    def _obey(self) -> Iterator[Event]:
        """Do what the control says now: go on, wait, or stop."""
        command = self.control()
        if command == "pause":
            waited = _Stopwatch()
            with self.threads.at_rest():  # who is told may train something else in this thread meanwhile
                yield Paused()
                while (command := self.control()) == "pause":
                    time.sleep(PAUSE_POLL_SECONDS)
            for clock in self.clocks:
                clock.leave_out(waited.seconds())
            if command == "run":
                yield Resumed()
        if command == "stop":
            raise _StopRequested


def _optimizer(config: RunConfig, network: nn.Module, device: str) -> torch.optim.Optimizer:
    """Its learning rate is a tensor where the optimiser is one kernel, so that a replayed iteration can read it."""
    chosen, fused = config.optimizer, device != "mps"
    rate = torch.tensor(chosen.learning_rate, device=device) if fused else chosen.learning_rate
    if chosen.kind == "adamw":
        return torch.optim.AdamW(
            network.parameters(),
            lr=rate,
            weight_decay=chosen.weight_decay,
            fused=fused,
            capturable=device == REPLAYED_ON,  # AdamW asks for this promise before a graph may record it; SGD does not
        )
    return torch.optim.SGD(
        network.parameters(), lr=rate, momentum=chosen.momentum, weight_decay=chosen.weight_decay, fused=fused
    )
