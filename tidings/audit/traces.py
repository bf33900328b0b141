"""Law 1 of one event: what it changed is there, whole, and says of the event what the event says of itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.events import STATE_ONLY
from schemas.topics import (
    AUDIENCE,
    CHARGES,
    CONSENT_CHANGES,
    DEAD_LETTERS,
    MESSAGES,
    REPORTS,
    SETTINGS_VERSIONS,
    Topic,
)
from tidings.audit.notes import Note, What
from tidings.audit.scope import Scope

FOLLOWS = {
    "settings.changed": {"TenantSettings": SETTINGS_VERSIONS},
    "consent.changed": {"ConsentChange": CONSENT_CHANGES},
    "credits.purchased": {"CreditChange": CHARGES},
    "delivery.reported": {"LaterReport": REPORTS, "LaterReport known": REPORTS},
    "unsubscribe.clicked": {"Unsubscribed": REPORTS, "ConsentChange": CONSENT_CHANGES},
}
"""What such an event comes to, and where that is said with the event's id, unless it is refused."""
TRACES = {"contact.changed": (AUDIENCE, MESSAGES)}
"""Where any other that only changes state leaves a trace, unless it is `audience` alone."""
OF_ITS_OWN = frozenset({"settings.changed"})
"""Events that rules are told of in other words than their own."""


@dataclass(slots=True)
class Traces:
    """What names an event as its cause."""

    effects: dict[str, Note] = field(default_factory=dict)
    updates: dict[str, Note] = field(default_factory=dict)
    causes: dict[str, Note] = field(default_factory=dict)
    portions: dict[str, Note] = field(default_factory=dict)
    owed: dict[str, Note] = field(default_factory=dict)

    def take(self, note: Note) -> bool:
        """Whether the note is one of these."""
        match note.what:
            case What.EFFECT:
                self.effects.setdefault(note.text, note)
            case What.UPDATE:
                self.updates.setdefault(note.text, note)
            case What.CAUSE:
                self.causes.setdefault(note.text, note)
            case What.DIVIDED:
                self.owed.setdefault(note.text, note)
            case What.PORTION:
                self.portions.setdefault(note.digest.hex(), note)
                return False
            case _:
                return False
        return True

    @property
    def first(self) -> Note | None:
        """What is left of an event that is not there."""
        return next(iter((*self.effects.values(), *self.updates.values(), *self.causes.values())), None)

    def lacking(self, event: Note, *, is_known: bool, scope: Scope) -> Iterator[str]:
        """What an event that only changes state should have left; `is_known`: decided, or said to be taken."""
        event_type, *_ = event.text.split("\0")
        if event_type not in STATE_ONLY or not scope.is_kept(DEAD_LETTERS, event.at) or scope.is_on_its_way(event.at):
            return
        wanted = FOLLOWS.get(event_type)
        if wanted is not None:
            there = {text.partition("\0")[0] for text in self.effects}
            for name, topic in wanted.items():
                if name not in there and scope.is_kept(topic, event.at):
                    yield f"{event_type} at {event.place} is neither on topic {topic.name} nor a dead letter"
        elif not (is_known or self.effects or self.updates):
            traces: tuple[Topic, ...] = TRACES.get(event_type, (AUDIENCE,))
            if all(scope.is_kept(topic, event.at) for topic in traces):
                names = " or ".join(topic.name for topic in traces)
                yield f"{event_type} at {event.place} is neither on topic {names} nor a dead letter"

    def differing(self, event: Note) -> Iterator[str]:
        """What is said of an event, and what it says itself."""
        event_type, _, subject, said, changed = event.text.split("\0")
        for text, note in self.effects.items():
            of_it = text.partition("\0")[2]
            if changed and of_it and changed != of_it:
                yield f"{event_type} at {event.place} changes something else than {note.place} says"
        subjects = {subject, *(note.text for note in self.portions.values())}
        for text, note in self.causes.items():
            about, _, of_it = text.partition("\0")
            if event_type not in OF_ITS_OWN and (of_it != said or about not in subjects):
                yield f"{event_type} at {event.place} is another event than {note.place} says"

    def incomplete(self, scope: Scope) -> Iterator[str]:
        """An event for many is divided whole; a contact that changed is told to each of its addresses, as it is."""
        for said, note in self.owed.items():
            if said not in self.portions and scope.is_kept(AUDIENCE, note.at) and not scope.is_on_its_way(note.at):
                yield f"is for many at {note.place}, and topic {AUDIENCE.name} lacks a portion of it"
        if any(not scope.is_kept(MESSAGES, note.at) or scope.is_on_its_way(note.at) for note in self.updates.values()):
            return
        told = [text.split("\0") for text in self.updates]
        keys = {key for _, key, *_ in told}
        if len({said for said, *_ in told}) > 1:
            yield f"tells one address of its contact another thing than the next: {', '.join(sorted(keys))}"
        for _, _, *addresses in told[:1]:
            for lacking in sorted({*addresses} - keys):
                yield f"changes a contact; topic {MESSAGES.name} does not tell {lacking}"
