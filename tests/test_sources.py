"""Rules that every source of the project keeps."""

import ast
import re

import pytest
from source_reading import breaches, pickling, sources

PICKLES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")


def test_nothing_reads_or_writes_pickles() -> None:
    assert breaches(["*"], PICKLES) == []
    assert {path: pickling(source) for path, source in sources().items() if pickling(source)} == {}


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
