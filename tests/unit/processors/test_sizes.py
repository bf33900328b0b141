"""Sizes are counted in bytes, as Kafka counts them: a character of four bytes is four."""

from typing import Any

import pytest

from processors.command import LARGEST_MESSAGE_BYTES
from processors.render import OUTPUT_LIMIT_BYTES, RenderError, Words, render
from processors.settings import LARGEST_DOCUMENT_BYTES
from schemas import codec
from schemas.faults import Refused
from schemas.json_text import MAX_BYTES, json_from_text, size_bytes
from tests.unit.processors.world import PANTRY, World

FACE = "😀"
"""Four bytes."""
FILE = {"name": "a.txt", "media_type": "text/plain", "content": "A" * 399_996}
RULE: dict[str, Any] = {"id": "r", "on": ["parcel.lost"], "to": ["contact"], "channel": "email", "subject": "Lost"}


@pytest.mark.parametrize("part", ["subject", "text", "html"])
@pytest.mark.parametrize(
    ("faces", "fits"), [(OUTPUT_LIMIT_BYTES // 4 - 200, True), (OUTPUT_LIMIT_BYTES // 4 + 1, False)]
)
def test_a_part_is_limited_in_bytes(part: str, faces: int, fits: bool) -> None:
    parts = {"subject": "x", "text": "x", "html": "<html><body>x</body></html>"}
    words = Words(**{**parts, part: parts[part].replace("x", "{% for i in many %}{{ i }}{% endfor %}")})
    many = [FACE * 100] * (faces // 100) + [FACE * (faces % 100)]
    if fits:
        assert FACE * faces in str(getattr(render(words, {"many": many}), part))
        return
    with pytest.raises(RenderError) as failed:
        render(words, {"many": many})
    assert failed.value.facts == {"error": f"output over {OUTPUT_LIMIT_BYTES} bytes"}


def shop(**rule: Any) -> World:
    world = World(settings={**PANTRY, "rules": [{**RULE, **rule}]})
    world.ann()
    assert world.refused == []
    return world


@pytest.mark.parametrize("faces", [1_000, 40_000, 45_000, 49_000, 50_000, 60_000])
def test_what_no_record_can_carry_is_not_said_and_the_decision_says_why(faces: int) -> None:
    world = shop(text="{{ said }}", html="<p>{{ said }}</p>", attachments=[FILE])
    event = world.happens("parcel.lost", subject="c1", data={"said": FACE * faces})
    assert world.refused == []
    [decision] = [each for each in world.decisions if each.event_id == event]
    sizes = [len(codec.encode(message)) for message in world.messages]
    if sizes:
        assert sizes[0] <= LARGEST_MESSAGE_BYTES
        assert decision.outcome == "sent"
    else:
        assert decision.reason == "render_error"
        assert "bytes" in str(decision.facts["error"])
    assert bool(sizes) == (faces <= 49_000)


def test_an_event_that_is_too_large_to_be_planned_is_set_aside_with_its_size() -> None:
    world = shop(text="Soon", timing={"after": "PT1H"})
    world.happens("parcel.lost", subject="c1", data={"said": FACE * 200_000})
    [letter] = world.refused
    assert "writes" in letter.faults[0].reason
    event = world.happens("parcel.lost", subject="c1", data={"said": FACE})
    assert world.reasons(event, "rule:r") == [("scheduled", "email", None)]


def test_settings_larger_than_a_record_are_refused_as_such() -> None:
    world = shop(text="Hello")
    brands = {f"b{number}": {"name": "B", "header_html": FACE * 10_000} for number in range(25)}
    world.happens("settings.changed", data={"brands": brands})
    [letter] = world.refused
    [fault] = letter.faults
    assert fault.reason.endswith(f"at most {LARGEST_DOCUMENT_BYTES} fit into one record")
    assert size_bytes(str(brands)) > LARGEST_DOCUMENT_BYTES


def test_json_is_limited_in_bytes() -> None:
    most = (MAX_BYTES - 2) // 4
    assert json_from_text(f'"{FACE * most}"') == FACE * most
    with pytest.raises(Refused):
        json_from_text(f'"{FACE * (most + 1)}"')
