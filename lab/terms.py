"""On what terms runs may stand beside each other, and in words what a run was computed in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lab.config import TRAINING_IMAGES, EvaluationSet, Precision
from lab.events import THEN
from lab.steps import STEPS


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what terms a step was trained. Only runs on equal terms are pooled; seed and machine may differ.

    But not whether it was a GPU: that rounds otherwise, and draws other masks of dropout.
    """

    step: int
    epochs: int
    training_images: int
    evaluate_on: EvaluationSet
    precision: Precision
    engine: str
    """compiled, folded or PyTorch, as the run said; empty where it did not say."""
    on_gpu: bool = False

    @property
    def as_published(self) -> bool:
        """Whether a result on these terms may stand beside the step's published one, whatever it is computed with."""
        whole = self.training_images == TRAINING_IMAGES and self.evaluate_on == "test"
        return whole and self.epochs == STEPS[self.step - 1].config.epochs

    @property
    def computed(self) -> str:
        """`float32, compiled engine`, or `float32, PyTorch engine on a GPU`."""
        return computed_words(self.precision, self.engine, self.on_gpu)


_THREADS = re.compile(r", \d+ threads?, ")


def engine_of(hardware: str) -> str:
    """The engine that a run's hardware line ends with: `a CPU, 2 threads, compiled engine`.

    Of a run that was resumed on another engine, or on a GPU instead of a CPU, those of its attempts in order, so that
    it is pooled with none of either kind: `compiled, then PyTorch`.
    """
    attempts = hardware.split(THEN)
    return ", then ".join(name for name, _ in dict.fromkeys(map(_computed_by, attempts)))


def _computed_by(attempt: str) -> tuple[str, bool]:
    """The engine of an attempt, and whether its hardware is a CPU: of a GPU no threads are told."""
    words = attempt.rpartition(", ")[2]
    return words.removesuffix(" engine") if words.endswith(" engine") else "", bool(_THREADS.search(attempt))


def computed_words(precision: Precision, engine: str, on_gpu: bool) -> str:
    """As in `Terms.computed`."""
    words = f"{precision}, {engine} engine" if engine else precision
    return f"{words} on a GPU" if on_gpu else words
