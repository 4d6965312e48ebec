"""The commands that bring runs in or take them along, and those about whole databases: sound or not, and a copy."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lab import store
from lab.cli_arguments import Refused, RunsArgument, named_path
from lab.cli_output import console
from lab.console import visible
from lab.store import database_url, open_store


def import_runs(
    file: Annotated[
        Path,
        typer.Argument(help="The file runs/lab.sqlite3 of another lab. It may be in use.", parser=named_path),
    ],
    slim: Annotated[
        bool,
        typer.Option(
            "--slim", help="Copy only the epochs and the last weights: smaller, but without the curves within epochs."
        ),
    ] = False,
) -> None:
    """Copy the ended runs from the database file of another lab. That file does not change."""
    if not os.path.isfile(file):  # Path.is_file raises where it may not be looked at
        raise Refused(f"There is no file {file}.")
    done = open_store().import_file(file, slim)
    for sentence in done.refused:
        print(visible(sentence), file=sys.stderr)
    copied, already = len(done.copied), done.already_here
    here = f"; {already} {'was' if already == 1 else 'were'} already here" if already else ""
    console.print(f"Copied {copied} {'run' if copied == 1 else 'runs'}{here}.")
    raise typer.Exit(1 if done.refused else 0)


def check() -> None:
    """Look for damage in the database: its pages, runs, events and checkpoints. Nothing is changed."""
    problems = store.check(database_url())
    for sentence in problems:
        print(visible(sentence))
    if not problems:
        console.print("No damage found.")
    raise typer.Exit(1 if problems else 0)


def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the copy.", parser=named_path)],
) -> None:
    """Copy the database to a new file. The database may be in use."""
    store.backup(database_url(), file)
    console.print(f"Wrote {file}.")


def export(
    runs: RunsArgument,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            parser=named_path,
            metavar="FOLDER",
            help="The folder. The lab makes it if it does not exist. "
            "[default: run-7 for run 7; runs-3-5-8 for runs 3, 5 and 8; runs-1-to-20 for more than five]",
        ),
    ] = None,
) -> None:
    """Write the files of a run: epochs (CSV), charts (SVG, PNG), weights (safetensors), settings and result (JSON).

    Of several runs: their comparison as a table (CSV) and charts (SVG, PNG).
    """
    from lab.export import comparison_files, comparison_name, run_files, write_files

    numbers = sorted(set(runs))
    if len(numbers) > 1:
        name, files = comparison_name(numbers), comparison_files(open_store(), numbers)
    else:
        name, files = f"run-{numbers[0]}", run_files(open_store(), numbers[0])
    folder = Path(name) if to is None else to
    try:
        write_files(folder, files)
    except OSError as error:
        raise Refused(f"The files cannot be written to {folder}: {error.strerror or error}.") from error
    console.print(f"Wrote {len(files)} files to {visible(str(folder))}.")
