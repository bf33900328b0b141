"""Three local Kafkas in one quorum: what production has, small enough for a test."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local_kafka.config import (
    HOST,
    BrokerHome,
    BrokerSettings,
    logging_properties,
    properties_text,
    server_properties,
)
from deploy.local_kafka.jars import class_path
from deploy.local_kafka.java import find_java
from deploy.local_kafka.process import _format, _until, jvm_environment
from deploy.local_kafka.readiness import serves
from deploy.local_kafka.record import MAIN_CLASS
from tests.ports import free_port

NODES = (1, 2, 3)
START_SECONDS = 180.0


@dataclass(frozen=True, kw_only=True)
class Trio:
    """Three brokers that answer."""

    ports: dict[int, int]
    processes: dict[int, subprocess.Popen[bytes]]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"{HOST}:{port}" for port in self.ports.values())

    def kill(self, node: int) -> None:
        """SIGKILL one of them."""
        self.processes[node].kill()
        self.processes[node].wait()


@contextmanager
def trio(home: Path) -> Iterator[Trio]:
    """Three brokers of their own, gone at the end."""
    ports = {node: free_port() for node in NODES}
    controllers = {node: free_port() for node in NODES}
    voters = ",".join(f"{node}@{HOST}:{port}" for node, port in controllers.items())
    places = {node: BrokerHome(path=home / f"kafka-{node}") for node in NODES}
    java, jars = find_java(os.environ), class_path(lambda _: None)
    for node, place in places.items():
        place.path.mkdir(parents=True)
        one = server_properties(place, BrokerSettings(port=ports[node]), controller_port=controllers[node])
        of_three = {
            "node.id": str(node),
            "controller.quorum.voters": voters,
            "default.replication.factor": "3",
            "min.insync.replicas": "2",
            "offsets.topic.replication.factor": "3",
            "transaction.state.log.replication.factor": "3",
            "transaction.state.log.min.isr": "2",
        }
        place.properties.write_text(properties_text({**one, **of_three}))
        place.logging.write_text(properties_text(logging_properties()))
    with ThreadPoolExecutor(len(NODES)) as threads:
        list(threads.map(lambda place: _format(place, java, jars), places.values()))
    processes = {}
    try:
        for node, place in places.items():
            with place.log.open("wb") as log:
                processes[node] = subprocess.Popen(
                    [
                        *(str(java.path), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                        f"-Dlog4j2.configurationFile={place.logging}",
                        *("-cp", os.pathsep.join(map(str, jars)), MAIN_CLASS, str(place.properties)),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=jvm_environment(os.environ),
                )
        assert all(_until(lambda port=port: serves(port), START_SECONDS) for port in ports.values())
        yield Trio(ports=ports, processes=processes)
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
