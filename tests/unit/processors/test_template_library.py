"""Built-in templates: what fills the layout does so with one block, for that block alone is asked what it says."""

from pathlib import Path

import pytest
from jinja2 import nodes

from processors.render import Words
from processors.template_library import TEMPLATES, is_body, names_in, parsed

SOURCES = sorted(TEMPLATES.rglob("*.j2"))
BODIES = [path for path in SOURCES if is_body(path.read_text())]


def test_every_mail_fills_the_layout() -> None:
    assert {path for path in SOURCES if path.name == "email.html.j2"} == set(BODIES) != set()


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.parent.name)
def test_a_body_says_nothing_outside_of_its_block(path: Path) -> None:
    told = [node for node in parsed(path.read_text()).body if not isinstance(node, nodes.Output)]
    assert [type(node) for node in told] == [nodes.Extends, nodes.Block]


def test_names_are_those_of_all_parts_and_of_what_they_include() -> None:
    words = Words(subject="{{ a }}", text="{% for b in c %}{{ b.x }}{% endfor %}", html="{{ event.id | default(d) }}")
    assert words.names == {"a", "c", "event", "d"}
    included = (TEMPLATES / "keyword_reply" / "words.j2").read_text()
    assert names_in((TEMPLATES / "keyword_reply" / "sms.text.j2").read_text()) == names_in(included) != frozenset()
