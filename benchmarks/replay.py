"""The published seed, replayed: a step trained with the random numbers that the published run drew, in their order.

    python benchmarks/replay.py --step 2 --epochs 2          # its log beside the published one, epoch by epoch
    python benchmarks/replay.py --step 5 --masks T4          # dropout's masks as such a GPU drew them
    python benchmarks/replay.py --step 5 --masks 7           # others, drawn with this seed

Plain PyTorch, float32, on the CPU or with `--device`. After `torch.manual_seed(1)` the published run drew, from
PyTorch's CPU generator: the weights, layer by layer; 2x1x28x28 uniform numbers (for a printed summary of the network);
and in each epoch two numbers for the loader of the training images and two for that of the test images, which was
shuffled too. The masks of dropout came from the GPU's generator, with the same seed; which GPU it was is not told.
`--keep` adds each epoch to benchmarks/replayed.csv.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms.functional import rotate

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.gpu_dropout import GPUS, GpuDropout
from benchmarks.replayed import ReplayedEpoch, keep
from lab.device import prepare_training_thread
from lab.mnist import Mnist, load_mnist, normalize, to_unit
from lab.published import PublishedEpoch, published_epochs

SEED, EPOCHS, BATCH, WORKERS = 1, 15, 64, 4
DROPOUT, DEGREES = 0.05, 7.0
MASKS = "T4"
"""A guess: which GPU it was is not told, and no figure of the replays decides it."""


@dataclass(frozen=True)
class Pass:
    """One pass of a shuffling DataLoader: the order of its images, and what its workers' generators start from."""

    base_seed: int
    order: Tensor


def draw_pass(images: int) -> Pass:
    """What `iter(DataLoader(..., shuffle=True))` and its first batch draw: the base seed, then the sampler's seed."""
    base_seed, sampler_seed = (int(torch.empty((), dtype=torch.int64).random_().item()) for _ in range(2))
    return Pass(base_seed, torch.randperm(images, generator=torch.Generator().manual_seed(sampler_seed)))


def rotation_angles(base_seed: int, images: int) -> Tensor:
    """The angles (N,), in degrees, that RandomRotation draws for a pass's images, in their order.

    Batches go to the workers in turn, and each worker draws from a generator of its own, which is seeded with the base
    seed plus the worker's number.
    """
    generators = [torch.Generator().manual_seed(base_seed + worker) for worker in range(WORKERS)]
    batches = (min(BATCH, images - first) for first in range(0, images, BATCH))
    drawn = [
        torch.empty(size).uniform_(-DEGREES, DEGREES, generator=generators[number % WORKERS])
        for number, size in enumerate(batches)
    ]
    return torch.cat(drawn)


def rotated(images: Tensor, angles: Tensor) -> Tensor:
    """Each of `images`, uint8 (N, 1, 28, 28), turned as torchvision turns a picture: nearest pixel, black around it."""
    result = images.clone()
    for image, angle in zip(result.squeeze(1).numpy(), angles.tolist(), strict=True):
        image[:] = rotate(Image.fromarray(image), angle)
    return result


LARGEST_SEED = 2**64 - 1
"""That PyTorch's generators take."""
Kept = Callable[[Tensor, float], Tensor]
"""Which numbers of the maps dropout keeps at a rate, in the maps' shape."""


def masks(drawn: str) -> Kept:
    """By a GPU's name the masks of the published run, if it ran on such a one; by a number others, of that seed."""
    if drawn in GPUS:
        gpu = GpuDropout(GPUS[drawn], SEED)  # there the maps lay in the order of their shape
        return lambda maps, rate: torch.from_numpy(gpu.kept(maps.numel(), rate)).view(maps.shape)
    own = torch.Generator().manual_seed(int(drawn))  # PyTorch's stays as the published run left it
    return lambda maps, rate: torch.empty_like(maps, device="cpu").bernoulli_(1 - rate, generator=own)


class Dropout(nn.Module):
    """Each number is dropped by itself, as `kept` says; those that stay are scaled up."""

    def __init__(self, rate: float, kept: Kept) -> None:
        super().__init__()
        self.rate, self.kept = rate, kept

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, C, H, W) as they are in evaluation mode, else with holes."""
        return maps * self.kept(maps, self.rate).to(maps.device) / (1 - self.rate) if self.training else maps


def network(step: int, kept: Kept) -> nn.Sequential:
    """The network of a step, 1 to 5; its weights are drawn from PyTorch's generator, layer by layer."""
    return _step_1() if step == 1 else _light(step, kept)


def _step_1() -> nn.Sequential:
    def block(channels: int, padding: int = 0) -> list[nn.Module]:
        return [nn.Conv2d(channels, 64, 3, padding=padding), nn.ReLU()]

    wide = [*block(1, padding=1), *block(64), *block(64), nn.MaxPool2d(2)]
    narrow = [*block(64), *block(64), *block(64)]
    return nn.Sequential(*wide, *narrow, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def _light(step: int, kept: Kept) -> nn.Sequential:
    regularised = step >= 3

    def block(channels: int, out: int, kernel: int, padding: int = 0) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(out)] if regularised else []
        return [nn.Conv2d(channels, out, kernel, padding=padding), *norm, nn.ReLU()]

    def pool() -> list[nn.Module]:
        return [nn.MaxPool2d(2), *([Dropout(DROPOUT, kept)] if regularised else [])]

    wide = [*block(1, 96, 5, padding=2), *block(96, 16, 1), *pool()]
    narrow = [*block(16, 16, 3), *block(16, 8, 1), *pool(), *block(8, 16, 3), nn.Conv2d(16, 10, 3)]
    return nn.Sequential(*wide, *narrow, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Replay:
    """The published run of a step, again."""

    def __init__(self, step: int, data: Mnist, drawn: str = "", device: str = "cpu") -> None:
        """Draws the weights and the summary's numbers from PyTorch's generator, which is the run's from now on.

        `data` are on the CPU; `device` trains. `drawn` is that of `masks`; steps 1 and 2 have none.
        """
        self.step, self.masks, self.device = step, drawn if step >= 3 else "", device
        self.images, self.labels = data.train_images, data.train_labels
        self.test_images, self.test_labels = data.test_images, data.test_labels
        torch.manual_seed(SEED)
        # channels last is faster on a CPU and changes no more than rounding
        self.network = network(step, masks(drawn or MASKS)).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network(torch.rand(2, 1, 28, 28).to(device))  # the summary trains: it drops, and batch norm notices
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=5, gamma=0.1)

    def epochs(self, epochs: int) -> Iterator[ReplayedEpoch]:
        """Trains so many epochs, a line each."""
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            loss, train_correct = self._train(*self._training_pass())
            if self.step == 5:
                self.scheduler.step()
            draw_pass(len(self.test_images))
            test_loss, test_correct = self._evaluate(self.test_images, self.test_labels)
            line = ReplayedEpoch(
                step=self.step,
                masks=self.masks,
                epoch=epoch,
                last_batch_loss=loss,
                train_correct=train_correct,
                test_loss=test_loss,
                test_correct=test_correct,
                seconds=round(time.perf_counter() - start, 1),
                torch=torch.__version__ + (f", {torch.cuda.get_device_name()}" if self.device == "cuda" else ""),
            )
            yield self._with_training_evaluated(line) if epoch == EPOCHS else line

    def _with_training_evaluated(self, line: ReplayedEpoch) -> ReplayedEpoch:
        loss, correct = self._evaluate(*self._training_pass())
        return replace(line, evaluated_train_correct=correct, evaluated_train_loss=loss)

    def _training_pass(self) -> tuple[Tensor, Tensor]:
        """All training images in the order of their next pass, turned where the step turns them, and their labels."""
        drawn = draw_pass(len(self.images))
        images = self.images[drawn.order]
        if self.step >= 4:
            images = rotated(images, rotation_angles(drawn.base_seed, len(images)))
        return images, self.labels[drawn.order]

    def _train(self, images: Tensor, labels: Tensor) -> tuple[float, int]:
        """One epoch; the loss of its last batch, and the right answers while it learned."""
        self.network.train()
        loss, correct = torch.zeros(()), 0
        for batch, answers in self._batches(images, labels):
            self.optimizer.zero_grad()
            scores = self.network(batch)
            loss = F.nll_loss(F.log_softmax(scores, dim=1), answers)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            correct += int((scores.argmax(1) == answers).sum().item())
        return loss.item(), correct

    def _evaluate(self, images: Tensor, labels: Tensor) -> tuple[float, int]:
        """Mean loss and right answers in evaluation mode; no order of the images changes them."""
        self.network.eval()
        loss, correct = 0.0, 0
        with torch.inference_mode():
            for batch, answers in self._batches(images, labels):
                scores = self.network(batch)
                loss += F.nll_loss(F.log_softmax(scores, dim=1), answers, reduction="sum").item()
                correct += int((scores.argmax(1) == answers).sum().item())
        return loss / len(images), correct

    def _batches(self, images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The images as the network sees them, and their labels, on the device."""
        for batch, answers in zip(torch.split(images, BATCH), torch.split(labels, BATCH), strict=True):
            yield seen(batch.to(self.device)), answers.to(self.device)


def seen(images: Tensor) -> Tensor:
    """uint8 images as the network sees them."""
    return normalize(to_unit(images)).to(memory_format=torch.channels_last)


HEAD = "            training %           last batch's loss      test %               test loss\n" + (
    "epoch  published  replayed   published  replayed   published  replayed   published  replayed   seconds"
)


def beside(line: ReplayedEpoch, published: PublishedEpoch, images: int) -> str:
    """An epoch, published and replayed."""
    return (
        f"{line.epoch:5}  {published.train_accuracy:9.2f}  {100 * line.train_correct / images:8.2f}   "
        f"{published.last_batch_loss:9.4f}  {line.last_batch_loss:8.4f}   "
        f"{published.test_accuracy:9.2f}  {line.test_correct / 100:8.2f}   "
        f"{published.test_loss:9.4f}  {line.test_loss:8.4f}   {line.seconds:7.1f}"
    )


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for; bad input ends the process with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, required=True, choices=range(1, 6), help="the published step")
    parser.add_argument("--epochs", type=int, default=EPOCHS, choices=range(1, EPOCHS + 1), metavar="1-15")
    parser.add_argument(
        "--masks",
        default=MASKS,
        type=_masks,
        metavar="|".join((*GPUS, "SEED")),
        help=f"steps 3 to 5: dropout's, as such a GPU drew them or others; default: {MASKS}",
    )
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu", help="which trains; default: cpu")
    parser.add_argument("--keep", action="store_true", help="add every epoch to benchmarks/replayed.csv")
    return parser.parse_args(arguments)


def _masks(given: str) -> str:
    if given not in GPUS and not (given.isdecimal() and int(given) <= LARGEST_SEED):
        raise argparse.ArgumentTypeError(f"{given!r} is neither {', '.join(GPUS)} nor a whole number below 2^64")
    return given


def show(lines: Iterable[ReplayedEpoch], asked: argparse.Namespace, images: int) -> None:
    """Print, and keep where that is asked for, each line as it comes."""
    print(HEAD)
    for line, published in zip(lines, published_epochs(asked.step), strict=False):
        if asked.keep:
            keep(line)
        print(beside(line, published, images), flush=True)
        if line.evaluated_train_correct is not None:
            print(
                f"training images in evaluation mode: {line.evaluated_train_correct:,} right, "
                f"loss {line.evaluated_train_loss:.4f}"
            )


def main(arguments: Sequence[str]) -> None:
    """The command."""
    asked = parse(arguments)
    prepare_training_thread()
    data = load_mnist("cpu")
    replay = Replay(asked.step, data, asked.masks, asked.device)
    show(replay.epochs(asked.epochs), asked, len(data.train_images))


if __name__ == "__main__":
    main(sys.argv[1:])
