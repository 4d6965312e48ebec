"""The command about what a trained network has learned: the digits that it reads wrongly."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from lab import cli_output
from lab.cli_arguments import JsonOption, Refused, RunOption
from lab.cli_output import console
from lab.cli_rows import json_text
from lab.process import import_torch
from lab.store import open_store

EpochOption = Annotated[
    int | None, typer.Option("--epoch", help="Use the weights after this epoch. Default: the last epoch.")
]


def mistakes(run: RunOption = None, epoch: EpochOption = None, as_json: JsonOption = False) -> None:
    """List the digits that a network reads wrongly, the surest wrong answers first."""
    import_torch()
    from lab.mnist import DataError
    from lab.predict import load_predictor
    from lab.probe import kept_answers, read_answers, read_hardest_first

    if run is None and epoch is not None:
        raise Refused("--epoch needs --run: the ready-trained network has only one epoch.")
    store = open_store()
    if run is not None and epoch is None:  # of a run that trains there may be another a moment later
        epoch = max(store.checkpoint_epochs(run), default=None)
    predictor = load_predictor(run, epoch, store)
    try:
        answers = read_answers(predictor) if run is None else kept_answers(store, run, epoch)
        wrong = read_hardest_first(answers, answers.wrong(), predictor)
    except DataError as error:
        raise Refused(str(error)) from error
    if as_json:
        told: dict[str, Any] = {
            "network": predictor.description,
            "evaluated_on": answers.evaluated,
            "images": len(answers.labels),
        }
        told |= {"confusion": answers.confusion().tolist(), "mistakes": [asdict(one) for one in wrong]}
        print(json_text(told))
        return
    counted = f"{len(wrong):,} wrong of {len(answers.labels):,} {answers.evaluated} images"
    if run is None:
        console.print(f"{predictor.description}.")  # which says that itself
    else:
        console.print(f"{predictor.description}: {counted}.")
    console.print(cli_output.mistakes_table(wrong, answers.evaluated))
