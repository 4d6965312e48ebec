"""What a network reads in a drawing, while it is drawn: a page posts its strokes to `reading` and gets the answer.

    {"strokes": [[[70, 71.5], [200, 75]]], "run": 7, "epoch": 3}

No run: the network that comes with the lab; no epoch: the newest weights of the run that there are. With
`"drawing": true` the pen is still down: whether it looks like a digit is not said then, and the answer costs half. With
`"layers": true` the answer has a picture of every layer too (`lab.layer_strip`), which costs twice the reading.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lab.answer import answer_to, unjudged_answer_to
from lab.drawing import (
    CANVAS_PEN,
    BlankDrawing,
    Gray,
    NoDrawing,
    NoShapes,
    Points,
    TooMuch,
    normalize_strokes,
    stroke_stages,
    strokes_from_canvas,
)
from lab.run_number import LARGEST
from lab.store import Store, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from lab.predict import Predictor

MOST_BYTES = 200_000
"""Bytes of a request: of the largest drawing that is read, and some."""
READERS = 2
"""Drawings that are read at a time: more would only take Python from each other, and all wait longer."""
WRONG_METHOD = PlainTextResponse(
    "This address reads drawings. The Draw page sends them.", status_code=405, headers={"Allow": "POST"}
)
"""The answer to who asks in any other way than by POST."""
NO_RUN = "An epoch is one of a run: send the number of the run with it, or neither for the network that ships."
NO_QUESTION = 'Send the drawing as JSON: {"strokes": [[[x, y], ...], ...], "run": 7, "epoch": 3}.'
DIVERGED = "The weights of this network are no longer finite numbers, so it reads nothing. Choose another network."
ENDING = "The lab is closing."
TOO_LARGE = "This is too much for a drawing of a digit: clear it and draw one digit."


@dataclass(frozen=True)
class Question:
    """A drawing, and who is to read it: a run (None: the network that ships) after an epoch (None: the newest)."""

    strokes: list[Points]
    run: int | None
    epoch: int | None
    is_unfinished: bool
    """Whether it is still being drawn."""
    wants_layers: bool
    """Whether a picture of every layer is asked for too."""


class Reading:
    """The route: every drawing is read in a thread of its own room, so that all else goes on meanwhile."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="lab-reading")

    async def read(self, request: Request) -> Response:
        """The answer to a drawing, as `lab.answer.Answer.row` gives it, or why there is none."""
        try:
            question = _question(await _body(request))
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)
        except ClientDisconnect:  # nobody is there to be answered
            return Response(status_code=400)
        except asyncio.CancelledError:  # by a server that ends, which would write a traceback into the terminal
            return PlainTextResponse(ENDING, status_code=503)
        except HTTPException as refused:
            return PlainTextResponse(refused.detail, status_code=refused.status_code)
        except NoShapes as error:
            return PlainTextResponse(str(error), status_code=500)
        except StoreUnavailable as error:
            return PlainTextResponse(str(error), status_code=503)
        except StoreError as error:
            return PlainTextResponse(str(error), status_code=404)
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    def _answer(self, question: Question) -> dict[str, Any]:
        """In a thread: it may have to wait for torch, for the store, and for others' drawings.

        Raises:
            StoreError: the network cannot be read, or reads nothing any more.
        """
        from lab.readers import reader  # imports torch: when a network is wanted, not with the server

        network = reader(question.run, question.epoch, self._open_store())
        if question.is_unfinished:
            picture = normalize_strokes(question.strokes, CANVAS_PEN)
            answer = unjudged_answer_to(picture, network)
        else:
            stages = stroke_stages(question.strokes, CANVAS_PEN)
            picture, answer = stages[-1].image, answer_to(stages, network)
        if not np.isfinite(answer.probabilities).all():
            raise StoreError(DIVERGED)
        return answer.row() | ({"layers": _layers(network, picture)} if question.wants_layers else {})


def _layers(network: Predictor, picture: Gray) -> dict[str, Any]:
    from lab.layer_strip import strip
    from lab.probe import layer_maps

    return strip(layer_maps(network, picture, exact=False)).row()


async def _body(request: Request) -> bytes:
    """What was sent, as far as it may be that long."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise HTTPException(413, TOO_LARGE)
    return content


def _question(content: bytes) -> Question:
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, NO_QUESTION) from error
    if not isinstance(asked, dict) or not all(_is_counted(asked.get(name)) for name in ("run", "epoch")):
        raise HTTPException(400, NO_QUESTION)
    if asked.get("run") is None and asked.get("epoch") is not None:
        raise HTTPException(400, NO_RUN)
    wishes = [asked.get(name, False) for name in ("drawing", "layers")]
    if not all(isinstance(wish, bool) for wish in wishes):
        raise HTTPException(400, NO_QUESTION)
    try:
        strokes = strokes_from_canvas(asked.get("strokes"))
    except TooMuch as error:
        raise HTTPException(413, str(error)) from error
    except NoDrawing as error:
        raise HTTPException(400, str(error)) from error
    if not strokes:
        raise HTTPException(400, str(BlankDrawing()))
    return Question(strokes, asked.get("run"), asked.get("epoch"), *wishes)


def _is_counted(number: object) -> bool:
    """Whether it can be the number of a run or an epoch, or none."""
    return number is None or (isinstance(number, int) and not isinstance(number, bool) and 0 < number <= LARGEST)
