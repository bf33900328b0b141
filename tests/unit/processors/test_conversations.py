"""Conversations: quick messages become one, in order, and nobody waits longer than the longest window."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.decide import digest
from schemas.message import Message
from tests.unit.processors.world import MONDAY, PANTRY, World

MINUTE = timedelta(minutes=1)
WINDOW, LONGEST = 5 * MINUTE, 15 * MINUTE


class Talk:
    """A firm that writes to Ann."""

    def __init__(self, **kinds: Any) -> None:
        self.world = World(settings={**PANTRY, "kinds": kinds})
        self.world.ann(boxes={"email": False, "sms": True})

    def posts(self, text: str, conversation: str = "m1", **more: Any) -> str:
        data = {"conversation_id": conversation, "text": text, **more.pop("fields", {})}
        return self.world.happens("conversation.message_posted", subject="c1", data=data, **more)

    @property
    def texts(self) -> list[tuple[datetime, list[str]]]:
        return [(message.commanded_at, lines(message)) for message in self.world.messages]


def lines(message: Message) -> list[str]:
    return message.text.removeprefix("Riverside Pantry: ").split("\n")


def test_what_joins_a_window_names_the_message_that_says_it() -> None:
    talk = Talk()
    first, second = talk.posts("one"), talk.posts("two")
    talk.world.passes(minutes=5)
    [text] = talk.world.messages
    assert (text.event_id, lines(text)) == (first, ["one", "two"])
    assert [outcome for outcome, channel, _ in talk.world.reasons(first) if channel == "sms"] == ["scheduled", "sent"]
    assert ("coalesced", "sms", f"coalesced_into:{text.message_id}") in talk.world.reasons(second)


def test_what_arrives_in_the_wrong_order_is_said_in_the_right_one() -> None:
    talk = Talk()
    for second in (3, 1, 2):
        talk.posts(f"line {second}", time=(MONDAY + timedelta(seconds=second)).isoformat())
    talk.world.passes(hours=1)
    assert [said for _, said in talk.texts] == [["line 1", "line 2", "line 3"]]


def test_two_conversations_of_one_contact_are_two_messages() -> None:
    talk = Talk()
    talk.posts("one")
    talk.posts("two", conversation="m2")
    talk.world.passes(hours=1)
    assert sorted(said for _, said in talk.texts) == [["one"], ["two"]]


def test_what_is_sent_now_does_not_take_along_what_is_written_at_the_same_instant_later() -> None:
    talk = Talk()
    talk.posts("now", fields={"send_now": True})
    talk.posts("later")
    talk.world.passes(hours=1)
    assert talk.texts == [(MONDAY, ["now"]), (MONDAY + WINDOW, ["later"])]


def test_a_window_whose_tick_is_late_takes_nothing_more() -> None:
    talk = Talk()
    talk.posts("one")
    talk.world.now = MONDAY + 6 * MINUTE
    talk.posts("two")
    talk.world.passes(hours=1)
    assert [said for _, said in talk.texts] == [["one"], ["two"]]


def test_a_full_window_closes_at_once() -> None:
    talk = Talk()
    talk.world.happens("contact.changed", subject="c1", data={"boxes": {"email": True, "sms": False}})
    for number in range(digest.TEXTS_PER_WINDOW + 1):
        talk.posts(f"line {number}")
    [mail] = talk.world.messages
    assert mail.commanded_at == MONDAY
    assert f"line {digest.TEXTS_PER_WINDOW - 1}" in mail.text
    assert f"line {digest.TEXTS_PER_WINDOW}" not in mail.text


def test_a_tenants_own_template_says_all_of_it_by_the_name_of_the_field() -> None:
    talk = Talk()
    own = {"conversation": {"sms": {"text": "{{ text }} <{{ link }}>"}}}
    talk.world.happens("settings.changed", data={"templates": own})
    talk.posts("one", fields={"link": "https://portal.example/1"})
    talk.posts("two", fields={"link": "https://portal.example/2"})
    talk.world.passes(hours=1)
    assert [message.text for message in talk.world.messages] == ["one\ntwo <https://portal.example/2>"]


def test_a_window_of_an_erased_contact_is_dropped() -> None:
    talk = Talk()
    event = talk.posts("one")
    talk.world.happens("contact.changed", subject="c1", data=None)
    talk.world.passes(hours=1)
    assert talk.texts == []
    assert ("cancelled", "sms", "cancelled_by_event") in talk.world.reasons(event)


POSTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 4, 5, 6, 14, 15, 16]), st.sampled_from(["m1", "m2"]), st.integers(0, 9), st.booleans()
    ),
    max_size=14,
)


def expected(posts: list[tuple[datetime, str, str, bool]]) -> list[tuple[datetime, list[str]]]:
    """The model: a list of open windows, closed by whichever comes first."""
    said: list[tuple[datetime, list[str]]] = []
    opened: dict[str, tuple[datetime, datetime, list[str]]] = {}
    for now, conversation, text, at_once in [*posts, (MONDAY + timedelta(days=1), "", "", False)]:
        for name, (_, closes, texts) in list(opened.items()):
            if closes < now:
                said.append((closes, texts))
                del opened[name]
        if not conversation:
            break
        start, _, texts = opened.pop(conversation, (now, now, []))
        texts.append(text)
        closes = now if at_once else min(now + WINDOW, start + LONGEST)
        if closes <= now:
            said.append((now, texts))
        else:
            opened[conversation] = (start, closes, texts)
    return sorted(said)


@settings(max_examples=150)
@given(POSTS)
def test_windows_are_those_of_the_model(steps: list[tuple[int, str, int, bool]]) -> None:
    """The window slides, ends after its longest time, and is flushed; each post is told three times."""
    talk, posts = Talk(), []
    for number, (minutes, conversation, flush, again) in enumerate(steps):
        moment = talk.world.now + minutes * MINUTE
        if minutes:  # at one instant events are taken before timers
            talk.world.runs_until(moment - timedelta(milliseconds=1))
            talk.world.now = moment
        posts.append((moment, conversation, f"line {number:02}", flush == 0))
        for _ in range(3 if again else 1):
            talk.posts(f"line {number:02}", conversation, id=f"x{number}", fields={"send_now": flush == 0})
    talk.world.passes(days=1)
    assert sorted(talk.texts) == expected(posts)
