"""What readings of moved images are worth is measured on held-out images, run by run."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from claiming import claimed, say
from examples import tiny_run

from benchmarks import shifts
from benchmarks.shifts import SETS, compared, measured, moved
from lab.config import RunConfig
from lab.events import Event
from lab.mnist import Mnist
from lab.network_config import NetworkConfig, conv
from lab.store import Store, worker_name
from lab.training import train


def test_an_image_is_moved_by_a_pixel_each_way() -> None:
    image = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).view(1, 1, 2, 2)
    expected = {(0, 0): [[1, 2], [3, 4]], (0, -1): [[2, 0], [4, 0]], (0, 1): [[0, 1], [0, 3]], (1, 1): [[0, 0], [0, 1]]}
    assert {shift: moved(image, shift)[0, 0].tolist() for shift in expected} == expected


def kept(store: Store, name: str, config: RunConfig, *events: Event) -> None:
    run = store.submit(config, name)
    claimed(store, run, f"{worker_name()}:test")
    say(store, run, *events)


def test_runs_that_held_images_out_are_read_once_for_every_set(
    store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NetworkConfig(layers=(conv(10, 28),))
    config = tiny_run(network=network, epochs=1, training_images=16)
    events = list(train(config, few))
    monkeypatch.setattr(shifts, "load_mnist", lambda: few)
    monkeypatch.setattr(Mnist, "split", lambda self, _: (None, None, self.test_images, self.test_labels))
    held_out = replace(config, evaluate_on="validation")
    kept(store, "mine, seed 1", held_out, *events)
    kept(store, "mine, seed 2", config, *events)
    kept(store, "other, seed 1", held_out, *events)
    [found] = measured(store, ["mine"])
    assert set(found) == set(SETS) and all(0 <= accuracy <= 100 for accuracy in found.values())


def test_the_gain_is_the_runs_own() -> None:
    one = dict.fromkeys(SETS, 99.0)
    told = compared([one | {"as it is, left": 99.1}, one | {"as it is": 98.8, "as it is, left": 99.1}])
    # 0.1 and 0.3 points
    assert "| as it is, left | 2 | 99.100 | +0.10, +0.200, +0.30 |" in told
    assert "| as it is | 1 | 98.900 | +0.00, +0.000, +0.00 |" in told


def test_a_store_without_such_runs_says_so(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shifts.main([store.url.removeprefix("sqlite:///"), "mine"])
    assert "holds no finished run of these" in capsys.readouterr().out
    for wrong in (["only a store"], [str(tmp_path / "nowhere.sqlite3"), "mine"]):
        with pytest.raises(SystemExit):
            shifts.main(wrong)
    assert "there is no store" in capsys.readouterr().err
    assert not (tmp_path / "nowhere.sqlite3").exists()
