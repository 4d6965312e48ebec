"""`python -m lab mistakes`: the digits that a network reads wrongly, for people and for machines."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from command_line import Lab, commands

from lab.events import Checkpoint
from lab.mnist import DataError
from lab.store import Store


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lab]:
    with commands(monkeypatch, capsys, width=200) as run:
        yield run


def test_mistakes_as_json_are_those_of_the_epoch_the_surest_first(lab: Lab, store: Store, trained: int) -> None:
    for told in store.epochs([trained])[trained]:
        code, out, err = lab("mistakes", "--run", trained, "--epoch", told.epoch, "--json")
        assert (code, err) == (0, "")
        found = json.loads(out)
        wrong = found["mistakes"]
        assert (found["images"], len(wrong)) == (30, 30 - told.test_correct)
        assert found["network"] == f"mine (run {trained}), epoch {told.epoch}"
        assert [one["probability"] for one in wrong] == sorted((one["probability"] for one in wrong), reverse=True)
        assert all(found["confusion"][one["label"]][one["answer"]] > 0 for one in wrong)


def test_people_get_a_line_a_digit(lab: Lab, store: Store, trained: int) -> None:
    code, out, err = lab("mistakes", "--run", trained)
    assert (code, err) == (0, "")
    wrong = 30 - store.epochs([trained])[trained][-1].test_correct
    first, head, *lines = out.splitlines()
    assert first == f"mine (run {trained}), epoch 3: {wrong} wrong of 30 test images."
    assert head.split() == ["test", "image", "is", "read", "as", "with", "probability", "of", "the", "right", "digit"]
    assert len(lines) == wrong


def test_answers_and_probabilities_are_of_one_epoch_though_the_run_goes_on_meanwhile(
    lab: Lab, store: Store, trained: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Store.checkpoint

    def and_then_comes_another(self: Store, run_id: int, epoch: int | None = None) -> Checkpoint:
        found = read(self, run_id, epoch)
        with self._database.writing() as connection:  # not a whole one: who reads it says so
            copied = "SELECT run_id, 4, weights, predictions, '', '', '' FROM checkpoints WHERE epoch = 3"
            connection.execute(sa.text(f"INSERT INTO checkpoints {copied}"))
        monkeypatch.setattr(Store, "checkpoint", read)
        return found

    monkeypatch.setattr(Store, "checkpoint", and_then_comes_another)
    wrong = 30 - store.epochs([trained])[trained][-1].test_correct
    code, out, err = lab("mistakes", "--run", trained)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"mine (run {trained}), epoch 3: {wrong} wrong of 30 test images."


def test_the_ready_trained_network_says_its_count_once(lab: Lab, trained: int) -> None:
    code, out, err = lab("mistakes")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].count("wrong of") == 1


def test_an_epoch_without_a_run_and_missing_images_are_refused_in_a_sentence(
    lab: Lab, trained: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lab("mistakes", "--epoch", 1) == (
        2, "", "--epoch needs --run: the ready-trained network has only one epoch.\n"
    )  # fmt: skip

    def missing() -> None:
        raise DataError("The data file is missing: restore it.")

    monkeypatch.setattr("lab.probe.answers.load_mnist", missing)
    assert lab("mistakes", "--run", trained) == (2, "", "The data file is missing: restore it.\n")
