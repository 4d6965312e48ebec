"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STREAMLITS_OWN = {
    # The area that a file is dropped on has a name beside its role of none, and no setting for either.
    ("presentation-role-conflict", 'data-testid="stFileUploaderDropzone"'),
}
"""Findings in what Streamlit draws and the lab cannot change: the rule, and what is in the element's own tag."""


def findings(page: Page, within: str | None = None) -> list[str]:
    """What axe-core finds wrong with the page as it stands, a line an element; what cannot be helped is left out.

    `within`: the selector of the part that is looked at; None looks at all of it.
    """
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{rule['id']}: {node['html']}\n{node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
        if not any(rule["id"] == known and part in node["html"] for known, part in STREAMLITS_OWN)
    ]
