"""Who reads: networks that are loaded once, and runs that are read as they train."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from claiming import claimed, say
from examples import checkpoint_of, epochs_of, noted, tiny_run
from numpy.typing import NDArray

from lab import evidence, predict
from lab.checkpoint import Snapshot
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from lab.newest import forget, newest, publish
from lab.predict import Predictor, load_predictor
from lab.readers import reader, reference_reader
from lab.seeding import WEIGHTS, derived_seed
from lab.steps import step
from lab.store import Store, StoreError
from lab.training import train

CONFIG = tiny_run(seed=5)
Pictures = NDArray[np.float32]


@pytest.fixture
def pictures(few: Mnist) -> Pictures:
    return to_unit(few.test_images[:, 0]).numpy()


@pytest.fixture
def run(store: Store) -> Iterator[int]:
    """A run that waits, of which nobody knows anything when the test is over."""
    run_id = store.submit(CONFIG)
    yield run_id
    forget(store.url, run_id)


def published(store: Store, run_id: int, few: Mnist) -> list[Snapshot]:
    """What the run publishes while it is trained."""
    seen: list[Snapshot] = []
    list(train(CONFIG, few, publish=lambda snapshot: publish(store.url, run_id, noted(seen, snapshot))))
    return seen


def test_a_run_that_waits_reads_as_the_network_that_it_will_begin_with(
    store: Store, run: int, pictures: Pictures
) -> None:
    untrained = reader(run, None, store)
    network = build_network(CONFIG.network, derived_seed(CONFIG.seed, 0, WEIGHTS)).eval()
    with torch.inference_mode():
        expected = torch.softmax(network(normalize(torch.as_tensor(pictures[:, None]))), dim=1).numpy()
    assert np.allclose(untrained(pictures), expected)
    assert untrained.is_live and untrained.description == f"{store.run(run).name} (run {run}), untrained"


def test_a_run_that_trains_reads_with_what_it_published_last(
    store: Store, run: int, few: Mnist, pictures: Pictures
) -> None:
    untrained = reader(run, None, store)
    before = untrained(pictures)
    claimed(store, run, "a worker")
    snapshots = published(store, run, few)
    last = reader(run, None, store)
    assert last.is_live and last.description == f"{store.run(run).name} (run {run}), epoch 3, batch 3 of 3"
    publish(store.url, run, snapshots[0])
    first = reader(run, None, store)
    assert first.description.endswith(", epoch 1, batch 1 of 3")
    told = [network(pictures) for network in (last, first, untrained, last)]
    assert np.array_equal(told[0], told[3]) and np.array_equal(
        told[2], before
    )  # each its own weights, whoever came between
    assert not np.allclose(told[0], told[1], atol=1e-4) and not np.allclose(told[1], told[2], atol=1e-4)


def test_readers_at_the_same_time_do_not_get_each_others_weights(
    store: Store, run: int, few: Mnist, pictures: Pictures
) -> None:
    networks = []
    for snapshot in published(store, run, few):
        publish(store.url, run, snapshot)
        networks.append(reader(run, None, store))
    expected = [network(pictures) for network in networks]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: networks[number % 9](pictures), range(180)))
    assert all(np.array_equal(answer, expected[number % 9]) for number, answer in enumerate(found))


def test_once_it_has_ended_its_last_epoch_reads(store: Store, run: int, few: Mnist, pictures: Pictures) -> None:
    claimed(store, run, "a worker")
    *events, finished = train(CONFIG, few)
    say(store, run, *events)
    assert reader(run, None, store).is_live
    say(store, run, finished)
    ended = reader(run, None, store)
    assert not ended.is_live and ended.description.endswith(", epoch 3")
    assert np.array_equal(ended(pictures), load_predictor(run, 3, store)(pictures))


def test_a_run_of_another_process_reads_with_its_last_epoch(
    store: Store, run: int, few: Mnist, pictures: Pictures
) -> None:
    claimed(store, run, "a worker")
    for event in train(CONFIG, few):
        say(store, run, event)
        if event.kind == "epoch":
            break
    network = reader(run, None, store)
    assert network.is_live and network.description.endswith(", epoch 1")
    assert np.array_equal(network(pictures), load_predictor(run, 1, store)(pictures))


def test_an_epoch_that_is_asked_for_reads_though_newer_weights_are_known(
    store: Store, run: int, few: Mnist, pictures: Pictures
) -> None:
    claimed(store, run, "a worker")
    say(store, run, *train(CONFIG, few))
    published(store, run, few)
    assert np.array_equal(reader(run, 1, store)(pictures), load_predictor(run, 1, store)(pictures))


def test_what_has_not_changed_is_loaded_once(
    store: Store, run: int, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[tuple[int | None, int | None]] = []
    as_usual: Callable[[int | None, int | None, Store], Predictor] = predict.load_predictor

    def load(run: int | None, epoch: int | None, where: Store) -> Predictor:
        return as_usual(*noted(loaded, (run, epoch)), where)

    monkeypatch.setattr(predict, "load_predictor", load)
    claimed(store, run, "a worker")
    say(store, run, *train(CONFIG, few))
    assert reader(run, None, store) is reader(run, 3, store) is reader(run, None, store)
    assert loaded == [(run, 3)]
    store.rename(run, "another")
    assert reader(run, 3, store).description == f"another (run {run}), epoch 3"


def test_what_cannot_read_says_why(store: Store) -> None:
    with pytest.raises(StoreError, match="There is no run 9"):
        reader(9, None, store)
    impossible = store.submit(tiny_run(network=NetworkConfig(layers=(conv(6, 5, padding=0), *[conv(10, 15)] * 2))))
    with pytest.raises(StoreError, match=f"Run {impossible} has a network that cannot be built"):
        reader(impossible, None, store)


def test_training_publishes_at_the_end_of_every_window_and_is_not_disturbed(few: Mnist) -> None:
    seen: list[Snapshot] = []
    alone, watched = (epochs_of(train(CONFIG, few, publish=tell)) for tell in (None, seen.append))
    assert [(one.epoch, one.iteration) for one in seen] == [(epoch, i) for epoch in (1, 2, 3) for i in (1, 2, 3)]
    assert [checkpoint_of(epoch) for epoch in alone] == [checkpoint_of(epoch) for epoch in watched]


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_at_the_end_of_an_epoch_what_was_published_is_what_is_kept(few: Mnist, decay: float) -> None:
    from safetensors.torch import load

    seen: list[Snapshot] = []
    epochs = epochs_of(train(tiny_run(weight_averaging=decay), few, publish=seen.append))
    for epoch, snapshot in zip(epochs, seen[2::3], strict=True):
        kept = load(checkpoint_of(epoch).weights)
        assert set(kept) == set(snapshot.weights)
        assert all(torch.equal(kept[name], snapshot.weights[name]) for name in kept)


def test_nothing_is_known_of_a_run_that_is_forgotten(store: Store, run: int, few: Mnist) -> None:
    published(store, run, few)
    assert newest(store.url, run) is not None and newest("sqlite:///another", run) is None
    forget(store.url, run)
    assert newest(store.url, run) is None


def test_the_reference_run_with_just_these_layers_reads_whatever_changes_no_map() -> None:
    layers = step(4).config.network  # those of step 3
    found = reference_reader(replace(layers, dropout=0.5))
    assert found is not None and found.description == "Step 3, batch norm and dropout, seed 1"
    assert found.config.layers == layers.layers
    assert reference_reader(replace(layers, second_reading=not layers.second_reading)) == found
    assert reference_reader(replace(layers, batch_norm=False)) is not None  # step 2 has none
    assert reference_reader(replace(layers, layers=layers.layers[:-1])) is None


@pytest.mark.parametrize("content", [None, b"no database"])
def test_without_reference_runs_that_can_be_read_none_of_them_reads(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "reference.sqlite3"
    if content is not None:
        database.write_bytes(content)
    monkeypatch.setattr(evidence, "REFERENCE", database)
    assert reference_reader(step(3).config.network) is None
