"""The compiled engine as Python sees it: a network's parameters in, the gradients of a batch's mean loss out.

It computes what `lab.network.build_network`'s modules compute, in float32, in another order: equal but for rounding (a
test compares every output, gradient and statistic). Why the order may differ is said in `engine.c` and `stem.h`; what
may be of bfloat16 in `halves.h`.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor, nn

from lab.compute.native.build import library
from lab.layers import layer_table, pooled_last
from lab.network import Dropout
from lab.network_config import CLASSES, IMAGE_SIZE, NetworkConfig

log = logging.getLogger(__name__)

KINDS = {"conv": 0, "max_pool": 1, "average_pool": 2}
MOST_READ = 2**31 - 1
"""Images that are read in one call: C counts them in 32 bits."""
_POINTERS = (
    "weight",
    "bias",
    "gamma",
    "beta",
    "running_mean",
    "running_var",
    "d_weight",
    "d_bias",
    "d_gamma",
    "d_beta",
)


class _Layer(ctypes.Structure):
    """`Layer` of engine.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("kind", "kernel", "stride", "padding", "channels", "batch_norm", "relu")),
        ("dropout", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    )


def fits(config: NetworkConfig) -> bool:
    """Whether the engine can train this network here: it must begin with a convolution, and a library must be there."""
    return config.layers[0].kind == "conv" and _loaded() is not None


def knows_halves() -> bool:
    """Whether it can multiply in bfloat16 here, in a network's stem; only where `fits` says that it is there at all."""
    found = _loaded()
    return found is not None and bool(found.engine_knows_halves())


def _loaded() -> ctypes.CDLL | None:
    """The library, told what its functions take; None where there is none that this module can speak to."""
    found = library()
    return None if found is None else _declared(found)


@lru_cache(maxsize=1)
def _declared(found: ctypes.CDLL) -> ctypes.CDLL | None:
    found.engine_layer_size.restype = found.engine_bytes.restype = ctypes.c_int64
    size, described = found.engine_layer_size(), ctypes.sizeof(_Layer)
    if size != described:
        log.warning("The compiled engine is not used: its layers have %d bytes, described are %d.", size, described)
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_int
    found.engine_new.restype = pointer
    found.engine_new.argtypes = [pointer, *[number] * 5]
    found.engine_iterate.argtypes = [pointer, pointer, pointer, number, ctypes.c_uint32, pointer, pointer]
    found.engine_scores.argtypes = [pointer, pointer, number, pointer]
    found.engine_use_threads.argtypes = [pointer, number]
    found.engine_use_halves.argtypes = [pointer]
    found.engine_smooth_labels.argtypes = [pointer, ctypes.c_float]
    found.engine_free.argtypes = found.engine_bytes.argtypes = [pointer]
    found.engine_iterate.restype = found.engine_scores.restype = None
    found.engine_use_threads.restype = found.engine_smooth_labels.restype = found.engine_free.restype = None
    return found


class Engine:
    """One network's iteration and evaluation; reads the modules' parameters in place and writes their `.grad`.

    It owns the memory of the engine in C, from its making to `close`, which waits for what another thread is in.
    What C points to outside of that (parameters, statistics, gradients) it holds on to as well.
    """

    def __init__(
        self,
        config: NetworkConfig,
        network: nn.Sequential,
        batch_size: int,
        label_smoothing: float = 0.0,
        halves: bool = False,
    ) -> None:
        """`network` is the CPU float32 module of `config`; its parameters must stay where they are in memory.

        `halves`: train with products of bfloat16 in the stem, which `knows_halves` and the network must allow.

        Raises:
            MemoryError: there is too little for batches of `batch_size`.
        """
        self._lock = threading.Lock()  # held by an iteration, so that nothing is freed under it
        self._engine: int | None = None
        loaded = _loaded()
        assert loaded is not None
        self._library, self._batch = loaded, batch_size
        norms = (module.num_batches_tracked for module in network if isinstance(module, nn.BatchNorm2d))
        self._batches_tracked = [count for count in norms if count is not None]
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        self._held = [*network.parameters(), *network.buffers(), *(one.grad for one in network.parameters())]
        layers = _describe(config, network)
        described, threads = (_Layer * len(layers))(*layers), torch.get_num_threads()
        self._engine = loaded.engine_new(described, len(layers), IMAGE_SIZE, IMAGE_SIZE, batch_size, threads)
        if self._engine is None:
            raise MemoryError("There is not enough memory for this network and batch size.")
        loaded.engine_smooth_labels(self._engine, label_smoothing)
        if halves and not loaded.engine_use_halves(self._engine):
            self.close()
            raise MemoryError("There is not enough memory for this network and batch size.")

    def close(self) -> None:
        """Free the engine's memory, once a running iteration has ended; a later one is refused."""
        with self._lock:
            engine, self._engine = self._engine, None
            if engine is not None:
                self._library.engine_free(engine)

    def __del__(self) -> None:
        if not sys.is_finalizing():  # the end of the process gives the memory back, and a thread may be in an iteration
            self.close()

    def bytes(self) -> int:
        """What it holds in C."""
        with self._lock:
            return int(self._library.engine_bytes(self._open()))

    def iterate(self, images: Tensor, labels: Tensor, seed: int) -> tuple[float, int]:
        """Forward in train mode, and backward: fills every `.grad`; returns the summed loss and the right answers.

        `images` float32 (B, 1, 28, 28), normalised, `labels` int64 (B,); `seed` (32 bits) decides the dropout.
        """
        images, labels = self._checked(images, self._batch), labels.contiguous()
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{len(images)} images need as many int64 labels, not {labels.dtype} {tuple(labels.shape)}."
            )
        loss, correct = ctypes.c_double(0.0), ctypes.c_int64(0)
        self._compute(
            self._library.engine_iterate,
            images.data_ptr(),
            labels.data_ptr(),
            len(images),
            seed,
            ctypes.byref(loss),
            ctypes.byref(correct),
        )
        if self._batches_tracked:
            torch._foreach_add_(self._batches_tracked, 1)
        return loss.value, correct.value

    def scores(self, images: Tensor) -> Tensor:
        """Forward in eval mode: class scores (B, 10) of normalised images (B, 1, 28, 28)."""
        images = self._checked(images, MOST_READ)
        scores = torch.empty(len(images), CLASSES)
        self._compute(self._library.engine_scores, images.data_ptr(), len(images), scores.data_ptr())
        return scores

    def _compute(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function of the library, on as many threads as PyTorch would now use in its place."""
        with self._lock:
            engine = self._open()
            self._library.engine_use_threads(engine, torch.get_num_threads())
            function(engine, *arguments)

    def _open(self) -> int:
        if self._engine is None:
            raise ValueError("The engine is closed.")
        return self._engine

    def _checked(self, images: Tensor, most: int) -> Tensor:
        """The images as C reads them: it trusts what it is given."""
        has_size = images.shape[1:] == (1, IMAGE_SIZE, IMAGE_SIZE) and 1 <= len(images) <= most
        if not has_size or images.dtype != torch.float32 or images.device.type != "cpu":
            about = f"{images.dtype} {tuple(images.shape)} on {images.device}"
            raise ValueError(f"The engine takes 1 to {most} images of 28x28 float32 pixels on the CPU, not {about}.")
        return images.contiguous()


def _describe(config: NetworkConfig, network: nn.Sequential) -> list[_Layer]:
    """The engine's layers, pointing into the modules' tensors."""
    config = pooled_last(config)  # and the modules without the pooling, which the engine itself adds at the end
    modules = [module for module in network if not isinstance(module, (nn.AdaptiveAvgPool2d, nn.Flatten))]
    layers = []
    for spec, row in zip(config.layers, layer_table(config), strict=False):
        layer = _Layer(
            kind=KINDS[spec.kind],
            kernel=spec.kernel,
            stride=spec.stride,
            padding=spec.padding,
            channels=spec.channels or 0,
            relu="ReLU" in row.extras,
            batch_norm="batch norm" in row.extras,
        )
        _point(layer, modules.pop(0), ("weight", "bias"))
        if layer.batch_norm:
            norm = modules.pop(0)
            _point(layer, norm, ("gamma", "beta"))
            assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
            layer.running_mean, layer.running_var = norm.running_mean.data_ptr(), norm.running_var.data_ptr()
        if layer.relu:
            modules.pop(0)
        if "dropout" in row.extras:
            dropout = modules.pop(0)
            assert isinstance(dropout, Dropout)
            layer.dropout = dropout.rate
        layers.append(layer)
    return layers


def _point(layer: _Layer, module: nn.Module, names: tuple[str, str]) -> None:
    """Have the layer's fields `names` point to the module's weight and bias, if it has any, and to their gradients."""
    for name, parameter in zip(names, module.parameters(), strict=False):
        assert parameter.is_contiguous() and parameter.grad is not None
        setattr(layer, name, parameter.data_ptr())
        setattr(layer, f"d_{name}", parameter.grad.data_ptr())
