"""The one reader of the store for all pages that watch: it reads what is new once, and gives the same words to all.

It reads while somebody watches, less often where nobody follows a run, and nothing otherwise. What a page has not
taken yet is kept for it, up to a limit: one that is too slow, or asleep, is cut off. It comes back with its cursor and
is told what it has missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from lab.events import Started
from lab.store import ENDED, Active, Ahead, Run, Store, StoreError, StoreUnavailable, ahead
from lab.web.elsewhere import Elsewhere, what_goes_on, words_of
from lab.web.story import Place, Story

log = logging.getLogger(__name__)

TICK_SECONDS = 0.15
"""How often the store is asked for what is new of a run."""
ELSEWHERE_SECONDS = 0.4
"""How often it is asked which runs there are, while nobody follows one."""
ALIVE_SECONDS = 10.0
"""How often a page is told something though nothing is new: else one whose machine has slept would wait for ever."""
BEHIND = 60
"""Messages that are kept for a page that does not take them: of nine seconds, where every look finds something."""
NOT_UNDERSTOOD = "What this run has said is not understood. The details are in the terminal."


class Watcher:
    """A page that watches a run, or none and only what goes on elsewhere, and what it is still to be told."""

    def __init__(self, run_id: int | None, opening: str) -> None:
        self.run_id = run_id
        self.is_too_slow = asyncio.Event()
        """Set once it has not taken what it was told for so long that it is told nothing more."""
        self._untold: deque[str] = deque([opening])
        self._changed = asyncio.Event()

    def tell(self, message: str) -> None:
        """Keep a message until it is taken."""
        if len(self._untold) >= BEHIND:
            self.is_too_slow.set()
        else:
            self._untold.append(message)
            self._changed.set()

    async def next(self) -> str:
        """The next message, once there is one."""
        while not self._untold:
            self._changed.clear()
            await self._changed.wait()
        return self._untold.popleft()


class Hub:
    """What is told to all who watch runs of the store that `open_store` opens."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._stories: dict[int, Story] = {}
        """The runs that are watched, and those that others wait for."""
        self._elsewhere: Elsewhere | None = None
        """While a page listens that follows no run."""
        self._watchers: dict[int | None, list[Watcher]] = {}
        self._epochs: dict[int, int] = {}
        """How many epochs each run in the queue has before it, as long as somebody waits behind it."""
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def join(self, run_id: int | None, cursor: int) -> Watcher:
        """Begin to watch a run, of which the events up to `cursor` are known, or none; `leave` ends it.

        Raises:
            StoreError: there is no such run, or it cannot be read.
        """
        async with self._looking:
            watcher = Watcher(run_id, await self._opening(run_id, cursor))
            self._watchers.setdefault(run_id, []).append(watcher)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_again_and_again(), name="lab-hub")
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Tell it nothing more; with nobody left, nothing more is read."""
        left = self._watchers[watcher.run_id]
        left.remove(watcher)
        if not left:
            del self._watchers[watcher.run_id]

    async def _opening(self, run_id: int | None, cursor: int) -> str:
        if run_id is None:
            if self._elsewhere is None:
                self._elsewhere = Elsewhere(await asyncio.to_thread(lambda: what_goes_on(self._open_store())))
            return self._elsewhere.opening()
        if run_id not in self._stories:
            self._stories[run_id] = await asyncio.to_thread(self._begin, run_id)
        return self._stories[run_id].opening(cursor)

    async def _look_again_and_again(self) -> None:
        alive = asyncio.get_running_loop().time()
        while self._watchers:
            await asyncio.sleep(ELSEWHERE_SECONDS if set(self._watchers) == {None} else TICK_SECONDS)
            async with self._looking:
                await self._look()
            if asyncio.get_running_loop().time() - alive > ALIVE_SECONDS:
                alive = asyncio.get_running_loop().time()
                pages = sum(map(len, self._watchers.values()))
                self._tell({run_id: self._teller(run_id).nothing(pages) for run_id in self._watchers})
        self._elsewhere = None
        self._stories.clear()
        self._epochs.clear()

    async def _look(self) -> None:
        """Read what is new, and tell it."""
        try:
            news = await asyncio.to_thread(self._read, list(self._watchers))
        except Exception:  # whatever a row holds: the next look may pass
            log.exception("the pages that watch could not be told what is new")
            return
        self._tell(news)

    def _teller(self, run_id: int | None) -> Story | Elsewhere:
        """Who words what is told to those who watch this run, or none."""
        told = self._elsewhere if run_id is None else self._stories[run_id]
        assert told is not None
        return told

    def _tell(self, messages: Mapping[int | None, str]) -> None:
        for run_id, message in messages.items():
            for watcher in self._watchers.get(run_id, ()):
                watcher.tell(message)

    # --- in a thread, one at a time ------------------------------------------------------------------------------

    def _begin(self, run_id: int) -> Story:
        """What is known of a run that nobody has watched.

        Raises:
            StoreError: there is no such run, or it cannot be read.
        """
        store = self._open_store()
        story = Story(store.run(run_id))
        story.hear(story.run, store.events_after(run_id), elsewhere=what_goes_on(store))
        return story

    def _read(self, watched: Sequence[int | None]) -> dict[int | None, str]:
        """The news of these runs, as messages, and under None those of what goes on elsewhere."""
        store = self._open_store()
        try:
            active = store.active()
            words = words_of(active, store.ended())
        except StoreError as error:
            return _told({run_id: self._teller(run_id).trouble(str(error)) for run_id in watched})
        told: dict[int | None, str | None] = {}
        if self._elsewhere is not None:
            told[None] = self._elsewhere.hear(words)
        return _told(told | self._news_of([one for one in watched if one is not None], store, active, words))

    def _news_of(
        self, watched: Sequence[int], store: Store, active: Sequence[Active], words: Sequence[str]
    ) -> dict[int | None, str | None]:
        places = {run_id: ahead(active, run_id, store.devices) for run_id in watched}
        training = {place.training for place in places.values() if place is not None and place.training is not None}
        for run_id in set(self._stories) - {*watched, *training}:
            del self._stories[run_id]
        waiting = {run_id for place in places.values() if place is not None for run_id in place.waiting}
        self._epochs = {run_id: left for run_id, left in self._epochs.items() if run_id in waiting}
        now = {one.id: one for one in active}
        for run_id in training - set(watched):
            self._news(store, run_id, now.get(run_id), words)
        return {run_id: self._news(store, run_id, now.get(run_id), words, places[run_id]) for run_id in watched}

    def _news(
        self, store: Store, run_id: int, active: Active | None, words: Sequence[str], before: Ahead | None = None
    ) -> str | None:
        try:
            if run_id not in self._stories:
                self._stories[run_id] = self._begin(run_id)
            story = self._stories[run_id]
            run = _run_now(store, story.run, active)
            may_have_spoken = run.status == "running" or run is not story.run
            kept = store.events_after(run_id, story.cursor) if may_have_spoken else []
            if any(isinstance(one.event, Started) for one in kept):
                run = store.run(run_id)  # which now knows what it is trained with
            place = None if before is None else Place(before, self._seconds_until(store, before))
            return story.hear(run, kept, place, words)
        except StoreUnavailable as error:
            return self._stories[run_id].trouble(str(error)) if run_id in self._stories else None
        except StoreError:
            return self._stories[run_id].end() if run_id in self._stories else None
        except Exception:  # whatever its rows hold: the other runs' pages are told theirs
            log.exception("what run %s has said is not understood", run_id)
            return self._stories[run_id].trouble(NOT_UNDERSTOOD) if run_id in self._stories else None

    def _seconds_until(self, store: Store, before: Ahead) -> float | None:
        """The time left of the run that trains, and its time an epoch for every epoch before; None if not yet known."""
        training = None if before.training is None else self._stories.get(before.training)
        if training is None:
            return None
        return training.seconds_until(sum(self._epochs_of(store, run_id) for run_id in before.waiting))

    def _epochs_of(self, store: Store, run_id: int) -> int:
        """How many epochs a waiting run has still to train: not those of an earlier attempt, or of what it forks.

        One that cannot be read, or is there no longer, takes none.
        """
        if run_id not in self._epochs:
            try:
                done = max(store.checkpoint_epochs(run_id), default=0)
                self._epochs[run_id] = store.run(run_id).config.epochs - done
            except StoreUnavailable:
                raise
            except StoreError:
                return 0
        return self._epochs[run_id]


def _run_now(store: Store, known: Run, active: Active | None) -> Run:
    """The run as it is; its row is read again only where it has changed."""
    if active is None:
        return known if known.status in ENDED else store.run(known.id)
    as_known = (known.status, known.command, known.claim)
    return known if as_known == (active.status, active.command, active.claim) else store.run(known.id)


def _told(messages: Mapping[int | None, str | None]) -> dict[int | None, str]:
    return {run_id: message for run_id, message in messages.items() if message is not None}
