"""Verified MNIST as tensors on the training device.

The four IDX files ship with the project. `LAB_DATA_DIR` may name a folder that holds them already, laid out as
torchvision.datasets.MNIST does (`MNIST/raw`), compressed or not. Their contents are checked against SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from lab.config import EVALUATION_IMAGES, EvaluationSet

SHIPPED = Path(__file__).parent / "data" / "mnist"
MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of the training pixels in [0, 1]; every network sees (pixel - MEAN) / STD."""
BLACK = -MEAN / STD
"""A pixel without ink, as the networks see it."""

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""Of the uncompressed files."""


class DataError(RuntimeError):
    """A data file is missing or is not what it should be; the message names the file and what to do."""


@dataclass(frozen=True)
class Mnist:
    """Images uint8 (N, 1, 28, 28) with bright ink, labels int64 (N,); all on one device."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def split(self, evaluate_on: EvaluationSet) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Training images and labels, evaluation images and labels.

        For "validation" the last 10,000 training images are held out of training and evaluated instead of the test set.
        """
        if evaluate_on == "test":
            return self.train_images, self.train_labels, self.test_images, self.test_labels
        cut = len(self.train_images) - EVALUATION_IMAGES
        return (
            self.train_images[:cut],
            self.train_labels[:cut],
            self.train_images[cut:],
            self.train_labels[cut:],
        )


@lru_cache(maxsize=4)
def load_mnist(device: str = "cpu") -> Mnist:
    """The data on `device`, read and verified once per process.

    Raises:
        DataError: a file is missing, truncated or altered.
    """
    if device != "cpu":
        on_cpu = load_mnist("cpu")
        return Mnist(*(getattr(on_cpu, name).to(device) for name in Mnist.__dataclass_fields__))
    return Mnist(
        _images("train-images-idx3-ubyte"),
        _labels("train-labels-idx1-ubyte"),
        _images("t10k-images-idx3-ubyte"),
        _labels("t10k-labels-idx1-ubyte"),
    )


def write_uncompressed(root: Path) -> None:
    """Write the four files below `root` as torchvision.datasets.MNIST wants them: MNIST/raw, uncompressed.

    Raises:
        DataError: see `load_mnist`.
    """
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name in SHA256:
        (raw / name).write_bytes(_verified_bytes(name))


def to_unit(images: Tensor) -> Tensor:
    """uint8 pixels as float32 in [0, 1]."""
    return images.float().div_(255)


def normalize(images: Tensor) -> Tensor:
    """Pixels in [0, 1] as the networks see them."""
    return (images - MEAN) / STD


def _images(name: str) -> Tensor:
    return _idx(name, header=16).view(-1, 1, 28, 28)


def _labels(name: str) -> Tensor:
    return _idx(name, header=8).long()


def _idx(name: str, header: int) -> Tensor:
    """The bytes after the IDX header; the checksum has already proved that the header is the known one."""
    return torch.frombuffer(bytearray(_verified_bytes(name)), dtype=torch.uint8)[header:]


def _verified_bytes(name: str) -> bytes:
    path = _find(name)
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"The data file {path} cannot be read, it is truncated or altered: {_MEND}.") from error
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise DataError(f"The data file {path} is not the original MNIST file, its SHA-256 differs: {_MEND}.")
    return content


_MEND = "restore it with `git checkout lab/data/mnist`, or point LAB_DATA_DIR at a folder with good copies"


def _find(name: str) -> Path:
    """The file in LAB_DATA_DIR where that names a folder, else the shipped one."""
    chosen = os.environ.get("LAB_DATA_DIR")
    folders = [Path(chosen) / "MNIST" / "raw", Path(chosen)] if chosen else [SHIPPED]
    for folder in folders:
        for path in (folder / name, folder / f"{name}.gz"):
            if os.path.isfile(path):  # Path.is_file raises where it may not be looked at
                return path
    mend = "unset LAB_DATA_DIR to use the shipped files" if chosen else _MEND
    raise DataError(f"The data file {folders[0] / name}.gz is missing: {mend}.")
