"""The mailbox's two pages as HTML; everything that came by mail is escaped or shown in a sandboxed frame."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from deploy.mailbox.mail import Attachment, Mail

TITLE = "Mailbox"


def inbox(mails: Iterable[Mail], count: int, to: str | None) -> str:
    """The list of mails; `to` is the address it is narrowed to."""
    return _page(
        TITLE,
        f"""<header><h1>{TITLE}</h1>
<form method="get" action="/"><label>To <input name="to" type="search" value="{escape(to or "")}"
 placeholder="any address" autocomplete="off"></label></form></header>
<main id="inbox" data-to="{escape(to or "")}">{rows(mails, count, to)}</main>
<noscript><meta http-equiv="refresh" content="2"></noscript>
<script src="/static/mailbox.js" defer></script>""",
    )


def rows(mails: Iterable[Mail], count: int, to: str | None) -> str:
    """What is renewed when mail arrives."""
    items = "".join(_row(mail) for mail in mails)
    if not items:
        return f'<p class="empty">No mail{f" to {escape(to)}" if to else ""} yet. This page renews itself.</p>'
    arrived = "1 mail has arrived." if count == 1 else f"{count:,} mails have arrived."
    return f'<p class="count" aria-live="polite">{arrived}</p><ol class="mails">{items}</ol>'


def one(mail: Mail) -> str:
    """One mail: what a person sees of it, then its headers and source."""
    base = f"/messages/{mail.id}"
    html = (
        f'<section><h2>As HTML</h2><iframe sandbox referrerpolicy="no-referrer" title="The mail as HTML" '
        f'src="{base}/html"></iframe></section>'
        if mail.html is not None
        else ""
    )
    text = f"<section><h2>As text</h2><pre>{escape(mail.text)}</pre></section>" if mail.text is not None else ""
    headers = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in mail.headers)
    return _page(
        mail.subject or "(no subject)",
        f"""<header><p><a href="/">← {TITLE}</a></p><h1>{escape(mail.subject) or "(no subject)"}</h1></header>
<main><dl><dt>From</dt><dd>{escape(mail.sender)}</dd><dt>To</dt><dd>{escape(mail.recipients)}</dd>
<dt>Envelope</dt><dd>{escape(mail.envelope_from) or "&lt;&gt;"} → {escape(", ".join(mail.envelope_to))}</dd>
<dt>Arrived</dt><dd>{_time(mail.received_at)}</dd>{_attachments(mail.attachments)}</dl>
{text}{html}<section><h2>Headers</h2><div class="wide"><table>{headers}</table></div>
<p><a href="{base}/source">Source, {len(mail.source):,} bytes</a></p></section></main>""",
    )


def missing(what: str) -> str:
    """A page that says that there is nothing here."""
    return _page("Not here", f'<header><p><a href="/">← {TITLE}</a></p><h1>{escape(what)}</h1></header>')


def _row(mail: Mail) -> str:
    first_line = next((line.strip() for line in (mail.text or "").splitlines() if line.strip()), "")
    return (
        f'<li><a href="/messages/{mail.id}"><span class="who">{escape(mail.recipients or ", ".join(mail.envelope_to))}'
        f'</span>{_time(mail.received_at)}<span class="what">{escape(mail.subject) or "(no subject)"}</span>'
        f'<span class="from">from {escape(mail.sender or mail.envelope_from)}</span>'
        f'<span class="begins">{escape(first_line[:160])}</span></a></li>'
    )


def _attachments(attachments: tuple[Attachment, ...]) -> str:
    return "".join(
        f"<dt>Attached</dt><dd>{escape(each.name)} ({escape(each.media_type)}, {each.size_bytes:,} bytes)</dd>"
        for each in attachments
    )


def _time(instant: datetime) -> str:
    local = instant.astimezone()
    return f'<time datetime="{instant.isoformat()}">{local:%Y-%m-%d %H:%M:%S}</time>'


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/mailbox.css"></head><body>{body}</body></html>"""
