"""From an event on Kafka to an email in an inbox, with everything that an operator can do in between."""

import email
import email.policy
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deploy import local_kafka
from tests.integration.greenmail import GreenMail
from tests.integration.whole.running import PATIENCE_SECONDS, Running, event, order, reminded, start, tenant, texting
from tests.ports import free_port

ORDERS = 2_000
ADDRESSES = 16
TEXTS = 300
OUTCOMES = """
[[outcomes]]
to = "+12025550190"
answer = "failed:30003"

[[outcomes]]
to = "+1202555*"
answer = "delivered"
after_seconds = 3
"""


@pytest.fixture(scope="module")
def running(greenmail: GreenMail, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation on a broker of its own: its gateway must not take what other tests command."""
    home = tmp_path_factory.mktemp("whole")
    broker = local_kafka.start(home / "kafka", local_kafka.BrokerSettings(port=free_port(), start_limit_seconds=180.0))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")} | {
        "TIDINGS_HOME": str(home),
        "TIDINGS_KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "TIDINGS_SMTP__PORT": str(greenmail.smtp_port),
        "TIDINGS_WORKER__NAME": "whole",
        "TIDINGS_SANDBOX__OUTCOMES": str(home / "outcomes.toml"),
    }
    (home / "outcomes.toml").write_text(OUTCOMES)
    try:
        up = start(environment, home / "up.log", greenmail.imap_port)
        try:
            yield up
        finally:
            up.stop()
    finally:
        local_kafka.stop(home / "kafka")


@pytest.mark.slow
def test_five_times_from_two_terminals_is_one_email(running: Running) -> None:
    assert running.publish(*tenant("hillside", ["ann@hillside.example"])).returncode == 0
    with ThreadPoolExecutor(2) as terminals:
        told = [terminals.submit(running.publish, order("hillside", 1, "c0")) for _ in range(5)]
        assert [each.result().returncode for each in told] == [0] * 5
    assert running.publish(order("hillside", 2, "c0")).returncode == 0
    # The second order follows the first on every topic: once its mail is here, nothing of the first is on its way.
    running.wait_until(lambda: len(set(running.mailed("ann@hillside.example"))) == 2)
    assert len(running.mailed("ann@hillside.example")) == 2


@pytest.mark.slow
def test_the_mail_is_a_mail(running: Running) -> None:
    running.publish(*tenant("lakeside", ["ann@lakeside.example"]), order("lakeside", 1, "c0"))
    running.wait_until(lambda: bool(running.mailed("ann@lakeside.example")))
    [raw] = running.mail("ann@lakeside.example")
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert (mail["From"], mail["To"]) == ("lakeside <hello@lakeside.example>", "Client 0 <ann@lakeside.example>")
    assert mail["Subject"] == "Your order at Lakeside"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@lakeside.example>")
    assert mail["Date"].datetime.tzinfo is not None
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert all("Rice" in content for content in parts.values())
    assert set(parts) == {"text/plain", "text/html"}
    why = json.loads(running.tidings("why", "--tenant", "lakeside", "--event", "order-1", "--json").stdout)
    assert "sent" in json.dumps(why)


@pytest.mark.slow
def test_killing_any_process_amid_two_thousand_orders_loses_none(running: Running) -> None:
    addresses = [f"client{number}@riverside.example" for number in range(ADDRESSES)]
    assert running.publish(*tenant("riverside", addresses)).returncode == 0
    orders = [order("riverside", number, f"c{number % ADDRESSES}") for number in range(ORDERS)]
    assert running.publish(*orders[: ORDERS // 2]).returncode == 0
    running.kill("worker", "decide")
    running.kill("gateway", "email")
    assert running.publish(*orders[ORDERS // 2 :]).returncode == 0
    running.kill("worker", "dispatch")
    arrived = lambda: sum(len(set(running.mailed(address))) for address in addresses)  # noqa: E731 - read twice below
    running.wait_until(lambda: arrived() >= ORDERS // 2, pause_seconds=1)
    running.kill("gateway", "email")
    running.kill("worker", "settle")
    running.wait_until(lambda: arrived() >= ORDERS, pause_seconds=1)
    counted = Counter(message for address in addresses for message in running.mailed(address))
    assert len(counted) == ORDERS
    doubled = {message.strip("<>").partition("@")[0] for message, times in counted.items() if times > 1}
    doubtful = doubled and {
        status["message_id"]
        for status in running.records(
            "delivery.statuses",
            lambda values: doubled <= {value["message_id"] for value in values if value["status"] == "doubtful"},
        )
        if status["status"] == "doubtful"
    }
    assert doubled <= set(doubtful)


@pytest.mark.slow
def test_a_reminder_by_text_goes_the_whole_way_to_the_bill(running: Running) -> None:
    numbers = ["+12025550123", "+12025550190"]
    assert running.publish(*texting("seaside", numbers), reminded("seaside", 0), reminded("seaside", 1)).returncode == 0
    ends = {"delivered", "failed"}
    said = running.records(
        "delivery.statuses",
        lambda values: {each["status"] for each in values if each["tenant"] == "seaside"} >= ends,
    )
    own = sorted((each["to"], each["status"], each.get("code")) for each in said if each["tenant"] == "seaside")
    assert own == [
        ("+12025550123", "accepted", None),
        ("+12025550123", "delivered", None),
        ("+12025550190", "failed", "30003"),
    ]
    billed = running.records("billing.usage", lambda values: any(_of("seaside", values)))
    [usage] = _of("seaside", billed)
    assert (usage["units"], usage["amount"], usage["channel"]) == (1, "0.02", "sms")
    why = running.tidings("why", "--tenant", "seaside", "--event", "reminded-1", "--json").stdout
    assert "provider_rejected:30003" in why


@pytest.mark.slow
def test_killing_the_sandbox_amid_texts_bills_what_was_delivered_and_lists_the_doubtful(running: Running) -> None:
    numbers = [f"+1202555{number:04d}" for number in range(1000, 1000 + TEXTS)]
    assert running.publish(*texting("dockside", numbers)).returncode == 0
    assert running.publish(*(reminded("dockside", number) for number in range(TEXTS))).returncode == 0

    def ended(values: list[dict[str, object]]) -> int:
        return len(
            {each["message_id"] for each in _of("dockside", values) if each["status"] in ("delivered", "doubtful")}
        )

    running.records("delivery.statuses", lambda values: len(_of("dockside", values)) >= TEXTS // 4)
    running.kill("gateway", "sandbox")
    said = running.records("delivery.statuses", lambda values: ended(values) >= TEXTS)
    delivered = {each["message_id"] for each in _of("dockside", said) if each["status"] == "delivered"}
    billed = running.records("billing.usage", lambda values: len(_of("dockside", values)) >= len(delivered))
    usage = _of("dockside", billed)
    assert {each["message_id"] for each in usage} == delivered
    assert len(usage) == len(delivered)


@pytest.mark.slow
def test_settings_are_changed_by_a_file_as_a_whole_and_from_the_version_that_stands(
    running: Running, tmp_path: Path
) -> None:
    assert running.publish(*tenant("parkside", ["ann@parkside.example"])).returncode == 0
    shown = lambda *more: running.tidings("settings", "show", "--tenant", "parkside", *more)  # noqa: E731 - a name for it
    running.wait_until(lambda: shown().returncode == 0)
    file = tmp_path / "parkside.yaml"
    file.write_text(shown("--yaml").stdout)
    assert running.tidings("settings", "diff", str(file)).stdout == "Nothing differs.\n"

    file.write_text(file.read_text().replace("name: Parkside", "name: The Park\n  holidays: [soon]\n  fax: true"))
    refused = running.tidings("settings", "apply", str(file))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 2
    assert refused.stderr.startswith(f"{file}:")
    assert ": fax: unknown key" in refused.stderr
    assert ": holidays.0: must be a date" in refused.stderr

    file.write_text(file.read_text().replace("\n  holidays: [soon]\n  fax: true", ""))
    differs = running.tidings("settings", "diff", str(file))
    assert (differs.returncode, differs.stdout) == (1, "~ name: Parkside → The Park\n")
    applied = running.tidings("settings", "apply", str(file), "--json")
    assert (applied.returncode, json.loads(applied.stdout)["version"]) == (0, 2)
    told = json.loads(shown("--json").stdout)
    assert (told["version"], told["settings"][0]["value"]) == (2, "The Park")

    again = running.tidings("settings", "apply", str(file))
    assert (again.returncode, again.stdout) == (
        0,
        "Nothing differs.\nVersion 2 of parkside's settings stays in force.\n",
    )
    file.write_text(file.read_text().replace("The Park", "Their Park"))
    stale = running.tidings("settings", "apply", str(file))
    assert stale.returncode == 1
    assert "was made from version 1" in stale.stderr
    assert json.loads(shown("--json").stdout)["version"] == 2

    rules = tmp_path / "rules.yaml"
    rules.write_text("- {id: r, on: [a.b], to: [contact], channel: email, text: Hello}\n")
    alone = running.tidings("settings", "apply", str(rules), "--tenant", "parkside", "--json")
    assert (alone.returncode, json.loads(alone.stdout)["version"]) == (0, 3)
    assert running.tidings("settings", "diff", str(rules), "--tenant", "parkside").stdout == "Nothing differs.\n"
    names = [
        json.loads(shown("--json", *version).stdout)["settings"][0]["value"] for version in ((), ("--version", "1"))
    ]
    assert names == ["The Park", "Parkside"]
    assert "no version 9" in shown("--version", "9").stderr


def test_a_sent_mail_is_previewed_byte_for_byte(running: Running, tmp_path: Path) -> None:
    running.publish(*tenant("brookside", ["ann@brookside.example"]), order("brookside", 1, "c0"))
    running.wait_until(lambda: bool(running.mailed("ann@brookside.example")))
    # Events of a tenant that is not known yet wait a moment; those that come now are answered at once.
    running.publish(order("brookside", 2, "c0"))
    running.wait_until(lambda: len(running.mailed("ann@brookside.example")) == 2)
    raw = running.mail("ann@brookside.example")[-1]
    shown = running.tidings("preview", "--tenant", "brookside", "--event-id", "order-2", "--write", str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    # The server puts its own lines on top.
    assert raw.strip().endswith((tmp_path / "order_confirmation.email.eml").read_bytes().strip())


@pytest.mark.slow
def test_of_two_changes_made_from_one_version_one_is_refused(running: Running, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.yaml" for number in range(3)]
    for number, file in enumerate(files):
        file.write_text(f"tenant: canalside\nversion: 0\nsettings: {{name: Canal {number}}}\n")
    with ThreadPoolExecutor(3) as terminals:
        told = list(terminals.map(lambda file: running.tidings("settings", "apply", str(file)), files))
    assert sorted(each.returncode for each in told) == [0, 1, 1]
    [winner] = [number for number, each in enumerate(told) if each.returncode == 0]
    stands = json.loads(running.tidings("settings", "show", "--tenant", "canalside", "--json").stdout)
    assert (stands["version"], stands["settings"][0]["value"]) == (1, f"Canal {winner}")


def test_settings_are_tried_over_what_happened(running: Running, tmp_path: Path) -> None:
    published = [*texting("bayside", ["+12025550123", "+12025550124"]), *(reminded("bayside", n) for n in range(2))]
    assert running.publish(*published).returncode == 0
    running.records("billing.usage", lambda values: len(_of("bayside", values)) >= 2)
    path = tmp_path / "bayside.yaml"
    path.write_text(running.tidings("settings", "show", "--tenant", "bayside", "--yaml").stdout)
    same = running.tidings("try", str(path))
    assert (same.returncode, same.stderr) == (0, "")
    assert "Looked at 2 events of tenant bayside from " in same.stdout
    assert "0 added, 0 removed, 0 moved, 0 changed; 2 the same.\nPrice: 0.04 USD → 0.04 USD (+0.00).\n" in same.stdout
    path.write_text(path.read_text().replace("sms_hours_before: 24", "sms_hours_before: 1") + FAREWELL)
    other = json.loads(running.tidings("try", str(path), "--json").stdout)
    changes = Counter((each["change"], each["kind"], each["price"]) for each in other["differences"])
    assert changes == {("moved", "appointment_reminder", "0.00"): 2, ("added", "rule:farewell", "0.02"): 2}
    assert (other["price_before"], other["price_after"]) == ("0.04", "0.08")
    path.write_text("nam: Bayside")
    refused = running.tidings("try", str(path), "--tenant", "bayside")
    assert (refused.returncode, refused.stderr) == (2, f"{path}:1: nam: unknown key; did you mean 'name'?\n")


FAREWELL = """
  rules:
    - {id: farewell, on: [appointment.scheduled], to: [contact], channel: sms, text: See you, timing: {at: now}}
"""


def _of(tenant: str, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in values if each["tenant"] == tenant]


@pytest.mark.slow
def test_bad_events_have_a_clear_fate(running: Running) -> None:
    huge = event("oakside", "huge", "parcel.lost", "c0", {"photo": "x" * 5_000_000})
    incomplete = order("oakside", 1, "c0")
    del incomplete["data"]["order_id"]
    result = running.publish(*tenant("oakside", ["ann@oakside.example"]), huge, incomplete, order("oakside", 2, "c0"))
    assert result.returncode == 1
    said = result.stdout + result.stderr
    assert "data.order_id" in said
    assert "huge" in said
    running.publish(order("nowhere", 1, "c0"))
    raw = subprocess.run(
        [sys.executable, "-c", PRODUCE, running.environment["TIDINGS_KAFKA__BOOTSTRAP_SERVERS"]],
        env=dict(running.environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert raw.returncode == 0, raw.stderr
    letters = running.records("dead-letters", lambda values: len(values) >= 3)
    faults = sorted(fault["reason"] if fault["path"] else "" for letter in letters for fault in letter["faults"])
    assert "tenant 'nowhere' has no settings" in faults
    listed = running.tidings("dead-letters", "list").stdout
    assert "nowhere" in listed
    assert "audience" in listed
    running.wait_until(lambda: bool(running.mailed("ann@oakside.example")))


PRODUCE = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

async def main():
    async with AIOKafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        for value in (b"\\x00\\x00\\x00\\x00\\x63nonsense", b"not even framed"):
            await producer.send_and_wait("events", value, key=b"oakside|c0", headers=[("ce_tenant", b"oakside")])

asyncio.run(main())
"""
