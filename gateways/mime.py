"""A message as mail: RFC 5322 and MIME, the same bytes at every attempt.

Built by hand, because `email.message` takes 1.3 ms for what takes 0.05 here; tests compare what a parser reads of both.
Everything is seven-bit: texts are quoted-printable, so no server needs 8BITMIME.
"""

import base64
import hashlib
import re
from binascii import b2a_qp
from email.utils import format_datetime
from functools import lru_cache

from gateways.addresses import Address
from gateways.headers import mailbox, parameter, text_header
from gateways.unsubscribe.links import Links, unsubscribe_headers, with_link
from schemas.message import File, Message

_MESSAGE_ID = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_METHOD = re.compile(rb"^METHOD:([A-Z-]{1,20})\r?$", re.MULTILINE)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_CONTENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ANY_FILE = "application/octet-stream"


def mail(message: Message, from_: Address, to: Address, reply_to: Address | None, links: Links | None = None) -> bytes:
    """The whole mail with CRLF line ends, as it stands between DATA and the final dot (not dot-stuffed)."""
    head = [
        _sender_head(from_),
        b"To: ",
        mailbox(message.to_name, str(to)),
        b"\r\n",
        text_header("Subject", message.subject or ""),
        b"Date: ",
        format_datetime(message.commanded_at).encode(),
        b"\r\nMessage-ID: <",
        message_id_header(message.message_id),
        b"@",
        from_.domain.encode(),
        b">\r\n",
    ]
    if reply_to is not None:
        head += [b"Reply-To: ", mailbox(reply_to.name, str(reply_to)), b"\r\n"]
    if message.locale and _LANGUAGE.fullmatch(message.locale):
        head += [b"Content-Language: ", message.locale.encode(), b"\r\n"]
    head.append(unsubscribe_headers(message, links))
    return b"".join(head) + _body(with_link(message, links))


def message_id_header(message_id: str) -> bytes:
    """The message id as the left side of a Message-ID and as an envelope id: itself, unless it cannot stand there."""
    if _MESSAGE_ID.fullmatch(message_id) and len(message_id) <= 64:
        return message_id.encode()
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:40].encode()


@lru_cache(maxsize=1024)
def _sender_head(from_: Address) -> bytes:
    """What is the same in all mails of one sender. RFC 3834 keeps automatic answers from answering us."""
    who = mailbox(from_.name, str(from_))
    return (
        b"MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF\r\nFrom: "
        + who
        + b"\r\n"
    )


def _body(message: Message) -> bytes:
    parts = [_text_part("plain", message.text)]
    calendar, files = _calendar_first(message.attachments)
    shown = [_attachment(file) for file in files if file.content_id and message.html is not None]
    added = [_attachment(file) for file in files if not file.content_id or message.html is None]
    if message.html is not None:
        html = _text_part("html", message.html)
        parts.append(_multipart("related", message.message_id, [html, *shown]) if shown else html)
    if calendar is not None:
        parts.append(_calendar_part(calendar))
    content = parts[0] if len(parts) == 1 else _multipart("alternative", message.message_id, parts)
    return _multipart("mixed", message.message_id, [content, *added]) if added else content


def _calendar_first(files: tuple[File, ...]) -> tuple[File | None, tuple[File, ...]]:
    """An invitation is another way to say what the mail says; a second one cannot be, and is attached."""
    if files and files[0].media_type == "text/calendar":
        return files[0], files[1:]
    return None, files


def _calendar_part(file: File) -> bytes:
    """RFC 6047, 2.4: the part says the method that the calendar says."""
    calendar = base64.b64decode(file.content)
    found = _METHOD.search(calendar)
    method = b"; method=%s" % found[1] if found else b""
    head = b'Content-Type: text/calendar; charset="utf-8"%s\r\nContent-Transfer-Encoding: base64\r\n\r\n' % method
    return head + base64.encodebytes(calendar).replace(b"\n", b"\r\n")


def _multipart(subtype: str, message_id: str, parts: list[bytes]) -> bytes:
    """Boundaries come from the id, so that an attempt repeats the bytes; `=_` occurs in neither encoding."""
    boundary = (
        b"=_" + hashlib.sha256(f"{subtype}/{message_id}".encode("utf-8", "surrogatepass")).hexdigest()[:32].encode()
    )
    opened = b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (subtype.encode(), boundary)
    return b"".join([opened, *(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts), b"--", boundary, b"--\r\n"])


def _text_part(subtype: str, text: str) -> bytes:
    head = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head % subtype.encode() + quoted_printable(text)


def quoted_printable(text: str) -> bytes:
    """The text with CRLF line ends, ending in one. b2a_qp leaves a lone CR bare, so line ends go first."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")


def _attachment(file: File) -> bytes:
    media_type = file.media_type.lower()
    if not _MEDIA_TYPE.fullmatch(media_type) or media_type.startswith(("multipart/", "message/")):
        media_type = _ANY_FILE
    content = base64.encodebytes(base64.b64decode(file.content)).replace(b"\n", b"\r\n")
    where = b"attachment"
    if file.content_id and _CONTENT_ID.fullmatch(file.content_id):
        where = b"inline"
        media_type += f"\r\nContent-ID: <{file.content_id}>"
    head = b"Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: %s;\r\n %s\r\n\r\n"
    return head % (media_type.encode(), where, parameter("filename", file.name)) + content
