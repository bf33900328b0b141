import os
from pathlib import Path

import pytest

from schemas.words import Channel
from tidings.config import PREFIX, Installation, Kafka, OnStop, Sandbox, Worker, load
from tidings.rehearsal.worker_process import environment_of


@pytest.mark.parametrize("channels", [(Channel.SMS, Channel.LETTER), ()])
def test_a_worker_reads_the_installation_that_it_is_given(
    channels: tuple[Channel, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installation = Installation(
        kafka=Kafka(bootstrap_servers="127.0.0.1:1", topic_prefix="trial."),
        sandbox=Sandbox(channels=channels),
        worker=Worker(name="w1", on_stop=OnStop.LEAVE),
        home=tmp_path,
    )
    monkeypatch.setenv("TIDINGS_KAFKA__TOPIC_PREFIX", "another.")
    given = environment_of(installation)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load() == installation
