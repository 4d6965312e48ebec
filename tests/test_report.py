"""The results table: which runs count, and what it says of them."""

from dataclasses import replace

import pytest
from claiming import claimed, say

from lab.config import RunConfig
from lab.events import Epoch, Finished, Measured, Started, Stopped
from lab.report import results, signed, summaries
from lab.steps import skeleton, step
from lab.store import Store

HARDWARE = "a test's processor"


def finish(
    store: Store,
    config: RunConfig,
    correct: list[int],
    stopped: bool = False,
    engine: str = "PyTorch",
    measured: tuple[Measured, ...] = (),
) -> None:
    """A run whose epochs ended with these numbers of right answers out of 10,000."""
    run = store.submit(config)
    claimed(store, run, "tester")
    started = Started(
        device="cpu",
        device_name=HARDWARE,
        engine=engine,
        parameters=1,
        first_epoch=1,
        epochs=len(correct),
        iterations_per_epoch=938,
        batch_size=64,
        code_commit="0123456789ab",
    )
    say(store, run, started)
    for number, right in enumerate(correct, start=1):
        say(
            store,
            run,
            Epoch(
                epoch=number,
                train_loss=0.1,
                train_accuracy=99.0,
                test_loss=0.1,
                test_accuracy=right / 100,
                test_correct=right,
                learning_rate=0.01,
                seconds=60.0,
                measured=measured if number == len(correct) else (),
            ),
        )
    say(store, run, Stopped() if stopped else Finished())


def step_line(text: str, number: int) -> list[str]:
    """The cells of a step's line in the first table."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {number} {step(number).name} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_an_empty_store_says_that_there_is_nothing_yet(store: Store) -> None:
    assert results(store) == "No complete run of a step is in the store yet."


def test_mean_spread_and_target_are_those_of_the_seeds(store: Store) -> None:
    config = step(5).config
    finish(store, replace(config, seed=1), [9900] * 12 + [9940, 9941, 9942])
    finish(store, replace(config, seed=2), [9950] + [9900] * 11 + [9940, 9939, 9944])

    cells = step_line(results(store), 5)

    assert cells[2:4] == ["1, 2", "99.40"]  # published
    # (99.42 + 99.44) / 2 = 99.43; sample deviation: sqrt(2 * 0.01^2 / 1) = 0.0141; t(1) = 12.706
    assert cells[4:6] == ["99.430 ± 0.01", "99.30 to 99.56"]
    assert cells[7] == "99.46"  # (99.42 + 99.50) / 2
    assert cells[8] == "1 of 2"  # seed 2 was at 99.39 in the last epoch but one


def test_a_single_seed_has_no_spread(store: Store) -> None:
    finish(store, step(2).config, [9890] * 15)
    assert step_line(results(store), 2)[4:6] == ["98.900", "-"]


def test_a_step_without_runs_says_so(store: Store) -> None:
    finish(store, step(2).config, [9890] * 15)
    cells = step_line(results(store), 1)
    assert cells[1:5] == ["-", "none yet", "99.13", "-"]


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 14}, {"evaluate_on": "validation"}, {"training_images": 50_000}, {"batch_size": 128}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_run_that_is_not_the_preset_to_the_letter_does_not_count(store: Store, changes: dict[str, object]) -> None:
    finish(store, replace(step(3).config, **changes), [9930] * 15)  # type: ignore[arg-type]
    assert results(store).startswith("No complete run")


def test_an_unfinished_run_does_not_count(store: Store) -> None:
    finish(store, step(3).config, [9930] * 15, stopped=True)
    assert results(store).startswith("No complete run")


def test_of_two_runs_with_one_seed_the_newest_counts(store: Store) -> None:
    finish(store, step(4).config, [9900] * 15)
    finish(store, step(4).config, [9930] * 15)
    assert step_line(results(store), 4)[4] == "99.300"


def step_lines(text: str, number: int) -> list[tuple[str, str, str]]:
    """Of every line of a step in the first table: its mean, what it was computed in, and its seeds."""
    first = text.split("\n\n")[0].splitlines()
    lines = [line for line in first if line.startswith(f"| {number} {step(number).name} ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [(row[4], row[1], row[2]) for row in cells]


def test_runs_of_another_precision_or_engine_are_never_pooled(store: Store) -> None:
    config = step(1).config
    finish(store, replace(config, seed=1), [9920] * 15, engine="compiled")
    finish(store, replace(config, seed=2, precision="bfloat16"), [9910] * 15)
    finish(store, replace(config, seed=3), [9930] * 15, engine="compiled")
    finish(store, replace(config, seed=4), [9900] * 15)
    assert step_lines(results(store), 1) == [
        ("99.250 ± 0.07", "float32, compiled engine", "1, 3"),
        ("99.000", "float32, PyTorch engine", "4"),
        ("99.100", "bfloat16, PyTorch engine", "2"),
    ]


def test_of_one_seed_on_two_terms_both_runs_count(store: Store) -> None:
    finish(store, step(2).config, [9890] * 15, engine="compiled")
    finish(store, step(2).config, [9880] * 15, engine="folded")
    assert [seeds for _, _, seeds in step_lines(results(store), 2)] == ["1", "1"]


EARLIER_STEP_1 = replace(step(1).config, network=skeleton((96, 48, 16, 64, 256, 10)))
"""What step 1 was before its published network was known, with as many parameters."""


def test_a_run_of_an_earlier_step_1_counts_for_no_step(store: Store) -> None:
    finish(store, EARLIER_STEP_1, [9920] * 15)
    assert results(store).startswith("No complete run")
    [run] = summaries(store)
    assert (run.step, run.terms, run.parameters) == (None, None, 185_930)
    finish(store, step(1).config, [9910] * 15)
    assert [seeds for *_, seeds in step_lines(results(store), 1)] == ["1"]


def test_train_minus_test_is_taken_only_of_training_images_that_are_unchanged_as_test_images_are(store: Store) -> None:
    plain = Measured(images=60_000, augmented=False, loss=0.02, correct=59_700)
    turned = Measured(images=60_000, augmented=True, loss=0.03, correct=59_580)
    sample = Measured(images=10_000, augmented=False, loss=0.02, correct=9_000)
    finish(store, step(5).config, [9930] * 15, measured=(sample, plain, turned))
    finish(store, step(3).config, [9930] * 15, measured=(sample, plain))
    finish(store, step(2).config, [9890] * 15)
    lines = {int(line[2]): line.strip("| ").split(" | ") for line in results(store).split("\n\n")[1].splitlines()[2:]}
    # published: 59,601 of 60,000 turned images, 99.335 %
    assert lines[5][3:8] == ["99.33", "99.30", "99.50", "-", "+0.20"]
    assert lines[5][8:] == ["99.00", "99.00"]  # while training, the published log's last epoch and the test's
    assert lines[3][4:8] == ["99.50", "99.50", "+0.25", "+0.20"]
    assert lines[2][4:8] == ["-", "-", "+0.28", "-"]
    assert "| 99.00 | 99.30 | 60 |" in results(store).split("\n\n")[2]


def test_every_run_has_a_line_with_its_hardware_and_time(store: Store) -> None:
    finish(store, step(4).config, [9900] * 14 + [9933])
    last = results(store).splitlines()[-1]
    # 15 epochs of 60 s: 15 minutes; the best epoch is the last one
    figures = "99.33 | 99.00, 99.00, 99.33 | 99.33 (15) | 99.00 | - | 60 | 15"
    assert last == f"| 4 | 1 | {figures} | float32 | {HARDWARE}, PyTorch engine | 0123456789ab |"


@pytest.mark.parametrize(("points", "words"), [(-0.004, "0.00"), (0.001, "0.00"), (-0.4, "-0.40"), (1.0, "+1.00")])
def test_a_difference_that_is_none_has_no_sign(points: float, words: str) -> None:
    assert signed(points) == words and signed(None) == "-"
