"""Which configs can go on from an epoch of a run, and what is said of those that cannot."""

from dataclasses import replace

import pytest
from examples import tiny_run

from lab.config import RunConfig
from lab.forking import fork_problem
from lab.network_config import NetworkConfig, conv
from lab.training_config import Augmentation, Optimizer, Schedule

PARENT = tiny_run()
NETWORK: NetworkConfig = PARENT.network


@pytest.mark.parametrize(
    "config",
    [
        PARENT,
        replace(PARENT, optimizer=Optimizer(learning_rate=0.001)),
        replace(PARENT, optimizer=Optimizer(kind="adamw", learning_rate=0.001)),
        replace(PARENT, schedule=Schedule(kind="cosine")),
        replace(PARENT, network=replace(NETWORK, dropout=0.3)),
        replace(PARENT, augmentation=Augmentation(rotation=10), label_smoothing=0.1, weight_averaging=0.9),
        replace(PARENT, epochs=30, seed=9, engine="pytorch", measure_training=False),
    ],
)
def test_what_weights_and_curves_do_not_depend_on_may_change(config: RunConfig) -> None:
    assert fork_problem(PARENT, 2, config) is None


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (replace(PARENT, network=replace(NETWORK, layers=(conv(10, 28),))), "layers"),
        (replace(PARENT, network=replace(NETWORK, batch_norm=False)), "batch norm"),
        (replace(PARENT, network=replace(NETWORK, bias="none")), "biases"),
        (replace(PARENT, network=replace(NETWORK, second_reading=True)), "second reading"),
        (replace(PARENT, network=replace(NETWORK, deslant=True)), "deslanting"),
        (replace(PARENT, batch_size=8), "batch size"),
        (replace(PARENT, training_images=32, evaluate_on="validation"), "training images and images to evaluate on"),
    ],
)
def test_what_they_depend_on_must_stay_and_is_named(config: RunConfig, named: str) -> None:
    sentence = f"A fork must have the same {named} as the run that it comes from: undo that, or start a new run."
    assert fork_problem(PARENT, 2, config) == sentence


@pytest.mark.parametrize(("epoch", "is_over"), [(2, False), (3, True), (4, True)])
def test_a_fork_has_at_least_one_epoch_to_go(epoch: int, is_over: bool) -> None:
    said = fork_problem(PARENT, epoch, PARENT)  # of 3 epochs
    assert said == (
        f"The fork has no epochs left: it continues after epoch {epoch} of 3. Set more epochs." if is_over else None
    )
