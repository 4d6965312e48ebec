"""A run that `python -m lab train` has queued for itself does not outlive the command, unless it has begun."""

import json
import subprocess
import sys
from pathlib import Path

from claiming import place_in_the_queue
from examples import tiny_run, wait_until
from stories import STARTED, running

from lab.store import Store, active

ROOT = Path(__file__).parents[2]


def test_a_command_killed_while_its_run_waits_leaves_a_run_that_can_be_resumed(store: Store) -> None:
    running(store, STARTED, config=tiny_run(device="cpu"))  # so that the device is busy
    command = [sys.executable, "-m", "lab", "train", "--step", "2", "--device", "cpu", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        wait_until(lambda: len(store.runs()) == 2)
        waiting = store.runs()[0].id
        assert store.run(waiting).status == "queued"
        assert place_in_the_queue(store, waiting) == 0
        process.kill()
        assert process.stdout is not None
        assert [json.loads(line) for line in process.stdout] == []
    run = store.run(waiting)
    assert (run.status, run.reason) == ("interrupted", active.QUEUED_BY_THE_DEAD)
    store.requeue(waiting)
    assert store.run(waiting).status == "queued"
