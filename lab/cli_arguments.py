"""The arguments that several commands take, and how a wrong one is refused."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.run_number import run_number


class Refused(Exception):
    """Wrong arguments, in one sentence."""


def _run_number(text: str) -> int:
    number = run_number(text)
    if number is None:
        words = text if len(text) <= 30 else f"{text[:30]}..."
        raise Refused(f"There is no run {words}: `python -m lab runs` lists them.")
    return number


StepOption = Annotated[int, typer.Option("--step", help="1 to 5: the published steps; 6: Beyond.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
PlainOption = Annotated[bool, typer.Option("--plain", help="PyTorch's own modules only.")]
RunArgument = Annotated[int, typer.Argument(help="The run's number, as `runs` lists it.", parser=_run_number)]
RunOption = Annotated[
    int | None,
    typer.Option(
        "--run",
        parser=_run_number,
        metavar="RUN",
        help="Read it with this run instead of the shipped checkpoint.",
    ),
]
