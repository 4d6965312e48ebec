"""Step 5 with fastai."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.frameworks.peer import DEGREES, LEARNING_RATE, MOMENTUM, Peer, Stopwatch, fastest_workers, trainable
from lab.mnist import MEAN, STD, load_mnist
from lab.published_recipe import BATCH, TRIAL, network


class Fastai(Peer):
    """Datasets over the images as tensors, and fastai's augmentation of whole batches on the device."""

    name, package = "fastai", "fastai"

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(device)
        warnings.filterwarnings("ignore", category=FutureWarning, module="torch")  # of torch.jit, which fastai uses
        from fastai.vision.all import SGD, CrossEntropyLossFlat, Learner, accuracy, default_device

        default_device(device != "cpu")  # else fastai takes the GPU wherever there is one
        self.workers = 0
        self.learner = Learner(
            fastai_data(device, self.workers),
            network(),
            loss_func=CrossEntropyLossFlat(),
            opt_func=partial(SGD, mom=MOMENTUM),
            metrics=accuracy,
        )
        self._seconds_with(fastest_workers(self._seconds_with))

    def _seconds_with(self, workers: int) -> float:
        self.workers, self.learner.dls = workers, fastai_data(self.device, workers)
        return self.iterate(TRIAL)

    def iterate(self, iterations: int) -> float:
        """See `Contender`."""
        from fastai.callback.core import Callback, CancelFitException

        losses, watch = self.losses, Stopwatch(self.device, iterations)

        class Timer(Callback):
            order, run_valid = 100, False  # after fastai's own

            def after_batch(self) -> None:
                if watch.count():
                    losses.append(self.learn.loss.item())
                    raise CancelFitException

        with self.learner.no_bar(), self.learner.no_logging():
            self.learner.fit(1, lr=LEARNING_RATE, cbs=Timer())
        return watch.seconds / iterations

    def read_test_images(self) -> None:
        """See `Peer`."""
        with self.learner.no_bar():
            self.learner.validate()

    def parameters(self) -> int:
        """See `Peer`."""
        return trainable(self.learner.model)

    def feeding(self) -> str:
        """See `Peer`."""
        return f"Datasets with {self.workers} workers, Rotate"


def fastai_data(device: str, workers: int) -> Any:
    """MNIST as fastai's DataLoaders. It is its Datasets that tell it to rotate the training images and no others."""
    from fastai.data.core import Datasets
    from fastai.vision.all import IntToFloatTensor, Normalize, PadMode, Rotate, TensorCategory, TensorImageBW

    data = load_mnist()
    images = TensorImageBW(torch.cat([data.train_images, data.test_images]))
    labels = TensorCategory(torch.cat([data.train_labels, data.test_labels]))
    train, test = range(len(data.train_images)), range(len(data.train_images), len(images))
    items = Datasets(range(len(images)), [[images.__getitem__], [labels.__getitem__]], splits=(train, test))
    transforms = [
        IntToFloatTensor(),
        Rotate(DEGREES, p=1.0, mode="nearest", pad_mode=PadMode.Zeros),
        Normalize.from_stats([MEAN], [STD]),
    ]
    return items.dataloaders(bs=BATCH, val_bs=BATCH, after_batch=transforms, num_workers=workers, device=device)
