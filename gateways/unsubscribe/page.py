"""The page behind an unsubscribe link: GET shows a button and changes nothing, POST unsubscribes (RFC 8058).

Mail programs and scanners fetch links ahead of their readers, so neither GET nor HEAD may act.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from html import escape

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateways.unsubscribe.keys import ExpiredToken, Keys
from schemas.unsubscribe import BadToken, Token

BODY_LIMIT_BYTES = 16 * 1024
"""One-click bodies have 26 bytes; of anything larger nothing is read."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font-family:system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;line-height:1.5}}
button{{font:inherit;padding:.6rem 1.2rem}}</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""
_BUTTON = (
    "<p>You will get no more advertising at the address that this mail came to. "
    "Messages about your own orders and appointments still reach you.</p>"
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
    '<button type="submit">Unsubscribe</button></form>'
)

log = structlog.get_logger("gateways")

Publish = Callable[[Token, str], Awaitable[None]]
"""Say that a token was clicked, and return once that is safe; raises ConnectionError."""


def application(keys: Keys, publish: Publish, today: Callable[[], date]) -> Starlette:
    """The web application; links end in a token, whatever stands before it."""
    site = _Site(keys, publish, today)
    return Starlette(routes=[Route("/{path:path}", site.asked, methods=["GET", "HEAD", "POST"])])


class _Site:
    def __init__(self, keys: Keys, publish: Publish, today: Callable[[], date]) -> None:
        self._keys = keys
        self._publish = publish
        self._today = today

    async def asked(self, request: Request) -> Response:
        """One route for all methods, so that a refusal of any other names all of them (RFC 9110, 15.5.6)."""
        return await self.clicked(request) if request.method == "POST" else self.shown(request)

    def shown(self, request: Request) -> Response:
        """The page with the button; nothing happens."""
        try:
            self._keys.verified(_token_of(request), self._today())
        except BadToken as bad:
            return _refusal(bad)
        return _page("Unsubscribe?", _BUTTON)

    async def clicked(self, request: Request) -> Response:
        """The recipient, or the mail program for the recipient, unsubscribes."""
        text = _token_of(request)
        if not await _is_small(request):
            return PlainTextResponse("The request is too large.\n", 413, headers=_HEADERS)
        try:
            token = self._keys.verified(text, self._today())
        except BadToken as bad:
            return _refusal(bad)
        try:
            await self._publish(token, text)
        except ConnectionError as error:
            log.error("unsubscribing cannot be published", tenant=token.tenant, error=str(error))
            return _page("Please try again", "<p>This does not work just now. Please try again in a minute.</p>", 503)
        return _page("You are unsubscribed", "<p>You will get no more advertising from us at this address.</p>")


def _token_of(request: Request) -> str:
    return str(request.path_params["path"]).rpartition("/")[2]


async def _is_small(request: Request) -> bool:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_LIMIT_BYTES:
            return False
    return True


def _refusal(bad: BadToken) -> Response:
    """What is wrong with a link, in words for its reader; an old link may be told apart from one that is none."""
    if isinstance(bad, ExpiredToken):
        words = "<p>This link is too old. Use the one in a newer mail, or answer the mail and ask to be taken off.</p>"
        return _page("This link has expired", words, 410)
    words = "<p>Was it copied in full? Open it once more from the mail, or answer the mail and ask to be taken off.</p>"
    return _page("This link does not work", words, 404)


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status, headers=_HEADERS)
