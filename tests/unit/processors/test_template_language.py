"""What tenants may write in templates, and how settings say what is wrong with them."""

from typing import Any

import pytest

from processors.kinds import KINDS
from processors.known_variables import scope_of
from processors.render import Words, built_in, render, template_faults
from processors.settings import parse
from schemas.faults import Refused

RULE: dict[str, Any] = {"id": "r", "on": ["order.completed"], "to": ["contact"], "channel": "email", "text": "Hello."}


def faults(rule: dict[str, Any], **settings: Any) -> list[tuple[str, str]]:
    try:
        parse({**settings, "rules": [{**RULE, **rule}]})
    except Refused as refused:
        return [(fault.path.removeprefix("rules.0."), fault.reason) for fault in refused.faults]
    return []


@pytest.mark.parametrize(
    "text",
    [
        "{{ order_id }} {{ items | length }} {{ pickup_at | default('soon') }}",
        "{{ contact.first_name }} {{ contact.attributes.shoe.size }} {{ contact.phones[0].number }}",
        "{{ customer.name }} {{ recipient.name }} {{ tenant.portal_url }} {{ event.id }} {{ event.data.order_id }}",
        "{{ agent.name }} {{ user.id }} {{ actor.roles | join(', ') }}",
        "{% for item in items %}{{ loop.index }}. {{ item.name }}: {{ item.quantity * 2 }}{% endfor %}",
        "{% for item in items | sort(attribute='name') %}{{ item.name | upper }}{% else %}none{% endfor %}",
        "{% if contact.locale in ['fr', 'de'] and order_id != 'x' %}a{% elif not contact.reminders %}b{% endif %}",
        "{% if pickup_at is defined %}{{ pickup_at | date }}, {{ pickup_at | clock }}{% endif %}",
        "{{ 'many' if items | length > 3 else 'few' }} {# nobody reads this #} {% raw %}{{ oops }}{% endraw %}",
    ],
)
def test_a_template_may_say(text: str) -> None:
    assert faults({"text": text}) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hello\n{{ oder_id }}", "line 2: unknown variable 'oder_id'; did you mean 'order_id'?"),
        ("{{ contact.firstname }}", "line 1: unknown variable 'contact.firstname'; did you mean 'first_name'?"),
        ("{{ order_id.number }}", "line 1: unknown variable 'order_id.number': order_id has no fields"),
        ("{% for item in items %}{{ item.price }}{% endfor %}", "line 1: unknown variable 'item.price'"),
        ("{% for item in items %}{% endfor %}{{ item }}", "line 1: unknown variable 'item'; did you mean 'items'?"),
        (
            "{% for tenant in items %}{% endfor %}",
            "line 1: 'tenant' cannot be the name of a loop: it means something else",
        ),
        ("{{ order_id | uper }}", "line 1: there is no filter 'uper'; did you mean 'upper'?"),
        ("{{ order_id | truncate(n) }}", "line 1: length of filter 'truncate' must be short and written out"),
        ("{{ order_id | upper(1) }}", "line 1: filter 'upper' takes nothing"),
        ("{% if order_id is odd_looking %}{% endif %}", "line 1: there is no test 'odd_looking'"),
        ("{% set x = 1 %}", "line 1: set is not allowed"),
        ("\n\n{{ order_id.upper() }}", "line 3: nothing can be called"),
        ("{{ order_id ~ order_id }}", "line 1: ~ is not allowed: write the values side by side"),
        ("{{ 'a' * 3 }}", "line 1: * is for numbers, not 'a'"),
        ("{{ 1 < 2 < 3 }}", "line 1: compare two values at a time, and join with and"),
        ("{% for i in [1] %}{% endfor %}", "line 1: a loop goes over a variable"),
        ("{{ order_id }", "line 1: one } is missing: write }}"),
    ],
)
def test_what_a_template_must_not_say_is_named_with_its_line(text: str, reason: str) -> None:
    assert faults({"text": text}) == [("text", reason)]


def test_every_fault_is_named_once_and_in_order() -> None:
    text = "{{ a }}\n{{ b }}{{ b }}\n{{ order_id }}\n{{ c }}"
    assert faults({"subject": "{{ d }}", "text": text, "html": "{{ e }}"}) == [
        ("subject", "line 1: unknown variable 'd'"),
        ("text", "line 1: unknown variable 'a'"),
        ("text", "line 2: unknown variable 'b'"),
        ("text", "line 4: unknown variable 'c'"),
        ("html", "line 1: unknown variable 'e'"),
    ]


@pytest.mark.parametrize(
    ("on", "text", "known"),
    [
        (["rental.ready"], "{{ anything.at.all }}", True),
        (["rental.ready", "order.completed"], "{{ anything }}", True),
        (["order.completed", "booking.created"], "{{ order_id }}{{ booking_id }}", True),
        (["booking.created"], "{{ booking.location }}{{ customer.shoe }}", True),
        (["order.completed"], "{{ customer.shoe }}", False),
        (["booking.cancelled"], "{{ calendar }}", True),
        (["booking.rebooked"], "{{ booking_id }}{{ previous.booking_id }}", True),
        (["booking.created"], "{{ previous.booking_id }}", False),
        (["appointment.rescheduled"], "{{ title }}", True),
        (["appointment.edited"], "{{ title }}", False),
        (["outcome.recorded"], "{{ outcome }} {{ attempt }}", True),
    ],
)
def test_the_events_of_a_rule_say_which_variables_there_are(on: list[str], text: str, known: bool) -> None:
    assert (faults({"on": on, "text": text}) == []) is known


@pytest.mark.parametrize(
    ("text", "footer", "refused"),
    [
        ("x" * 1224, "", False),
        ("x" * 1225, "", True),
        ("x" * 1220, "Stop", True),
        ("ж" * 537, "", True),
        ("{% if order_id %}" + "x" * 1225 + "{% endif %}", "", False),
        ("{% if order_id %}" + "x" * 1225 + "{% else %}" + "x" * 1300 + "{% endif %}", "", True),
        ("{% for item in items %}" + "x" * 1225 + "{% endfor %}", "", False),
    ],
)
def test_a_text_that_is_too_long_whatever_happens_is_refused(text: str, footer: str, refused: bool) -> None:
    found = faults({"channel": "sms", "text": text}, **({"footers": {"sms": footer}} if footer else {}))
    assert [path for path, _ in found] == (["text"] if refused else [])


def test_a_tenants_own_wording_of_a_built_in_kind_is_read_too() -> None:
    with pytest.raises(Refused) as refused:
        parse({"templates": {"order_confirmation": {"fr": {"email": {"html": "<p>{{ contct }}</p>"}}}}})
    [fault] = refused.value.faults
    assert fault.path == "templates.order_confirmation.fr.email.html"
    assert fault.reason == "line 1: unknown variable 'contct'; did you mean 'contact'?"


@pytest.mark.parametrize("kind", KINDS)
def test_a_tenant_may_copy_every_built_in_template(kind: str) -> None:
    words = built_in(kind, next(iter(KINDS[kind].channels)))
    for part in ("subject", "text", "html"):
        source = getattr(words, part)
        if source is not None:
            assert list(template_faults(source, part, html=part == "html", scope=scope_of(KINDS[kind]))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{% for item in items %}{{ loop.index }}/{{ loop.length }} {{ item.name }}\n{% endfor %}",
            "1/2 Rice\n2/2 Beans",
        ),
        ("{{ (items | first).name }} {{ items[1].name }}", "Rice Beans"),
        ("{{ names | sort | join(', ') }}", "Ann, Bob"),
        ("{% for key, value in fields | items %}{{ key }}={{ value }};{% endfor %}", "a=1;b=2;"),
        ("{{ 'yes' if 'Ann' in names else 'no' }} {{ 'x' not in names }}", "yes True"),
        ("{{ price * 3 }} {{ 7 // 2 }} {{ price | round(1) }}", "4.5 3 1.5"),
        ("{{ nothing | default('none') }} {{ names | length >= 2 }}", "none True"),
        ("{{ long | truncate(9) }}", "a..."),
    ],
)
def test_what_it_says_is_what_jinja_makes_of_it(text: str, expected: str) -> None:
    variables = {
        "items": [{"name": "Rice"}, {"name": "Beans"}],
        "names": ["Bob", "Ann"],
        "fields": {"a": 1, "b": 2},
        "price": 1.5,
        "long": "a long sentence",
    }
    assert render(Words(subject=None, text=text, html=None), variables).text == expected


def test_html_escapes_what_people_wrote_also_behind_filters() -> None:
    source = "<html>{{ name | upper }}{{ names | join('<br>') }}{{ name | default('') }}"
    made = render(Words(subject=None, text="", html=source), {"name": "<b>", "names": ["<i>", "x"]})
    assert made.html == "<html>&lt;B&gt;&lt;i&gt;&lt;br&gt;x&lt;b&gt;"
