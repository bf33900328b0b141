"""Pictures of mails, narrow and wide, light and dark, to look at after a change of how they look.

    .venv/bin/python -m tests.mail_pictures DIR

writes pages that any browser shows, and, where a Chromium is on PATH, a picture of each.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from gateways.unsubscribe.keys import Keys
from gateways.unsubscribe.links import Links, with_link
from schemas.unsubscribe import SigningKey
from tests.unit.processors.world import PANTRY, World

GOLDEN = Path(__file__).parent / "unit" / "processors" / "golden"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (320, 800)
SCHEMES = ("light", "dark")
MAILS_A_PAGE = 5
PAGE_SIZE = "2320,2800"
LINKS = Links(url="https://mail.shop.example/u", keys=Keys(keys=(SigningKey(id="k1", secret=b"k" * 32),), valid_days=1))
OFFER: Mapping[str, Any] = {"on": ["parcel.lost"], "to": ["contact"], "channel": "email", "subject": "Offer"}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
DRESSED = {
    "plain": "<h1>Spring</h1><p>A piece without colours, and a <a href='https://shop.example'>link</a>.</p>",
    "colours": "<p style='color:#803'>A piece with colours of its own.</p>",
    "sheet": "<style>.n{color:#064;font-weight:bold}</style><p class='n'>A piece with a style sheet.</p>",
    "long": f"<p>{LONG}</p><table><tr><td>{LONG}</td><td>37</td></tr></table>",
    "page": "<!doctype html><html><body style='background:#013;color:#fff'><p>A whole dark page.</p></body></html>",
}
"""HTML as tenants write it, each as a marketing mail of a branded building."""


def mails() -> dict[str, str]:
    """Name → HTML: what every kind says, and what tenants dressed."""
    return {path.name: path.read_text() for path in sorted(GOLDEN.glob("*.html"))} | dict(_dressed())


def _dressed() -> Iterator[tuple[str, str]]:
    brand = {
        "name": "Corner Store",
        "header_html": "<b style='color:#a50'>Corner Store</b>",
        "address_lines": ["1 High Street", "Springfield"],
    }
    rules = [{**OFFER, "id": name, "class": "marketing", "html": html} for name, html in DRESSED.items()]
    own = {"brands": {"a": brand}, "buildings": {"b1": {"name": "One", "brand": "a"}}, "rules": rules}
    world = World(settings={**PANTRY, **own})
    world.ann(building="b1")
    world.happens("parcel.lost", subject="c1", data={})
    for message in world.messages:
        yield message.kind, with_link(message, LINKS).html or ""


def page(some: Sequence[tuple[str, str]]) -> str:
    """Each mail four times; a frame's own colour scheme is what its mail takes for the reader's."""
    rows = "".join(f"<tr><th colspan=4>{escape(name)}</th></tr><tr>{_frames(mail)}</tr>" for name, mail in some)
    style = "th{font:16px monospace;text-align:left}td{vertical-align:top}iframe{border:1px solid #888}"
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><table>{rows}</table>\n"


def _frames(mail: str) -> str:
    fitting = "this.height=this.contentDocument.documentElement.scrollHeight"
    return "".join(
        f'<td><iframe style="width:{width}px;color-scheme:{scheme}" height=10 onload="{fitting}"'
        f' srcdoc="{escape(mail)}"></iframe></td>'
        for width in WIDTHS
        for scheme in SCHEMES
    )


def main(folder: Path) -> None:
    """Write the pages, and pictures of them where there is a browser."""
    folder.mkdir(parents=True, exist_ok=True)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    named = list(mails().items())
    for number, first in enumerate(range(0, len(named), MAILS_A_PAGE), 1):
        path = folder.absolute() / f"mails-{number}.html"
        path.write_text(page(named[first : first + MAILS_A_PAGE]))
        print(path)
        if browser is not None:
            picture = path.with_suffix(".png")
            options = ("--headless=new", "--no-sandbox", "--hide-scrollbars", f"--window-size={PAGE_SIZE}")
            command = [browser, *options, f"--screenshot={picture}", path.as_uri()]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            print(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/mail-pictures"))
