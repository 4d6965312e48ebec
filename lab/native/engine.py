"""The compiled engine as Python sees it: a network's parameters in, the gradients of a batch's mean loss out.

It computes what `lab.network.build_network`'s modules compute, in float32, in another order: equal but for rounding (a
test compares every output, gradient and statistic). Why the order may differ is said in `engine.c` and `stem.h`.
"""

from __future__ import annotations

import ctypes
import weakref

import torch
from torch import Tensor, nn

from lab.config import IMAGE_SIZE, NetworkConfig
from lab.layers import layer_table
from lab.native.build import library
from lab.network import Dropout

KINDS = {"conv": 0, "max_pool": 1, "average_pool": 2}
LARGEST_BATCH = 1024
"""Beyond it, the maps of a whole batch that the engine keeps would need gigabytes."""
_POINTERS = (
    *("weight", "bias", "gamma", "beta", "running_mean", "running_var"),
    *("d_weight", "d_bias", "d_gamma", "d_beta"),
)


class _Layer(ctypes.Structure):
    """`Layer` of engine.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("kind", "kernel", "stride", "padding", "channels", "batch_norm", "relu")),
        ("dropout", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    )


def fits(config: NetworkConfig, batch_size: int) -> bool:
    """Whether the engine can train this network here: it must begin with a convolution, and a library must be there."""
    return config.layers[0].kind == "conv" and batch_size <= LARGEST_BATCH and library() is not None


class Engine:
    """One network's step and evaluation; reads the modules' parameters in place and writes their `.grad`."""

    def __init__(self, config: NetworkConfig, network: nn.Sequential, batch_size: int) -> None:
        """`network` is the CPU float32 module of `config`; its parameters must stay where they are in memory."""
        loaded = library()
        assert loaded is not None
        self._library, self._batch = loaded, batch_size
        self._norms = [module for module in network if isinstance(module, nn.BatchNorm2d)]
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        layers = _describe(config, network)
        loaded.engine_new.restype = ctypes.c_void_p
        described, threads = (_Layer * len(layers))(*layers), torch.get_num_threads()
        self._engine = ctypes.c_void_p(
            loaded.engine_new(described, len(layers), IMAGE_SIZE, IMAGE_SIZE, batch_size, threads)
        )
        weakref.finalize(self, loaded.engine_free, self._engine)

    def step(self, images: Tensor, labels: Tensor, seed: int) -> tuple[float, int]:
        """Forward in train mode, and backward: fills every `.grad`; returns the summed loss and the right answers.

        `images` float32 (B, 1, 28, 28), normalised, `labels` int64 (B,); `seed` (32 bits) decides the dropout.
        """
        images, labels = images.contiguous(), labels.contiguous()
        loss, correct = ctypes.c_double(0.0), ctypes.c_int64(0)
        self._library.engine_use_threads(self._engine, torch.get_num_threads())
        self._library.engine_step(
            *(self._engine, _address(images), _address(labels), len(images), ctypes.c_uint32(seed)),
            *(ctypes.byref(loss), ctypes.byref(correct)),
        )
        for norm in self._norms:
            assert norm.num_batches_tracked is not None
            norm.num_batches_tracked += 1
        return loss.value, correct.value

    def scores(self, images: Tensor) -> Tensor:
        """Forward in eval mode: class scores (B, 10) of normalised images (B, 1, 28, 28)."""
        return torch.cat([self._scores(batch.contiguous()) for batch in torch.split(images, self._batch)])

    def _scores(self, images: Tensor) -> Tensor:
        scores = torch.empty(len(images), 10)
        self._library.engine_use_threads(self._engine, torch.get_num_threads())
        self._library.engine_scores(self._engine, _address(images), len(images), _address(scores))
        return scores


def _address(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def _describe(config: NetworkConfig, network: nn.Sequential) -> list[_Layer]:
    """The engine's layers, pointing into the modules' tensors."""
    modules = list(network)
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
