"""What Start would train, and what was typed that cannot be trained: one value, changed as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lab.config import ConfigError, RunConfig
from lab.editing import Rows, editable_rows, network_from_rows
from lab.layers import ImpossibleNetwork
from lab.steps import with_recipe

STEP_RULE = (
    "A step sets the network, augmentation, optimiser, scheduler, batch size, label smoothing and weight averaging. "
    "Everything else stays as you set it: "
    "epochs, training images, evaluation and measuring, seed, device, precision and computation."
)
"""What choosing a step does, for whoever is about to."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What was typed into one field, and why no run can have it."""

    text: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A config that can be trained, and beside it what was typed last and cannot be.

    While there is such a problem the config is not what the page shows, so that Start waits.
    """

    config: RunConfig
    rows: Rows | None = None
    """The layer table as it was typed, while it cannot be built; None: the config's layers are the table."""
    rows_problem: str | None = None
    refused: Mapping[str, Refused] = field(default_factory=dict)
    """By the field's dotted name: `optimizer.learning_rate`."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Why Start has to wait, a sentence each."""
        found = [refused.problem for refused in self.refused.values()]
        return tuple(found if self.rows_problem is None else [self.rows_problem, *found])

    @property
    def table(self) -> Rows:
        """What the layer table shows."""
        return editable_rows(self.config.network) if self.rows is None else self.rows

    def changed(self, name: str, value: Any) -> Draft:
        """With another value of a field ("seed", "optimizer.momentum"), or with a whole part ("augmentation")."""
        part, _, inner = name.partition(".")
        new = replace(getattr(self.config, part), **{inner: value}) if inner else value
        return replace(self._without(name), config=replace(self.config, **{part: new}))

    def refusing(self, name: str, text: str, problem: str) -> Draft:
        """With a text that the field cannot have; its value stays what it was."""
        return replace(self, refused={**self.refused, name: Refused(text=text, problem=problem)})

    def typed(self, name: str, text: str, parse: Any) -> Draft:
        """With what was typed into a field, as `parse` reads it, or refused with its sentence."""
        try:
            return self.changed(name, parse(text))
        except ConfigError as error:
            return self.refusing(name, text, str(error))

    def with_rows(self, rows: Rows) -> Draft:
        """With the layers of a table, or with the reason why it cannot be built."""
        try:
            network = network_from_rows(rows, self.config.network)
        except ImpossibleNetwork as error:
            return replace(self, rows=rows, rows_problem=str(error))
        return replace(self.without_rows(), config=replace(self.config, network=network))

    def without_rows(self) -> Draft:
        """With the last layers that can be built."""
        return replace(self, rows=None, rows_problem=None)

    def with_step(self, number: int) -> Draft:
        """With a step's recipe, and nothing refused; what is the user's stays (see `lab.steps.RECIPE`)."""
        return Draft(config=with_recipe(self.config, number))

    def _without(self, name: str) -> Draft:
        """Without what was refused in this field, or in the fields of this part."""
        kept = {key: refused for key, refused in self.refused.items() if not f"{key}.".startswith(f"{name}.")}
        return replace(self, refused=kept)
