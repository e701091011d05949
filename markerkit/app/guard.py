"""Who may talk to the app: pages that came from it, by its own address."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: what a page may load and call: nothing but the app itself
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


#: bytes of one request; a table is read into memory, and a larger one would not fit there
LARGEST = 4 * 2**30


class _TooLargeError(Exception):
    """More came than was announced."""


class Guard:
    """Refuse requests with a foreign host or origin, and uploads that are too large.

    Another page that the browser has open can send requests to any port of this computer, and by a name that it
    lets point to 127.0.0.1 it could even read the answers. The first says its own origin, the second its own host.

    Parameters
    ----------
    app
        What is guarded.
    address
        Host and port of the app, ``127.0.0.1:8000``.
    """

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with status 403."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif self._is_own(headers := Headers(scope=scope), needs_origin=scope["type"] == "websocket"):
            await self._bounded(scope, receive, _with_headers(send), headers.get("content-length", "0"))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            text = (
                f"refused: this page is open to the browser of this computer only, at http://{self._address}"
            )
            await PlainTextResponse(text, status_code=403)(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, announced: str) -> None:
        """Answer a request whose body is not too large; status 413 otherwise."""
        refusal = PlainTextResponse(f"refused: more than {LARGEST // 2**30} GB in one file", status_code=413)
        if not announced.isdecimal() or int(announced) > LARGEST:
            await refusal(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if came > LARGEST:
                raise _TooLargeError
            return message

        async def until_then(message: Message) -> None:
            if came <= LARGEST:
                await send(message)

        try:
            await self._app(scope, counted, until_then)
        except _TooLargeError:
            await refusal(scope, receive, send)

    def _is_own(self, headers: Headers, *, needs_origin: bool) -> bool:
        # a browser states the origin of every websocket and of every form that is sent, not that of a plain visit
        origin = headers.get("origin")
        known = origin == f"http://{self._address}" or (origin is None and not needs_origin)
        return known and headers.getlist("host") == [self._address]


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return with_headers
