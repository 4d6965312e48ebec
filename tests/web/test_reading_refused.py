"""What is no drawing, or cannot be read, is refused with a sentence and its status."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from app_pages import add_run
from examples import tiny_run
from test_reading_route import SEVEN, refused
from web_server import WebServer, serving

from lab.checkpoint import Snapshot
from lab.drawing import NoShapes
from lab.drawing.canvas import MOST_POINTS
from lab.events import Stopped
from lab.network import build_network
from lab.newest import publish
from lab.predict import Predictor
from lab.store import Store, StoreUnavailable
from lab.web.reading import DIVERGED, MOST_BYTES, NO_QUESTION, NO_RUN, TOO_LARGE, WRONG_METHOD


@pytest.fixture
def web(store: Store) -> Iterator[WebServer]:
    with serving() as server:
        yield server


def test_a_network_whose_weights_have_left_all_bounds_is_refused_in_a_sentence(web: WebServer, store: Store) -> None:
    run_id = add_run(store)
    weights = build_network(tiny_run().network, seed=1).state_dict()
    lost = {
        name: torch.full_like(tensor, torch.nan) if tensor.is_floating_point() else tensor
        for name, tensor in weights.items()
    }
    publish(store.url, run_id, Snapshot(epoch=1, iteration=1, weights=lost))
    for drawing in (True, False):
        question = {"strokes": SEVEN, "run": run_id, "drawing": drawing, "layers": True}
        assert refused(web, json.dumps(question)) == (404, DIVERGED)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        b"\xff\xfe",
        "[" * 100_000,
        "[]",
        "7",
        '{"strokes": [[[1, 2]]], "run": "7"}',
        '{"strokes": [[[1, 2]]], "run": true}',
        '{"strokes": [[[1, 2]]], "run": 0}',
        '{"strokes": [[[1, 2]]], "run": 9223372036854775808}',
        '{"strokes": [[[1, 2]]], "run": 7, "epoch": 1.5}',
        '{"strokes": [[[1, 2]]], "drawing": "yes"}',
        '{"strokes": [[[1, 2]]], "layers": 1}',
    ],
)
def test_what_is_no_question_is_refused(web: WebServer, content: bytes | str) -> None:
    assert refused(web, content) == (400, NO_QUESTION)


def test_an_epoch_of_no_run_is_refused(web: WebServer) -> None:
    assert refused(web, json.dumps({"strokes": SEVEN, "epoch": 3})) == (400, NO_RUN)


@pytest.mark.parametrize("strokes", ["null", "7", "[[[1]]]", '[["ab"]]', "[[[1, NaN]]]", "[[[1e999, 2]]]"])
def test_what_is_no_drawing_is_refused(web: WebServer, strokes: str) -> None:
    status, words = refused(web, f'{{"strokes": {strokes}}}')
    assert status == 400 and words.startswith("A drawing is a list of strokes")


@pytest.mark.parametrize("strokes", [[], [[]]])
def test_a_drawing_without_ink_is_refused(web: WebServer, strokes: list[Any]) -> None:
    assert refused(web, json.dumps({"strokes": strokes})) == (
        400,
        "There is no ink in the picture: it has to show a digit.",
    )


def test_a_drawing_that_is_too_large_is_refused(web: WebServer) -> None:
    status, words = refused(web, json.dumps({"strokes": [[[1, 2]] * (MOST_POINTS + 1)]}))
    assert status == 413 and "clear it and draw one digit" in words
    assert refused(web, " " * (MOST_BYTES + 1)) == (413, TOO_LARGE)


def test_a_run_that_cannot_be_read_is_refused_with_the_stores_sentence(web: WebServer, store: Store) -> None:
    assert refused(web, json.dumps({"strokes": SEVEN, "run": 9})) == (
        404,
        "There is no run 9: `python -m lab runs` lists them.",
    )
    run_id = add_run(store, Stopped())
    status, words = refused(web, json.dumps({"strokes": SEVEN, "run": run_id}))
    assert (status, words) == (404, f"Run {run_id} was stopped, and no epoch of it is kept.")


def test_a_store_that_does_not_answer_is_said_to_be_so(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> Predictor:
        raise StoreUnavailable("The database is busy.")

    monkeypatch.setattr("lab.readers.reader", busy)
    assert refused(web, json.dumps({"strokes": SEVEN})) == (503, "The database is busy.")


def test_without_the_shapes_of_digits_that_is_said(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_features: object) -> None:
        raise NoShapes("It is missing.")

    monkeypatch.setattr("lab.drawing.oddity.distances", refuse)
    assert refused(web, json.dumps({"strokes": SEVEN})) == (500, "It is missing.")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE", "PROPFIND"])
def test_the_address_answers_posts_only(web: WebServer, method: str) -> None:
    status, headers, words = web.request(method, "/reading")
    assert (status, headers["allow"], words) == (405, "POST", WRONG_METHOD.body)


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
def test_a_drawing_from_elsewhere_is_not_read(web: WebServer, origin: str | None) -> None:
    status, _, words = web.request("POST", "/reading", json.dumps({"strokes": SEVEN}), origin)
    assert status == 403 and b"is not answered" in words
