"""Training as a stream of events: its grammar, its figures, and how it fails."""

import itertools
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from examples import TINY_NETWORK, checkpoint_of, epochs_of, facts, kinds, noted, resume_point, tiny_run

from lab import memory, training
from lab.checkpoint import load_weights
from lab.compute import Batch, Trainer
from lab.compute.optimizing import Step
from lab.events import DIVERGED, Epoch, Failed, Finished, Started, Window
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from lab.schedule import learning_rate
from lab.seeding import WEIGHTS, derived_seed
from lab.steps import step
from lab.training import train
from lab.training_config import Optimizer, Schedule

ROOT = Path(__file__).parent.parent


def test_a_run_is_started_then_windows_and_an_epoch_for_each_epoch_then_finished(few: Mnist) -> None:
    windows = ["window"] * 3  # 48 images in batches of 16: a window for each of the 3 iterations
    assert kinds(train(tiny_run(epochs=2), few)) == ["started", *windows, "epoch", *windows, "epoch", "finished"]


@pytest.mark.parametrize(("iterations", "windows"), [(1, 1), (7, 7), (20, 20), (33, 20), (48, 20)])
def test_an_epoch_has_20_windows_or_one_an_iteration(few: Mnist, iterations: int, windows: int) -> None:
    config = tiny_run(epochs=2, batch_size=1, training_images=iterations)
    told = [event for event in train(config, few) if isinstance(event, Window)]
    found = [window.iteration - iterations for window in told if window.epoch == 2]
    assert len(found) == windows
    assert found[-1] == iterations
    lengths = [after - before for before, after in itertools.pairwise([0, *found])]
    assert max(lengths) - min(lengths) <= 1


def test_the_first_epoch_of_a_run_has_more_windows_at_its_beginning() -> None:
    ends, later = (sorted(training._window_ends(938, is_first) - {0}) for is_first in (True, False))
    assert later[:2] == [47, 94]
    assert ends[:6] == [3, 6, 12, 23, 47, 94]  # 46.9 iterations: a sixteenth, an eighth, a quarter, a half of them
    assert ends[4:] == later


@pytest.mark.parametrize("is_fork", [False, True])
def test_who_goes_on_from_an_epoch_has_no_more_windows_than_a_run_that_was_not_interrupted(
    few: Mnist, is_fork: bool
) -> None:
    config = tiny_run(epochs=2, batch_size=1)
    whole = list(train(config, few))
    after = resume_point(epochs_of(whole)[0])
    rest = list(train(config, few, resume=replace(after, optimizer_state=None) if is_fork else after))
    ends, found = ([event.iteration for event in told if isinstance(event, Window)] for told in (whole, rest))
    assert found == [end for end in ends if end > config.iterations_per_epoch]


def test_how_often_a_run_says_how_it_does_changes_nothing_of_what_it_learns(
    few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_run(epochs=2, batch_size=1)
    often = epochs_of(train(config, few))
    monkeypatch.setattr(training, "EARLY_WINDOWS", ())
    monkeypatch.setattr(training, "WINDOWS_PER_EPOCH", 1)
    seldom = epochs_of(train(config, few))
    assert [facts(epoch) for epoch in often] == [facts(epoch) for epoch in seldom]  # weights and all


def test_started_says_what_will_be_done(few: Mnist) -> None:
    started = next(iter(train(tiny_run(), few)))
    parameters = (5 * 5 * 6 + 6 + 2 * 6) + (3 * 3 * 6 * 10 + 10)
    assert isinstance(started, Started)
    assert (started.device, started.parameters) == ("cpu", parameters)
    assert (started.first_epoch, started.epochs, started.iterations_per_epoch, started.batch_size) == (1, 3, 3, 16)
    assert started.device_name


def test_a_window_counts_iterations_since_the_start_of_the_run(few: Mnist) -> None:
    config = tiny_run(schedule=Schedule(kind="cosine"))
    windows = [event for event in train(config, few) if isinstance(event, Window)]
    assert [(window.epoch, window.iteration) for window in windows] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 4),
        (2, 5),
        (2, 6),
        (3, 7),
        (3, 8),
        (3, 9),
    ]
    assert [window.learning_rate for window in windows] == [learning_rate(config, index) for index in range(9)]
    assert all(window.images_per_second > 0 for window in windows)


# --- figures -----------------------------------------------------------------------------------------------------


def test_figures_of_an_epoch_are_means_over_its_images_not_over_its_batches(few: Mnist) -> None:
    """With batches of 20, 20 and 8, the last one counts less: compared with the windows, which are one batch each."""
    events = list(train(tiny_run(epochs=1, batch_size=20), few))
    losses, accuracies = zip(*((w.loss, w.accuracy) for w in events if isinstance(w, Window)), strict=True)
    [epoch] = epochs_of(events)
    assert epoch.train_loss == pytest.approx((20 * losses[0] + 20 * losses[1] + 8 * losses[2]) / 48)
    assert epoch.train_accuracy == pytest.approx((20 * accuracies[0] + 20 * accuracies[1] + 8 * accuracies[2]) / 48)
    assert epoch.train_loss != pytest.approx(sum(losses) / 3, rel=1e-6)


def test_the_first_loss_and_accuracy_are_those_of_the_untrained_network(few: Mnist) -> None:
    """One batch of everything: the window's figures are taken before the step that it makes."""
    config = tiny_run(epochs=1, batch_size=48)
    window = next(event for event in train(config, few) if isinstance(event, Window))
    network = build_network(config.network, derived_seed(config.seed, 0, WEIGHTS)).train()
    scores = network(normalize(to_unit(few.train_images)))
    assert window.loss == pytest.approx(F.cross_entropy(scores, few.train_labels).item(), rel=1e-5)
    assert window.accuracy == pytest.approx(100 * (scores.argmax(1) == few.train_labels).sum().item() / 48)


def test_the_first_step_is_the_optimisers_own(few: Mnist) -> None:
    """One batch of everything, by hand: the weights after it are weight - rate * (gradient + decay * weight)."""
    rate, decay = 0.05, 0.1
    config = tiny_run(
        epochs=1, batch_size=48, optimizer=Optimizer(learning_rate=rate, momentum=0.9, weight_decay=decay)
    )
    [epoch] = epochs_of(train(config, few))
    before = build_network(config.network, derived_seed(config.seed, 0, WEIGHTS)).train()
    F.cross_entropy(before(normalize(to_unit(few.train_images))), few.train_labels).backward()  # type: ignore[no-untyped-call]
    after = build_network(config.network, seed=0)
    load_weights(after, checkpoint_of(epoch).weights)
    for old, new in zip(before.parameters(), after.parameters(), strict=True):
        assert old.grad is not None
        torch.testing.assert_close(new, old - rate * (old.grad + decay * old), rtol=1e-4, atol=1e-6)


def test_a_run_says_which_commit_of_the_lab_trains_it(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "code_commit", lambda: "0123456789ab-dirty")
    started = next(iter(train(tiny_run(), few)))
    assert isinstance(started, Started)
    assert started.code_commit == "0123456789ab-dirty"


def test_an_epoch_trains_on_every_image_once(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Batch] = []
    iterate = Trainer.iterate
    monkeypatch.setattr(Trainer, "iterate", lambda run, batch, rate: iterate(run, noted(seen, batch), rate))
    events = train(tiny_run(epochs=2, training_images=40), few)
    for _ in range(2):
        next(event for event in events if isinstance(event, Epoch))
        assert [len(images) for images, _ in seen] == [16, 16, 8]
        images, labels = (torch.cat(parts) for parts in zip(*seen, strict=True))
        expected = normalize(to_unit(few.train_images[:40])).flatten(1)
        order = [expected.tolist().index(image) for image in images.flatten(1).tolist()]
        assert sorted(order) == list(range(40)) != order  # shuffled
        assert torch.equal(labels, few.train_labels[order])
        seen.clear()


def test_zeros_and_ones_are_soon_told_apart(zeros_and_ones: Mnist) -> None:
    first, *_, last = epochs_of(train(tiny_run(training_images=200, epochs=4), zeros_and_ones))
    assert last.train_loss < first.train_loss / 2
    assert last.test_accuracy > 90
    assert last.train_loss < math.log(2) / 2  # half of what guessing between two costs


def test_bfloat16_learns_too_and_keeps_float32_weights(zeros_and_ones: Mnist) -> None:
    config = tiny_run(training_images=200, epochs=4, precision="bfloat16")
    first, *_, last = epochs_of(train(config, zeros_and_ones))
    assert last.train_loss < first.train_loss / 2
    network = build_network(config.network, seed=0)
    load_weights(network, checkpoint_of(last).weights)
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}


# --- failures ----------------------------------------------------------------------------------------------------


def test_a_run_that_diverges_says_so_and_ends(few: Mnist) -> None:
    without_batch_norm = NetworkConfig(layers=TINY_NETWORK.layers)
    config = tiny_run(network=without_batch_norm, optimizer=Optimizer(learning_rate=10), epochs=20)
    *before, last = train(config, few)
    assert len(epochs_of(before)) < 20
    assert isinstance(last, Failed)
    assert last.reason == DIVERGED
    assert all(math.isfinite(event.loss) for event in before if isinstance(event, Window))
    assert kinds(before)[0] == "started"


def test_a_network_that_cannot_be_built_fails_with_its_reason(few: Mnist) -> None:
    [failed] = train(tiny_run(network=NetworkConfig(layers=(conv(10, 5), conv(12, 3)))), few)
    assert failed == Failed(
        reason="Layer 2 is the last convolution and has 12 channels: it must have 10 (one score for each digit), "
        "or a linear layer must follow."
    )


@pytest.mark.parametrize("engine", ["fastest", "pytorch"])
def test_batch_norm_on_a_single_value_fails_before_it_begins_whatever_the_engine(few: Mnist, engine: Any) -> None:
    network = NetworkConfig(layers=(conv(4, 28), conv(10, 1)), batch_norm=True)
    [failed] = train(tiny_run(network=network, training_images=33, engine=engine), few)  # 33 = 2 x 16 + 1
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("Layer 1 has batch norm on a 1×1 map, and 33 images in batches of 16 leave a batch")


def test_a_run_that_does_not_fit_in_memory_fails_before_it_begins(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 2_300_000_000)
    config = replace(step(5).config, device="cpu", batch_size=10_000, engine="pytorch")
    [failed] = train(config, few)
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("This run needs about ")
    assert failed.reason.endswith(
        " GB of memory, and this machine has 2.3 GB free: choose a smaller batch size or fewer channels."
    )


LARGE = """
import resource
from dataclasses import replace
from lab import memory
from lab.mnist import load_mnist
from lab.network_config import NetworkConfig, conv
from lab.steps import step
from lab.training import train
data = load_mnist()
if {guessed}:
    memory.available_bytes = lambda: 10**15
resource.setrlimit(resource.RLIMIT_AS, (12 * 10**9, 12 * 10**9))
network = NetworkConfig(layers=(conv(1024, 3), conv(1024, 3), conv(10, 3)))
config = replace(step(1).config, network=network, batch_size={batch}, device="cpu", engine="{engine}")
for event in train(config, data):
    print(event.row())
"""


@pytest.mark.parametrize("guessed", [False, True], ids=["foreseen", "refused by the system"])
@pytest.mark.parametrize(("engine", "batch"), [("fastest", 1_024), ("pytorch", 10_000)])
def test_1024_channels_under_a_limit_of_12_gigabytes_fail_in_a_sentence(engine: str, batch: int, guessed: bool) -> None:
    code = LARGE.format(guessed=guessed, engine=engine, batch=batch)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1]
    sentence = "The device ran out of memory: choose a" if guessed else "This run needs about "
    assert f"{{'event': 'failed', 'reason': '{sentence}" in last


def test_a_device_that_is_not_here_fails_with_the_choice(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    [failed] = train(tiny_run(device="mps"), few)
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("This machine has no mps device: choose ")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "The device ran out of memory: choose a smaller batch size"),
        (MemoryError(), "The device ran out of memory: choose a smaller batch size"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "The device ran out of memory: choose a smaller"),
        (RuntimeError(), "Training stopped with an error: it has no message"),
        (RuntimeError("cuDNN error\nlong story"), "Training stopped with an error: cuDNN error"),
    ],
)
def test_an_error_in_the_middle_of_training_is_told_in_a_sentence(
    few: Mnist, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    calls = itertools.count()
    step = Step.__call__

    def step_twice(own: Step) -> None:
        if next(calls) == 2:
            raise error
        step(own)

    monkeypatch.setattr(Step, "__call__", step_twice)
    events = list(train(tiny_run(), few))
    assert kinds(events) == ["started", "window", "window", "failed"]
    assert isinstance(events[-1], Failed)
    assert events[-1].reason.startswith(reason)
    assert "\n" not in events[-1].reason


def test_finished_is_said_only_after_every_epoch(few: Mnist) -> None:
    events = list(train(tiny_run(epochs=3), few))
    assert [epoch.epoch for epoch in epochs_of(events)] == [1, 2, 3]
    assert isinstance(events[-1], Finished)
