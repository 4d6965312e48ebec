"""What the command line prints for people says which images an accuracy is of, and when a run really began."""

from dataclasses import replace

import pytest
from app_pages import epoch as kept_epoch
from app_pages import started
from rich.console import RenderableType
from summaries import epoch, epochs, summary

from lab.analysis import moment
from lab.cli_output import console, run_page, runs_table, show_progress
from lab.events import Measured
from lab.steps import step
from lab.store import Kept


def printed(shown: RenderableType) -> list[str]:
    with console.capture() as capture:
        console.print(shown)
    return capture.get().splitlines()


def test_a_runs_line_says_when_its_training_began_and_nothing_while_it_waits() -> None:
    waiting, training = summary(status="queued", run=2), summary(epochs(99.0), "running", run=1)
    head, *lines = printed(runs_table([waiting, training]))
    assert head.split()[-2:] == ["queued", "started"]
    assert lines[0].split()[-2:] == [moment(1000.0), "-"]
    assert lines[1].split()[-2:] == [moment(1000.0), moment(1060.0)]
    places = [head.index(" queued") + 1, head.index(" started") + 1]
    assert [lines[1][place:].split()[0] for place in places] == [moment(1000.0), moment(1060.0)]


def test_a_runs_line_says_which_images_its_accuracies_are_of() -> None:
    runs = [summary(epochs(99.0)), summary(epochs(98.0), evaluate_on="validation")]
    head, *lines = printed(runs_table(runs))
    assert "evaluated on" in head
    assert "test" not in head.replace("evaluated", "")
    assert [" test " in lines[0], " validation " in lines[1], " test " in lines[1]] == [True, True, False]


def test_a_runs_page_tells_queued_started_and_ended_apart() -> None:
    lines = printed(run_page(summary(epochs(99.0))))
    times = {line.split()[0]: line.split()[-1] for line in lines if line.split()[:1] and "T" in line.split()[-1]}
    assert {name: times[name] for name in ("Queued", "Started", "Ended")} == {
        "Queued": moment(1000.0),
        "Started": moment(1060.0),
        "Ended": moment(2000.0),
    }


def test_a_runs_page_tells_the_accuracy_while_training_from_the_one_that_may_be_compared() -> None:
    measured = (
        Measured(images=60_000, augmented=False, loss=0.0198, correct=59_670),
        Measured(images=60_000, augmented=True, loss=0.0231, correct=59_598),
    )
    last = replace(epoch(2, 99.25, train=98.5), measured=measured)
    lines = printed(run_page(summary([epoch(1, 99.0, train=97.5), last])))
    [told] = [line for line in lines if line.startswith("Training images, at the end")]
    assert told.rstrip().endswith(
        "59,670 of 60,000 correct (99.45 %, loss 0.0198); augmented 59,598 of 60,000 correct (99.33 %, loss 0.0231)"
    )
    assert ["Train", "-", "test", "+0.20", "points,", "both", "evaluated", "after", "the", "last", "epoch"] in [
        line.split() for line in lines
    ]
    assert "train, evaluated" in lines[-3]
    assert lines[-2].split()[:5] == ["1", "0.0500", "97.50", "%", "-"]  # not measured in the first epoch
    assert all(figure in lines[-1] for figure in ("98.50 %", "99.45 %", "99.25 %"))


def test_an_epochs_line_tells_both_training_accuracies() -> None:
    events = [
        Kept(id=1, time=0.0, event=started(step(5).config)),
        Kept(id=2, time=1.0, event=epoch(1, train=97.5, measured=98.25)),
    ]
    with console.capture() as capture:
        show_progress(iter(events), 1, step(5).config)
    assert "train 97.50 %  train, evaluated 98.25 %  test 99.00 %" in capture.get()


@pytest.mark.parametrize(("commit", "told"), [("0123456789ab-dirty", "0123456789ab-dirty"), ("", "unknown")])
def test_a_runs_page_says_which_commit_of_the_lab_trained_it(commit: str, told: str) -> None:
    run = replace(summary(epochs(99.0)), code_commit=commit)
    assert [line.split() for line in printed(run_page(run)) if line.startswith("Commit")] == [["Commit", told]]
    assert run.row()["code_commit"] == (commit or None)


@pytest.mark.parametrize(("images", "other"), [("test", "validation"), ("validation", "test")])
def test_a_runs_page_and_progress_name_the_images_they_are_about(images: str, other: str) -> None:
    told = "\n".join(printed(run_page(summary(epochs(99.0), evaluate_on=images)))[-2:])
    assert f"{images} loss" in told
    assert other not in told
    config = replace(step(5).config, evaluate_on=images)  # type: ignore[arg-type]
    events = [Kept(id=1, time=0.0, event=started(config)), Kept(id=2, time=1.0, event=kept_epoch(1))]
    with console.capture() as capture:
        show_progress(iter(events), 1, config)
    assert f"{images} 99.00 % (100 wrong of 10,000)" in capture.get()
    assert f"{other} 99" not in capture.get()
