"""What a command refuses: in one sentence, with exit code 2, before anything was begun."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Lab, commands

from lab.store import Store

IMPOSSIBLE = (0, 2**63, 99999999999999999999)
"""Numbers that no run can have."""


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lab]:
    with commands(monkeypatch, capsys, width=200) as run:
        yield run


@pytest.mark.parametrize(
    "refusal", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 4 bytes")]
)
def test_a_machine_without_memory_is_one_sentence(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise refusal

    monkeypatch.setattr("lab.probe.read_answers", refuse)
    code, out, err = lab("mistakes")
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith("This machine has too little free memory for that")


def test_a_network_that_cannot_be_written_is_one_sentence_and_the_old_one_stays(
    lab: Lab, store: Store, trained: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ships = tmp_path / "shipped.safetensors"
    monkeypatch.setattr("lab.predict.SHIPPED", ships)
    assert lab("ship", trained)[0] == 0
    before = ships.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = lab("ship", trained)
    assert (code, out) == (2, "") and err == f"{ships} cannot be written (No space left on device).\n"
    assert ships.read_bytes() == before and list(tmp_path.glob("shipped*")) == [ships]


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("train",), "Missing option '--step'"),
        (("train", "--step", 9), "There is no step 9: choose 1 to 7."),
        (("train", "--step", "five"), "Invalid value for '--step'"),
        (("train", "--step", 5, "--epochs", 0), "epochs is 0; it must be a whole number from 1 to 200."),
        (("train", "--step", 5, "--seed", -1), "seed is -1; it must be a whole number"),
        (("train", "--step", 5, "--device", "tpu"), "device is 'tpu'; it must be one of auto, cpu, cuda, mps."),
        (("train", "--step", 5, "--precision", "int8"), "precision is 'int8'; it must be one of"),
        (("train", "--step", 5, "--images", 60_001), "training_images is 60001; it must be a whole number"),
        (("train", "--step", 5, "--bias", "some"), "bias is 'some'; it must be one of all, needed, none."),
        (("train", "--step", 5, "--label-smoothing", 0.5), "label_smoothing is 0.5; it must be a number from 0 to 0.3"),
        (("train", "--step", 5, "--weight-averaging", 1), "weight_averaging is 1"),
        (("train", "--step", 5, "--fast"), "No such option: --fast"),
        (("train", "--step", 5, "--device", "mps"), "This machine has no mps device"),
        (("layers",), "Missing option '--step'"),
        (("layers", "--step", 0), "There is no step 0: choose 1 to 7."),
        (("show",), "Missing argument"),
        (("show", 99), "There is no run 99: `python -m lab runs` lists them."),
        (("resume", 99), "There is no run 99: `python -m lab runs` lists them."),
        *((("show", number), f"There is no run {number}: `python -m lab runs` lists them.") for number in IMPOSSIBLE),
        *((("resume", number), f"There is no run {number}: `python") for number in IMPOSSIBLE),
        *((("ship", number), f"There is no run {number}: `python") for number in IMPOSSIBLE),
        *((("predict", "--run", number, "x.png"), f"There is no run {number}: `python") for number in IMPOSSIBLE),
        (("predict", "--run", -1, "x.png"), "There is no run -1: `python -m lab runs` lists them."),
        (("show", "9" * 5000), f"There is no run {'9' * 30}...: `python -m lab runs` lists them."),
        (("show", -1), "No such option: -1"),
        (("show", "[/b]\x1b[31m"), "There is no run [/b]\\x1b[31m: `python -m lab runs` lists them."),
        (("import", "[/b] :rocket:"), "There is no file [/b] :rocket:."),
        (("import", "x" * 300), f"There is no file {'x' * 300}."),
        (("runs", "all"), "(all)"),
        (("dance",), "No such command 'dance'"),
    ],
)
def test_wrong_arguments_get_one_sentence_and_exit_code_2(
    lab: Lab, store: Store, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], sentence: str
) -> None:
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    code, out, err = lab(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert store.runs() == []  # nothing was begun


def test_a_benchmark_without_its_images_gets_one_sentence_and_exit_code_2(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    code, out, err = lab("bench")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("The data file ")


def test_the_largest_number_that_a_run_can_have_is_looked_up(lab: Lab) -> None:
    assert lab("show", 2**63 - 1)[::2] == (2, f"There is no run {2**63 - 1}: `python -m lab runs` lists them.\n")


def test_a_database_that_cannot_be_opened_gets_one_sentence_and_exit_code_2(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "text.sqlite3").write_text("no database\n" * 100, encoding="utf-8")
    monkeypatch.setenv("LAB_DATABASE_URL", f"sqlite:///{tmp_path / 'text.sqlite3'}")
    code, out, err = lab("runs", "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "cannot be opened" in err
