"""The device a run trains on."""

from __future__ import annotations

import ctypes
import importlib
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path

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
    which cost a fifth of the PyTorch engine's time on the CPU where this was measured (benchmarks/allocator.py).
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_threshold, 2**30)


def give_freed_memory_back() -> None:
    """Hand what is free to the kernel after all: once a run has ended, others may need it (malloc_trim of glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)


def prepare_training_thread() -> None:
    """Settings of the process and of the calling thread that training is faster with; call before it begins."""
    keep_freed_memory()
    torch.backends.cudnn.allow_tf32 = False  # float32 is what the run says, not a GPU's 10 of its 23 binary digits
    torch.set_flush_denormal(True)  # numbers below 1e-38 matter to nobody and take a processor a hundred times as long
    with _undisturbed():
        torch.get_num_threads()  # the first question settles this thread's number
    importlib.import_module("torch._dynamo")  # two seconds, for which the first optimiser of the process would wait


def use_threads(count: int) -> None:
    """Let torch compute with so many threads for the calling thread.

    torch.set_num_threads also sets what each new thread of the process begins with. Two threads that lower it for a
    while and put back what they found can so leave the process at one thread for ever; OpenMP's own function, which
    torch calls too, sets the calling thread's number and nothing else. Where it cannot be reached, torch's must do.
    """
    torch.get_num_threads()  # a thread's first question gives it the process's number, which would undo ours later
    setter = _openmp_setter()
    if setter is not None:
        setter(count)
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
    if (mkl := _mkl_setter()) is not None:  # its products have a number of their own; 0: that of the process
        mkl(1 if count == 1 else 0)


@lru_cache(maxsize=1)
def _mkl_setter() -> Callable[[int], object] | None:
    """`MKL_Set_Num_Threads_Local`, of the calling thread, where torch was built with MKL on Linux."""
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    return getattr(ctypes.CDLL(str(library)), "MKL_Set_Num_Threads_Local", None) if library.is_file() else None


@lru_cache(maxsize=1)
def _openmp_setter() -> Callable[[int], object] | None:
    """`omp_set_num_threads` of the OpenMP runtime that torch has loaded, if it is known by its name here."""
    if sys.platform == "win32":
        return None
    return getattr(ctypes.CDLL(None), "omp_set_num_threads", None)


_number_of_the_process = threading.Lock()


def _undisturbed() -> AbstractContextManager[object]:
    """One caller at a time where `use_threads` sets the process's number: none may take another's 1 for its own."""
    return nullcontext() if _openmp_setter() else _number_of_the_process


@contextmanager
def one_thread() -> Iterator[None]:
    """For torch's work on a digit or two: a second thread, which a training may hold, costs more than it brings.

    The calling thread has its number back afterwards; no other thread notices.
    """
    with _undisturbed():
        threads = torch.get_num_threads()
        use_threads(1)
        try:
            yield
        finally:
            use_threads(threads)


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
