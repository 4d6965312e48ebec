"""All randomness of a run: seeds derived from (seed, epoch, purpose), so that an epoch can be replayed alone."""

from __future__ import annotations

import numpy as np

WEIGHTS, ORDER, AUGMENTATION, DROPOUT, MEASUREMENT = range(5)
"""The purposes for which a run draws random numbers; its first weights are drawn in epoch 0."""


def derived_seed(seed: int, epoch: int, purpose: int) -> int:
    """One 32-bit seed for each (seed, epoch, purpose), well mixed by numpy's SeedSequence."""
    return int(np.random.SeedSequence([seed, epoch, purpose]).generate_state(1)[0])
