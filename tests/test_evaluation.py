"""What is read after every epoch: the images that a run is evaluated on and, in the same way, its training images."""

import hashlib

import pytest
import torch
import torch.nn.functional as F
from examples import EVERYTHING, checkpoint_of, digits, epochs_of, tiny_run

from lab import evaluation
from lab.augment import augment
from lab.checkpoint import load_weights
from lab.compute import read_scores
from lab.config import RunConfig
from lab.events import Epoch
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.predict import load_predictor
from lab.seeding import MEASUREMENT, derived_seed
from lab.training import train


def test_the_evaluation_is_that_of_the_kept_weights(few: Mnist) -> None:
    for epoch in epochs_of(train(EVERYTHING, few)):
        network = build_network(EVERYTHING.network, seed=0)
        load_weights(network, checkpoint_of(epoch).weights)
        with torch.inference_mode():
            scores = network.eval()(normalize(to_unit(few.test_images)))
        predicted = scores.argmax(1)
        assert list(checkpoint_of(epoch).predictions) == predicted.tolist()
        assert epoch.test_correct == (predicted == few.test_labels).sum().item()
        assert epoch.test_accuracy == pytest.approx(100 * epoch.test_correct / 30)
        assert epoch.test_loss == pytest.approx(F.cross_entropy(scores, few.test_labels).item(), rel=1e-5)


def test_the_evaluation_counts_every_image_once_over_several_batches(mnist: Mnist) -> None:
    """1,100 images go through in four batches of 250 and one of 100."""
    data = digits(mnist, training=16, test=1_100)
    config = tiny_run(epochs=1, training_images=16)
    [epoch] = epochs_of(train(config, data))
    network = build_network(config.network, seed=0)
    load_weights(network, checkpoint_of(epoch).weights)
    with torch.inference_mode():
        scores = network.eval()(normalize(to_unit(data.test_images)))
    assert len(checkpoint_of(epoch).predictions) == 1_100
    assert epoch.test_loss == pytest.approx(F.cross_entropy(scores, data.test_labels).item(), rel=1e-5)


def read(epoch: Epoch, config: RunConfig, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, int]:
    """Mean loss and right answers of an epoch's network on images in [0, 1], by PyTorch and in evaluation mode."""
    network = build_network(config.network, seed=0)
    load_weights(network, checkpoint_of(epoch).weights)
    with torch.inference_mode():
        scores = network.eval()(normalize(images))
    return F.cross_entropy(scores, labels).item(), int((scores.argmax(1) == labels).sum())


def test_training_images_are_measured_as_test_images_are_read(few: Mnist) -> None:
    """All 48 where fewer than 10,000 train; in the last epoch augmented too, drawn from a seed of the run's own."""
    epochs = epochs_of(train(EVERYTHING, few))
    images, labels = to_unit(few.train_images), few.train_labels
    assert [[part.augmented for part in epoch.measured] for epoch in epochs] == [[False], [False], [False, True]]
    for epoch in epochs:
        loss, correct = read(epoch, EVERYTHING, images, labels)
        assert (epoch.measured[0].images, epoch.measured[0].correct) == (48, correct)
        assert epoch.measured[0].loss == pytest.approx(loss, rel=1e-5)
        assert epoch.measured[0].accuracy == pytest.approx(100 * correct / 48)
    draws = torch.Generator().manual_seed(derived_seed(EVERYTHING.seed, EVERYTHING.epochs, MEASUREMENT))
    loss, correct = read(epochs[-1], EVERYTHING, augment(images, EVERYTHING.augmentation, draws), labels)
    turned = epochs[-1].measured[-1]
    assert (turned.images, turned.correct) == (48, correct)
    assert turned.loss == pytest.approx(loss, rel=1e-5)


def test_of_many_images_a_sample_is_measured_and_in_the_last_epoch_all(
    few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of 10 of 48, the same in every epoch."""
    monkeypatch.setattr(evaluation, "SAMPLE_IMAGES", 10)
    config = tiny_run(epochs=2)
    first, last = epochs_of(train(config, few))
    assert [part.images for part in first.measured] == [10]
    assert [part.images for part in last.measured] == [10, 48]
    sample = evaluation.sample_of(48)
    for epoch in (first, last):
        loss, correct = read(epoch, config, to_unit(few.train_images[sample]), few.train_labels[sample])
        assert epoch.measured[0].correct == correct
        assert epoch.measured[0].loss == pytest.approx(loss, rel=1e-5)
    loss, correct = read(last, config, to_unit(few.train_images), few.train_labels)
    assert last.measured[1].correct == correct
    assert last.measured[1].loss == pytest.approx(loss, rel=1e-5)


def test_only_the_runs_own_training_images_are_measured(few: Mnist) -> None:
    [epoch] = epochs_of(train(tiny_run(epochs=1, training_images=20), few))
    loss, correct = read(epoch, tiny_run(), to_unit(few.train_images[:20]), few.train_labels[:20])
    assert [(part.images, part.correct) for part in epoch.measured] == [(20, correct)]
    assert epoch.measured[0].loss == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("images", [60_000, 50_000, 12_345, 10_001])
def test_a_sample_is_always_the_same_and_keeps_step_with_no_order_of_the_images(images: int) -> None:
    """Of every n-th image it has its share: within four standard deviations."""
    chosen = evaluation.sample_of(images)
    assert torch.equal(chosen, evaluation.sample_of(images))
    assert chosen.sum() == 10_000
    share = 10_000 / images
    for spacing in range(2, 13):
        for first in range(spacing):
            part = chosen[first::spacing].double()
            assert abs(part.mean().item() - share) < 4 * (share * (1 - share) / len(part)) ** 0.5


def test_the_sample_of_all_training_images_is_the_one_of_every_run_that_was_ever_kept() -> None:
    """Another one would make a curve that is drawn beside an older run's incomparable with it."""
    chosen = hashlib.sha256(evaluation.sample_of(60_000).numpy().tobytes()).hexdigest()
    assert chosen == "3b524db05297b79893bb28571738fbd4a9b5bf862cc7b5dff5c5978dd8ab73a5"


@pytest.mark.parametrize("images", [1, 77, 10_000])
def test_a_sample_of_few_images_is_all_of_them(images: int) -> None:
    assert evaluation.sample_of(images).all()


def test_a_sample_is_read_as_well_as_all_training_images_are(mnist: Mnist) -> None:
    """Those with even numbers are not: they are by other writers."""
    reader = load_predictor()
    right = (read_scores(reader.config, reader.network, mnist.train_images).argmax(1) == mnist.train_labels).double()
    sample, evens, all_of_them = right[evaluation.sample_of(len(right))].mean(), right[::2].mean(), right.mean()
    assert abs(sample - all_of_them) < 0.001 < abs(evens - all_of_them)
