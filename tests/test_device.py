"""The device a run trains on: the best there is, or the chosen one, or one sentence."""

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import torch

from lab import device
from lab.device import (
    DeviceUnavailable,
    available_devices,
    device_name,
    keep_freed_memory,
    one_thread,
    peak_memory_mb,
    prepare_training_thread,
    resolve_device,
)


@pytest.fixture
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with the accelerators that the test names."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in request.param)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in request.param)


@pytest.mark.parametrize(
    ("machine", "devices"),
    [("", ["cpu"]), ("cuda", ["cuda", "cpu"]), ("mps", ["mps", "cpu"]), ("cuda mps", ["cuda", "mps", "cpu"])],
    indirect=["machine"],
)
def test_devices_are_listed_fastest_first_and_auto_is_the_first(machine: None, devices: list[str]) -> None:
    assert available_devices() == devices
    assert resolve_device("auto") == devices[0]
    for name in devices:
        assert resolve_device(name) == name  # type: ignore[arg-type]


@pytest.mark.parametrize("machine", ["cuda"], indirect=True)
def test_a_device_that_is_not_here_is_refused_with_those_that_are(machine: None) -> None:
    with pytest.raises(DeviceUnavailable) as error:
        resolve_device("mps")
    assert str(error.value) == "This machine has no mps device: choose cuda or cpu, or auto."


def test_the_cpus_name_says_its_threads() -> None:
    assert torch.get_num_threads() == 1
    assert device_name("cpu").endswith(", 1 thread")
    assert len(device_name("cpu")) > len(", 1 thread")


def test_keeping_freed_memory_is_for_linux_only(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []

    class Library:
        def mallopt(self, option: int, value: int) -> None:
            calls.append((option, value))

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())
    monkeypatch.setattr(sys, "platform", "darwin")
    keep_freed_memory()
    assert calls == []
    monkeypatch.setattr(sys, "platform", "linux")
    keep_freed_memory()
    m_trim_threshold, m_mmap_threshold = -1, -3  # malloc.h
    assert {option for option, _ in calls} == {m_trim_threshold, m_mmap_threshold}


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    monkeypatch.setattr(sys, "platform", "linux")
    assert keep_freed_memory() is None  # type: ignore[func-returns-value]


def test_an_unknown_processor_still_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_processor_model", lambda: "")
    name = device_name("cpu")
    assert not name.startswith(",")


# --- threads -----------------------------------------------------------------------------------------------------


def in_a_thread(work: Callable[[], object]) -> object:
    """What `work` returns in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_one_thread_is_for_the_caller_and_only_for_the_while() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def mkl_threads() -> set[str]:
    """What MKL would multiply with in this thread; empty where torch was built without it."""
    return set(re.findall(r"mkl_get_max_threads\(\) : (\d+)", torch.__config__.parallel_info()))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere MKL's own number cannot be reached")
def test_products_of_matrices_do_with_one_thread_too() -> None:
    torch.set_num_threads(3)
    try:
        before = mkl_threads()
        with one_thread():
            assert mkl_threads() <= {"1"}
        assert mkl_threads() == before
    finally:
        torch.set_num_threads(1)


def test_a_training_thread_keeps_its_threads_while_another_does_with_one() -> None:
    before = torch.get_num_threads()

    def train() -> int:
        prepare_training_thread()
        prepared.set()
        lowered.wait()
        return torch.get_num_threads()

    prepared, lowered = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(train)
        prepared.wait()
        with one_thread():
            lowered.set()
            assert training.result() == before


def interleaved() -> list[int]:
    """The numbers of new threads after one that does with one thread has begun and ended within another's."""
    inner_may_end, outer_may_end, inside = Event(), Event(), Event()

    def outer() -> None:
        with one_thread():
            inside.set()
            outer_may_end.wait()

    def inner() -> None:
        inside.wait()
        with one_thread():
            outer_may_end.set()
            inner_may_end.wait()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(outer), pool.submit(inner)
        first.result()
        inner_may_end.set()
        second.result()
    return [int(str(in_a_thread(torch.get_num_threads))) for _ in range(3)]


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_no_thread_that_begins_meanwhile_or_later_is_left_with_one(three_threads: None) -> None:
    with one_thread():
        assert in_a_thread(torch.get_num_threads) == 3
    assert interleaved() == [3, 3, 3]


def test_without_openmps_own_setting_they_take_turns(three_threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is then the process's: who came in between would put back the other's 1, for ever."""
    monkeypatch.setattr(device, "_openmp_setter", lambda: None)
    turns: list[str] = []
    first_is_in = Event()

    def first() -> None:
        with one_thread():
            first_is_in.set()
            asked.wait()
            turns.append("first")

    def second() -> None:
        first_is_in.wait()
        asked.set()
        with one_thread():
            turns.append("second")

    asked = Event()
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(first), pool.submit(second)]:
            one.result()
    assert turns == ["first", "second"]
    assert in_a_thread(torch.get_num_threads) == 3


def test_numbers_too_small_to_matter_are_nought_in_a_training_thread_and_only_there() -> None:
    tiny = torch.tensor(1e-38)

    def product() -> float:
        prepare_training_thread()
        return (tiny * 0.01).item()

    assert in_a_thread(product) == 0
    assert (tiny * 0.01).item() > 0


def test_float32_is_float32_on_a_gpu_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)  # as PyTorch begins
    prepare_training_thread()
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_the_peak_of_memory_covers_what_was_in_use() -> None:
    before = peak_memory_mb("cpu")
    block = torch.ones(60_000_000, dtype=torch.uint8)
    assert peak_memory_mb("cpu") >= max(before, 60)
    del block
    assert peak_memory_mb("cpu") >= before
