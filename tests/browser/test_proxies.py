"""The lab behind a reverse proxy: what a person sees there, whatever the proxy does."""

from collections.abc import Callable

from browser.proxy import Proxy
from lab_server import LabServer
from playwright.sync_api import Browser, Page, expect

from lab.ui.layout import TITLE

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]


def test_behind_a_proxy_that_asks_under_another_name_the_page_says_what_to_set(
    proxy: Proxy, server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    proxy.asks_as = f"localhost:{server.port}"
    page = new_tab(f"{proxy.address}/train?run=3")
    origin = proxy.address.removesuffix(proxy.prefix)
    said = page.get_by_role("alert")
    expect(said).to_contain_text(f"it is opened at {origin}, but the lab was asked for it as {proxy.asks_as}.")
    expect(said).to_contain_text(f"start the lab with --server.corsAllowedOrigins {origin}.")
    assert complaints and all("403" in text for text in complaints)  # its font and style sheet, which it does without
    page.close()  # or it may go on complaining
    complaints.clear()


def test_an_address_that_ends_in_a_slash_stays_below_the_prefix_that_a_proxy_takes_away(
    proxy: Proxy, new_tab: Tabs
) -> None:
    page = new_tab(f"{proxy.address}/runs/?compare=7")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    assert page.url.startswith(f"{proxy.address}/runs?")


def test_behind_a_proxy_that_passes_on_no_websocket_the_page_says_so_and_takes_it_back(
    proxy: Proxy, new_tab: Tabs, complaints: list[str]
) -> None:
    proxy.passes_on_sockets = False
    page = new_tab(f"{proxy.address}/train")
    said = page.get_by_text("have it pass on WebSockets")
    expect(said).to_be_visible()
    proxy.passes_on_sockets = True
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(said).to_have_count(0)
    page.close()  # or it may go on complaining
    complaints.clear()  # the browser's own, of each WebSocket that it did not get


def test_the_first_page_that_a_browser_is_sent_has_the_labs_name_and_look(server: LabServer, browser: Browser) -> None:
    """Before anything has come over its WebSocket, which here never answers."""
    page = browser.new_page(color_scheme="dark")
    page.route_web_socket("**/*", lambda socket: None)
    page.goto(f"{server.address}/train")
    app, room = page.get_by_test_id("stApp"), page.locator(".block-container")
    expect(app).to_have_css("background-color", "rgb(20, 24, 29)")  # the lab's dark ground, and not Streamlit's
    expect(room).to_have_css("max-width", "1480px")
    assert page.title() == TITLE
    page.close()
