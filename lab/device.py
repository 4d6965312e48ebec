"""The device a run trains on."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch

from lab.config import DeviceKind


class DeviceUnavailable(ValueError):
    """The chosen device is not on this machine; the message says which are."""


def available_devices() -> list[str]:
    """The devices of this machine, fastest first."""
    found = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def resolve_device(kind: DeviceKind) -> str:
    """The device `kind` names here; "auto" is the fastest present.

    Raises:
        DeviceUnavailable: this machine has none of that kind.
    """
    devices = available_devices()
    if kind == "auto":
        return devices[0]
    if kind not in devices:
        raise DeviceUnavailable(f"This machine has no {kind} device: choose {' or '.join(devices)}, or auto.")
    return kind


def device_name(device: str) -> str:
    """A name for people: the GPU's model, or the processor and the number of threads torch uses."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    threads = torch.get_num_threads()
    processor = _processor_model() or platform.processor() or platform.machine()
    return f"{processor}, {threads} thread{'s' if threads > 1 else ''}" if device == "cpu" else f"{processor} GPU"


def keep_freed_memory() -> None:
    """Let glibc keep freed activations instead of returning them to the kernel after every batch.

    An activation of the first layer is 10-20 MB; by default each is mapped and faulted in anew at every iteration,
    which cost a fifth of the plain path's time on the CPU where this was measured (benchmarks/allocator.py).
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_threshold, 2**30)


def prepare_training_thread() -> None:
    """Settings of the process and of the calling thread that training is faster with; call before it begins."""
    keep_freed_memory()
    torch.set_flush_denormal(True)  # numbers below 1e-38 matter to nobody and take a processor a hundred times as long
    torch.get_num_threads()  # settles this thread's number before `one_thread` can lower it for newcomers


@contextmanager
def one_thread() -> Iterator[None]:
    """For torch's work on a digit or two: a second thread, which a training may hold, costs more than it brings.

    Only the calling thread's own setting changes, and only for the while.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def peak_memory_mb(device: str) -> float:
    """The most memory in use so far, in MB: of this process, or on a GPU of its tensors there."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    if sys.platform == "linux":  # getrusage would count what the parent process had at the fork
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6
    memory = psutil.Process().memory_info()
    return float(getattr(memory, "peak_wset", memory.rss)) / 1e6


def _processor_model() -> str:
    """The model name Linux gives, or nothing."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        return ""
    return names[0] if names else ""
