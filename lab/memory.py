"""How much memory a run takes on the CPU, and how much there is for it. Arithmetic and the system's figures, no torch.

A run that does not fit is refused in one sentence before it begins: a process that asks for more than a machine or a
container has is ended by the system, without a word and with everything else in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import psutil

from lab.config import EVALUATION_IMAGES, TRAINING_IMAGES, RunConfig
from lab.engine_memory import FLOAT, compiled_bytes
from lab.handover import is_left_to_pytorch, is_worth_folding
from lab.layer_row import LayerRow
from lab.layers import layer_table, pooled_last
from lab.network_config import IMAGE_SIZE, NetworkConfig

Engine = Literal["compiled", "folded", "pytorch"]
"""How an iteration is computed; see `lab.compute.engines`."""

PIXELS = IMAGE_SIZE * IMAGE_SIZE
EVALUATION_BATCH = 250
"""Images that are evaluated at once."""
MADE_AT_ONCE = 512
"""Training images that are changed at once, where a batch is no larger: small pieces, and yet few calls."""

INK, INK_A_ROW = 0.2, 0.1
"""Share of a map's positions that see ink and that the folded engine computes one by one: at most so much, and so much
more for each row of the kernel. It is 58 % of MNIST's at 5x5 and 92 % at 9x9; padding, which sees less, makes it less.
"""
STARTING = 180_000_000
"""What a process's first run brings along: PyTorch's optimisers, oneDNN's kernels, the data as they are unpacked."""
UNUSED: dict[Engine, float] = {"compiled": 1.1, "folded": 1.2, "pytorch": 1.4}
"""What the allocator holds of freed blocks that nothing fits into again, as a factor: PyTorch's come and go."""


class TooLittleMemory(MemoryError):
    """A run that would not fit; the message is `memory_problem`'s."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether memory was refused, which PyTorch says in RuntimeErrors of its own."""
    is_torchs = isinstance(error, RuntimeError) and re.search("DefaultCPUAllocator|out of memory", str(error))
    return isinstance(error, MemoryError) or bool(is_torchs)


def memory_problem(config: RunConfig, device: str | None = None, engine: Engine | None = None) -> str | None:
    """Why a run of `config` had better not begin on this machine now, in one sentence; None where it fits.

    `device` and `engine` are those that it would get where they are not given. A GPU has its own memory, which PyTorch
    itself watches over. The network must be one that can be trained (`lab.trainable.training_problem`).
    """
    device = device or _device(config)
    if device == "cuda":
        return None
    needed = estimated_bytes(config, engine or expected_engine(config, device))
    free = available_bytes()
    if needed <= free:
        return None
    return (
        f"This run needs about {needed / 1e9:.1f} GB of memory, and this machine has {free / 1e9:.1f} GB free: "
        "choose a smaller batch size or fewer channels."
    )


def _device(config: RunConfig) -> str:
    if config.device != "auto":
        return config.device
    from lab.device import resolve_device  # brings torch along

    return resolve_device("auto")


def expected_engine(config: RunConfig, device: str = "cpu", compiled: bool = True) -> Engine:
    """The engine that serves this config there; `compiled`: whether a C compiler has made its library."""
    if config.engine == "pytorch" or config.precision != "float32" or device != "cpu":
        return "pytorch"
    if compiled and config.network.layers[0].kind == "conv" and not is_left_to_pytorch(config.network):
        return "compiled"
    return "folded" if is_worth_folding(config.network) else "pytorch"


# --- what a run takes --------------------------------------------------------------------------------------------


def estimated_bytes(config: RunConfig, engine: Engine) -> int:
    """The most memory that a run of `config` holds at once beyond what the process holds before it, the data included.

    The compiled engine computes a linear layer as the convolution that it equals (`lab.layers.pooled_last`), whose maps
    may be the largest; PyTorch does not. Measured beside it in `tests/test_memory.py`: the estimate is at least what a
    run took, and at most twice that and 300 MB.
    """
    network = pooled_last(config.network) if engine == "compiled" else config.network
    rows = layer_table(network)
    batch = min(config.batch_size, config.images_per_epoch)
    made = min(images_at_once(config), config.images_per_epoch)
    sums: dict[Engine, Callable[[NetworkConfig, int], int]] = {
        "compiled": partial(compiled_bytes, halves=config.precision == "bfloat16"),
        "folded": _folded_bytes,
        "pytorch": _pytorch_bytes,
    }
    parts = _data_bytes(config.network) + _parameter_bytes(config, rows) + _batch_bytes(config, made)
    parts += max(sums[engine](network, batch), _evaluation_bytes(rows, engine))
    return int(STARTING + UNUSED[engine] * parts)


def _data_bytes(network: NetworkConfig) -> int:
    """Every pixel one byte, every label eight; and the pixels once more as a run sees them that deslants them."""
    return (TRAINING_IMAGES + EVALUATION_IMAGES) * (PIXELS * (2 if network.deslant else 1) + 8)


def _parameter_bytes(config: RunConfig, rows: list[LayerRow]) -> int:
    """Weights, gradients, the optimiser's state, and after an epoch weights and state once more, to be kept.

    With weight averaging the average and, while it is evaluated, the weights aside, are state as well.
    """
    state = 2 if config.optimizer.kind == "adamw" else 1 if config.optimizer.momentum else 0
    state += 2 if config.weight_averaging else 0
    return sum(row.parameters for row in rows) * FLOAT * (2 + state + 2 * (1 + state))


def images_at_once(config: RunConfig) -> int:
    """How many training images are made at once on the CPU: those of whole batches, one at least."""
    return config.batch_size * max(1, MADE_AT_ONCE // config.batch_size)


def _batch_bytes(config: RunConfig, batch: int) -> int:
    """A batch of pictures: as bytes, as floats and normalised, and changed by the augmentation on the way.

    An affine change makes a grid of two floats a pixel and a new picture; the pen makes two pictures, then four terms.
    """
    change = config.augmentation
    affine = 3 if change.moves_pixels else 0
    return batch * PIXELS * (1 + FLOAT * (3 + affine + (6 if change.pen else 0)))


def _pytorch_bytes(network: NetworkConfig, batch: int) -> int:
    """What autograd keeps of each layer until the backward pass, and the gradients in hand at the widest of them."""
    return _autograd_bytes(layer_table(network)[:-1], batch)


def _autograd_bytes(rows: list[LayerRow], batch: int) -> int:
    kept = sum(_floats_kept(row) for row in rows)
    widest = max(_map_floats(row) for row in rows)
    return batch * FLOAT * (kept + 3 * widest)  # the gradient of a map, that of the map before, and one being made


def _folded_bytes(network: NetworkConfig, batch: int) -> int:
    """Patches (all, and those with ink), the wide map where there is ink; the rest is PyTorch's."""
    wide, *others = layer_table(network)[:-1]
    channels, height, width = wide.output_shape
    patch, ink = wide.kernel * wide.kernel + 1, ink_share(wide.kernel)
    return int(batch * height * width * FLOAT * (patch * (1 + ink) + ink * channels)) + _autograd_bytes(others, batch)


def ink_share(kernel: int) -> float:
    """The most of a map's positions that see ink under a kernel of this side."""
    return min(1.0, INK + INK_A_ROW * kernel)


def _floats_kept(row: LayerRow) -> int:
    """Of an image: batch norm keeps its input and its output, ReLU works in place, max pooling keeps 64-bit indices."""
    kept = 3 if row.kind == "max_pool" else 1
    kept += 1 if "batch norm" in row.extras else 0
    kept += 3 if "dropout" in row.extras else 0  # its factors, its output, and 16 random bits
    return kept * _map_floats(row)


def _map_floats(row: LayerRow) -> int:
    channels, height, width = row.output_shape
    return channels * height * width


def _evaluation_bytes(rows: list[LayerRow], engine: Engine) -> int:
    """Maps of the widest layer: one, the next, one being made, two that training left. The engine in C has its own."""
    if engine == "compiled":
        return 0
    return 5 * EVALUATION_BATCH * FLOAT * max(_map_floats(row) for row in rows)


# --- what there is -----------------------------------------------------------------------------------------------


def available_bytes() -> int:
    """What this process may still take: of the machine's memory, of its container's, and of its own address space."""
    return max(0, min([psutil.virtual_memory().available, *_room_in_cgroups(), *_room_in_address_space()]))


def _room_in_cgroups(own: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """What each limited group of this process has left, in version 1 and 2 of Linux's control groups.

    A group's use counts the files that it has read, which the kernel drops when memory is short ("inactive_file" in
    its statistics; kernel.org, "Control Group v2", "Memory").
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _rooms(mounted, path, ("memory.max", "memory.current", "inactive_file"))
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _rooms(mounted / "memory", path, names)


def _rooms(mount: Path, path: str, names: tuple[str, str, str]) -> Iterator[int]:
    """Of the group and those that it lies in; within a container only the topmost may be there to read."""
    group = mount / path.lstrip("/")
    for folder in (group, *group.parents):
        if mount in (folder, *folder.parents):
            limit, used, files = (_number(folder, name) for name in (names[0], names[1], f"memory.stat {names[2]}"))
            if limit is not None and used is not None:
                yield limit - used + (files or 0)


def _number(folder: Path, name: str) -> int | None:
    """The number in a file of the group, or behind a word in it; None where there is none ("max" is no limit)."""
    file, *word = name.split()
    try:
        lines = (folder / file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [line.removeprefix(f"{word[0]} ") for line in lines if line.startswith(f"{word[0]} ")] if word else lines
    return int(found[0]) if found and found[0].isdigit() else None


def _room_in_address_space() -> Iterator[int]:
    """What `ulimit -v` leaves, if it is set."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        yield limit - psutil.Process().memory_info().vms
