"""A checkpoint reads pictures: the shipped one at once, and any run at any epoch exactly as it did in training."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from claiming import claimed, say
from examples import TINY_NETWORK, tiny_run
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from lab import predict
from lab.events import Checkpoint, Epoch
from lab.layers import total_parameters
from lab.mnist import Mnist, to_unit
from lab.predict import Predictor, load_predictor, ship, shipped_facts
from lab.store import Store, StoreError, worker_name

WORKER = f"{worker_name()}:test"
Pictures = NDArray[np.float32]


@pytest.fixture(scope="module")
def test_pictures(mnist: Mnist) -> Pictures:
    """The 10,000 test images as pictures in [0, 1]."""
    return to_unit(mnist.test_images[:, 0]).numpy()


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return load_predictor()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped file that stands in for it, to be spoilt."""
    path = tmp_path / "shipped.safetensors"
    path.write_bytes(predict.SHIPPED.read_bytes())
    monkeypatch.setattr(predict, "SHIPPED", path)
    return path


def read(predictor: Predictor, pictures: Pictures) -> NDArray[np.int64]:
    """The answers to many pictures, 500 at a time as training evaluates them."""
    batches = np.split(pictures, range(500, len(pictures), 500))
    return np.concatenate([predictor(batch).argmax(axis=1) for batch in batches])


# --- the contract ------------------------------------------------------------------------------------------------


def test_one_picture_gives_ten_probabilities(shipped: Predictor, test_pictures: Pictures) -> None:
    probabilities = shipped(test_pictures[0])
    assert probabilities.shape == (10,)
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_n_pictures_give_n_times_ten_probabilities(shipped: Predictor, test_pictures: Pictures, count: int) -> None:
    probabilities = shipped(test_pictures[:count])
    assert probabilities.shape == (count, 10)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-5)


def test_a_picture_is_read_alike_alone_and_among_others(shipped: Predictor, test_pictures: Pictures) -> None:
    together = shipped(test_pictures[:5])
    alone = np.stack([shipped(picture) for picture in test_pictures[:5]])
    assert together == pytest.approx(alone, abs=1e-5)


def test_pictures_may_be_lists_doubles_or_tensors(shipped: Predictor, test_pictures: Pictures) -> None:
    picture = test_pictures[0]
    for other in (picture.tolist(), picture.astype(np.float64), torch.from_numpy(picture)):
        assert shipped(other) == pytest.approx(shipped(picture), abs=1e-5)


@pytest.mark.parametrize("shape", [(), (28,), (784,), (27, 28), (28, 27), (3, 28, 29), (1, 1, 28, 28), (10, 10)])
def test_another_shape_is_refused_with_both_shapes_in_the_message(shipped: Predictor, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \(28, 28\) or \(N, 28, 28\)") as error:
        shipped(np.zeros(shape))
    assert str(shape) in str(error.value)


def test_reading_draws_no_randomness(shipped: Predictor, test_pictures: Pictures, untouched_randomness: None) -> None:
    first = shipped(test_pictures[:3])
    assert np.array_equal(first, shipped(test_pictures[:3]))  # dropout is off, batch norm's statistics stay


# --- the shipped checkpoint --------------------------------------------------------------------------------------


def test_the_shipped_checkpoint_reads_at_least_98_percent_of_the_first_1000_test_images(
    shipped: Predictor, test_pictures: Pictures, mnist: Mnist
) -> None:
    right = (read(shipped, test_pictures[:1000]) == mnist.test_labels[:1000].numpy()).sum()
    assert right >= 980


def test_the_shipped_checkpoint_gets_as_many_test_images_right_as_its_facts_say(
    shipped: Predictor, test_pictures: Pictures, mnist: Mnist
) -> None:
    assert (read(shipped, test_pictures) == mnist.test_labels.numpy()).sum() == shipped_facts()["test_correct"]


def test_the_shipped_checkpoint_says_which_run_it_is(shipped: Predictor) -> None:
    facts = shipped_facts()
    assert set(facts) == {"name", "step", "epoch", "test_correct", "hardware", "config"}
    assert facts["name"] in shipped.description
    assert f"epoch {facts['epoch']}" in shipped.description
    assert f"{10_000 - facts['test_correct']} wrong" in shipped.description


def test_the_shipped_checkpoint_has_a_weight_for_each_parameter_of_its_network(shipped: Predictor) -> None:
    weights = load_file(predict.SHIPPED)
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    trained = sum(tensor.numel() for name, tensor in weights.items() if not name.endswith(statistics))
    assert trained == total_parameters(shipped.config)


def test_a_missing_shipped_file_is_told_in_a_sentence(copied: Path) -> None:
    copied.unlink()
    for ask in (shipped_facts, load_predictor):
        with pytest.raises(StoreError, match="is missing or damaged: restore it") as error:
            ask()
        assert str(copied) in str(error.value)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garble(path: Path) -> None:
    path.write_bytes(b"no tensors at all" * 100)


def _forget_facts(path: Path) -> None:
    save_file(load_file(path), path)


def _change_facts(path: Path, **changes: Any) -> None:
    save_file(load_file(path), path, metadata={"facts": json.dumps(shipped_facts() | changes)})


def _other_config(path: Path) -> None:
    config = json.loads(shipped_facts()["config"])
    config["network"]["layers"][0]["channels"] += 1
    _change_facts(path, config=json.dumps(config))


def _no_config(path: Path) -> None:
    _change_facts(path, config="{}")


def _lost_layer(path: Path) -> None:
    weights, facts = load_file(path), shipped_facts()
    weights.pop(sorted(weights)[0])
    save_file(weights, path, metadata={"facts": json.dumps(facts)})


def _nonsense_facts(path: Path) -> None:
    save_file(load_file(path), path, metadata={"facts": "[1, 2"})


@pytest.mark.parametrize(
    "spoil",
    [_truncate, _empty, _garble, _forget_facts, _nonsense_facts, _no_config, _other_config, _lost_layer],
)
def test_a_damaged_shipped_file_is_told_in_a_sentence(copied: Path, spoil: Callable[[Path], None]) -> None:
    spoil(copied)
    with pytest.raises(StoreError, match="is missing or damaged: restore it") as error:
        load_predictor()
    assert "\n" not in str(error.value)


# --- the user's own runs -----------------------------------------------------------------------------------------


def test_every_epoch_of_a_run_answers_as_it_did_when_it_was_evaluated(store: Store, few: Mnist, trained: int) -> None:
    pictures = to_unit(few.test_images[:, 0]).numpy()
    answers = {}
    for epoch in (1, 2, 3):
        answers[epoch] = bytes(read(load_predictor(trained, epoch, store), pictures).tolist())
        assert answers[epoch] == store.checkpoint(trained, epoch).predictions
    assert len(set(answers.values())) == 3  # so the epoch does make a difference


def test_a_run_without_an_epoch_named_answers_as_its_last_one(store: Store, trained: int) -> None:
    picture = np.eye(28, dtype=np.float32)
    assert np.array_equal(load_predictor(trained, store=store)(picture), load_predictor(trained, 3, store)(picture))


def test_a_run_is_looked_for_in_the_store_of_the_environment(store: Store, trained: int) -> None:
    assert load_predictor(trained).description == f"{store.run(trained).name} (run {trained}), epoch 3"


def test_a_runs_predictor_has_the_runs_network(trained: int) -> None:
    assert load_predictor(trained).config == TINY_NETWORK


def test_a_run_or_an_epoch_that_is_not_there_is_told_in_a_sentence(store: Store, trained: int) -> None:
    with pytest.raises(StoreError, match="There is no run 99"):
        load_predictor(99, store=store)
    with pytest.raises(StoreError, match="no checkpoint of epoch 4"):
        load_predictor(trained, 4, store)
    with pytest.raises(StoreError, match="no finished epoch yet"):
        load_predictor(store.submit(tiny_run()), store=store)


def test_weights_damaged_in_the_store_are_told_in_a_sentence(store: Store) -> None:
    run_id = store.submit(tiny_run())
    claimed(store, run_id, WORKER)
    numbers = dict.fromkeys(("train_loss", "train_accuracy", "test_loss", "test_accuracy", "learning_rate"), 1.0)
    kept = Checkpoint(epoch=1, predictions=b"", weights=b"no tensors", optimizer_state=b"")
    say(store, run_id, Epoch(epoch=1, test_correct=0, seconds=1.0, **numbers, measured=(), checkpoint=kept))
    with pytest.raises(StoreError, match=f"weights of run {run_id}, epoch 1, cannot be read"):
        load_predictor(run_id, store=store)


def test_a_run_that_is_shipped_becomes_the_shipped_checkpoint(store: Store, trained: int, copied: Path) -> None:
    assert ship(trained, store) == copied
    facts, run = shipped_facts(), store.run(trained)
    assert (facts["name"], facts["epoch"], facts["hardware"]) == (run.name, 3, run.hardware)
    assert facts["test_correct"] == store.epochs([trained])[trained][-1].test_correct
    picture = np.eye(28, dtype=np.float32)
    assert np.array_equal(load_predictor()(picture), load_predictor(trained, store=store)(picture))
