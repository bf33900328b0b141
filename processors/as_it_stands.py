"""Events that only say how things stand: they make people and settings known, and no rule answers them."""

from schemas.envelope import Event

PEOPLE = "/people-as-they-are"
BEFORE_START = "/state-before-start"
"""Sources of such events: a first import or the people of a preview, and the state before a rehearsal."""


def only_says_how_things_stand(event: Event) -> bool:
    """Whether nothing has happened."""
    return event.source in (PEOPLE, BEFORE_START)
