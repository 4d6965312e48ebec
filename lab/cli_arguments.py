"""The arguments that several commands take, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lab import steps
from lab.config import RunConfig
from lab.fields import Choice, Number, about
from lab.network_config import NetworkConfig
from lab.process import import_torch
from lab.quick import QUICK_BATCH, QUICK_EPOCHS, QUICK_IMAGES
from lab.run_number import run_number


class Refused(Exception):
    """Wrong arguments, in one sentence."""


def _run_number(text: str) -> int:
    number = run_number(text)
    if number is None:
        words = text if len(text) <= 30 else f"{text[:30]}..."
        raise Refused(f"There is no run {words}: `python -m lab runs` lists them.")
    return number


def named_path(text: str) -> Path:
    """A file or folder that an argument names. An empty one would be the folder that one is in: a variable of a script
    that has no value is no reason to write there.

    Raises:
        Refused: it names none.
    """
    if not text.strip():
        raise Refused("An empty name is no file or folder: give its name, or a dot for the folder that you are in.")
    return Path(text)


def preset(number: int) -> steps.Step:
    """The step that an argument names.

    Raises:
        Refused: there is none.
    """
    try:
        return steps.step(number)
    except ValueError as error:
        raise Refused(str(error)) from error


def check_device(config: RunConfig) -> None:
    """Whether this machine has the device that an argument names.

    Raises:
        Refused: it has none.
    """
    import_torch()
    from lab.device import DeviceUnavailable, resolve_device

    try:
        resolve_device(config.device)
    except DeviceUnavailable as error:
        raise Refused(str(error)) from error


def _field(name: str, flag: str = "", kind: type = RunConfig) -> Any:
    """The option for a field of a run's config, or of its part `kind`, in the words that stand beside the field."""
    stated = about(kind)[name]
    allowed = f" Allowed: {stated.limits}." if isinstance(stated, Number) else ""
    if isinstance(stated, Choice):
        allowed = f" Allowed: {', '.join(stated.options)}."
    return typer.Option(flag or f"--{name}", help=f"{stated.help}{allowed}")


StepOption = Annotated[int, typer.Option("--step", help="1 to 5: the published steps; 6: Beyond; 7: Smallest.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
EpochsOption = Annotated[int | None, _field("epochs")]
SeedOption = Annotated[int, _field("seed")]
ImagesOption = Annotated[int | None, _field("training_images", "--images")]
PrecisionOption = Annotated[str, _field("precision")]
DeviceOption = Annotated[str, _field("device")]
MeasureOption = Annotated[bool | None, _field("measure_training", "--measure/--no-measure")]
QuickOption = Annotated[
    bool,
    typer.Option(
        "--quick",
        help=f"Train for {QUICK_EPOCHS} epochs on {QUICK_IMAGES:,} images in batches of {QUICK_BATCH}, like Quick in "
        "the app. Other options that you give still apply.",
    ),
]
BiasOption = Annotated[str | None, _field("bias", kind=NetworkConfig)]
SecondReadingOption = Annotated[
    bool | None, _field("second_reading", "--second-reading/--one-reading", kind=NetworkConfig)
]
DeslantOption = Annotated[bool | None, _field("deslant", "--deslant/--no-deslant", kind=NetworkConfig)]
SmoothingOption = Annotated[float | None, _field("label_smoothing", "--label-smoothing")]
AveragingOption = Annotated[float | None, _field("weight_averaging", "--weight-averaging")]
PlainOption = Annotated[bool, typer.Option("--plain", help="Use only PyTorch's own modules.")]
RunArgument = Annotated[
    int, typer.Argument(help="The number of the run, as in the list of `runs`.", parser=_run_number)
]
RunsArgument = Annotated[
    list[int], typer.Argument(help="The numbers of one or more runs, as in the list of `runs`.", parser=_run_number)
]
RunOption = Annotated[
    int | None,
    typer.Option(
        "--run",
        parser=_run_number,
        metavar="RUN",
        help="Use the network of this run. Default: the ready-trained network.",
    ),
]
