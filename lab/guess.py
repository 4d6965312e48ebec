"""What a student says before a run that it will come to, and how far off that was. Accuracies in percent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guess:
    """A final accuracy from `low` up to, but not with, `high`."""

    low: float
    high: float

    @property
    def words(self) -> str:
        """`95 to 98 %`."""
        if self.low == 0:
            return f"under {self.high:g} %"
        return f"{self.low:g} % or more" if self.high > 100 else f"{self.low:g} to {self.high:g} %"

    @property
    def short(self) -> str:
        """`95–98`."""
        if self.low == 0:
            return f"< {self.high:g}"
        return f"≥ {self.low:g}" if self.high > 100 else f"{self.low:g}–{self.high:g}"

    @property
    def least(self) -> float:
        """An axis that shows this accuracy shows the guess."""
        return max(self.low, self.high - 5)

    def nearest(self, accuracy: float) -> float:
        """The accuracy within the guess that is nearest to this one."""
        return min(max(accuracy, self.low), self.high)

    def off(self, accuracy: float) -> float:
        """How many points more it came to than the guess, below 0: less; 0 within it and at `high`."""
        return accuracy - self.nearest(accuracy)


GUESSES = tuple(Guess(low, high) for low, high in ((0, 90), (90, 95), (95, 98), (98, 99), (99, 99.4), (99.4, 100.01)))
"""What there is to choose from: a quick run ends within the first of them, a whole one within the last."""


def verdict(guess: Guess, accuracy: float) -> tuple[str, str]:
    """What came of a guess, in a few words, and what to ask oneself then."""
    off = guess.off(accuracy)
    if guess.low <= accuracy < guess.high:
        return "as you guessed", "What made you so sure? Say it in one sentence, change one thing, and guess again."
    if accuracy >= guess.high:
        how_far = f"{off:.2f} points more" if off else "just above"  # at `high`, which the guess ends before
        return how_far, "Why more? Say it in one sentence first: at which epoch did the curve leave your guess?"
    return f"{-off:.2f} points less", "Why less? Say it in one sentence first: what kept the curve below your guess?"
