"""The planned learning rate is the one that PyTorch's own schedulers give."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from examples import tiny_run
from hypothesis import assume, given
from hypothesis import strategies as st
from summaries import epoch, started, window

from lab.config import RunConfig
from lab.schedule import learning_rate, planned_learning_rates, rates_of_run
from lab.steps import step
from lab.timeline import Timeline
from lab.training_config import Optimizer, Schedule

runs = st.builds(
    lambda epochs, images, rate, schedule: tiny_run(
        epochs=epochs, training_images=images, optimizer=Optimizer(learning_rate=rate), schedule=schedule
    ),
    epochs=st.integers(1, 12) | st.integers(1, 200),
    images=st.integers(1, 16 * 15),
    rate=st.floats(1e-6, 10),
    schedule=st.builds(
        Schedule,
        kind=st.sampled_from(["none", "step", "cosine", "one_cycle"]),
        step_size=st.integers(1, 6) | st.integers(1, 200),
        gamma=st.floats(1e-4, 1),
        warmup=st.floats(0.01, 0.99),
    ),
)


def torchs_learning_rates(config: RunConfig) -> list[float]:
    """The learning rate of every iteration of the run, by torch.optim.lr_scheduler."""
    rate, schedule = config.optimizer.learning_rate, config.schedule
    steps, total = config.iterations_per_epoch, config.epochs * config.iterations_per_epoch
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler: torch.optim.lr_scheduler.LRScheduler
    if schedule.kind == "step":
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, schedule.step_size, schedule.gamma)
    elif schedule.kind == "cosine":
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total)
    elif schedule.kind == "one_cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=rate, total_steps=total, pct_start=schedule.warmup
        )
    else:
        scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1)
    rates = []
    for iteration in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        by_epoch = schedule.kind == "step"
        if iteration + 1 < total and (not by_epoch or (iteration + 1) % steps == 0):
            scheduler.step()
    return rates


@given(runs)
def test_every_iteration_has_the_learning_rate_of_torchs_scheduler(config: RunConfig) -> None:
    total = config.epochs * config.iterations_per_epoch
    if config.schedule.kind == "one_cycle":
        rise = config.schedule.warmup * total - 1  # torch divides by the iterations of the rise and of the fall
        assume(rise >= 1 and total - 1 - rise >= 1)
    ours = [learning_rate(config, iteration) for iteration in range(total)]
    assert ours == pytest.approx(torchs_learning_rates(config), rel=1e-9, abs=1e-13)


def test_step_5_falls_to_a_tenth_after_epochs_5_and_10() -> None:
    config = step(5).config
    rates = [learning_rate(config, epoch * 938) for epoch in range(15)]
    assert rates == pytest.approx([0.01] * 5 + [0.001] * 5 + [0.0001] * 5)
    assert learning_rate(config, 5 * 938 - 1) == 0.01  # the last iteration of epoch 5


def test_one_cycle_rises_from_a_25th_to_the_peak_and_ends_at_almost_nothing() -> None:
    config = tiny_run(epochs=10, schedule=Schedule(kind="one_cycle", warmup=0.3))
    total = 10 * 3
    rates = [learning_rate(config, iteration) for iteration in range(total)]
    assert rates[0] == pytest.approx(0.05 / 25)
    assert rates.index(max(rates)) == 0.3 * total - 1
    assert max(rates) == pytest.approx(0.05)
    assert rates[-1] == pytest.approx(0.05 / 25 / 10_000)


def test_a_rise_of_less_than_an_iteration_begins_low_and_is_at_the_peak_one_iteration_later() -> None:
    config = tiny_run(epochs=1, schedule=Schedule(kind="one_cycle", warmup=1 / 3))  # 3 iterations: it would take none
    assert config.schedule.warmup * 3 - 1 == 0
    assert [learning_rate(config, iteration) for iteration in (0, 1)] == pytest.approx([0.05 / 25, 0.05])


@given(runs)
def test_no_iteration_has_a_negative_rate_or_one_above_the_chosen(config: RunConfig) -> None:
    chosen = config.optimizer.learning_rate
    for iteration in range(config.epochs * config.iterations_per_epoch):
        assert 0 <= learning_rate(config, iteration) <= chosen * (1 + 1e-12)


@given(runs)
def test_the_planned_curve_starts_at_0_rises_in_time_and_lies_on_the_schedule(config: RunConfig) -> None:
    planned = planned_learning_rates(config)
    times = [time for time, _ in planned]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert times[-1] == (config.epochs * config.iterations_per_epoch - 1) / config.iterations_per_epoch
    for time, rate in planned:
        assert rate == learning_rate(config, round(time * config.iterations_per_epoch))


def test_the_planned_curve_has_about_20_points_an_epoch() -> None:
    assert len(planned_learning_rates(step(5).config)) == 15 * 20 + 1
    assert len(planned_learning_rates(tiny_run(epochs=2))) == 2 * 3  # never more than there are iterations


def test_the_planned_curve_of_a_long_run_has_no_more_points_than_a_chart_has_pixels() -> None:
    """It is drawn twice, as planned and as run so far: of 200 epochs it was a third of a megabyte of each page."""
    long = planned_learning_rates(replace(step(5).config, epochs=200))
    assert len(long) == 601
    assert max(after - before for (before, _), (after, _) in pairwise(long)) < 200 / 599


@pytest.mark.parametrize("has_windows", [True, False])
def test_a_forks_learning_rate_is_what_was_until_it_goes_on_and_then_its_own_plan(has_windows: bool) -> None:
    """Its parent said 0.01 of both of its epochs, of 20 iterations each; a slim copy of it has no windows."""
    config = replace(step(5).config, epochs=3, batch_size=100, training_images=2_000, schedule=Schedule())
    config = replace(config, optimizer=Optimizer(learning_rate=0.002))
    windows = [window(1, 10), window(1, 20), window(2, 40)] if has_windows else []
    own = [replace(window(3, 60), learning_rate=0.002)] if has_windows else []
    timeline = Timeline.of([started(), *windows, epoch(1), epoch(2), *own, epoch(3)])
    rates = rates_of_run(config, timeline, parent_epoch=2)
    before = [(0.5, 0.01), (1.0, 0.01), (2.0, 0.01)] if has_windows else [(1.0, 0.01), (2.0, 0.01)]
    assert rates[: len(before)] == before
    assert {rate for _, rate in rates[len(before) :]} == {0.002}
    assert rates[len(before)] == (2.0, 0.002)  # where it goes on, its own rate as well: a step in the curve
    assert rates_of_run(config, timeline, parent_epoch=None) == planned_learning_rates(config)
