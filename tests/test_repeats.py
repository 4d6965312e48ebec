"""The same config again: the run that has trained it is found, and seeds that are free."""

from dataclasses import replace
from pathlib import Path

import pytest
from examples import tiny_run
from stories import finished

from lab.repeats import free_seeds, is_of_another_machine, same_run
from lab.store import Store


def test_a_run_of_just_this_config_is_found_whatever_device_was_asked_for(store: Store) -> None:
    run = finished(store, tiny_run(seed=3, device="cpu"))
    assert (found := same_run(store.runs(), tiny_run(seed=3))) is not None and found.id == run
    assert same_run(store.runs(), tiny_run(seed=4)) is None
    assert same_run(store.runs(), tiny_run(seed=3, batch_size=8)) is None


@pytest.mark.parametrize(("ending", "counts"), [("queued", True), ("stopped", False)])
def test_a_run_that_waits_counts_and_one_that_ended_early_does_not(ending: str, counts: bool, store: Store) -> None:
    run = store.submit(tiny_run())
    if ending == "stopped":
        store.send(run, "stop")
    assert store.run(run).status == ending
    assert (same_run(store.runs(), tiny_run()) is not None) is counts


def test_a_fork_is_not_the_same_run(store: Store) -> None:
    parent = finished(store)
    changed = replace(tiny_run(), label_smoothing=0.1)
    store.fork(parent, 1, changed)
    assert same_run(store.runs(), changed) is None


def test_a_run_that_was_trained_here_is_named_before_one_of_another_machine(store: Store, tmp_path: Path) -> None:
    others = Store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    finished(others)
    store.import_file(tmp_path / "other.sqlite3")
    (brought,) = store.runs()
    assert same_run(store.runs(), tiny_run()) == brought and is_of_another_machine(brought)
    waiting = store.submit(tiny_run())
    assert (found := same_run(store.runs(), tiny_run())) is not None and found.id == waiting
    assert not is_of_another_machine(found)
    store.send(waiting, "stop")
    own = finished(store)
    assert (found := same_run(store.runs(), tiny_run())) is not None and found.id == own
    assert not is_of_another_machine(found)


def test_free_seeds_begin_with_the_configs_own_and_leave_out_those_that_were_trained(store: Store) -> None:
    for seed in (2, 4):
        store.submit(tiny_run(seed=seed))
    store.submit(tiny_run(seed=3, batch_size=8))
    assert free_seeds(store.runs(), tiny_run(seed=1), 4) == (1, 3, 5, 6)
    assert free_seeds(store.runs(), tiny_run(seed=4), 2) == (5, 6)
    assert free_seeds([], tiny_run(seed=2**32 - 1), 2) == (2**32 - 1, 0)


def test_a_seed_is_free_for_two_configs_where_neither_was_trained_with_it(store: Store) -> None:
    one, other = tiny_run(seed=1), tiny_run(seed=1, batch_size=8)
    store.submit(replace(one, seed=1))
    store.submit(replace(other, seed=2))
    assert free_seeds(store.runs(), one, 2) == (2, 3)
    assert free_seeds(store.runs(), one, 2, other) == (3, 4)
