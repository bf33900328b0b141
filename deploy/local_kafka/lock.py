"""Writes jars.lock again: `python -m deploy.local_kafka.lock` after changing a version here."""

import jgo

from deploy.local_kafka.jars import LOCK_FILE, maven_repository, sha256_of

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
# Kafka logs through SLF4J 1.7; without this bridge to its own log4j2 the broker would die in silence. Resolved apart:
# named beside Kafka, its dependency management would turn kafka-clients into 3.9.
LOG_BRIDGE = ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4")


def main() -> None:
    """Resolves Kafka's dependencies, downloads them and notes what came."""
    bridge = maven_repository().project(LOG_BRIDGE[0], LOG_BRIDGE[1]).at_version(LOG_BRIDGE[2]).artifact()
    lines = [
        f"{sha256_of(artifact.resolve())}  {artifact.groupId}:{artifact.artifactId}:{artifact.version}\n"
        for artifact in [*jgo.resolve(KAFKA), bridge]
    ]
    LOCK_FILE.write_text(
        "# Written by `python -m deploy.local_kafka.lock`.\n" + "".join(sorted(lines, key=_coordinate))
    )


def _coordinate(line: str) -> str:
    return line.split()[1]


if __name__ == "__main__":
    main()
