"""A server that browsers look at ends as soon as one that nobody looks at."""

import signal
from time import monotonic

import pytest
from examples import tiny_run, wait_until
from lab_server import LabServer
from playwright.sync_api import Browser, expect

SECONDS = 6.0
"""Three on a machine with nothing else to do; where other tests fill every core, only this much is certain."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_open_pages_do_not_delay_the_end_of_the_server(
    browser: Browser, own_server: LabServer, number: signal.Signals
) -> None:
    run_id = own_server.store.submit(tiny_run(epochs=200, training_images=15_000))
    wait_until(lambda: own_server.store.run(run_id).status == "running")
    context = browser.new_context()  # its pages may complain of the server that they have lost
    for _ in range(3):
        page = context.new_page()
        page.goto(f"{own_server.address}/train?run={run_id}")
        stop = page.get_by_role("button", name="Stop").and_(page.get_by_test_id("stBaseButton-secondary"))
        expect(stop).to_be_visible(timeout=90_000)  # not Streamlit's own, which ends a drawing that takes long
    began = monotonic()
    own_server.send(number)
    assert own_server.wait_for_end() == 0
    assert monotonic() - began < SECONDS
    assert own_server.store.run(run_id).status == "interrupted"
    context.close()
