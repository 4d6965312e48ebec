"""The reader of imports itself can find a breach, wherever it hides."""

import pytest
from source_reading import breaches, pickling, reachable


def test_what_lies_behind_a_door_is_reached_through_it() -> None:
    assert {"lab/compute/__init__.py", "lab/compute/trainer.py"} <= set(reachable("lab/training.py"))


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
