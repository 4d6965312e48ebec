"""What the tests of the pages share: the app as its script runs, and runs written into the store without training."""

import json
import re
from functools import partialmethod
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from claiming import queued_and_claimed, say
from examples import tiny_run
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.testing.v1 import AppTest

from lab.config import RunConfig
from lab.events import Checkpoint, Epoch, Event, Failed, Finished, Measured, Paused, Started, Stopped, Window
from lab.number_words import NO_BREAK
from lab.store import Run, Store, worker_name
from lab.ui.draft import Draft
from lab.ui.errors import show_error
from lab.ui.kept_draft import KEY as KEPT_DRAFT

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "lab" / "ui" / "script.py"
patch.object(ScriptRunner, "__init__", partialmethod(ScriptRunner.__init__, on_script_error=show_error)).start()
"""AppTest runs a script without what `app.py` says of errors in it."""
ME = f"{worker_name()}:test"


# --- the app as a user meets it ----------------------------------------------------------------------------------


def open_app(page: str, **query: str) -> AppTest:
    """A new session that has opened `page` ("start", "steps", "train" or "runs")."""
    app = AppTest.from_file(SCRIPT, default_timeout=120)
    app.query_params.update(query)
    app.run()
    return app if page == "start" else go_to(app, page)


def open_alone(page: str) -> AppTest:
    """A new session of one page without the app around it."""
    app = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=60).run()
    assert not app.exception
    return app


def go_to(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"../../pages/{page}.py").run()
    return app


def is_well(app: AppTest) -> bool:
    """Whether the page was drawn to its end without an error, and says nothing is wrong."""
    return not app.exception and not app.error


def labelled(widgets: Any, label: str) -> Any:
    """The one widget with this label."""
    found = [widget for widget in widgets if widget.label == label]
    assert len(found) == 1, f"{len(found)} widgets are called {label!r}: {[widget.label for widget in widgets]}"
    return found[0]


def button(app: AppTest, label: str) -> Any:
    return labelled(app.button, label)


def labels(widgets: Any) -> list[str]:
    return [widget.label for widget in widgets]


def draft(app: AppTest) -> RunConfig:
    held: Draft = app.session_state["draft"]
    return held.config


def with_draft(config: RunConfig, page: str = "train") -> AppTest:
    """A session whose draft is `config`."""
    app = AppTest.from_file(SCRIPT, default_timeout=120)
    app.session_state["draft"] = Draft(config=config)
    app.run()
    return app if page == "start" else go_to(app, page)


def as_read(markdown: str) -> str:
    """What a reader sees where `lab.ui.text.plain` has escaped a text."""
    shown = re.sub("&#([0-9]+);", lambda code: chr(int(code[1])), markdown)
    return re.sub("[\u2060\u2068\u2069]", "", shown).replace(NO_BREAK, " ")


def errors(app: AppTest) -> list[str]:
    """What the page says is wrong."""
    return [as_read(error.value) for error in app.error]


def html(app: AppTest) -> str:
    """What stands in HTML, with every space as one types it."""
    return "\n".join(element.proto.body for element in app.get("html")).replace(NO_BREAK, " ")


def words(app: AppTest) -> str:
    """All that is written on the page."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join([*(as_read(element.value) for kind in kinds for element in kind), html(app)])


def component_data(app: AppTest, key: str) -> dict[str, Any]:
    """What a component of ours was given."""
    (given,) = [json.loads(element.proto.json) for element in app.get("bidi_component") if element.key == key]
    found: dict[str, Any] = given
    return found


def figure(app: AppTest, key: str) -> dict[str, Any]:
    """What a chart was given to draw."""
    found: dict[str, Any] = json.loads(component_data(app, key)["figure"])
    return found


def chart(app: AppTest, key: str) -> dict[str, Any]:
    """A chart's traces by name, in the order drawn."""
    return {trace.get("name", ""): trace for trace in figure(app, key)["data"]}


def axis(app: AppTest, key: str) -> list[float]:
    """The range of a chart's vertical axis."""
    limits: list[float] = figure(app, key)["layout"]["yaxis"]["range"]
    return limits


def figures(app: AppTest) -> dict[str, str]:
    """The figures of a run by their labels."""
    cell = '<div><span>([^<]*?)(?: <abbr[^>]*>[^<]*</abbr>)?</span><span class="value"><span[^>]*>([^<]*)</span>'
    return dict(re.findall(cell, html(app)))


def checks(app: AppTest) -> list[str]:
    """The lines of a run's scorecard, as read."""
    lines = re.findall("<p>(.*?)</p>", "".join(re.findall('<div class="checks">(.*?)</div>', html(app))))
    return [" ".join(re.sub("<[^>]*>|&nbsp;", "", line).split()) for line in lines]


def channel(app: AppTest) -> dict[str, Any]:
    """What the browser is given to follow the run with."""
    return component_data(app, "channel")


def open_tab(app: AppTest) -> str:
    """The label of the tab that is open."""
    (container,) = app.get("tab_container")
    label: str = app.tabs[container.proto.tab_container.default_tab_index].label
    return label


def is_open(app: AppTest, label: str) -> bool:
    """Whether the section of this label is."""
    opened: bool = labelled(app.expander, label).proto.expanded
    return opened


# --- runs without training ---------------------------------------------------------------------------------------


def started(config: RunConfig) -> Started:
    iterations = config.iterations_per_epoch
    return Started(
        device="cpu",
        device_name="a CPU",
        engine="PyTorch",
        parameters=1,
        first_epoch=1,
        epochs=config.epochs,
        iterations_per_epoch=iterations,
        batch_size=config.batch_size,
    )


def window(number: int, of: int = 3) -> Window:
    return Window(
        epoch=(number - 1) // of + 1,
        iteration=number,
        loss=1 / number,
        accuracy=90 + number,
        learning_rate=0.05,
        images_per_second=480.0,
    )


def epoch(
    number: int, correct: int = 9900, train: float = 99.0, seconds: float = 2.0, measured: int | None = None
) -> Epoch:
    """`measured`: how many of 10,000 training images were right, read as the test images are."""
    told = Measured(images=10_000, augmented=False, loss=0.03, correct=measured or 0)
    return Epoch(
        epoch=number,
        train_loss=0.05,
        train_accuracy=train,
        test_loss=0.04,
        test_accuracy=correct / 100,
        test_correct=correct,
        learning_rate=0.05,
        seconds=seconds,
        measured=() if measured is None else (told,),
        checkpoint=Checkpoint(epoch=number, weights=b"", predictions=b"", optimizer_state=b""),
    )


def add_run(
    store: Store,
    *events: Event,
    config: RunConfig | None = None,
    worker: str = ME,
    name: str = "",
    device: str = "",
) -> int:
    """A run that was claimed by `worker` and has said `events`, after Started."""
    config = config or tiny_run()
    several = device or f"device {uuid4()}"  # so that several may be live
    run_id = queued_and_claimed(store, config, name or None, worker, several)
    say(store, run_id, started(config), *events)
    return run_id


def run_that_is(status: str, store: Store, dead_worker: str, *early: Event) -> int:
    """A run of three epochs of three windows each, in a status; one that has not finished has said `early` if given."""
    first = early or (window(1), window(2), window(3), epoch(1), window(4))
    rest = (window(5), window(6), epoch(2), window(7), window(8), window(9), epoch(3))
    match status:
        case "queued":
            return store.submit(tiny_run())
        case "running":
            return add_run(store, *first)
        case "paused":
            run_id = add_run(store, *first, Paused())
            store.send(run_id, "pause")
            return run_id
        case "interrupted":
            return add_run(store, *first, worker=dead_worker)
        case "stopped":
            return add_run(store, *first, Stopped())
        case "failed":
            return add_run(store, *first, Failed(reason="The loss is no longer a finite number."))
    assert status == "finished"
    whole = (window(1), window(2), window(3), epoch(1), window(4), *rest)
    return add_run(store, *whole, Finished())


def the_run(store: Store) -> Run:
    """The store's only run."""
    (run,) = store.runs()
    return run


def components(page: AppTest) -> list[str]:
    """The keys of the components of ours on the page, without those that every page has."""
    return [element.key or "" for element in page.get("bidi_component") if element.key not in (KEPT_DRAFT, "draw_anew")]
