"""The walls of the house: who may import what. Read from the source, so nothing need be installed or started."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("lab", "pages", "benchmarks", "tests")


@lru_cache
def sources() -> dict[str, str]:
    """Every Python file of the project by its path from the root."""
    files = [ROOT / "app.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def core() -> list[str]:
    """The rooms of lab that show nothing."""
    return [path for path in sources() if path.startswith("lab/") and not path.startswith("lab/ui/")]


def imports(source: str) -> set[str]:
    """The dotted names that a source imports, anywhere in it: `from a.b import c` counts as a.b and a.b.c."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            names |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return names


def imports_at_once(source: str) -> set[str]:
    """Those of them that its import carries out: not what its functions import once they are called."""
    return imports("\n".join(ast.unparse(node) for node in ast.parse(source).body if not _is_called_later(node)))


def _is_called_later(node: ast.stmt) -> bool:
    is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return is_for_types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def pickling(source: str) -> set[str]:
    """The calls in a source that would read or write a pickle: `torch.load`."""
    known = {"torch.load", "torch.save", "np.load", "numpy.load"}
    found = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return {name for name in found if name in known or name.endswith(("_pickle", ".pickle"))}


def breaches(files: Iterable[str], forbidden: Iterable[str], named: dict[str, str] | None = None) -> list[str]:
    """`file imports name` for each import of a forbidden module, or of a part of it, in the files (patterns)."""
    patterns, walls = tuple(files), tuple(forbidden)
    return [
        f"{path} imports {name}"
        for path, source in sorted((named or sources()).items())
        if any(fnmatch(path, pattern) for pattern in patterns)
        for name in sorted(imports(source))
        if any(name == wall or name.startswith(f"{wall}.") for wall in walls)
    ]


def reachable(start: str, read: Callable[[str], set[str]] = imports) -> Iterator[str]:
    """`start` and every module of lab that it imports, directly or through others, as paths; `read` finds imports."""
    waiting, seen = [start], set()
    while waiting:
        path = waiting.pop()
        if path in seen or path not in sources():
            continue
        seen.add(path)
        yield path
        rooms = [name.replace(".", "/") for name in read(sources()[path]) if name.startswith("lab.")]
        waiting += [f"{room}{end}" for room in rooms for end in (".py", "/__init__.py")]


def loads_torch(code: str) -> bool:
    """Whether a fresh interpreter has imported torch after this code."""
    code += "\nimport sys\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1] == "True"


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
PICKLES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")


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


def test_what_is_served_beside_the_pages_starts_without_torch() -> None:
    """A drawing is read with it, once there is one."""
    assert breaches(reachable("lab/web/__init__.py", imports_at_once), ["torch"]) == []
    assert not loads_torch("import lab.web")


def test_nothing_reads_or_writes_pickles() -> None:
    assert breaches(["*"], PICKLES) == []
    assert {path: pickling(source) for path, source in sources().items() if pickling(source)} == {}


def test_the_describing_rooms_really_start_without_torch() -> None:
    assert not loads_torch("import lab.config, lab.layers, lab.memory, lab.steps, lab.store, lab.cli")


def open_page(name: str) -> str:
    """Code that opens the app at a page."""
    return f"""
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("lab/ui/script.py", default_timeout=120).run()
if "{name}" != "start":
    app.switch_page("../../pages/{name}.py").run()
assert not app.exception and app.title, app
"""


@pytest.mark.parametrize("page", ["start", "steps", "runs"])
def test_a_page_that_needs_no_torch_is_drawn_without_it(page: str) -> None:
    assert not loads_torch(open_page(page))


def test_what_the_other_pages_import_has_no_torch_either() -> None:
    """They import it where they need it: their first drawing does not wait for it."""
    modules = [
        path for path in sources() if path.startswith("lab/ui/") and not path.endswith(("__init__.py", "script.py"))
    ]
    names = ", ".join(path.removesuffix(".py").replace("/", ".") for path in modules)
    assert "lab.ui.controls" in names
    assert not loads_torch(f"import {names}")


def test_a_page_that_needs_torch_is_found_out() -> None:
    assert loads_torch(open_page("train"))


def test_what_lies_behind_a_door_is_reached_through_it() -> None:
    assert {"lab/compute/__init__.py", "lab/compute/trainer.py"} <= set(reachable("lab/training.py"))


# --- the reader itself can find a breach -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        "import torch as t",
        "import torch.nn.functional as F",
        "from torch import nn",
        "def late():\n    from torch.nn import Module",
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
        "if True:\n    import numpy, torch",
        "import importlib\nimportlib.import_module('torch')",
        "t = __import__('torch')",
    ],
)
def test_a_breach_is_found_wherever_it_hides(source: str) -> None:
    [breach] = {text.split(" imports ")[0] for text in breaches(["lab/*.py"], ["torch"], {"lab/config.py": source})}
    assert breach == "lab/config.py"


@pytest.mark.parametrize(
    "source", ["import torchinfo", "x = 'import torch'", "from lab import torches", "# import torch"]
)
def test_what_only_looks_like_a_breach_is_none(source: str) -> None:
    assert breaches(["lab/*.py"], ["torch"], {"lab/config.py": source}) == []


def test_a_module_imported_from_its_package_counts_as_imported() -> None:
    assert breaches(["pages/*.py"], ["lab.training"], {"pages/train.py": "from lab import training"}) == [
        "pages/train.py imports lab.training"
    ]


@pytest.mark.parametrize("call", ["torch.load('w.pt')", "torch.save(x, 'w.pt')", "frame.to_pickle('x')", "np.load(f)"])
def test_a_call_that_pickles_is_found(call: str) -> None:
    assert len(pickling(f"weights = {call}")) == 1


def test_a_call_that_does_not_pickle_is_none() -> None:
    assert pickling("safetensors.torch.load(content)\njson.load(file)\nnetwork.load_state_dict(state)") == set()


def test_no_tuple_is_unpacked_to_outwit_the_formatter() -> None:
    """`f(*("a", "b"), c)` says no more than `f("a", "b", c)`."""
    unpacked = [
        f"{path}:{node.lineno}"
        for path, source in sources().items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Starred) and isinstance(node.value, ast.Tuple | ast.List)
    ]
    assert unpacked == []


@pytest.mark.parametrize(
    "elements",
    [
        {"tabs", "expander", "popover"},  # is closed again when anything above it on the page comes or goes
        {"toggle", "selectbox", "slider", "select_slider", "segmented_control", "pills", "number_input"},
    ],
    ids=["what is opened", "what is chosen"],
)
def test_what_a_reader_opens_or_chooses_has_a_key(elements: set[str]) -> None:
    """Without one it begins anew: a widget as soon as its options, its default or its words are others."""
    keyless = [
        f"{path}:{node.lineno}"
        for path, source in sources().items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in elements
        and isinstance(node.func.value, ast.Name)
        and not path.startswith("tests/")
        and not any(given.arg == "key" for given in node.keywords)
    ]
    assert keyless == []


def test_what_a_reader_opens_is_kept_when_the_page_is_left() -> None:
    """By `lab.ui.sections`: what Streamlit opens, and what HTML does, is closed again on coming back."""
    unkept = [
        f"{path}:{number}"
        for path, source in sources().items()
        for number, line in enumerate(source.splitlines(), start=1)
        if re.search(r"\bst\.(tabs|expander)\(|<details", line)
        and not path.startswith("tests/")
        and path != "lab/ui/sections.py"
    ]
    assert unkept == []


def test_no_two_test_files_have_the_same_name() -> None:
    """pytest imports them by their name alone, and refuses a second one."""
    names = [path.rpartition("/")[2] for path in sources() if path.rpartition("/")[2].startswith("test_")]
    assert sorted(names) == sorted(set(names))
