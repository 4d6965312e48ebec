"""Search for a better Beyond: candidates trained on 50,000 images, compared on 10,000 held-out training images.

    python benchmarks/select_beyond.py                              # all candidates with seed 1
    python benchmarks/select_beyond.py "Beyond" "anchor, mild" --seeds 1 2 3
    python benchmarks/select_beyond.py --processes 2 --threads 1    # two beside each other
    python benchmarks/select_beyond.py --table                      # what is there; nothing is trained
    python benchmarks/select_beyond.py --list                       # the candidates (benchmarks/candidates.py)

The test set is never looked at. Every candidate is a run like any user's, in a store of its own (`--store`, else
runs/search.sqlite3): its config, the commit of the code, every epoch and the weights are kept, and the app shows them
where LAB_DATABASE_URL names that file. Ctrl-C interrupts what trains; the same command goes on after its last epoch
and skips what is done. Start it in a copy of the project that nobody changes meanwhile: each run is a new process and
takes the code as it then is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import statistics
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.candidates import CANDIDATES, DESLANTED, EARLIER
from lab.analysis import LAST
from lab.config import DeviceKind, RunConfig
from lab.describe import differences
from lab.events import Epoch
from lab.layers import total_parameters
from lab.store import LIVE, Run, Store, StoreError, file_url, open_store, worker_name

STORE = Path(__file__).parent.parent / "runs" / "search.sqlite3"
ALL = {**CANDIDATES, **EARLIER, **DESLANTED}
HEAD = "| Candidate | Parameters | Seed | Last three epochs, % | Mean, % | Loss | Training, % | s an epoch | Commit |"
MEANS = "| Candidate | Parameters | Seeds | Mean of the last three epochs, % | Lowest of them, % | Loss |"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="CANDIDATE", help="default: all of this search")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], metavar="SEED")
    parser.add_argument("--store", type=Path, default=STORE, help="a SQLite file; it is made where there is none")
    parser.add_argument("--processes", type=int, default=1, help="candidates that train beside each other")
    parser.add_argument("--threads", type=int, default=0, help="of each process; 0: as many as torch takes")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="which trains them")
    parser.add_argument("--test", action="store_true", help="not for choosing: train on all images, read the test's")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--list", action="store_true", help="only print the candidates")
    chosen = parser.parse_args(given)
    unknown = [name for name in chosen.names if name not in ALL]
    if unknown:
        parser.error(f"there is no candidate {unknown[0]!r}; --list has their names.")
    if chosen.table and not chosen.store.exists():
        parser.error(f"there is no store {chosen.store}: without --table it is made.")
    if chosen.processes < 1 or chosen.threads < 0:
        parser.error("--processes is at least 1 and --threads at least 0.")
    return chosen


def wanted(names: Iterable[str], seeds: Iterable[int], device: DeviceKind = "cpu") -> dict[RunConfig, str]:
    """The runs to be made, with their names: all candidates with the first seed, then with the next."""
    chosen = list(names) or list(CANDIDATES)
    return {replace(ALL[name], seed=seed, device=device): name for seed in seeds for name in chosen}


def on_the_test_set(runs: Mapping[RunConfig, str]) -> dict[RunConfig, str]:
    """The same runs as they are reported once all is chosen: trained on all images, read on the test's too."""
    return {replace(config, evaluate_on="test", measure_training=True): name for config, name in runs.items()}


def known(store: Store) -> dict[RunConfig, Run]:
    """The store's runs by config; of several with one config a finished one, or else the newest."""
    found: dict[RunConfig, Run] = {}
    for run in store.runs():  # newest first
        if run.config not in found or (run.status == "finished" and found[run.config].status != "finished"):
            found[run.config] = run
    return found


def is_done(run: Run | None) -> bool:
    """Whether there is nothing more to do about a run: it has ended for good, or somebody trains it."""
    return run is not None and (run.status in (*LIVE, "finished") or not run.resumable or run.status == "failed")


# --- training ----------------------------------------------------------------------------------------------------


def train_candidate(url: str, name: str, config: RunConfig, threads: int) -> None:
    """Train one candidate in this process, from its last epoch on if it was begun; SIGTERM interrupts it."""
    end = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one then tells the others
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    from lab.attempt import Attempt
    from lab.device import prepare_training_thread, resolve_device, use_threads
    from lab.jobs import training
    from lab.revision import code_commit

    prepare_training_thread()
    if threads:
        use_threads(threads)
    code_commit()  # asked now: the files may be changed while it trains
    store = open_store(url)
    place = f"{config.device} {os.getpid()}"  # of its own: one run trains at a place, and these train side by side
    claim = store.claim(_queued(store, name, config), worker_name(), place)
    if claim is not None:
        Attempt(claim, partial(training, store, resolve_device(config.device)), end).train()


def _queued(store: Store, name: str, config: RunConfig) -> int:
    """The candidate's run, new or begun before, waiting for this process."""
    run = known(store).get(config)
    if run is None:
        return store.submit(config, f"{name}, seed {config.seed}", owner=worker_name())
    if run.status != "queued":
        store.requeue(run.id, owner=worker_name())
    return run.id


def search(url: str, wanted: Mapping[RunConfig, str], processes: int, threads: int) -> None:
    """Train what is wanted and not done yet, a process for each, so many at a time; a row is printed as one ends.

    Raises:
        KeyboardInterrupt: by Ctrl-C or SIGTERM; what trained is interrupted.
    """
    store = open_store(url)
    at_work: dict[SpawnProcess, tuple[RunConfig, str]] = {}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for config, name in wanted.items():
            if not is_done(known(store).get(config)):
                at_work[started(url, name, config, threads)] = (config, name)
            while len(at_work) == processes:
                tell_which_ended(store, at_work)
        while at_work:
            tell_which_ended(store, at_work)
    finally:
        for process in at_work:
            process.terminate()
        for process in at_work:
            process.join()


def tell_which_ended(store: Store, at_work: dict[SpawnProcess, tuple[RunConfig, str]]) -> None:
    """Wait until one of the processes has ended, and print what it made."""
    wait([process.sentinel for process in at_work])
    for process in [process for process in at_work if process.exitcode is not None]:
        config, name = at_work.pop(process)
        run = known(store).get(config)
        print(row(store, name, run) if run else f"{name} was not begun.", flush=True)


def started(url: str, name: str, config: RunConfig, threads: int) -> SpawnProcess:
    """A new process that trains one candidate; it ends with this one."""
    process = multiprocessing.get_context("spawn").Process(
        target=train_candidate, args=(url, name, config, threads), daemon=True
    )
    process.start()
    return process


# --- the table ---------------------------------------------------------------------------------------------------


def row(store: Store, name: str, run: Run) -> str:
    """A run as a line of the table; the means are over its last three epochs."""
    epochs = epochs_of(store, run)
    last = epochs[-LAST:]
    shown = ", ".join(f"{epoch.test_accuracy:.2f}" for epoch in last) or "none"
    if run.status != "finished":
        shown += f" ({run.status} after {len(epochs)} epochs{f': {run.reason}' if run.reason else ''})"
    cells = [name, f"{total_parameters(run.config.network):,}", f"{run.config.seed}", shown]
    if last:
        cells += [f"{mean_accuracy(last):.3f}", f"{mean_loss(last):.4f}", f"{last[-1].train_accuracy:.2f}"]
        cells.append(f"{statistics.mean(epoch.seconds for epoch in epochs):.1f}")
    else:
        cells += ["-"] * 4
    return f"| {' | '.join([*cells, run.code_commit or '-'])} |"


def epochs_of(store: Store, run: Run) -> list[Epoch]:
    """Its finished epochs."""
    found = store.epochs([run.id])
    return list(found[run.id]) if run.id in found else []


def mean_accuracy(epochs: Sequence[Epoch]) -> float:
    """In percent, of the held-out images."""
    return statistics.mean(epoch.test_accuracy for epoch in epochs)


def mean_loss(epochs: Sequence[Epoch]) -> float:
    """The plain cross-entropy of the held-out images."""
    return statistics.mean(epoch.test_loss for epoch in epochs)


def lines(head: str) -> list[str]:
    """The head of a table in Markdown."""
    return [head, "|" + "---|" * (head.count("|") - 1)]


def table(store: Store, wanted: Mapping[RunConfig, str]) -> str:
    """Every run of those that are there, and below it the finished ones by candidate, the best first."""
    found = known(store)
    runs = [(name, found[config]) for config, name in wanted.items() if config in found]
    by_name: dict[str, list[list[Epoch]]] = {}
    for name, run in runs:
        if run.status == "finished":
            by_name.setdefault(name, []).append(epochs_of(store, run)[-LAST:])
    means = sorted(((statistics.mean(map(mean_accuracy, all_)), name) for name, all_ in by_name.items()), reverse=True)
    summary = [summary_row(name, by_name[name]) for _, name in means]
    return "\n".join([*lines(HEAD), *(row(store, name, run) for name, run in runs), "", *lines(MEANS), *summary])


def summary_row(name: str, seeds: Sequence[Sequence[Epoch]]) -> str:
    """A candidate over its seeds: the mean with the standard deviation between seeds, where there are several."""
    means = [mean_accuracy(last) for last in seeds]
    spread = f" ± {statistics.stdev(means):.3f}" if len(means) > 1 else ""
    lowest = min(epoch.test_accuracy for last in seeds for epoch in last)
    loss = statistics.mean(map(mean_loss, seeds))
    parameters = total_parameters(ALL[name].network)
    accuracy = f"{statistics.mean(means):.3f}{spread}"
    return f"| {name} | {parameters:,} | {len(seeds)} | {accuracy} | {lowest:.2f} | {loss:.4f} |"


def listed(names: Iterable[str]) -> str:
    """The candidates, with what of each is not as in Beyond."""
    known = list(names) or list(ALL)
    return "\n".join(f"{name} ({total_parameters(ALL[name].network):,} parameters): {changes(name)}" for name in known)


def changes(name: str) -> str:
    """What of a candidate is not as in the one called Beyond."""
    found = differences(CANDIDATES["Beyond"], ALL[name])
    told = [f"{field.rpartition('.')[2]} {value}" for field, _, value in found if field != "network.layers"]
    return "; ".join(["its own layers"] * (len(told) < len(found)) + told) or "as the preset was before this search"


def main(given: Sequence[str] | None = None) -> None:
    """Train what is not done, and print the table."""
    chosen = arguments(given)
    if chosen.list:
        print(listed(chosen.names))
        return
    url, runs = file_url(chosen.store.resolve()), wanted(chosen.names, chosen.seeds, chosen.device)
    runs = on_the_test_set(runs) if chosen.test else runs
    if not chosen.table:
        search(url, runs, chosen.processes, chosen.threads)
    print(table(open_store(url), runs))


if __name__ == "__main__":
    try:
        main()
    except StoreError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted: the same command goes on from here.")
