"""`python -m lab`: the lab without a browser, on the same store as the app.

torch is imported only by the commands that need it, so that the others answer at once.
"""

from __future__ import annotations

import errno
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from typer._click.exceptions import ClickException  # typer carries its own click and names this base nowhere else

from lab import cli_output, cli_probe, cli_rows, cli_store, cli_training, steps
from lab.analysis import summarize
from lab.cli_arguments import (
    DeviceOption,
    JsonOption,
    PlainOption,
    Refused,
    RunArgument,
    RunOption,
    StepOption,
    check_device,
    named_path,
    preset,
)
from lab.cli_output import console
from lab.config import ConfigError, RunConfig
from lab.console import discard, replace_what_cannot_be_shown, visible
from lab.describe import summarize_step
from lab.layers import layer_table
from lab.memory import is_lack_of_memory
from lab.number_words import typed
from lab.process import INTERRUPTED, import_torch
from lab.report import results as results_table
from lab.report import summaries
from lab.seeds import counted, pool_seeds
from lab.store import StoreError, open_store

app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Use the lab without a browser. It keeps its runs where the app does.",
    rich_markup_mode=None,
)

NO_MEMORY = "This machine has too little free memory for that: close other programs, and try again."
UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Of a disk that takes nothing more."""
_ITERATIONS_HELP = "Iterations per round. Default: 40 on a CPU, 470 on other devices."
app.command("import")(cli_store.import_runs)
for command in (cli_store.export, cli_store.check, cli_store.backup, cli_probe.mistakes):
    app.command()(command)


def main() -> None:
    """Run the command line; wrong arguments give one sentence on stderr and exit code 2."""
    replace_what_cannot_be_shown()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same as Ctrl-C
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()  # here, where a sentence can be made of what goes wrong
    except ClickException as error:
        _refuse(error.format_message())
    except (Refused, ConfigError, StoreError) as error:
        _refuse(str(error))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except (SystemExit, BrokenPipeError):  # `| head` has seen enough: Typer and Rich, if they notice, would leave
        discard(sys.stdout)
        sys.exit(0)
    except OSError as error:
        if error.errno not in UNWRITTEN or error.filename is not None:  # a file's error names it
            raise
        discard(sys.stdout)
        _refuse(f"The output cannot be written: {error.strerror or error}.", code=1)
    except (MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
        _refuse(NO_MEMORY)
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(sentence: str, code: int = 2) -> None:
    try:
        print(visible(" ".join(typed(sentence).split())), file=sys.stderr)
    except OSError:  # the exit code tells all the same
        discard(sys.stderr)
    sys.exit(code)


@app.command("steps")
def list_steps(as_json: JsonOption = False) -> None:
    """List the seven steps: the five published ones, Beyond and Smallest."""
    presets = [summarize_step(preset) for preset in steps.STEPS]
    if as_json:
        print(cli_rows.json_text([preset.row() for preset in presets], indent=2))
    else:
        console.print(cli_output.steps_table(presets))


@app.command()
def layers(step: StepOption, as_json: JsonOption = False) -> None:
    """Show what each layer of a step computes and sees."""
    rows = layer_table(preset(step).config.network)
    if as_json:
        print(cli_rows.json_text([cli_rows.layer_row(row) for row in rows], indent=2))
    else:
        console.print(cli_output.layers_table(rows))


app.command()(cli_training.train)  # here, since `--help` lists the commands in this order
app.command()(cli_training.resume)


@app.command()
def runs(as_json: JsonOption = False) -> None:
    """List all runs, newest first. Errors about runs that cannot be read go to stderr."""
    store = open_store()
    known = summaries(store)
    for run in store.unreadable():
        print(visible(run.problem), file=sys.stderr)
    if as_json:
        print(cli_rows.json_text([run.row() for run in known], indent=2))
    elif known:
        console.print(cli_output.runs_table(known))
    else:
        console.print("No runs yet. Start one with `python -m lab train --step 3`.")


@app.command()
def show(run: RunArgument, as_json: JsonOption = False) -> None:
    """Show a run: its settings and every epoch."""
    store = open_store()
    found = summarize(store.run(run), store.epochs([run])[run])
    if as_json:
        told = {"config": cli_rows.plain(found.config), "epochs": [epoch.row() for epoch in found.epochs]}
        print(cli_rows.json_text(found.row() | told, indent=2))
    else:
        console.print(cli_output.run_page(found))


@app.command()
def predict(
    picture: Annotated[Path, typer.Argument(help="A PNG or JPEG file of one digit.", parser=named_path)],
    run: RunOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a digit from a picture file, as the Draw page does."""
    import_torch()
    from lab.drawing import BlankDrawing, NoShapes, PictureError, drawing_stages, odd, read_picture_file
    from lab.predict import load_predictor

    try:
        stages = drawing_stages(read_picture_file(picture))
        doubt = odd(stages)
    except NoShapes as error:
        raise Refused(str(error)) from error
    except (PictureError, BlankDrawing) as error:
        raise Refused(f"{picture}: {error}") from error
    except OSError as error:
        raise Refused(f"The picture {picture} cannot be read: {error.strerror or error}.") from error
    probabilities = [float(value) for value in load_predictor(run)(stages[-1].image)]
    digit = max(range(len(probabilities)), key=probabilities.__getitem__)
    if as_json:
        print(cli_rows.json_text({"digit": digit, "probabilities": probabilities, "odd": doubt}))
    else:
        console.print(cli_output.reading(digit, probabilities, doubt))


@app.command()
def results(as_json: JsonOption = False) -> None:
    """Print the published results beside those of your complete runs, in Markdown."""
    store = open_store()
    if as_json:
        pools = pool_seeds(counted(summaries(store)))
        print(cli_rows.json_text([cli_rows.pool_row(pool) for pool in pools], indent=2))
    else:
        print(results_table(store))


@app.command()
def bench(
    device: DeviceOption = RunConfig.device,
    iterations: Annotated[int | None, typer.Option(min=1, max=900, help=_ITERATIONS_HELP)] = None,
    plain: PlainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare how fast the published recipe and the lab train step 5: the medians of five rounds."""
    import_torch()
    from lab.bench import bench as measure
    from lab.device import resolve_device
    from lab.mnist import DataError

    chosen = replace(steps.step(5).config, device=device)  # type: ignore[arg-type]  # checked by RunConfig
    check_device(chosen)
    try:
        report = measure(resolve_device(chosen.device), "pytorch" if plain else "fastest", iterations)
    except DataError as error:
        raise Refused(str(error)) from error
    if as_json:
        print(cli_rows.json_text(report.row(), indent=2))
    else:
        console.print(cli_output.bench_page(report))


@app.command()
def ship(run: RunArgument) -> None:
    """Make the last epoch of a run the ready-trained network."""
    import_torch()
    from lab.predict import ship as ship_run

    console.print(f"Wrote {ship_run(run, open_store())}.")
