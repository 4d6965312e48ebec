"""RunConfig -> Iterator[Event]: the training loop. It knows no thread, no store and no screen.

All randomness comes from generators derived from (seed, epoch, purpose), so an epoch can be replayed alone and a run
resumed at an epoch boundary is the run that was never interrupted, bit for bit on one CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from lab.checkpoint import Snapshot
from lab.compute import Batch, Trainer
from lab.config import RunConfig
from lab.control import Commanded, Control, StopRequested
from lab.deslant import as_seen
from lab.device import DeviceUnavailable, device_name, resolve_device
from lab.evaluation import Diverged, Evaluation, finite
from lab.events import DIVERGED, Checkpoint, Epoch, Event, Failed, Finished, Measured, Started, Stopped, Window
from lab.layers import total_parameters
from lab.memory import TooLittleMemory, is_lack_of_memory
from lab.mnist import Mnist
from lab.revision import code_commit
from lab.schedule import learning_rate
from lab.seeding import AUGMENTATION, DROPOUT, ORDER, WEIGHTS, derived_seed
from lab.trainable import training_problem

Publish = Callable[[Snapshot], None]
"""Given the weights at the end of every window, for whoever reads with them meanwhile; must be quick."""

WINDOWS_PER_EPOCH = 20
EARLY_WINDOWS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Where more windows of a run's first epoch end, in windows: who has started it wants to see it learn."""


@dataclass(frozen=True)
class ResumePoint:
    """The last finished epoch of an earlier attempt, and its weights and optimiser state (safetensors).

    Without a state the optimiser begins anew: so does a fork.
    """

    epoch: int
    weights: bytes
    optimizer_state: bytes | None


def train(
    config: RunConfig,
    data: Mnist,
    control: Control = lambda: "run",
    resume: ResumePoint | None = None,
    publish: Publish | None = None,
) -> Iterator[Event]:
    """Train `config` on `data` and tell it as events; the last is Finished, Stopped or Failed.

    `data` must be on the device that `config.device` resolves to.
    """
    problem = training_problem(config)
    if problem is not None:
        yield Failed(reason=problem)
        return
    try:
        yield from _events(config, data, control, resume, publish)
    except StopRequested:
        yield Stopped()
    except Diverged:
        yield Failed(reason=DIVERGED)
    except (DeviceUnavailable, TooLittleMemory) as error:
        yield Failed(reason=str(error))
    except (MemoryError, RuntimeError, ValueError) as error:
        yield Failed(reason=_reason(error))


def _reason(error: Exception) -> str:
    """One sentence for what ended a training."""
    if is_lack_of_memory(error):
        return "The device ran out of memory: choose a smaller batch size or fewer channels."
    return f"Training stopped with an error: {(str(error).splitlines() or ['it has no message'])[0]}"


def _events(
    config: RunConfig, data: Mnist, control: Control, resume: ResumePoint | None, publish: Publish | None
) -> Iterator[Event]:
    """What `train` tells of a run that can begin."""
    device = resolve_device(config.device)
    name = device_name(device)  # with all of its threads: the trainer may lower them
    images, labels, test_images, test_labels = data.split(config.evaluate_on)
    size = config.images_per_epoch
    trained = (as_seen(images[:size], config.network), labels[:size])
    evaluated = (as_seen(test_images, config.network), test_labels)
    with Trainer(config, device, *trained, derived_seed(config.seed, 0, WEIGHTS)) as trainer:
        first_epoch = 1
        if resume is not None:
            trainer.restore(resume.weights, resume.optimizer_state)
            first_epoch = resume.epoch + 1
        yield Started(
            device=device,
            device_name=name,
            engine=trainer.engine,
            parameters=total_parameters(config.network),
            first_epoch=first_epoch,
            epochs=config.epochs,
            iterations_per_epoch=config.iterations_per_epoch,
            batch_size=config.batch_size,
            code_commit=code_commit(),
        )
        commanded = Commanded(control, trainer.at_rest)
        evaluation = Evaluation(config, trainer, device, trained, evaluated, commanded)
        run = _Run(config, trainer, device, commanded, evaluation, publish)
        for epoch in range(first_epoch, config.epochs + 1):
            yield from run.epoch(epoch)
    yield Finished()


@dataclass
class _Run:
    """The loop over the epochs of one training, and what it tells."""

    config: RunConfig
    trainer: Trainer
    device: str
    commanded: Commanded
    evaluation: Evaluation
    publish: Publish | None
    rate: float = 0.0
    """The learning rate of the newest iteration."""

    def epoch(self, epoch: int) -> Iterator[Event]:
        """An epoch's windows, its evaluation and its end."""
        self.commanded.begin_epoch()
        sums = self.trainer.epoch
        sums.reset()
        self.trainer.window.reset()
        iterations = self.config.iterations_per_epoch
        first = (epoch - 1) * iterations
        window_ends = _window_ends(iterations, is_first=epoch == 1)
        for index, batch in enumerate(self._batches(epoch)):
            yield from self.commanded.obey()
            self.rate = learning_rate(self.config, first + index)
            self.trainer.iterate(batch, self.rate)
            if index + 1 in window_ends:
                yield from self.commanded.say(self._window_event(epoch, first + index + 1))
                self.trainer.window.reset()
                if self.publish:
                    self.publish(Snapshot(epoch=epoch, iteration=index + 1, weights=self.trainer.weights()))
        predictions, test = yield from self.evaluation.test()
        measured = yield from self.evaluation.measure(epoch)
        yield self._epoch_event(epoch, predictions, test, measured)

    def _batches(self, epoch: int) -> Iterator[Batch]:
        """The epoch's training images, shuffled, a batch at a time; seeds all that the epoch draws."""
        seed = self.config.seed
        self.trainer.seed(
            augmentation=derived_seed(seed, epoch, AUGMENTATION), dropout=derived_seed(seed, epoch, DROPOUT)
        )
        generator = torch.Generator().manual_seed(derived_seed(seed, epoch, ORDER))
        order = torch.randperm(self.config.images_per_epoch, generator=generator).to(self.device)
        yield from self.trainer.batches(order)

    def _window_event(self, epoch: int, iteration: int) -> Window:
        sums = self.trainer.window
        loss = finite(sums.mean_loss())  # waits for the device, so the clock is read after it
        seconds = self.commanded.window.seconds()
        self.commanded.begin_window()
        return Window(
            epoch=epoch,
            iteration=iteration,
            loss=loss,
            accuracy=sums.accuracy(),
            learning_rate=self.rate,
            images_per_second=sums.images / seconds,
        )

    def _epoch_event(self, epoch: int, predictions: bytes, test: Measured, measured: tuple[Measured, ...]) -> Epoch:
        trained = self.trainer.epoch
        weights, optimizer_state = self.trainer.checkpoint()
        return Epoch(
            epoch=epoch,
            train_loss=finite(trained.mean_loss()),
            train_accuracy=trained.accuracy(),
            test_loss=test.loss,
            test_accuracy=test.accuracy,
            test_correct=test.correct,
            learning_rate=self.rate,
            seconds=self.commanded.epoch.seconds(),
            measured=measured,
            checkpoint=Checkpoint(
                epoch=epoch, weights=weights, predictions=predictions, optimizer_state=optimizer_state
            ),
        )


def _window_ends(iterations: int, is_first: bool) -> set[int]:
    """After how many iterations of an epoch its windows end; in a run's first one there are more, soon after its begin.

    Not in the first of a fork or of a resumed run: a curve that others go before is no clearer for means over a batch.
    """
    ends = {round(iterations * (i + 1) / WINDOWS_PER_EPOCH) for i in range(WINDOWS_PER_EPOCH)}
    if is_first:
        ends |= {round(iterations / WINDOWS_PER_EPOCH * share) for share in EARLY_WINDOWS}
    return ends
