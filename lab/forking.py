"""Which configs a run can go on under from one of its epochs: as a fork, a run of its own with a parent."""

from __future__ import annotations

from lab.config import RunConfig


def fork_problem(parent: RunConfig, epoch: int, config: RunConfig) -> str | None:
    """Why `config` cannot go on from an epoch of a run of `parent`, in one sentence; None where it can.

    What the kept weights mean must stay: the network's layers. What the epochs so far were measured on must stay too,
    else the fork's curve would be one of two different things. The rest may change.
    """
    same = {
        "layers": parent.network.layers == config.network.layers,
        "batch norm": parent.network.batch_norm == config.network.batch_norm,
        "biases": parent.network.bias == config.network.bias,
        "second reading": parent.network.second_reading == config.network.second_reading,
        "deslanting": parent.network.deslant == config.network.deslant,
        "batch size": parent.batch_size == config.batch_size,
        "training images": parent.training_images == config.training_images,
        "images to evaluate on": parent.evaluate_on == config.evaluate_on,
    }
    changed = [name for name, stays in same.items() if not stays]
    if changed:
        *first, last = changed
        names = f"{', '.join(first)} and {last}" if first else last
        return f"A fork must have the same {names} as the run that it comes from: undo that, or start a new run."
    if config.epochs <= epoch:
        return f"The fork has no epochs left: it continues after epoch {epoch} of {config.epochs}. Set more epochs."
    return None
