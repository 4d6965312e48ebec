"""The shipped data are the real MNIST, as torchvision reads them, and a damaged file says so."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor

from lab import mnist as module
from lab.mnist import MEAN, SHIPPED, STD, DataError, Mnist, load_mnist, normalize, to_unit

NAMES = tuple(module.SHA256)
FIRST = "train-images-idx3-ubyte"


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for LAB_DATA_DIR, and a process that has read nothing yet."""
    load_mnist.cache_clear()
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data" / "MNIST" / "raw").mkdir(parents=True)
    yield tmp_path / "data"
    load_mnist.cache_clear()


def link_shipped(folder: Path, but: str = "") -> None:
    for name in NAMES:
        if name != but:
            (folder / f"{name}.gz").symlink_to(SHIPPED / f"{name}.gz")


def same(left: Mnist, right: Mnist) -> bool:
    return all(torch.equal(getattr(left, name), getattr(right, name)) for name in Mnist.__dataclass_fields__)


def test_there_are_60_000_training_and_10_000_test_images(mnist: Mnist) -> None:
    assert mnist.train_images.shape == (60_000, 1, 28, 28)
    assert mnist.test_images.shape == (10_000, 1, 28, 28)
    assert mnist.train_images.dtype == mnist.test_images.dtype == torch.uint8
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == torch.int64


def test_each_digit_is_there_as_often_as_lecun_counted(mnist: Mnist) -> None:
    training = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (sum(training), sum(test)) == (60_000, 10_000)
    assert mnist.train_labels.bincount().tolist() == training
    assert mnist.test_labels.bincount().tolist() == test


def test_mean_and_deviation_of_the_training_pixels_are_the_published_ones(mnist: Mnist) -> None:
    counts = mnist.train_images.flatten().bincount(minlength=256).double()
    pixels = torch.arange(256).double() / 255
    mean = (counts @ pixels) / counts.sum()
    deviation = ((counts @ (pixels - mean) ** 2) / counts.sum()).sqrt()
    assert (round(mean.item(), 4), round(deviation.item(), 4)) == (MEAN, STD) == (0.1307, 0.3081)


def test_pixels_become_numbers_from_0_to_1_and_then_normal(mnist: Mnist) -> None:
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert to_unit(pixels).tolist() == pytest.approx([0, 51 / 255, 1])
    assert pixels.tolist() == [0, 51, 255]  # the data themselves stay as they are
    assert normalize(to_unit(pixels)).tolist() == pytest.approx(
        [(0 - 0.1307) / 0.3081, (0.2 - 0.1307) / 0.3081, (1 - 0.1307) / 0.3081]
    )


def test_the_files_are_read_as_torchvision_reads_them(mnist: Mnist, own_folder: Path) -> None:
    """Uncompressed in MNIST/raw, the way torchvision leaves them, and read from there by both."""
    for name in NAMES:
        content = gzip.decompress((SHIPPED / f"{name}.gz").read_bytes())
        (own_folder / "MNIST" / "raw" / name).write_bytes(content)
    for train, images, labels in (
        (True, mnist.train_images, mnist.train_labels),
        (False, mnist.test_images, mnist.test_labels),
    ):
        theirs = torchvision.datasets.MNIST(own_folder, train=train, download=False)
        assert torch.equal(images.squeeze(1), theirs.data)
        assert torch.equal(labels, theirs.targets)
    assert same(load_mnist(), mnist)


@pytest.mark.parametrize("place", ["MNIST/raw", "."])
def test_compressed_files_are_found_where_lab_data_dir_says(mnist: Mnist, own_folder: Path, place: str) -> None:
    link_shipped(own_folder / place)
    assert same(load_mnist(), mnist)


def test_the_data_are_read_once_in_a_process() -> None:
    assert load_mnist("cpu") is load_mnist("cpu")


# --- the validation split ----------------------------------------------------------------------------------------


def test_the_test_split_is_all_of_both_sets(mnist: Mnist) -> None:
    assert [len(part) for part in mnist.split("test")] == [60_000, 60_000, 10_000, 10_000]
    assert mnist.split("test")[2] is mnist.test_images


def test_validation_holds_out_the_last_10_000_training_images_and_no_other(mnist: Mnist) -> None:
    images, labels, held_images, held_labels = mnist.split("validation")
    assert [len(part) for part in (images, labels, held_images, held_labels)] == [50_000, 50_000, 10_000, 10_000]
    assert torch.equal(torch.cat([images, held_images]), mnist.train_images)
    assert torch.equal(torch.cat([labels, held_labels]), mnist.train_labels)


def test_validation_never_shows_the_test_set(mnist: Mnist) -> None:
    def addresses(images: Tensor) -> range:
        return range(images.data_ptr(), images.data_ptr() + images.numel())

    test = addresses(mnist.test_images)
    for part in (mnist.split("validation")[0], mnist.split("validation")[2]):
        assert addresses(part)[0] not in test
        assert addresses(part)[-1] not in test
    training, held = addresses(mnist.split("validation")[0]), addresses(mnist.split("validation")[2])
    assert training.stop == held.start  # next to each other, without a shared image


# --- damage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named_with_what_to_do(own_folder: Path, name: str) -> None:
    link_shipped(own_folder / "MNIST" / "raw", but=name)
    with pytest.raises(DataError, match=rf"The data file .*MNIST/raw/{name}\.gz is missing: unset LAB_DATA_DIR"):
        load_mnist()


def test_a_missing_shipped_file_is_to_be_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_mnist.cache_clear()
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    with pytest.raises(DataError, match=rf"{FIRST}\.gz is missing: restore it with `git checkout lab/data/mnist`"):
        load_mnist()


def flip_a_byte(content: bytes) -> bytes:
    return content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: packed[: len(packed) // 2], "cannot be read, it is truncated or altered"),
        (lambda packed: b"", "differs"),
        (lambda packed: b"<html>404 Not Found</html>", "cannot be read, it is truncated or altered"),
        (flip_a_byte, "(cannot be read, it is truncated or altered|differs)"),
        (lambda packed: gzip.compress(b"another file altogether"), "is not the original MNIST file, its SHA-256"),
    ],
    ids=["truncated", "empty", "a web page", "one bit", "another file"],
)
def test_a_damaged_file_is_named_with_what_to_do(
    own_folder: Path, damage: Callable[[bytes], bytes], reason: str
) -> None:
    raw = own_folder / "MNIST" / "raw"
    link_shipped(raw, but=FIRST)
    (raw / f"{FIRST}.gz").write_bytes(damage((SHIPPED / f"{FIRST}.gz").read_bytes()))
    with pytest.raises(DataError, match=rf"The data file .*{FIRST}\.gz .*{reason}.*: restore it with `git checkout"):
        load_mnist()


def test_an_altered_uncompressed_file_is_noticed_too(own_folder: Path) -> None:
    raw = own_folder / "MNIST" / "raw"
    link_shipped(raw)
    (raw / FIRST).write_bytes(b"\0" * 100)  # the uncompressed one goes first, as with torchvision
    with pytest.raises(DataError, match=f"{FIRST} is not the original MNIST file"):
        load_mnist()


def test_damage_is_found_again_until_it_is_mended(mnist: Mnist, own_folder: Path) -> None:
    raw = own_folder / "MNIST" / "raw"
    link_shipped(raw, but=FIRST)
    with pytest.raises(DataError):
        load_mnist()
    (raw / f"{FIRST}.gz").symlink_to(SHIPPED / f"{FIRST}.gz")
    assert same(load_mnist(), mnist)  # a failure is not remembered


@pytest.mark.usefixtures("own_folder")
def test_a_folder_that_cannot_be_looked_at_has_no_data_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DATA_DIR", "x" * 300)
    with pytest.raises(DataError, match="is missing: unset LAB_DATA_DIR"):
        load_mnist()
