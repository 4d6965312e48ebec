"""What the command line prints for people: tables, and a progress bar with a line for every epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lab.analysis import RunSummary, gap, moment, training_augmented, training_evaluated, wrong_images
from lab.bench import Report
from lab.config import RunConfig
from lab.console import PlainConsole
from lab.describe import StepSummary, describe_config
from lab.events import Epoch, Paused, Resumed, Started, Window
from lab.layer_row import LayerRow
from lab.number_words import percent_sign, signed, typed
from lab.store import Kept, Run

if TYPE_CHECKING:
    from lab.probe import Reading

console = PlainConsole()


def _table(*columns: str) -> Table:
    """Numbers to the right: columns whose name begins with '>'."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    return table


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} %"


def steps_table(presets: Iterable[StepSummary]) -> Table:
    """The presets, a line each."""
    table = _table(">step", "name", ">parameters", "batch norm", ">dropout", "augmentation", "scheduler", ">published")
    for summary in presets:
        preset, network = summary.preset, summary.preset.config.network
        table.add_row(
            str(preset.number),
            preset.name,
            f"{summary.parameters:,}",
            "yes" if network.batch_norm else "-",
            f"{network.dropout:g}" if network.dropout else "-",
            summary.augmentation or "-",
            summary.scheduler or "-",
            _percent(summary.published_final),
        )
    return table


def layers_table(rows: list[LayerRow]) -> Table:
    """The layers, a line each, and the totals."""
    table = _table(">#", "kind", ">kernel", ">stride", ">padding", "input", "output", ">parameters", ">MACs")
    for name in ("stride product", "sees (pixels)"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            str(row.index),
            " + ".join((row.kind.replace("_", " "), *row.extras)),
            *(str(value) if row.has_window else "-" for value in (row.kernel, row.stride, row.padding)),
            *("x".join(map(str, shape)) for shape in (row.input_shape, row.output_shape)),
            f"{row.parameters:,}",
            f"{row.macs:,}",
            str(row.jump),
            str(row.receptive_field),
        )
    total = (f"{sum(row.parameters for row in rows):,}", f"{sum(row.macs for row in rows):,}")
    table.add_row("", "total", "", "", "", "", "", *total, "", "", style="bold")
    return table


def runs_table(runs: Iterable[RunSummary]) -> Table:
    """The runs, a line each; "last" and "best" are accuracies of the images that a run is evaluated on."""
    table = _table(
        ">run", "name", "status", ">epochs", "evaluated on", ">last", ">best", ">minutes", "queued", "started"
    )
    for run in runs:
        table.add_row(
            str(run.run),
            run.name,
            run.status,
            f"{len(run.epochs)}/{run.config.epochs}",
            run.evaluated,
            _percent(run.last.test_accuracy if run.last else None),
            _percent(run.best.test_accuracy if run.best else None),
            f"{run.training_seconds / 60:.1f}",
            moment(run.queued),
            moment(run.started),
        )
    return table


def run_page(run: RunSummary) -> RenderableType:
    """One run with its config and every epoch."""
    facts = _table("", "")
    facts.add_row("Run", f"{run.run}: {run.name}")
    facts.add_row("Status", typed(f"{run.status} {run.reason}".strip()))
    for name, seconds in (("Queued", run.queued), ("Started", run.started), ("Ended", run.ended)):
        facts.add_row(name, moment(seconds))
    for name, value in describe_config(run.config):
        facts.add_row(name, typed(value))
    facts.add_row("Hardware", run.hardware)
    facts.add_row("Commit", run.code_commit or "unknown")
    if run.parent_epoch is not None:
        facts.add_row(
            "Forked", f"continues another run after epoch {run.parent_epoch}; the epochs of that run come first"
        )
    over = gap(run.last)
    facts.add_row("Training images, at the end", _in_the_end(run))
    facts.add_row(
        f"Train - {run.evaluated}",
        "not measured" if over is None else f"{typed(signed(over))} points, both evaluated after the last epoch",
    )
    held_out = run.evaluated
    table = _table(">epoch", ">train loss", ">train", ">train, evaluated", f">{held_out} loss", f">{held_out}")
    for name in ("wrong of 10,000", "learning rate", "s"):
        table.add_column(name, justify="right")
    for epoch in run.epochs:
        measured = training_evaluated(epoch)
        table.add_row(
            str(epoch.epoch),
            f"{epoch.train_loss:.4f}",
            _percent(epoch.train_accuracy),
            _percent(measured.accuracy if measured else None),
            f"{epoch.test_loss:.4f}",
            _percent(epoch.test_accuracy),
            f"{wrong_images(epoch):,}",
            f"{epoch.learning_rate:.2g}",
            f"{epoch.seconds:.1f}",
        )
    return Group(facts, "", table)


def _in_the_end(run: RunSummary) -> str:
    """`59,670 of 60,000 correct (99.45 %, loss 0.0198); augmented 59,598 (99.33 %, loss 0.0231)`."""
    if not run.complete or not run.epochs[-1].measured:
        return "not measured"
    plain, augmented = training_evaluated(run.last), training_augmented(run.last)
    told = [
        f"{name}{found.correct:,} of {found.images:,} correct ({found.accuracy:.2f} %, loss {found.loss:.4f})"
        for name, found in (("", plain), ("augmented ", augmented))
        if found
    ]
    return "; ".join(told)


def show_progress(events: Iterator[Kept], run_id: int, config: RunConfig) -> None:
    """A progress bar over the whole run, and a line for every finished epoch."""
    total = config.epochs * config.iterations_per_epoch
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    remaining, speed_column = TimeRemainingColumn(), TextColumn("{task.fields[speed]}")
    with Progress(*columns, remaining, speed_column, console=console) as progress:
        task = progress.add_task(f"run {run_id}, waiting for the device", total=total, speed="")
        for kept in events:
            match kept.event:
                case Started(first_epoch=epoch):
                    done = (epoch - 1) * config.iterations_per_epoch
                    progress.update(task, completed=done, description=f"run {run_id}, epoch {epoch}")
                case Window() as window:
                    speed = f"loss {window.loss:.3f}, {window.images_per_second:,.0f} images/s"
                    description = f"run {run_id}, epoch {window.epoch}"
                    progress.update(task, completed=window.iteration, description=description, speed=speed)
                case Epoch() as epoch:
                    progress.console.print(_epoch_line(epoch, config.evaluate_on))
                case Paused() | Resumed():
                    progress.console.print(kept.event.kind)


def _epoch_line(epoch: Epoch, evaluated: str) -> str:
    measured = training_evaluated(epoch)
    alike = f"train, evaluated {measured.accuracy:.2f} %  " if measured else ""
    return (
        f"epoch {epoch.epoch:>2}  train {epoch.train_accuracy:.2f} %  {alike}"
        f"{evaluated} {epoch.test_accuracy:.2f} % ({wrong_images(epoch):,} wrong of 10,000)  {epoch.seconds:.1f} s"
    )


def reading(digit: int, probabilities: list[float], why_odd: str | None) -> RenderableType:
    """The answer, and a bar for each digit; above them, where it looks like no digit, that and why."""
    block = "█" if console.can_show("█") else "#"
    table = _table(">digit", ">probability", "")
    for number, value in enumerate(probabilities):
        style = "bold" if number == digit else ""
        table.add_row(str(number), typed(percent_sign(value)), block * round(40 * value), style=style)
    if why_odd is None:
        return table
    return Group(f"This does not look like one digit: {why_odd}. {digit} is only a guess.", table)


def mistakes_table(wrong: Iterable[Reading], evaluated: str) -> Table:
    """The digits that were read wrongly, a line each; images are counted from 0."""
    table = _table(f">{evaluated} image", ">is", ">read as", ">with", ">probability of the right digit")
    for one in wrong:
        shares = (typed(percent_sign(share, digits=2)) for share in (one.probability, one.of_label))
        table.add_row(str(one.number), str(one.label), str(one.answer), *shares)
    return table


def bench_page(report: Report) -> RenderableType:
    """The two contenders, a line each, and how far the lab is from the device's limit."""
    table = _table("", "how", ">iterations/s", ">s per epoch", ">peak memory, MB")
    for name, speed in (("published", report.published), ("lab", report.lab)):
        table.add_row(
            name,
            speed.how,
            f"{speed.iterations_per_second:.1f}",
            f"{speed.epoch_seconds:.1f}",
            f"{speed.peak_memory_mb:,.0f}",
        )
    words = (
        f"The lab is {report.ratio:.1f} times as fast: the median of {report.rounds} rounds of {report.iterations} "
        f"iterations on {report.device}. It reaches {100 * report.share_of_peak:.0f} % of the "
        f"{report.peak_gflops:,.0f} GFLOP/s that a float32 matrix product reaches here."
    )
    return Group(table, "", words)


def ending(run: Run) -> str:
    """The last line of a training."""
    if run.status in ("stopped", "interrupted"):
        return f"Run {run.id} was {run.status}. `python -m lab resume {run.id}` continues after its last epoch."
    return f"Run {run.id} failed: {typed(run.reason)}" if run.status == "failed" else f"Run {run.id} finished."
