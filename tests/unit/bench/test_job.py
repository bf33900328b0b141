from collections import Counter
from pathlib import Path

from bench import job
from bench.environments import PEERS, peer_environment, pins
from schemas import wire
from schemas.consent import Consent
from schemas.topics import CONSENT_CHANGES, CONSENTS

COUNT = 2_000


def test_the_job_has_repeats_and_tenants_that_want_nothing() -> None:
    ids = Counter(change.event_id for change in job.changes(COUNT))
    assert sum(count - 1 for count in ids.values()) == COUNT // job.REPEATED_EVERY
    tenants = {change.tenant for change in job.changes(COUNT)}
    assert sum(not job.wants(tenant) for tenant in tenants) == job.TENANTS // job.SWITCHED_OFF_EVERY


def test_a_repeat_has_the_key_of_what_it_repeats() -> None:
    keys: dict[str, set[str]] = {}
    for change in job.changes(COUNT):
        keys.setdefault(change.event_id, set()).add(change.key)
    assert all(len(of_one) == 1 for of_one in keys.values())


def test_what_has_to_be_said_is_each_wanted_change_once() -> None:
    answers = job.expected(COUNT)
    wanted = {change.event_id for change in job.changes(COUNT) if job.wants(change.tenant)}
    assert len(answers) == len(wanted)
    for key, value in answers:
        consent = wire.decode(CONSENTS, key, value, ())
        assert isinstance(consent, Consent)
        assert consent.key.encode() == key


def test_the_job_travels_as_the_product_reads_it() -> None:
    for (key, value, headers), change in zip(job.change_entries(50), job.changes(50), strict=True):
        assert wire.decode(CONSENT_CHANGES, key, value, headers) == change


def test_every_peer_has_pins_and_sees_none_of_our_packages() -> None:
    scripts = {path.stem for path in PEERS.glob("*.py")} - {"__init__", "framed"}
    assert scripts == {path.stem for path in PEERS.glob("*.txt")}
    assert all(pins(peer) for peer in scripts)
    assert "PYTHONPATH" not in peer_environment("{}")
    ours = ("schemas", "processors", "streams", "gateways", "tidings", "deploy", "bench")
    for script in scripts:
        source = Path(PEERS / f"{script}.py").read_text()
        assert not any(f"import {name}" in source or f"from {name}" in source for name in ours)
