"""A page is told what is new of its run, once, and whatever it asks wrongly is refused with a sentence."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from app_pages import add_run, epoch, run_that_is, window
from claiming import claimed, say
from examples import noted, tiny_run, wait_until
from web_server import WebServer, heard, heard_until, rows_of, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lab.events import Event, Finished, Stopped
from lab.number_words import unbroken
from lab.store import Store
from lab.web import hub, what_goes_on
from lab.web.hub import NOT_UNDERSTOOD
from lab.web.live import NOT_A_SOCKET, WRONG_QUERY
from lab.web.story import Story


@pytest.fixture
def web(store: Store) -> Iterator[WebServer]:
    with serving() as server:
        yield server


def newest(store: Store, run_id: int) -> int:
    return store.events_after(run_id)[-1].id


def test_a_page_is_told_all_that_it_does_not_know_and_then_what_comes(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1), window(2))
    first, second, third = (kept.id for kept in store.events_after(run_id))
    with web.channel(f"run={run_id}&after={first}") as page:
        opening = heard(page)
        assert rows_of([opening]) == [second, third]
        assert opening["cursor"] == third
        assert opening["state"] == "running-run-1"
        say(store, run_id, window(3))
        message = heard(page)
        assert (message["cursor"], rows_of([message])) == (third + 1, [third + 1])
        assert message["rows"][0]["add"]["loss"] == {"train": [[1.0, window(3).loss]]}
        assert "state" not in message  # which has not changed


def test_a_page_that_comes_back_is_told_what_it_has_missed_and_nothing_twice(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as page:
        before = heard_until(page, newest(store, run_id))
    say(store, run_id, window(2), window(3), epoch(1))
    with web.channel(f"run={run_id}&after={before[-1]['cursor']}") as page:
        after = heard_until(page, newest(store, run_id))
    assert rows_of(before + after) == [kept.id for kept in store.events_after(run_id)]


def test_the_end_of_a_run_is_told_with_all_that_it_said_last(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as page:
        heard(page)
        say(store, run_id, window(2), Stopped())
        told = heard_until(page, newest(store, run_id))
        while told[-1].get("state") != "stopped-run-1":
            told.append(heard(page))
    assert rows_of(told)[-1] == newest(store, run_id)


def test_a_command_given_elsewhere_is_told(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as page:
        heard(page)
        store.send(run_id, "pause")
        assert heard(page)["state"] == "running-pause-1"


def test_a_run_that_is_deleted_is_told_to_be_gone(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as page:
        heard(page)
        store.delete(run_id)
        assert heard(page)["state"] == "gone"


def test_a_queued_run_is_told_its_place_and_about_when_it_begins(store: Store, web: WebServer) -> None:
    """Left are 1,760 of 1,800 iterations of 16 images, at 48 a second, and 30 times 10,960 images to read, three times
    as fast: 2,870 s. Then come three epochs of a run that waits, as long as these: 2,870 * 3 / 29.33 s.
    """
    each = [window(number, of=60) for number in range(1, 41)]
    steady = [replace(one, images_per_second=48.0) for one in each]  # 13 s in all
    training = add_run(store, *steady, device="cpu", config=tiny_run(training_images=16 * 60, epochs=30))
    waiting, last = store.submit(tiny_run()), store.submit(tiny_run())
    with web.channel(f"run={waiting}&after=0") as page, web.channel(f"run={last}&after=0") as other:
        told = heard(page)["waits"] or heard(page)["waits"]
        assert told == unbroken("Next on cpu, starts in about 47 min 50 s")
        behind = heard(other)["waits"] or heard(other)["waits"]
        assert behind == unbroken("1 run before it on cpu, starts in about 52 min 44 s")
        say(store, training, Stopped())
        claimed(store, waiting, "a worker")
        while heard(page).get("state") != "running-run-1":
            pass


def test_every_page_is_told_now_and_then_how_many_are_open(
    store: Store, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "ALIVE_SECONDS", 0.0)
    run_id = add_run(store, window(1))
    with web.channel("run=none") as none, web.channel(f"run={run_id}&after=0") as one:
        for page in (none, one):
            while heard(page).get("pages") != 2:
                pass


def test_all_pages_are_told_the_same_words(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as one, web.channel(f"run={run_id}&after=0") as other:
        openings = one.recv(timeout=60), other.recv(timeout=60)
        assert len(openings) == 2
        say(store, run_id, window(2))
        assert one.recv(timeout=60) == other.recv(timeout=60)


def test_the_store_is_read_once_for_all_pages(store: Store, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Sequence[int | None]] = []
    read = hub.Hub._read
    monkeypatch.setattr(hub.Hub, "_read", lambda self, watched: read(self, noted(looks, watched)))
    run_id = add_run(store, window(1))
    query = f"run={run_id}&after=0"
    with web.channel(query) as one, web.channel(query) as other, web.channel(query) as third:
        for page in (one, other, third):
            heard(page)
        wait_until(lambda: len(looks) > 3)
    assert {tuple(watched) for watched in looks} == {(run_id,)}


def test_a_page_that_follows_no_run_is_told_which_there_are_and_when_that_changes(store: Store, web: WebServer) -> None:
    with web.channel("run=none") as page:
        assert heard(page) == {"elsewhere": [], "problem": ""}
        run_id = add_run(store, window(1))
        told = [heard(page)]
        while told[-1]["elsewhere"][:-1] != [f"{run_id}-running-run"]:  # it was queued before
            told.append(heard(page))
        say(store, run_id, window(2), epoch(1))  # which is nothing to who does not follow it
        waiting = store.submit(tiny_run())
        assert heard(page)["elsewhere"][:2] == [f"{run_id}-running-run", f"{waiting}-queued-run"]
        store.delete(waiting)
        say(store, run_id, Finished())
        while not (words := heard(page)["elsewhere"])[0].startswith(f"finished-1-{run_id}"):
            assert words[0] == f"{run_id}-running-run"


@pytest.mark.parametrize("event", [window(2), Finished()], ids=["live", "ended"])
def test_a_page_is_told_when_a_run_has_another_name(store: Store, web: WebServer, event: Event) -> None:
    run_id = add_run(store, window(1), event)
    with web.channel("run=none") as none, web.channel(f"run={run_id}&after=0") as one:
        before = [heard(page)["elsewhere"] for page in (none, one)]
        store.rename(run_id, "another name")
        assert [heard(page)["elsewhere"] for page in (none, one)] == [what_goes_on(store)] * 2 != before


def test_a_page_that_follows_a_run_is_told_of_others_with_what_is_new_of_its_own(store: Store, web: WebServer) -> None:
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as page:
        assert heard(page)["elsewhere"][:-1] == [f"{run_id}-running-run"]
        waiting = store.submit(tiny_run())
        message = heard(page)
        assert message["elsewhere"][:2] == [f"{run_id}-running-run", f"{waiting}-queued-run"]
        assert "state" not in message


def test_a_page_is_drawn_with_the_words_that_it_is_told_afterwards(store: Store, web: WebServer) -> None:
    """Else it would be drawn anew for ever."""
    run_id, waiting = add_run(store, window(1)), store.submit(tiny_run())
    add_run(store, window(1), Finished(), device="another")
    with web.channel("run=none") as none, web.channel(f"run={run_id}&after=0") as one:
        assert heard(none)["elsewhere"] == heard(one)["elsewhere"] == what_goes_on(store)
    assert f"{waiting}-queued-run" in what_goes_on(store)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "run=none&after=0",
        "run=None",
        "run=1",
        "after=1",
        "run=one&after=0",
        "run=-1&after=0",
        "run=1&after=" + "9" * 30,
        "run=1&after=0" + "&" * 90,
    ],
)
def test_a_question_that_asks_for_no_run_is_refused_with_a_sentence(web: WebServer, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused, web.channel(query):
        pass
    assert refused.value.response.status_code == 400
    assert refused.value.response.body == WRONG_QUERY.encode()


def test_a_run_that_is_not_there_is_refused_with_a_sentence(web: WebServer) -> None:
    with pytest.raises(InvalidStatus) as refused, web.channel("run=7&after=0"):
        pass
    assert refused.value.response.status_code == 404
    assert refused.value.response.body == b"There is no run 7: `python -m lab runs` lists them."


def test_a_run_that_has_said_what_no_run_says_is_refused_with_a_sentence(
    store: Store, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hear(*_: object) -> None:
        raise ValueError("written by another program")

    monkeypatch.setattr(Story, "hear", hear)
    run_id = add_run(store, window(1))
    with pytest.raises(InvalidStatus) as refused, web.channel(f"run={run_id}&after=0"):
        pass
    assert refused.value.response.status_code == 500
    assert refused.value.response.body == NOT_UNDERSTOOD.encode()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "TRACE", "PROPFIND"])
def test_who_is_no_websocket_is_told_what_the_address_is(web: WebServer, method: str) -> None:
    status, headers, words = web.request(method, "/live?run=1&after=0")
    assert (status, headers["upgrade"], words) == (426, "websocket", NOT_A_SOCKET.body)


def test_who_is_refused_a_websocket_is_none_of_the_terminals_business(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "_log", lambda _level, words, *_, **__: said.append(words))
    with serving() as web:
        monkeypatch.setattr(logging.getLogger("uvicorn.error"), "level", logging.ERROR)
        for query, origin in (("", ""), ("run=7&after=0", ""), ("run=7&after=0", "http://evil.example")):
            with pytest.raises(InvalidStatus), web.channel(query, origin=origin):
                pass
    assert said == []


def test_a_page_that_speaks_is_cut_off(store: Store, web: WebServer, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    with web.channel(f"run={run_id}&after=0") as page, pytest.raises(ConnectionClosed) as closed:
        page.send("hello")
        while True:
            page.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_a_page_that_takes_nothing_is_cut_off_and_comes_back_for_the_rest(
    store: Store, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BEHIND", 0)  # more than it may be behind, at the first message
    run_id = add_run(store, window(1))
    with web.channel(f"run={run_id}&after=0") as page:
        seen = [heard(page)]
        say(store, run_id, window(2))
        with pytest.raises(ConnectionClosed):
            while True:
                seen.append(heard(page))
    monkeypatch.undo()
    with web.channel(f"run={run_id}&after={seen[-1]['cursor']}") as page:
        seen += heard_until(page, newest(store, run_id))
    assert rows_of(seen) == [kept.id for kept in store.events_after(run_id)]


@pytest.mark.parametrize("base_path", ["lab", "/lab/", "a/b"])
def test_the_channel_is_served_below_the_path_that_the_pages_are_served_below(store: Store, base_path: str) -> None:
    run_id = add_run(store, window(1), Finished())
    with serving(base_path) as web, web.channel(f"run={run_id}&after=0", path=f"/{base_path.strip('/')}/live") as page:
        assert heard(page)["state"] == "finished-run-1"


def test_an_open_channel_does_not_hold_up_the_end_of_the_server(store: Store) -> None:
    run_id = add_run(store, window(1))
    with serving() as web:
        channels = [web.channel(f"run={run_id}&after=0") for _ in range(3)]
        pages = [channel.__enter__() for channel in channels]
        for page in pages:
            heard(page)
    for page in pages:
        with pytest.raises(ConnectionClosed):
            while True:
                page.recv(timeout=60)
    for channel in channels:
        channel.__exit__(None, None, None)
