"""Ten kills of `benchmarks/kill.py`: whatever a SIGKILL interrupts, nothing is lost and nothing doubled."""

from pathlib import Path

import pytest

from benchmarks.kill import MOMENTS, Killer


def test_ten_kills_lose_no_epoch_double_no_event_and_change_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")  # which the killer sets
    killer = Killer(tmp_path, seed=1)
    found = killer.kill(10)
    killer.close()
    assert found.sound, found.table()
    assert found.kills == dict.fromkeys(MOMENTS, 2)
    assert found.runs >= 2
