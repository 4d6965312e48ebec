"""A drawing is answered while it is drawn, by whichever network is asked for."""

import asyncio
import base64
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from app_pages import add_run
from claiming import claimed, say
from examples import noted, tiny_run
from starlette.requests import Request
from starlette.types import Message
from web_server import WebServer, serving

from lab.drawing import CANVAS_PEN, odd, stroke_stages, strokes_from_canvas
from lab.drawing.canvas import MOST_POINTS
from lab.layer_strip import strip
from lab.mnist import Mnist
from lab.number_words import percent_sign
from lab.predict import Predictor, load_predictor
from lab.probe import layer_maps
from lab.store import Store
from lab.training import train
from lab.web.reading import MOST_BYTES, Reading

SEVEN = [[[80, 70], [200, 70], [130, 230]]]


@pytest.fixture
def web(store: Store) -> Iterator[WebServer]:
    with serving() as server:
        yield server


def asked(web: WebServer, **question: Any) -> dict[str, Any]:
    """The answer to a question that has one."""
    status, _, content = web.request("POST", "/reading", json.dumps(question))
    assert status == 200, content
    answer: dict[str, Any] = json.loads(content)
    return answer


def refused(web: WebServer, content: bytes | str) -> tuple[int, str]:
    status, headers, words = web.request("POST", "/reading", content)
    assert headers["content-type"].startswith("text/plain")
    return status, words.decode()


def test_strokes_are_answered_with_all_that_the_page_shows(web: WebServer) -> None:
    answer = asked(web, strokes=SEVEN)
    stages = stroke_stages(strokes_from_canvas(SEVEN), CANVAS_PEN)
    network = load_predictor()
    expected = network(stages[-1].image)
    assert answer["digit"] == 7
    assert answer["probabilities"] == pytest.approx(expected.tolist(), abs=1e-6)
    assert answer["percent"][7] == percent_sign(expected[7])
    assert answer["odd"] == "" and answer["live"] is False and answer["status"] == ""
    assert answer["reader"].startswith("Read by the ready-trained network (Step 6")
    picture = np.frombuffer(base64.b64decode(answer["picture"]), np.uint8).reshape(28, 28)
    assert np.abs(picture / 255 - network.given(stages[-1].image)).max() <= 0.5 / 255 + 1e-6


def test_a_page_that_goes_while_it_sends_is_no_error(store: Store) -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, gone)
    assert asyncio.run(Reading(lambda: store).read(request)).status_code == 400


def test_a_drawing_that_is_half_sent_when_the_server_ends_is_none_of_the_terminals_business(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    terminal = logging.getLogger("uvicorn.error")
    monkeypatch.setattr(terminal, "_log", lambda _level, words, *_, **__: said.append(words))
    with serving() as web:
        monkeypatch.setattr(terminal, "level", logging.ERROR)
        connection = socket.create_connection(("localhost", web.port), timeout=60)
        head = f"POST /reading HTTP/1.1\r\nHost: localhost:{web.port}\r\nOrigin: {web.origin}\r\n"
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # it is being read
        connection.sendall(b"{")
    connection.close()
    assert said == ["Cancel %s running task(s), timeout graceful shutdown exceeded"]  # and no traceback


def test_the_layers_are_drawn_for_who_asks_for_them(web: WebServer) -> None:
    assert "layers" not in asked(web, strokes=SEVEN)
    for drawing in (True, False):
        layers = asked(web, strokes=SEVEN, layers=True, drawing=drawing)["layers"]
        picture = stroke_stages(strokes_from_canvas(SEVEN), CANVAS_PEN)[-1].image
        expected = strip(layer_maps(load_predictor(), picture, exact=False)).row()
        assert layers == json.loads(json.dumps(expected))


def test_what_does_not_look_like_a_digit_is_said_to_be_so(web: WebServer) -> None:
    dot = [[[90, 90], [91, 90]]]
    why = odd(stroke_stages(dot, CANVAS_PEN))
    answer = asked(web, strokes=dot)
    assert answer["odd"].startswith(f"This does not look like one digit: {why}. ")
    assert answer["words"].startswith("only a guess, with a probability of ")


def test_while_the_pen_is_down_it_is_read_the_same_but_not_judged(web: WebServer) -> None:
    for strokes in (SEVEN, [[[90, 90], [91, 90]]]):
        told = asked(web, strokes=strokes, drawing=True)
        lifted = asked(web, strokes=strokes, drawing=False)
        for what in ("probabilities", "picture", "digit", "next", "reader"):
            assert told[what] == lifted[what]
        assert told["odd"] == "" and told["words"] == lifted["words"].replace("only a guess, ", "")


def test_any_run_at_any_epoch_reads_and_is_loaded_once(
    web: WebServer, trained: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[tuple[int | None, int | None]] = []

    def load(run: int | None, epoch: int | None, where: Store) -> Predictor:
        return load_predictor(*noted(loaded, (run, epoch)), where)

    monkeypatch.setattr("lab.predict.load_predictor", load)
    last, first = (asked(web, strokes=SEVEN, run=trained, epoch=epoch) for epoch in (3, 1))
    newest = asked(web, strokes=SEVEN, run=trained)
    assert newest == last != first
    assert newest["reader"] == f"Read by {store.run(trained).name} (run {trained}), epoch 3."
    assert loaded == [(trained, 3), (trained, 1)]


def test_the_epoch_that_came_since_is_the_newest(web: WebServer, store: Store, few: Mnist) -> None:
    run_id = store.submit(tiny_run())
    claimed(store, run_id, "a worker")
    epochs = []
    for event in train(tiny_run(), few):
        say(store, run_id, event)
        if event.kind == "epoch":
            epochs.append(asked(web, strokes=SEVEN, run=run_id)["reader"].split(", ")[-1])
    assert epochs == ["epoch 1.", "epoch 2.", "epoch 3."]


def test_the_largest_drawing_is_read(web: WebServer) -> None:
    assert len(json.dumps({"strokes": [[[-1234.5, 1234.5]] * MOST_POINTS]})) < MOST_BYTES
    line = [[x / 20, 100 + x / 20] for x in range(MOST_POINTS)]
    assert asked(web, strokes=[line])["digit"] in range(10)


def test_a_run_that_waits_is_asked_again_since_its_answer_will_change(web: WebServer, store: Store) -> None:
    run_id = store.submit(tiny_run())
    answer = asked(web, strokes=SEVEN, run=run_id)
    assert answer["live"] is True and answer["status"] == "queued"
    assert answer["reader"].endswith(f"(run {run_id}), untrained.")
    store.send(run_id, "stop")
    assert refused(web, json.dumps({"strokes": SEVEN, "run": run_id}))[0] == 404


@pytest.mark.parametrize("base_path", ["lab", "/a/b/"])
def test_drawings_are_read_below_the_path_that_the_pages_are_served_below(store: Store, base_path: str) -> None:
    with serving(base_path) as web:
        content = json.dumps({"strokes": SEVEN})
        assert web.request("POST", f"/{base_path.strip('/')}/reading", content)[0] == 200


def test_a_drawing_is_read_while_another_one_waits_for_its_network(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, goes_on = threading.Event(), threading.Event()

    def late_for_a_run(run: int | None, *more: Any) -> Predictor:
        if run is not None:
            is_asked.set()
            assert goes_on.wait(60)
        return load_predictor()

    monkeypatch.setattr("lab.readers.reader", late_for_a_run)
    with ThreadPoolExecutor(2) as persons:
        waits = persons.submit(asked, web, strokes=SEVEN, run=1)
        assert is_asked.wait(60)
        answered = persons.submit(asked, web, strokes=SEVEN)
        try:
            assert answered.result(30)["digit"] == 7 and not waits.done()
        finally:
            goes_on.set()
        assert waits.result(60)["digit"] == 7


def test_all_else_goes_on_while_a_drawing_waits_for_its_network(
    web: WebServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def late(*asked: Any) -> Predictor:
        assert goes_on.wait(60)
        return load_predictor(*asked)

    monkeypatch.setattr("lab.readers.reader", late)
    run_id = add_run(store)
    with ThreadPoolExecutor(4) as persons:
        answers = [persons.submit(asked, web, strokes=SEVEN) for _ in range(4)]
        with web.channel(f"run={run_id}&after=0") as page:
            assert json.loads(page.recv(timeout=60))["state"] == "running-run-1"
        goes_on.set()
        assert [answer.result(60)["digit"] for answer in answers] == [7] * 4
