"""What is served beside the pages: this is its door, and no other room knows a file behind it."""

from lab.web.elsewhere import what_goes_on
from lab.web.opening import first_page
from lab.web.origin import guard
from lab.web.redirects import relative_redirects
from lab.web.routes import lab_routes
from lab.web.story import state_of

__all__ = ["first_page", "guard", "lab_routes", "relative_redirects", "state_of", "what_goes_on"]
