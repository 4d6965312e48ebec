"""The one reader of the store: it reads while somebody watches, and outlives what it cannot read."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import sqlalchemy as sa
from app_pages import add_run, window
from claiming import say
from examples import tiny_run
from stories import STARTED, finished, running, whole

from lab.events import Stopped
from lab.store import Run, Store, StoreUnavailable
from lab.web import hub
from lab.web.hub import NOT_UNDERSTOOD, Hub
from lab.web.story import Story


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run a test that waits, for a minute at most."""

    async def in_time() -> None:
        await asyncio.wait_for(story(), 60)

    asyncio.run(in_time())


def test_once_nobody_watches_nothing_is_read_any_more(store: Store) -> None:
    run_id = add_run(store, window(1))
    found = Hub(lambda: store)

    async def story() -> None:
        watchers = [await found.join(run_id, 0) for _ in range(3)]
        task = found._task
        assert task is not None
        for watcher in watchers:
            assert not task.done()
            found.leave(watcher)
        await task
        assert found._stories == {}
        again = await found.join(run_id, 0)
        assert found._task is not task
        assert json.loads(await again.next())["state"] == "running-run-1"
        found.leave(again)

    run(story)


def test_a_store_that_does_not_answer_is_told_and_asked_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = add_run(store, window(1))
    found = Hub(lambda: store)
    active = Store.active

    def away(_: Store) -> None:
        raise StoreUnavailable("The database did not answer.")

    async def story() -> None:
        watcher = await found.join(run_id, 0)
        await watcher.next()
        monkeypatch.setattr(Store, "active", away)
        assert json.loads(await watcher.next()) == {
            "cursor": store.events_after(run_id)[-1].id,
            "rows": [],
            "problem": "The database did not answer.",
        }
        monkeypatch.setattr(Store, "active", active)
        assert json.loads(await watcher.next())["problem"] == ""
        say(store, run_id, window(2))
        assert len(json.loads(await watcher.next())["rows"]) == 1
        found.leave(watcher)

    run(story)


def test_an_error_that_nobody_has_thought_of_does_not_end_the_telling(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = add_run(store, window(1))
    found = Hub(lambda: store)
    news, failed = Hub._news, asyncio.Event()

    def fails_once(self: Hub, *given: object) -> object:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        return news(self, *given)  # type: ignore[arg-type]

    async def story() -> None:
        watcher = await found.join(run_id, 0)
        await watcher.next()
        monkeypatch.setattr(Hub, "_news", fails_once)
        say(store, run_id, window(2))
        assert len(json.loads(await watcher.next())["rows"]) == 1
        assert failed.is_set()
        found.leave(watcher)

    run(story)


def test_a_run_that_is_not_understood_keeps_nothing_from_the_pages_of_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, sound = add_run(store, window(1), device="cpu"), add_run(store, window(1), device="cuda")
    found = Hub(lambda: store)
    hear = Story.hear

    def hear_all_but_one(self: Story, heard: Run, *given: object) -> object:
        if heard.id == odd:
            raise ZeroDivisionError
        return hear(self, heard, *given)  # type: ignore[arg-type]

    async def story() -> None:
        watchers = [await found.join(run_id, 0) for run_id in (odd, sound)]
        for watcher in watchers:
            await watcher.next()
        monkeypatch.setattr(Story, "hear", hear_all_but_one)
        say(store, sound, window(2))
        assert len(json.loads(await watchers[1].next())["rows"]) == 1
        assert json.loads(await watchers[0].next())["problem"] == NOT_UNDERSTOOD
        for watcher in watchers:
            found.leave(watcher)

    run(story)


def test_what_a_run_is_trained_with_is_told_when_it_begins(store: Store) -> None:
    """Between the claim and the first word of a run nothing of its state changes, but its hardware does."""
    run_id = running(store)
    found = Hub(lambda: store)

    async def story() -> None:
        watcher = await found.join(run_id, 0)
        assert json.loads(await watcher.next())["words"]["hardware"] == "not known yet"
        say(store, run_id, STARTED)
        assert json.loads(await watcher.next())["words"]["hardware"] == "a CPU, PyTorch engine"
        found.leave(watcher)

    run(story)


def test_a_run_that_waits_behind_one_that_cannot_be_read_is_not_gone(store: Store) -> None:
    add_run(store, window(1), device="cpu")
    unreadable, waiting = store.submit(tiny_run()), store.submit(tiny_run())
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET config = 'a letter' WHERE id = :id"), {"id": unreadable})
    found = Hub(lambda: store)

    async def story() -> None:
        watcher = await found.join(waiting, 0)
        assert json.loads(await watcher.next())["state"] == "queued-run-1"
        news = json.loads(await watcher.next())
        assert "state" not in news
        assert news["waits"] == "1 run before it on cpu"
        found.leave(watcher)

    run(story)


def test_who_waits_waits_for_the_epochs_that_are_left_and_not_for_those_that_were_trained_before(store: Store) -> None:
    """Of three epochs: one of a fork after the second, two of a run that was stopped after its first, all of a new."""
    parent = finished(store)
    fork = store.fork(parent, 2, tiny_run())
    stopped = running(store, STARTED, whole(1), Stopped())
    store.requeue(stopped)
    found = Hub(lambda: store)
    assert [found._epochs_of(store, run_id) for run_id in (fork, stopped, store.submit(tiny_run()))] == [1, 2, 3]


def test_while_nobody_follows_a_run_the_store_is_asked_less_often(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = add_run(store, window(1))
    monkeypatch.setattr(hub, "ELSEWHERE_SECONDS", 3600.0)
    found = Hub(lambda: store)

    async def story() -> None:
        watcher = await found.join(run_id, 0)
        await watcher.next()
        listener = await found.join(None, 0)
        await listener.next()
        store.submit(tiny_run())
        assert "elsewhere" in json.loads(await listener.next())  # as often as for who follows the run
        found.leave(watcher)
        task = found._task
        assert task is not None
        store.submit(tiny_run())
        with suppress(TimeoutError):  # of a look that was under way
            await asyncio.wait_for(listener.next(), 10 * hub.TICK_SECONDS)
        store.submit(tiny_run())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listener.next(), 10 * hub.TICK_SECONDS)
        found.leave(listener)
        task.cancel()

    run(story)


def test_a_store_that_does_not_answer_is_told_to_who_follows_no_run_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Hub(lambda: store)
    active = Store.active

    def away(_: Store) -> None:
        raise StoreUnavailable("The database did not answer.")

    async def story() -> None:
        listener = await found.join(None, 0)
        assert json.loads(await listener.next()) == {"elsewhere": [], "problem": ""}
        monkeypatch.setattr(Store, "active", away)
        assert json.loads(await listener.next()) == {"problem": "The database did not answer."}
        monkeypatch.setattr(Store, "active", active)
        assert json.loads(await listener.next()) == {"problem": ""}
        found.leave(listener)
        with pytest.raises(StoreUnavailable):
            monkeypatch.setattr(Store, "active", away)
            await Hub(lambda: store).join(None, 0)

    run(story)


def test_where_nothing_is_new_nothing_is_told(store: Store) -> None:
    run_id = add_run(store, window(1))
    found = Hub(lambda: store)

    async def story() -> None:
        watchers = [await found.join(one, 0) for one in (run_id, None)]
        for watcher in watchers:
            await watcher.next()
        for _ in range(2):  # the first look may find what the opening has not said
            for watcher in watchers:
                watcher._untold.clear()
            async with found._looking:
                await found._look()
        assert [list(watcher._untold) for watcher in watchers] == [[], []]
        for watcher in watchers:
            found.leave(watcher)

    run(story)


def test_a_page_that_takes_nothing_is_told_so_much_and_then_nothing(store: Store) -> None:
    async def story() -> None:
        watcher = hub.Watcher(1, "opening")
        for number in range(hub.BEHIND - 1):
            watcher.tell(str(number))
        assert not watcher.is_too_slow.is_set()
        watcher.tell("one too many")
        assert watcher.is_too_slow.is_set()

    run(story)


def test_who_comes_after_all_have_left_is_told_what_goes_on_now(store: Store) -> None:
    found = Hub(lambda: store)

    async def story() -> None:
        first = await found.join(None, 0)
        assert json.loads(await first.next())["elsewhere"] == []
        found.leave(first)
        assert found._task is not None
        await found._task
        run_id = add_run(store)
        second = await found.join(None, 0)
        assert f"{run_id}-running-run" in json.loads(await second.next())["elsewhere"]
        found.leave(second)

    run(story)


def test_a_run_that_nobody_watches_any_more_is_not_kept_for_the_sake_of_another(store: Store) -> None:
    left, watched = finished(store), finished(store)
    found = Hub(lambda: store)

    async def story() -> None:
        one, other = await found.join(left, 0), await found.join(watched, 0)
        found.leave(one)
        while set(found._stories) != {watched}:
            await asyncio.sleep(0)
        found.leave(other)

    run(story)
