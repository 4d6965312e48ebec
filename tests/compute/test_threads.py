"""An iteration gets all threads where they are faster, and one where somebody else keeps the processor busy."""

from dataclasses import replace

import pytest
import torch
from examples import checkpoint_of, tiny_run

from lab.compute import trainer
from lab.compute.native.build import library
from lab.compute.threads import FIRST, LONGEST, TIMED, Threads
from lab.events import Epoch, Started
from lab.mnist import Mnist
from lab.training import train

ALONE = 9.0
"""Seconds of an iteration with one thread, on the clock of these tests."""


class Machine:
    """Says what an iteration takes with one thread and with all four, and notes how many each has had."""

    def __init__(self, available: int = 4) -> None:
        self.now, self.count, self.together = 0.0, available, 5.0
        self.used: list[int] = []
        self.threads = Threads(available, self.use, lambda: self.now).__enter__()

    def use(self, count: int) -> None:
        self.count = count

    def iterate(self, times: int) -> list[int]:
        """The number of threads of each of so many iterations."""
        before = len(self.used)
        for _ in range(times):
            with self.threads.iteration():
                self.used.append(self.count)
                self.now += ALONE if self.count == 1 else self.together
        return self.used[before:]


def test_one_thread_is_timed_first_and_all_are_used_while_they_are_faster() -> None:
    machine = Machine()
    assert machine.iterate(FIRST) == [1] * FIRST
    assert machine.iterate(1000) == [4] * 1000


def test_all_threads_are_given_up_when_eight_iterations_are_slower_than_with_one() -> None:
    machine = Machine()
    machine.iterate(FIRST + 100)
    machine.together = ALONE + 0.1
    used = machine.iterate(TIMED + 1)
    assert used == [4] * TIMED + [1]


def test_a_run_at_rest_gives_all_threads_back_and_then_goes_on_as_before() -> None:
    machine = Machine()
    machine.iterate(2)
    with machine.threads.at_rest():
        assert machine.count == 4
    assert machine.iterate(FIRST) == [1] * (FIRST - 2) + [4] * 2


def test_a_run_that_is_closed_at_rest_leaves_the_threads_to_whoever_trains_now() -> None:
    machine = Machine()
    with pytest.raises(GeneratorExit), machine.threads.at_rest():
        machine.use(2)
        raise GeneratorExit
    machine.threads.__exit__()
    assert machine.count == 2


def test_one_slow_iteration_among_eight_is_no_reason() -> None:
    machine = Machine()
    machine.iterate(FIRST + 100)
    machine.together = 2.9 * ALONE
    machine.iterate(1)
    machine.together = 5.0
    assert machine.iterate(100) == [4] * 100


def test_all_threads_are_given_up_at_once_when_they_are_hopeless() -> None:
    machine = Machine()
    machine.iterate(FIRST + 100)
    machine.together = 3.1 * ALONE
    assert machine.iterate(3) == [4, 1, 1]


def test_all_are_tried_again_after_stretches_that_double_up_to_a_limit() -> None:
    machine = Machine()
    machine.together = 100 * ALONE
    used = machine.iterate(20 * LONGEST)
    trials = [number for number, count in enumerate(used) if count == 4]
    stretches = [later - earlier - 1 for earlier, later in zip([-1, *trials], trials, strict=False)]
    doubling = [FIRST * 2**power for power in range(9)]
    assert stretches[:9] == doubling
    assert doubling[-1] == LONGEST
    assert set(stretches[9:]) == {LONGEST}


def test_all_are_used_again_once_the_processor_is_free() -> None:
    machine = Machine()
    machine.together = 100 * ALONE
    machine.iterate(200)
    machine.together = 5.0
    assert machine.iterate(2 * LONGEST)[-500:] == [4] * 500


def test_once_all_were_faster_again_they_are_given_up_for_a_short_stretch_only() -> None:
    machine = Machine()
    machine.together = 100 * ALONE
    machine.iterate(200)
    machine.together = 5.0
    machine.iterate(2 * LONGEST)
    machine.together = 100 * ALONE
    assert machine.iterate(2 * FIRST + 2) == [4] + [1] * (2 * FIRST) + [4]


def test_a_machine_of_one_thread_is_left_alone() -> None:
    machine = Machine(available=1)
    assert machine.iterate(100) == [1] * 100


def test_afterwards_the_calling_thread_has_all_again() -> None:
    machine = Machine()
    machine.threads.__exit__()
    assert machine.count == 4


@pytest.mark.skipif(library() is None, reason="no C compiler: the number of threads never changes")
def test_a_run_is_the_same_whatever_number_of_threads_each_iteration_has(
    few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()

    class Restless(Threads):
        """Another number of threads for every iteration."""

        def _took(self, seconds: float) -> None:
            counts.append(torch.get_num_threads())
            self._switch(1 + len(counts) % 3)

    def weights() -> list[bytes]:
        started, *events = train(replace(tiny_run(), device="cpu"), few)
        assert isinstance(started, Started)
        assert "3 threads" in started.device_name
        return [checkpoint_of(event).weights for event in events if isinstance(event, Epoch)]

    counts: list[int] = []
    try:
        torch.set_num_threads(3)
        steady = weights()
        monkeypatch.setattr(trainer, "Threads", Restless)
        assert weights() == steady
        assert set(counts) == {1, 2, 3}
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_an_engine_whose_sums_depend_on_the_threads_keeps_them(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    available: list[int] = []

    class Noted(Threads):
        def __init__(self, count: int) -> None:
            available.append(count)
            super().__init__(count)

    monkeypatch.setattr(trainer, "Threads", Noted)
    list(train(replace(tiny_run(), engine="pytorch", epochs=1), few))
    assert available == [1]
