"""The published log says what the reference table says."""

import pytest

from lab.published import TARGET_ACCURACY, published_epochs, published_training
from lab.steps import step

# step: parameters, final test %, best test %, the best test's epochs, best training %
PUBLISHED = {
    1: (185_930, 99.13, 99.23, [8], 99.61),
    2: (9_122, 98.92, 99.10, [13], 99.13),
    3: (9_426, 99.37, 99.45, [12], 99.28),
    4: (9_426, 99.39, 99.41, [8], 99.10),
    5: (9_426, 99.40, 99.40, [13, 14, 15], 99.05),
}


def test_step_5_wavered_between_9934_and_9938_before_it_held_the_target() -> None:
    from_epoch_6 = [epoch.test_accuracy for epoch in published_epochs(5)[5:12]]
    assert (min(from_epoch_6), max(from_epoch_6)) == (99.34, 99.38)


@pytest.mark.parametrize(
    ("number", "accuracy", "loss"),
    [(1, 99.56, 0.0126), (2, 99.20, 0.0241), (3, 99.62, 0.0125), (4, 99.40, 0.0196), (5, 99.33, 0.0229)],
)
def test_the_published_run_read_so_many_training_images_in_the_end(number: int, accuracy: float, loss: float) -> None:
    trained = published_training(number)
    assert trained is not None
    assert trained.accuracy == pytest.approx(accuracy, abs=0.006)
    assert trained.loss == loss


@pytest.mark.parametrize("number", PUBLISHED)
def test_the_published_log_has_the_figures_of_the_reference_table(number: int) -> None:
    _, final, best, best_epochs, best_training = PUBLISHED[number]
    log = published_epochs(number)
    assert [epoch.epoch for epoch in log] == list(range(1, 16))
    assert log[-1].test_accuracy == pytest.approx(final)
    assert max(epoch.test_accuracy for epoch in log) == pytest.approx(best)
    assert [epoch.epoch for epoch in log if epoch.test_accuracy == pytest.approx(best)] == best_epochs
    assert max(epoch.train_accuracy for epoch in log) == pytest.approx(best_training)


def test_the_first_published_line_is_read_as_it_stands() -> None:
    first = published_epochs(1)[0]
    assert (first.last_batch_loss, first.train_accuracy) == (0.08773600310087204, 63.66)
    assert (first.train_seconds, first.iterations_per_second) == (18, 50.11)
    assert (first.test_loss, first.test_correct) == (0.1294, 9587)


def test_only_step_5_held_the_target_in_its_last_three_epochs() -> None:
    held = [all(e.test_accuracy >= TARGET_ACCURACY for e in published_epochs(number)[-3:]) for number in PUBLISHED]
    assert held == [False, False, False, False, True]


@pytest.mark.parametrize("number", [6, 7])
def test_nobody_published_the_steps_beyond(number: int) -> None:
    assert published_epochs(number) == ()
    assert step(number).published_findings == ""
    assert published_training(number) is None
