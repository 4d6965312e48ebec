"""The walls of the house: who may import what. Read from the source, so nothing need be installed or started."""

import ast

import pytest
from source_reading import breaches, core, reachable, sources

STREAMLIT = ("streamlit",)
TRAINING = ("lab/training.py", "lab/evaluation.py")
SHOWING = (
    "lab.timeline",
    "lab.time_left",
    "lab.terms",
    "lab.analysis",
    "lab.groups",
    "lab.comparison",
    "lab.scorecard",
    "lab.findings",
    "lab.figures",
    "lab.curves",
    "lab.curve_axis",
    "lab.overlay",
    "lab.overlay_axis",
    "lab.step_curves",
    "lab.growth",
    "lab.standing",
    "lab.export",
    "lab.web",
)


def test_only_the_app_its_pages_and_lab_ui_import_streamlit() -> None:
    assert "lab/training.py" in core()
    assert breaches(core(), STREAMLIT) == []


def test_training_knows_no_thread_no_store_and_no_jobs() -> None:
    assert breaches(TRAINING, ["threading", "multiprocessing", "asyncio", "lab.store", "lab.jobs"]) == []


def test_training_reaches_no_store_through_others_either() -> None:
    assert not [path for path in reachable("lab/training.py") if path.startswith(("lab/store", "lab/jobs", "lab/cli"))]


@pytest.mark.parametrize("room", ["config", "layers", "steps", "schedule", "describe", "events"])
def test_what_describes_a_run_needs_no_torch(room: str) -> None:
    assert f"lab/{room}.py" in sources()
    assert breaches(reachable(f"lab/{room}.py"), ["torch", "torchvision", "safetensors"]) == []


def test_the_corridor_runs_one_way() -> None:
    """config -> training -> events -> store -> figures -> pages: no room knows a later one."""
    assert breaches(core(), ["pages", "app", "tests", "lab.ui"]) == []
    assert breaches(["lab/*.py", "app.py", "pages/*.py"], ["benchmarks", "tests"]) == []
    assert breaches(["lab/fields.py"], ["lab"]) == []
    parts = {"lab/fields.py", "lab/network_config.py", "lab/training_config.py"}
    assert set(reachable("lab/config.py")) == {"lab/config.py", *parts}
    assert breaches(TRAINING, ["lab.store", "lab.jobs", *SHOWING]) == []
    assert breaches(["lab/store/*.py"], ["lab.training", "lab.jobs", *SHOWING]) == []
    behind_the_front_door = [path for path in sources() if not path.startswith("tests/") and path != "lab/__main__.py"]
    assert breaches(behind_the_front_door, ["lab.cli"]) == []


SEALED = ("lab/compute", "lab/drawing", "lab/export", "lab/probe", "lab/store", "lab/web")
"""Folders of lab that others know by their door only: what their `__init__` names."""


def behind(folder: str) -> list[str]:
    """The modules of a sealed folder, dotted, without its door."""
    inside = [path for path in sources() if path.startswith(f"{folder}/") and path != f"{folder}/__init__.py"]
    return [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in inside]


def outside(folder: str) -> list[str]:
    """Every file of the project but the folder's own; tests may look inside."""
    return [path for path in sources() if not path.startswith((f"{folder}/", "tests/"))]


@pytest.mark.parametrize("folder", SEALED)
def test_a_sealed_folder_is_known_by_its_door_only(folder: str) -> None:
    assert len(behind(folder)) > 1
    assert breaches(outside(folder), behind(folder)) == []


@pytest.mark.parametrize("folder", SEALED)
def test_the_door_of_a_sealed_folder_names_what_it_lets_out_and_nothing_else(folder: str) -> None:
    door = ast.parse(sources()[f"{folder}/__init__.py"])
    let_out = {
        alias.asname or alias.name for node in door.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    named = [ast.literal_eval(node.value) for node in door.body if isinstance(node, ast.Assign)]
    assert [sorted(let_out)] == [sorted(names) for names in named]


def test_pages_import_neither_pages_nor_torch_nor_threads() -> None:
    walls = ["pages", "app", "torch", "torchvision", "threading", "multiprocessing", "concurrent", "asyncio"]
    assert breaches(["pages/*.py", "app.py"], walls) == []


def test_pages_train_nothing_themselves() -> None:
    assert breaches(["pages/*.py", "app.py", "lab/ui/*.py"], ["lab.training", "lab.network"]) == []


def test_only_training_and_who_asks_a_trained_network_go_through_the_door_of_what_computes() -> None:
    others = [path for path in outside("lab/compute") if path not in TRAINING]
    assert not [breach for breach in breaches(others, ["lab.compute"]) if not breach.startswith("lab/probe/")]
    assert breaches(["lab/probe/*.py"], ["lab.compute.Trainer"]) == []


def test_what_asks_a_trained_network_trains_none_and_shows_nothing() -> None:
    assert breaches(["lab/probe/*.py"], ["lab.training", "lab.jobs", "lab.ui", *STREAMLIT, *SHOWING]) == []


def test_what_computes_knows_nothing_of_the_loop_that_it_serves() -> None:
    walls = ["lab.training", "lab.events", "lab.store", "lab.jobs", *SHOWING]
    assert breaches(["lab/compute/*.py"], walls) == []


@pytest.mark.parametrize(
    "room",
    [
        "timeline",
        "time_left",
        "analysis",
        "groups",
        "comparison",
        "findings",
        "figures",
        "curves",
        "overlay",
        "step_curves",
        "growth",
        "standing",
    ],
)
def test_what_runs_mean_and_how_they_are_drawn_knows_no_torch_no_store_and_no_page(room: str) -> None:
    walls = ["torch", "threading", *STREAMLIT, "lab.training", "lab.network", "lab.jobs", "lab.store", "sqlalchemy"]
    assert f"lab/{room}.py" in sources()
    assert breaches(reachable(f"lab/{room}.py"), walls) == []


def test_what_is_served_beside_the_pages_knows_no_streamlit_and_trains_nothing() -> None:
    walls = [*STREAMLIT, "lab.ui", "lab.training", "lab.jobs"]
    assert breaches(reachable("lab/web/__init__.py"), walls) == []
