"""Links, keys and headers of one-click unsubscribe; the page is asked by a real HTTP client."""

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest

from gateways.addresses import address, sender
from gateways.mime import mail
from gateways.unsubscribe.keys import FILE, ExpiredToken, ForeignToken, Keys, keys_of
from gateways.unsubscribe.links import Links, links_of
from gateways.unsubscribe.page import BODY_LIMIT_BYTES
from gateways.unsubscribe.server import clicked, serving
from schemas.faults import Refused
from schemas.unsubscribe import BadToken, SigningKey, Token, read, sign
from schemas.words import Channel
from tests.unit.gateways.samples import message
from tidings.config import Installation, Unsubscribe
from tidings.health_endpoint import PortTaken

TODAY = date(2026, 6, 1)
OLD, NEW = SigningKey(id="k1", secret=b"o" * 32), SigningKey(id="k2", secret=b"n" * 32)
KEYS = Keys(keys=(NEW, OLD), valid_days=400)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def token(key: SigningKey = NEW, issued_on: date = TODAY, tenant: str = "shop") -> str:
    return sign(tenant, "m1", issued_on, key)


def test_a_token_names_its_message_and_nobody() -> None:
    found = KEYS.verified(token(), TODAY)
    assert found == Token(key_id="k2", tenant="shop", message_id="m1", issued_on=TODAY)
    assert token() == token()


@pytest.mark.parametrize("tenant", ["shop", "läden|\"'", "a.b.c", "x" * 200])
def test_any_tenant_can_be_named(tenant: str) -> None:
    assert read(token(tenant=tenant)).tenant == tenant


def test_links_of_an_older_key_work_until_it_is_taken_out() -> None:
    assert KEYS.verified(token(OLD), TODAY).key_id == "k1"
    assert KEYS.token("shop", "m1", TODAY).startswith("k2.")
    with pytest.raises(ExpiredToken):
        Keys(keys=(NEW,), valid_days=400).verified(token(OLD), TODAY)


def test_a_link_works_for_its_days_and_no_longer() -> None:
    KEYS.verified(token(), TODAY + timedelta(days=400))
    with pytest.raises(ExpiredToken):
        KEYS.verified(token(), TODAY + timedelta(days=401))


def other_payload() -> str:
    key_id, _, signature = token().split(".")
    return ".".join((key_id, token(tenant="other").split(".")[1], signature))


FORGED = {
    "another payload under a signature": other_payload(),
    "a key of the same id elsewhere": token(SigningKey(id="k2", secret=b"x" * 32)),
    "another key's id": "k1" + token().removeprefix("k2"),
    "the last letter": token()[:-1] + ("A" if token()[-1] != "A" else "E"),
}
BROKEN = [
    "",
    "x",
    "k2..",
    token()[:-5],
    token() + "A",
    token().replace(".", "", 1),
    "k2." + "A" * 9 + "." + "A" * 43,
    "…",
]


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_foreign(text: str) -> None:
    with pytest.raises(ForeignToken):
        KEYS.verified(text, TODAY)


@pytest.mark.parametrize("text", BROKEN)
def test_what_lost_a_part_is_no_token(text: str) -> None:
    with pytest.raises(BadToken):
        KEYS.verified(text, TODAY)


def test_an_installation_makes_one_key_for_itself_and_keeps_it(tmp_path: Path) -> None:
    installation = Installation(home=tmp_path)
    made = keys_of(installation)
    assert keys_of(installation) == made
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "holds no key"),
        ("k1 short", "line 1"),
        ("k! " + "x" * 32, "line 1"),
        (f"k1 {'x' * 32}\nk1 {'y' * 32}", "line 2"),
    ],
)
def test_a_key_file_that_does_not_hold_is_refused_with_its_line(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "keys"
    path.write_text(text)
    with pytest.raises(Refused, match=wrong):
        keys_of(Installation(home=tmp_path, unsubscribe=Unsubscribe(key_file=path)))


def test_a_key_file_that_is_named_and_missing_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with pytest.raises(Refused, match="cannot be read"):
        keys_of(Installation(home=tmp_path, unsubscribe=Unsubscribe(key_file=path)))
    assert not path.exists()


LINKS = Links(url="https://mail.shop.example/u/", keys=KEYS)


def headers(links: Links | None = LINKS, **changes: object) -> dict[str, str]:
    made = message(**changes)
    raw = mail(made, sender(made.from_), address(made.to), None, links)
    assert max(map(len, raw.split(b"\r\n"))) < 998
    return {name: " ".join(value.split()) for name, value in message_from_bytes(raw).items()}


def test_marketing_mail_bears_a_link_that_one_click_is_enough_for() -> None:
    found = headers(category="marketing")
    link = found["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    assert link.startswith("https://mail.shop.example/u/k2.")
    assert read(link.rpartition("/")[2]).message_id == "m1"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers(category="marketing") == found


def test_service_mail_bears_none() -> None:
    assert not [name for name in headers() if name.startswith("List-")]


def test_marketing_mail_without_a_page_names_an_address() -> None:
    found = headers(None, category="marketing")
    assert found["List-Unsubscribe"] == "<mailto:hello@riverside.example?subject=unsubscribe>"
    assert "List-Unsubscribe-Post" not in found


def read_parts(links: Links | None = LINKS, **changes: object) -> dict[str, str]:
    """The parts of a mail as a mail program reads them, by media type."""
    made = message(**changes)
    raw = mail(made, sender(made.from_), address(made.to), None, links)
    parts = [part for part in message_from_bytes(raw).walk() if not part.is_multipart()]
    return {part.get_content_type(): bytes(part.get_payload(decode=True)).decode() for part in parts}


def test_readers_find_the_link_of_the_headers_below_text_and_html() -> None:
    html = "<!doctype html><html><body><p>An offer</p></body></html>"
    link = LINKS.link(message())
    found = read_parts(category="marketing", text="An offer.", html=html)
    assert found["text/plain"].splitlines() == ["An offer.", "", f"Unsubscribe: {link}"]
    assert '<p>An offer</p><div class="faint"' in found["text/html"]
    assert f'<a href="{link}"' in found["text/html"]
    assert found["text/html"].endswith("Unsubscribe</a></div>\n</body></html>\n".replace("\n", "\r\n"))


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<p>An offer", "<p>An offer"),
        ("<body>1</body><body>2</BODY >", "<body>1</body><body>2"),
    ],
)
def test_the_link_is_the_last_of_any_page(html: str, before: str) -> None:
    assert read_parts(category="marketing", html=html)["text/html"].startswith(f'{before}<div class="faint"')


def test_without_a_page_readers_are_told_where_to_write() -> None:
    found = read_parts(None, category="marketing", html="<p>An offer</p>")
    told = 'Unsubscribe: write to hello@riverside.example with the subject "unsubscribe"'
    assert found["text/plain"].splitlines()[-1] == told
    assert '<a href="mailto:hello@riverside.example?subject=unsubscribe"' in found["text/html"]


@pytest.mark.parametrize("changes", [{}, {"category": "marketing", "channel": Channel.SMS, "number": "+12025550123"}])
def test_service_mail_and_texts_by_email_say_nothing_of_it(changes: dict[str, object]) -> None:
    found = read_parts(text="See you.", html="<p>See you.</p>", **changes)
    assert found == {"text/plain": "See you.\r\n", "text/html": "<p>See you.</p>\r\n"}


def test_an_installation_without_an_address_for_the_page_has_no_links(tmp_path: Path) -> None:
    assert links_of(Installation(home=tmp_path)) is None
    assert links_of(Installation(home=tmp_path, unsubscribe=Unsubscribe(url="https://u.example"))) is not None


@dataclass
class Clicks:
    """What was published; while the broker is down, nothing can be."""

    tokens: list[Token] = field(default_factory=list)
    is_down: bool = False

    async def publish(self, found: Token, text: str) -> None:
        if self.is_down:
            raise ConnectionError("no broker")
        assert clicked(found, text).tenant == found.tenant
        self.tokens.append(found)


@asynccontextmanager
async def page(tmp_path: Path, clicks: Clicks) -> AsyncIterator[httpx.AsyncClient]:
    installation = Installation(home=tmp_path, unsubscribe=Unsubscribe(port=0))
    async with (
        serving(installation, KEYS, clicks.publish) as where,
        httpx.AsyncClient(base_url=where, trust_env=False) as client,
    ):
        yield client


def fresh(key: SigningKey = NEW) -> str:
    return sign("shop", "m1", date.today() - timedelta(days=1), key)  # noqa: DTZ011 - a day more or less is nothing here


async def test_looking_at_a_link_does_nothing_and_a_click_unsubscribes(tmp_path: Path) -> None:
    clicks = Clicks()
    async with page(tmp_path, clicks) as client:
        for method in ("GET", "HEAD", "GET"):
            looked = await client.request(method, f"/u/{fresh()}", headers={"Purpose": "prefetch"})
            assert looked.status_code == 200
        assert clicks.tokens == []
        assert '<form method="post">' in looked.text
        done = await client.post(f"/u/{fresh()}", data=ONE_CLICK)
        assert (done.status_code, "You are unsubscribed" in done.text) == (200, True)
        assert [found.message_id for found in clicks.tokens] == ["m1"]


async def test_a_one_click_without_cookies_as_a_form_of_parts_is_taken_without_a_redirect(tmp_path: Path) -> None:
    clicks = Clicks()
    async with page(tmp_path, clicks) as client:
        done = await client.post(f"/{fresh()}", files={"List-Unsubscribe": (None, "One-Click")})
        assert (done.status_code, done.cookies, done.history) == (200, httpx.Cookies(), [])
    assert len(clicks.tokens) == 1


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (fresh()[:-4], 404, "does not work"),
        ("", 404, "does not work"),
        ("<script>", 404, "does not work"),
        (fresh(SigningKey(id="k2", secret=b"x" * 32)), 404, "does not work"),
        (fresh(SigningKey(id="k0", secret=b"x" * 32)), 410, "has expired"),
        (sign("shop", "m1", date(2020, 1, 1), NEW), 410, "has expired"),
    ],
    ids=["cut short", "empty", "markup", "forged", "of a key that is gone", "expired"],  # not the day's own tokens
)
async def test_a_link_that_does_not_hold_says_so_and_changes_nothing(
    tmp_path: Path, text: str, status: int, words: str
) -> None:
    clicks = Clicks()
    async with page(tmp_path, clicks) as client:
        for method in ("GET", "POST"):
            answer = await client.request(method, f"/u/{text}")
            assert (answer.status_code, words in answer.text, "<script>" in answer.text) == (status, True, False)
    assert clicks.tokens == []


async def test_a_click_that_cannot_be_published_is_to_be_tried_again(tmp_path: Path) -> None:
    clicks = Clicks(is_down=True)
    async with page(tmp_path, clicks) as client:
        assert (await client.post(f"/{fresh()}", data=ONE_CLICK)).status_code == 503
        clicks.is_down = False
        assert (await client.post(f"/{fresh()}", data=ONE_CLICK)).status_code == 200


async def test_a_large_request_is_not_read_to_its_end(tmp_path: Path) -> None:
    clicks = Clicks()
    async with page(tmp_path, clicks) as client:
        answer = await client.post(f"/{fresh()}", content=b"x" * (BODY_LIMIT_BYTES + 1))
    assert (answer.status_code, clicks.tokens) == (413, [])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_do_nothing(tmp_path: Path, method: str) -> None:
    clicks = Clicks()
    async with page(tmp_path, clicks) as client:
        answer = await client.request(method, f"/{fresh()}")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert clicks.tokens == []


async def test_the_page_leaks_nothing_to_others(tmp_path: Path) -> None:
    async with page(tmp_path, Clicks()) as client:
        answer = await client.get(f"/{fresh()}")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    async with page(tmp_path, Clicks()) as client:
        taken = Installation(home=tmp_path, unsubscribe=Unsubscribe(port=client.base_url.port or 0))
        with pytest.raises(PortTaken, match=str(client.base_url.port)):
            async with serving(taken, KEYS, Clicks().publish):
                pass
