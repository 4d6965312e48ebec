"""What a network says of a picture -> the answer as it is shown: figures and words, the same wherever it is read."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lab.drawing import Gray, Stage, odd
from lab.number_words import percent_sign, percent_words

Probabilities = NDArray[np.float32]

NAMED = 0.01
"""A second choice with this probability is named beside the first."""


class Network(Protocol):
    """A trained network that reads: `lab.predict.Predictor`, without what it is made of."""

    @property
    def description(self) -> str:
        """Which one it is, for people."""

    @property
    def status(self) -> str:
        """Of its run where that has not ended."""

    def given(self, pictures: Gray) -> Gray:
        """The picture (28, 28) as the network is given it."""

    def reads(self, given: Gray) -> Probabilities:
        """Probabilities (10,) for a picture as `given` gives it."""


@dataclass(frozen=True)
class Answer:
    """What was read in one picture, and by whom."""

    probabilities: Probabilities
    """(10,), one a digit."""
    picture: Gray
    """What the network was given (28, 28), ink bright, in [0, 1]."""
    why_odd: str | None
    """Why that does not look like one digit, a clause; None: it does."""
    reader: str
    """Which network it was, for people."""
    status: str = ""
    """Of that network's run where that has not ended, so that the next answer may be another."""

    @property
    def digit(self) -> int:
        """The most probable one."""
        return int(np.argmax(self.probabilities))

    def row(self) -> dict[str, Any]:
        """For a page in a browser: what it draws, and all that it says. `picture` is base64 of 28 * 28 bytes."""
        second, first = np.argsort(self.probabilities)[-2:]
        said = [percent_words(float(value)) for value in self.probabilities]
        guess = "" if self.why_odd is None else "only a guess, "
        return {
            "digit": self.digit,
            "probabilities": [float(value) for value in self.probabilities],
            "percent": [percent_sign(float(value)) for value in self.probabilities],
            "words": f"{guess}with a probability of {said[first]}",
            "next": f"next: {second}, {said[second]}" if self.probabilities[second] >= NAMED else "",
            "odd": ""
            if self.why_odd is None
            else f"This does not look like one digit: {self.why_odd}. {_ALL_THE_SAME}",
            "bars": f"Ten probabilities, one for each digit. The highest: {first} with {said[first]}",
            "picture": base64.b64encode(np.rint(255 * self.picture).astype(np.uint8).tobytes()).decode(),
            "reader": f"Read by {self.reader}.",
            "live": bool(self.status),
            "status": self.status,
        }


_ALL_THE_SAME = "But the network must choose one."


def answer_to(stages: Sequence[Stage], network: Network) -> Answer:
    """What the network reads in what the stages led to, and whether that looks like a digit."""
    return unjudged_answer_to(stages[-1].image, network, odd(stages))


def unjudged_answer_to(picture: Gray, network: Network, why_odd: str | None = None) -> Answer:
    """The same of a picture (28, 28), without a look at whether it is a digit."""
    given = network.given(picture)
    return Answer(network.reads(given), given, why_odd, network.description, network.status)
