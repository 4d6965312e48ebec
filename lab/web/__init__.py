"""What is served beside the pages: this is its door, and no other room knows a file behind it."""

from lab.web.guard import guard
from lab.web.routes import routes
from lab.web.story import state_of

__all__ = ["guard", "routes", "state_of"]
