"""What the tests of charts share: figures as Plotly understands them, and their traces."""

import json
from typing import Any

import plotly.graph_objects as go


def checked(make: Any) -> Any:
    """Plotly's own objects refuse what Plotly does not know. What they translate, its script in the browser may not."""

    def made(*args: Any, **settings: Any) -> go.Figure:
        figure = make(*args, **settings)
        understood = go.Figure(figure)
        drawn = json.loads(understood.to_json())
        drawn["layout"].pop("template")
        assert drawn == json.loads(json.dumps(figure, allow_nan=False))  # which a browser could not read
        return understood

    return made


def series(figure: go.Figure) -> dict[str, Any]:
    """The traces by their names in the legend."""
    return {trace.name: trace for trace in figure.data}


def points(trace: Any) -> list[tuple[float, float]]:
    return list(zip(trace.x, trace.y, strict=True))
