"""What a network answers, which of it is wrong, and in what order it is shown: arithmetic that can be followed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from claiming import claimed, say
from examples import TINY_NETWORK, tiny_run
from stories import whole

from lab.mnist import Mnist
from lab.network import build_network
from lab.predict import Predictor, load_predictor, shipped_facts
from lab.probe import Answers, images_of, kept_answers, read_answers, read_hardest_first
from lab.probe import answers as room
from lab.store import Store, StoreError, worker_name

WORKER = f"{worker_name()}:test"


def answers(labels: list[int], given: list[int]) -> Answers:
    return Answers("test", np.array(labels, np.uint8), np.array(given, np.uint8))


# --- counting ----------------------------------------------------------------------------------------------------


def test_a_row_of_the_matrix_is_a_label_and_a_column_an_answer() -> None:
    counts = answers([4, 4, 4, 9], [4, 9, 9, 9]).confusion()
    assert counts.shape == (10, 10)
    assert (counts[4, 4], counts[4, 9], counts[9, 9], counts[9, 4]) == (1, 2, 1, 0)
    assert counts.sum() == 4


def test_a_cell_holds_as_many_images_as_the_matrix_says_and_all_cells_off_the_diagonal_the_wrong_ones() -> None:
    generator = np.random.default_rng(1)
    some = answers(generator.integers(0, 10, 500).tolist(), generator.integers(0, 10, 500).tolist())
    counts = some.confusion()
    wrong: list[int] = []
    for label in range(10):
        for answer in range(10):
            numbers = some.cell(label, answer)
            assert len(numbers) == counts[label, answer]
            assert (some.labels[numbers] == label).all() and (some.given[numbers] == answer).all()
            wrong += numbers.tolist() if label != answer else []
    assert sorted(wrong) == some.wrong().tolist()


# --- a run's own answers -----------------------------------------------------------------------------------------


def test_a_run_says_again_what_it_answered_after_each_epoch(store: Store, mnist: Mnist, trained: int) -> None:
    for epoch in (1, 2, 3):
        kept = kept_answers(store, trained, epoch)
        assert kept.given.tobytes() == store.checkpoint(trained, epoch).predictions
        assert kept.labels.tolist() == mnist.test_labels[:30].tolist()
        told = store.epochs([trained])[trained][epoch - 1]
        assert len(kept.wrong()) == 30 - told.test_correct
    assert np.array_equal(kept_answers(store, trained).given, kept_answers(store, trained, 3).given)


def test_a_run_that_held_out_training_images_answers_to_those(store: Store, mnist: Mnist) -> None:
    run_id = store.submit(tiny_run(evaluate_on="validation"))
    claimed(store, run_id, WORKER)
    say(store, run_id, whole(1))
    kept = kept_answers(store, run_id, 1)
    assert kept.evaluated == "validation"
    assert kept.labels.tolist() == mnist.train_labels[50_000:].tolist()
    assert torch.equal(images_of("validation", [3, 9_999]), mnist.train_images[[50_003, 59_999]])


@pytest.mark.parametrize("predictions", [bytes(10_001), bytes([1, 2, 10])], ids=["too many", "no digit"])
def test_answers_that_no_network_gives_are_told_in_a_sentence(store: Store, predictions: bytes) -> None:
    event = whole(1)
    assert event.checkpoint is not None
    run_id = store.submit(tiny_run())
    claimed(store, run_id, WORKER)
    say(store, run_id, replace(event, checkpoint=replace(event.checkpoint, predictions=predictions)))
    with pytest.raises(StoreError, match=f"The answers of run {run_id}, epoch 1, cannot be read"):
        kept_answers(store, run_id, 1)


# --- reading -----------------------------------------------------------------------------------------------------


def test_the_shipped_network_reads_all_test_images_as_its_facts_say() -> None:
    read = read_answers(load_predictor())
    assert len(read.given) == 10_000
    assert abs(10_000 - len(read.wrong()) - shipped_facts()["test_correct"]) <= 2  # rounding decides a tie or two


def test_probabilities_are_those_of_the_predictor(trained: int, store: Store, mnist: Mnist) -> None:
    kept, predictor = kept_answers(store, trained), load_predictor(trained, store=store)
    for one in read_hardest_first(kept, np.arange(30), predictor):
        probabilities = predictor(mnist.test_images[one.number, 0].numpy() / 255)
        assert one.probability == pytest.approx(probabilities[one.answer], abs=1e-4)
        assert one.of_label == pytest.approx(probabilities[one.label], abs=1e-4)


def test_the_surest_wrong_answer_and_the_least_sure_right_one_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    probabilities = [0.6, 0.9, 0.5, 0.8]  # of a 1, for the images 0 to 3; the rest goes to the 2
    scores = torch.full((4, 10), -torch.inf)
    scores[:, 1], scores[:, 2] = torch.tensor(probabilities).log(), (1 - torch.tensor(probabilities)).log()
    monkeypatch.setattr(room, "read_scores", lambda *_: scores)
    predictor = Predictor(build_network(TINY_NETWORK, seed=0), TINY_NETWORK, "nobody")
    wrong = read_hardest_first(answers([2] * 4, [1] * 4), np.arange(4), predictor)
    assert [one.number for one in wrong] == [1, 3, 0, 2]
    assert wrong[0].of_label == pytest.approx(0.1)
    right = read_hardest_first(answers([1] * 4, [1] * 4), np.arange(4), predictor)
    assert [one.number for one in right] == [2, 0, 3, 1]
    assert [one.is_wrong for one in wrong + right] == [True] * 4 + [False] * 4


def test_no_images_are_read_as_none(trained: int, store: Store) -> None:
    kept, predictor = kept_answers(store, trained), load_predictor(trained, store=store)
    assert read_hardest_first(kept, np.flatnonzero([]), predictor) == []
