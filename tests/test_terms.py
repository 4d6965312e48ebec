"""On what terms runs may stand beside each other, and beside the published one."""

from dataclasses import replace
from typing import Any

import pytest
from summaries import RUN, summary

from lab.analysis import summarize
from lab.config import RunConfig
from lab.events import Started
from lab.steps import step
from lab.store import Store
from lab.terms import Terms


def terms(config: RunConfig, hardware: str = "a CPU, compiled engine") -> Terms:
    found = summarize(replace(RUN, config=config, hardware=hardware)).terms
    assert found is not None
    return found


def test_seed_and_machine_make_no_other_terms() -> None:
    config = step(5).config
    other = replace(config, seed=9, device="cuda")
    assert terms(config) == terms(other, "another CPU, 8 threads, compiled engine")


@pytest.mark.parametrize(
    "changes",
    [{"precision": "bfloat16"}, {"training_images": 59_999}, {"evaluate_on": "validation"}, {"epochs": 14}],
    ids=lambda changes: next(iter(changes)),
)
def test_precision_images_evaluation_set_and_epochs_make_other_terms(changes: dict[str, object]) -> None:
    changed = replace(step(5).config, **changes)  # type: ignore[arg-type]
    assert terms(step(5).config) != terms(changed)


def test_another_engine_makes_other_terms_as_the_run_said_and_not_as_it_was_asked() -> None:
    config = step(5).config
    found = [terms(config, f"a CPU, {engine}") for engine in ("compiled engine", "folded engine", "1 thread")]
    assert [one.engine for one in found] == ["compiled", "folded", ""]
    assert len(set(found)) == 3
    assert [one.computed for one in found] == ["float32, compiled engine", "float32, folded engine", "float32"]


@pytest.mark.parametrize(
    ("attempts", "engine"),
    [
        (("a CPU, 2 threads, compiled engine", "a CPU, 1 thread, compiled engine"), "compiled"),
        (("a CPU, 2 threads, compiled engine", "a CPU, 2 threads, folded engine"), "compiled, then folded"),
        (("a CPU, 2 threads, PyTorch engine", "a GPU, PyTorch engine"), "PyTorch, then PyTorch"),
    ],
    ids=["other threads", "another engine", "a GPU"],
)
def test_a_run_that_was_resumed_on_another_engine_is_of_neither(attempts: tuple[str, str], engine: str) -> None:
    found = terms(step(5).config, "; ".join(attempts))
    assert found.engine == engine
    assert (found in {terms(step(5).config, attempt) for attempt in attempts}) is (engine == "compiled")


def test_the_engine_is_read_as_the_store_writes_it(store: Store) -> None:
    run_id = store.submit(step(5).config)
    claim = store.claim(run_id, "me", "cpu")
    assert claim is not None
    facts = {"device": "cpu", "device_name": "a CPU, 1 thread", "engine": "folded", "parameters": 1}
    claim.append(Started(**facts, first_epoch=1, epochs=15, iterations_per_epoch=938, batch_size=64))  # type: ignore[arg-type]
    found = summarize(store.run(run_id)).terms
    assert found is not None
    assert found.engine == "folded"


def test_a_recipe_of_ones_own_stands_beside_nothing() -> None:
    found = summary(base=replace(step(5).config, batch_size=128))
    assert found.terms is None
    assert not found.as_published


def test_a_fork_stands_beside_nothing_since_its_first_epochs_had_another_recipe() -> None:
    found = replace(summary(), parent_epoch=1)
    assert summary().as_published
    assert found.terms is None
    assert not found.as_published


@pytest.mark.parametrize(("device", "on_gpu"), [(None, False), ("cpu", False), ("cuda", True), ("mps", True)])
def test_a_gpu_is_a_device_that_is_there_and_no_cpu(device: str | None, on_gpu: bool) -> None:
    assert replace(summary(), device=device).on_gpu is on_gpu


@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        ({"seed": 9}, True),
        ({"precision": "bfloat16"}, True),
        ({"engine": "pytorch"}, True),
        ({"training_images": 59_999}, False),
        ({"evaluate_on": "validation"}, False),
        ({"epochs": 14}, False),
        ({"epochs": 30}, False),
    ],
)
def test_beside_the_published_stand_runs_of_the_same_epochs_all_images_and_the_test_set(
    changes: dict[str, Any], beside: bool
) -> None:
    assert summary(**changes).as_published is beside
