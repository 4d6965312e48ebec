"""How a run that has ended is told in words."""

from app_pages import add_run, epoch
from examples import tiny_run

from lab.events import Finished
from lab.number_words import unbroken
from lab.store import Store
from lab.ui.run_words import progress_words


def test_the_time_of_a_fork_is_said_to_hold_its_parents_epochs(store: Store) -> None:
    """Else it took longer than it is ago that it began."""
    parent = add_run(store, epoch(1), epoch(2), Finished(), config=tiny_run(epochs=2))
    fork = store.fork(parent, 1, tiny_run(epochs=2, seed=2))
    assert progress_words(store.run(parent), 20, 2) == unbroken("2 of 2 epochs in 20 s")
    assert progress_words(store.run(fork), 20, 2) == unbroken("2 of 2 epochs in 20 s, 1 of them before the fork")
