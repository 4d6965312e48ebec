"""The lab behind a reverse proxy: what a person sees there, whatever the proxy does."""

from collections.abc import Callable

from browser.proxy import Proxy
from lab_server import LabServer
from playwright.sync_api import Page, expect

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
    complaints.clear()


def test_an_address_that_ends_in_a_slash_stays_below_the_prefix_that_a_proxy_takes_away(
    proxy: Proxy, new_tab: Tabs
) -> None:
    page = new_tab(f"{proxy.address}/runs/?compare=7")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    assert page.url.startswith(f"{proxy.address}/runs?")
