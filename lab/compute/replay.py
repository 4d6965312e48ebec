"""A training iteration as a CUDA graph: recorded once, then replayed with one call.

An iteration of the small networks here is some hundred kernels of a few microseconds each; launching them one by one
takes the processor longer than the GPU needs to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Iteration = Callable[[Tensor], None]
"""Trains on the images of which it is given the numbers (B,); reads and writes tensors that stay where they are."""
Record = Callable[[Callable[[], None]], Callable[[], None]]
"""Given what to do, makes what does it again; need not do it yet."""

WARM_UP = 3
"""Iterations before recording: the optimiser's state and the libraries' workspaces must be there by then."""


class Replayed:
    """An iteration that is recorded when it is first known to work, for batches of `batch_size`."""

    def __init__(self, iteration: Iteration, batch_size: int, record: Record) -> None:
        self.iteration, self.record = iteration, record
        self.batch_size, self.done = batch_size, 0
        self._recorded: tuple[Tensor, Callable[[], None]] | None = None
        """The numbers of the images that what was recorded trains on, and what does it again."""

    def __call__(self, numbers: Tensor) -> None:
        """Train on the images `numbers` (B,)."""
        self.done += 1
        if self.done <= WARM_UP or len(numbers) != self.batch_size:  # an epoch's last batch may be smaller
            self.iteration(numbers)
            return
        if self._recorded is None:
            own = numbers.clone()
            self._recorded = own, self.record(lambda: self.iteration(own))
        own, replay = self._recorded
        own.copy_(numbers)
        replay()


def cuda_graph(generators: Sequence[torch.Generator]) -> Record:
    """Records as a CUDA graph that draws from `generators`, which may be seeded anew between replays."""

    def record(run: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
            graph.register_generator_state(generator)
        torch.cuda.synchronize()
        # thread_local: another thread may use the GPU meanwhile, to read a digit that somebody draws
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            run()
        return graph.replay

    return record
