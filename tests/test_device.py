"""The device a run trains on: the best there is, or the chosen one, or one sentence."""

import ctypes
import sys

import pytest
import torch

from lab import device
from lab.device import DeviceUnavailable, available_devices, device_name, keep_freed_memory, resolve_device


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
    device_name.cache_clear()
    name = device_name("cpu")
    device_name.cache_clear()
    assert not name.startswith(",")
