"""On what terms runs may stand beside each other, and in words what a run was computed in."""

from __future__ import annotations

from dataclasses import dataclass

from lab.config import TRAINING_IMAGES, EvaluationSet, Precision
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


def engine_of(hardware: str) -> str:
    """The engine that a run's hardware line ends with: `a CPU, 2 threads, compiled engine`."""
    words = hardware.rpartition(", ")[2]
    return words.removesuffix(" engine") if words.endswith(" engine") else ""


def computed_words(precision: Precision, engine: str, on_gpu: bool) -> str:
    """As in `Terms.computed`."""
    words = f"{precision}, {engine} engine" if engine else precision
    return f"{words} on a GPU" if on_gpu else words
