"""HTML as it leaves: what is refused at save, where styles go, what the text part says, whose brand it bears."""

import re
import sys
from typing import Any

import pytest

from processors.clean_text import clean_text
from processors.markup import MOST_ELEMENTS, MOST_FOR_TEXT, as_text, cleaned, inlined, is_page
from processors.markup_faults import FORBIDDEN, markup_faults
from processors.render import Words, render
from processors.template_library import TEMPLATES
from schemas.message import Message
from tests.unit.processors.world import PANTRY, World

RULE: dict[str, Any] = {"id": "r", "on": ["parcel.lost"], "to": ["contact"], "channel": "email", "subject": "Parcel"}
BRANDED: dict[str, Any] = {
    **PANTRY,
    "main_phone": "+12025550100",
    "brands": {
        "a": {
            "name": "Riverside <Homes>",
            "header_html": '<b style="color:#0a5;position:fixed">Homes</b><img src="https://a.example/l.png">',
            "address_lines": ["1 High Street", "Springfield & Co"],
        }
    },
    "buildings": {"b1": {"name": "Tower", "brand": "a"}},
}


def mail(html: str | None, text: str | None = None, *, building: str | None = None, **data: Any) -> Message:
    world = World(settings={**BRANDED, "rules": [{**RULE, "html": html, "text": text}]})
    world.ann(building=building)
    world.happens("parcel.lost", subject="c1", data=data)
    assert world.refused == []
    [message] = world.messages
    return message


def refused(settings: dict[str, Any]) -> list[tuple[str, str]]:
    world = World(settings={**PANTRY, **settings})
    return [(fault.path, fault.reason) for letter in world.refused for fault in letter.faults]


def html_of(message: Message) -> str:
    assert message.html is not None
    return message.html


def test_html_alone_says_its_text_too() -> None:
    message = mail(
        '<h1>Parcel {{ parcel }}</h1><p>Dear {{ contact.first_name }}, see <a href="https://x.example/?a=1&amp;b=2">here'
        "</a>.</p><table>{% for row in rows %}<tr><td>{{ row.name }}</td><td>{{ row.n }}</td></tr>{% endfor %}</table>",
        parcel="<P1>",
        rows=[{"name": "Rice", "n": 2}, {"name": "Black beans", "n": 37}],
    )
    assert message.text == (
        "Parcel <P1>\n\nDear Ann, see here (https://x.example/?a=1&b=2).\n\nRice         2\nBlack beans  37"
    )
    assert "<h1>Parcel &lt;P1&gt;</h1>" in html_of(message)


def test_a_text_of_its_own_stays() -> None:
    assert mail("<p>One</p>", "Two").text == "Two"


def test_a_piece_is_put_into_the_layout_and_a_page_is_not() -> None:
    piece, page = html_of(mail("<p>Hello</p>")), html_of(mail("<!-- mine --><!DOCTYPE html><html><p>Hello</p></html>"))
    assert piece.startswith("<!doctype html>")
    assert "Riverside Pantry<br>+12025550100" in piece
    assert page == "<!-- mine --><!DOCTYPE html><html><p>Hello</p></html>"


def test_values_never_become_markup() -> None:
    html = html_of(mail("<p>{{ parcel }}</p>", parcel='<script>x</script>"'))
    assert "<p>&lt;script&gt;x&lt;/script&gt;&#34;</p>" in html


@pytest.mark.parametrize("shell", ["{}", "<html><head></head><body>{}</body></html>"], ids=["piece", "page"])
def test_style_sheets_go_to_the_elements_and_media_queries_stay(shell: str) -> None:
    style = "<style>.b{color:#b00} @media (max-width:9px){.b{color:red}}</style>"
    html = html_of(
        mail(
            shell.format(
                f"{style}<table>{{% for n in ns %}}<tr><td class=b>{{{{ n }}}}</td></tr>{{% endfor %}}</table>"
            ),
            ns=[1, 2],
        )
    )
    for n in (1, 2):
        assert f'<td class="b" style="color: #b00;">{n}</td>' in html
    assert "@media (max-width:9px)" in html


def test_nothing_is_fetched_for_a_mail() -> None:
    page = '<html><head><link rel="stylesheet" href="file:///etc/hostname"></head><body><p>a</p></body></html>'
    assert inlined(page) == "<html><head></head><body><p>a</p></body></html>"


def test_dark_screens_get_dark_paper_unless_the_piece_has_colours_of_its_own() -> None:
    plain = html_of(mail("<p>Hello</p>"))
    coloured = html_of(mail('<p style="color:#333">Hello</p>'))
    assert ("prefers-color-scheme: dark" in plain, 'content="light dark"' in plain) == (True, True)
    assert ("prefers-color-scheme: dark" in coloured, 'content="light only"' in coloured) == (False, True)


def test_a_mail_bears_the_brand_of_its_contacts_building() -> None:
    branded, plain = html_of(mail("<p>Hello</p>", building="b1")), html_of(mail("<p>Hello</p>"))
    assert '<b style="color:#0a5">Homes</b><img src="https://a.example/l.png"' in branded
    assert "Riverside &lt;Homes&gt;<br>1 High Street<br>Springfield &amp; Co<br>" in branded
    assert "Homes" not in plain


def test_mail_to_staff_bears_the_tenants_name() -> None:
    world = World(settings=BRANDED)
    world.ann(building="b1")
    world.happens("order.completed", subject="c1", data={"order_id": "o1", "items": []})
    assert {message.kind: "Homes" in html_of(message) for message in world.messages} == {
        "order_confirmation": True,
        "order_notification": False,
    }


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        *((f"<p>a</p>\n<{tag}>", f"line 2: <{tag}> is not for mail") for tag in sorted(FORBIDDEN)),
        ('<p ONCLICK="x()">', "line 1: the attribute onclick of <p> is not for mail"),
        (
            '{% if a\n< b %}x{% endif %}\n<a href=" java\tscript:x">',
            "line 3: <a> has the address ' java\\tscript:x'; only https, http, mailto and tel go",
        ),
        ('<meta http-equiv="Refresh" content="0">', "line 1: <meta http-equiv=refresh> is not for mail"),
        ("<style>p{}\n@import 'x';</style>", "line 1: @import is not for mail: nothing is loaded"),
        ("<b>" * (MOST_ELEMENTS + 1), "has more than 2000 elements"),
    ],
)
def test_what_acts_or_loads_is_refused_with_its_line(html: str, reason: str) -> None:
    assert [fault.reason for fault in markup_faults(html, "html")] == [reason]


def test_harmless_html_is_taken() -> None:
    html = '<style>p{color:red}</style><p><a href="{{ link }}">a</a> {% if a < b %}<b>{{ c }}</b>{% endif %}'
    assert list(markup_faults(html, "html")) == []


def test_brands_and_wordings_are_looked_at_when_settings_are_saved() -> None:
    script = "<script></script>"
    assert refused({"brands": {"a": {"name": "A", "header_html": script}}}) == [
        ("brands.a.header_html", "line 1: <script> is not for mail")
    ]
    assert refused({"templates": {"document": {"email": {"html": script}}}}) == [
        ("templates.document.email.html", "line 1: <script> is not for mail")
    ]
    assert refused({"templates": {"document": {"sms": {"html": "<p>a</p>"}}}}) == [
        ("templates.document.sms.html", "channel sms has no html, it goes by email only")
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>a<p>b<br>c", "a\n\nb\nc"),
        ("<ul><li>one<li>two</ul>", "  * one\n  * two"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:a@x.example">a@x.example</a> <a href="#top">up</a>', "a@x.example up"),
        ('<img src="l.png" alt="Our shop">', "[Our shop]"),
        ('<p style="display:none">preview</p><p style="padding-left:99999em">seen', "seen"),
        ("<title>t</title><style>p{}</style><script>x</script>x &lt; y", "x < y"),
        ('<p style="white-space:pre-line">a\nb</p>', "a\nb"),
    ],
)
def test_html_is_told_in_text(html: str, text: str) -> None:
    assert as_text(html) == text


def test_too_much_html_without_a_text_fails_that_message_alone() -> None:
    world = World(settings={**PANTRY, "rules": [{**RULE, "html": "{% for n in ns %}<b>{{ n }}</b>{% endfor %}"}]})
    world.ann()
    event = world.happens("parcel.lost", subject="c1", data={"ns": list(range(MOST_FOR_TEXT + 1))})
    assert world.reasons(event) == [("dropped", "email", "render_error")]


def test_a_page_with_too_many_elements_keeps_its_style_sheet() -> None:
    page = f"<html><style>b{{color:red}}</style>{'<b>' * MOST_ELEMENTS}</html>"
    assert inlined(page) == page
    assert cleaned("<b>" * (MOST_ELEMENTS + 1)) == ""


@pytest.mark.parametrize("start", ["<!--a-->" * 8000, "<!--" * 8000, " " * 60_000])
def test_a_long_beginning_is_no_page(start: str) -> None:
    assert not is_page(start + "<p>")


def test_built_in_mail_puts_its_body_alone_into_the_layout() -> None:
    """The frame around a body is rendered once for many messages: what a template said there would be lost."""
    blocks = {
        path.relative_to(TEMPLATES).as_posix(): re.findall(r"{% block (\w+)", path.read_text())
        for path in TEMPLATES.glob("*/email.html.j2")
    }
    assert blocks
    assert {name: found for name, found in blocks.items() if found != ["body"]} == {}


def test_one_letterhead_does_not_show_on_the_mail_of_another() -> None:
    words = Words(subject=None, text="", html="<p>{{ name }}</p>")
    letterheads = [
        {"_locale": locale, "_brand": {"name": name, "header": header, "lines": lines}, "tenant": tenant}
        for locale in ("en-US", "de-DE")
        for name in ("Riverside", "Hillside & Co")
        for header in ("", "<b>Homes</b>")
        for lines in ([], ["1 High Street"])
        for tenant in ({}, {"main_phone": "+12025550100"}, {"portal_url": "https://portal.example"})
    ]
    first = [render(words, {"name": "Ann", **letterhead}).html for letterhead in letterheads]
    assert len(set(first)) == len(letterheads)
    assert first == [render(words, {"name": "Ann", **letterhead}).html for letterhead in letterheads]


def test_all_that_is_cleaned_away_is_unprintable() -> None:
    """Printable text is taken for clean unread."""
    every = set(map(chr, range(sys.maxunicode + 1)))
    gone = every - set(clean_text("".join(sorted(every))))
    assert set("\0\x1b\x7f\x9b\ud800\udfff\ufdd0\uffff\r\x0b\x0c\x85") <= gone
    assert [character for character in gone if character.isprintable()] == []
