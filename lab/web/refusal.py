"""A sentence for who asks for a WebSocket that is not given."""

from __future__ import annotations

from typing import NoReturn

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected


async def refuse(socket: WebSocket, sentence: str, status: int) -> NoReturn:
    """Answer with a sentence and its status, as any other request is answered.

    uvicorn (0.54) sends that, takes the WebSocket for one that nobody has answered, and complains in the terminal,
    unless it hears what is true by then: the other side is gone.
    """
    await socket.send_denial_response(PlainTextResponse(sentence, status_code=status))
    raise ClientDisconnected
