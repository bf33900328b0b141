"""The mailbox's web side: pages for people, JSON for tests, and nothing for other sites."""

from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.mailbox import pages
from deploy.mailbox.mail import Mail
from deploy.mailbox.store import Mailbox

PAGE_LIMIT = 200
JSON_LIMIT = 5_000
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""A mail's own HTML: shown with its styles, without scripts, without asking anybody on the net."""


def application(mailbox: Mailbox) -> Starlette:
    """The web application over a mailbox; only requests to a loopback name are answered."""
    site = _Site(mailbox)
    return Starlette(
        routes=[
            Route("/", site.inbox),
            Route("/rows", site.rows),
            Route("/events", site.events),
            Route("/messages/{id:int}", site.message),
            Route("/messages/{id:int}/html", site.html),
            Route("/messages/{id:int}/source", site.source),
            Route("/api/messages", site.listed),
            Route("/api/messages", site.cleared, methods=["DELETE"]),
            Route("/api/messages/count", site.counted),
            Route("/api/messages/{id:int}", site.detailed),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(_Policies),
        ],
    )


class _Policies:
    """Sets the headers that keep a page from loading, framing or leaking anything that is not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                headers.setdefault(b"content-security-policy", _PAGE_POLICY.encode())
                headers |= {b"x-content-type-options": b"nosniff", b"referrer-policy": b"no-referrer"}
                headers.setdefault(b"cache-control", b"no-store")
                message = {**message, "headers": list(headers.items())}
            await send(message)

        await self._app(scope, receive, send_with_policies)


class _Site:
    """The answers; each method is one address."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def inbox(self, request: Request) -> Response:
        to = request.query_params.get("to") or None
        return HTMLResponse(pages.inbox(self._newest(to), self._mailbox.count, to))

    async def rows(self, request: Request) -> Response:
        to = request.query_params.get("to") or None
        return HTMLResponse(pages.rows(self._newest(to), self._mailbox.count, to))

    async def events(self, request: Request) -> Response:
        async def arrivals() -> AsyncIterator[str]:
            async for count in self._mailbox.changes():
                yield f"data: {count}\n\n"

        return StreamingResponse(arrivals(), media_type="text/event-stream")

    async def message(self, request: Request) -> Response:
        mail = self._asked(request)
        return HTMLResponse(pages.one(mail)) if mail else _missing(request)

    async def html(self, request: Request) -> Response:
        mail = self._asked(request)
        if mail is None or mail.html is None:
            return _missing(request)
        return HTMLResponse(mail.html, headers={"content-security-policy": _MAIL_POLICY})

    async def source(self, request: Request) -> Response:
        mail = self._asked(request)
        return PlainTextResponse(mail.source) if mail else _missing(request)

    async def listed(self, request: Request) -> Response:
        asked = request.query_params.get("limit", "100")
        if not asked.isdecimal() or not 1 <= int(asked) <= JSON_LIMIT:
            return JSONResponse({"error": f"limit {asked!r} is no number from 1 to {JSON_LIMIT}"}, 400)
        found = self._mailbox.mails(request.query_params.get("to"))
        return JSONResponse([_plain(mail) for mail in islice(found, int(asked))])

    async def counted(self, request: Request) -> Response:
        to = request.query_params.get("to")
        count = self._mailbox.count if to is None else sum(1 for _ in self._mailbox.mails(to))
        return JSONResponse({"count": count})

    async def detailed(self, request: Request) -> Response:
        mail = self._asked(request)
        if mail is None:
            return JSONResponse({"error": f"there is no message {request.path_params['id']}"}, 404)
        bodies = {"text": mail.text, "html": mail.html, "headers": [list(each) for each in mail.headers]}
        return JSONResponse(_plain(mail) | bodies)

    async def cleared(self, request: Request) -> Response:
        self._mailbox.clear()
        return Response(status_code=204)

    def _newest(self, to: str | None) -> list[Mail]:
        return list(islice(self._mailbox.mails(to), PAGE_LIMIT))

    def _asked(self, request: Request) -> Mail | None:
        return self._mailbox.find(request.path_params["id"])


def _missing(request: Request) -> Response:
    return HTMLResponse(pages.missing(f"There is no {request.url.path}."), status_code=404)


def _plain(mail: Mail) -> dict[str, object]:
    return {
        "id": mail.id,
        "received_at": mail.received_at.isoformat(),
        "envelope_from": mail.envelope_from,
        "envelope_to": list(mail.envelope_to),
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
        "date": mail.date,
        "message_id": mail.message_id,
        "size_bytes": len(mail.source),
        "attachments": [{"name": each.name, "media_type": each.media_type} for each in mail.attachments],
    }
