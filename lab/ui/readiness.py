"""Whether a draft can be started: why not is said beside the button, before anything begins."""

from __future__ import annotations

from lab.config import RunConfig
from lab.memory import memory_problem
from lab.trainable import training_problem
from lab.ui.draft import Draft


def start_problems(draft: Draft) -> tuple[str, ...]:
    """Why the draft cannot be trained here and now, a sentence each; empty when it can."""
    return (*draft.problems, *filter(None, [training_problem(draft.config) or _memory_problem(draft.config)]))


def _memory_problem(config: RunConfig) -> str | None:
    """As `lab.memory` says; the device is asked for, which imports torch, only where it decides."""
    if config.device != "auto":
        return memory_problem(config)
    return memory_problem(config, device="cpu") and memory_problem(config)
