"""Step 5 with Lightning."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision import datasets

from benchmarks.frameworks.peer import LEARNING_RATE, MOMENTUM, Peer, Stopwatch, fastest_workers, trainable
from lab.published_recipe import BATCH, TEST_TRANSFORM, TRAIN_TRANSFORM, TRIAL, network


class Lightning(Peer):
    """The published recipe's network and data under a Trainer with nothing switched on that a run can do without."""

    name, package = "Lightning", "lightning"

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(device)
        silence_lightning()
        self.train_set = datasets.MNIST(str(folder), train=True, transform=TRAIN_TRANSFORM)
        self.test_set = datasets.MNIST(str(folder), train=False, transform=TEST_TRANSFORM)
        self.model = lightning_module()
        self.workers = 0
        self.workers = fastest_workers(self._seconds_with)

    def _seconds_with(self, workers: int) -> float:
        self.workers = workers
        return self.iterate(TRIAL)

    def iterate(self, iterations: int) -> float:
        """See `Contender`."""
        from lightning.pytorch.callbacks import LambdaCallback

        watch = Stopwatch(self.device, iterations)
        trainer = self._trainer(
            max_epochs=1, limit_train_batches=watch.last, callbacks=[LambdaCallback(on_train_batch_end=watch.count)]
        )
        trainer.fit(self.model, self._loader(self.train_set, shuffle=True))
        self.losses.append(self.model.last_loss.item())
        return watch.seconds / iterations

    def read_test_images(self) -> None:
        """See `Peer`."""
        self._trainer().validate(self.model, self._loader(self.test_set), verbose=False)

    def parameters(self) -> int:
        """See `Peer`."""
        return trainable(self.model)

    def feeding(self) -> str:
        """See `Peer`."""
        return f"DataLoader with {self.workers} workers"

    def _loader(self, dataset: datasets.MNIST, shuffle: bool = False) -> DataLoader[tuple[Tensor, Tensor]]:
        pin = self.device == "cuda"
        return DataLoader(dataset, BATCH, shuffle, num_workers=self.workers, pin_memory=pin)

    def _trainer(self, **settings: Any) -> Any:
        from lightning.pytorch import Trainer

        quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
        return Trainer(accelerator=self.device, devices=1, **dict.fromkeys(quiet, False), **settings)


def silence_lightning() -> None:
    """Without its introduction of every Trainer, and its advice to take more workers: the trial knows better."""
    import lightning.pytorch  # noqa: F401 - sets the level of its log, so before this does

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")


def lightning_module() -> Any:
    """`published_recipe.network` as a LightningModule."""
    from lightning.pytorch import LightningModule

    class Recipe(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network, self.last_loss = network(), torch.tensor(torch.nan)

        def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
            images, labels = batch
            loss = F.cross_entropy(self.network(images), labels)
            self.last_loss = loss.detach()
            return loss

        def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
            images, labels = batch
            self.log("accuracy", (self.network(images).argmax(1) == labels).float().mean())

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)

    return Recipe()
