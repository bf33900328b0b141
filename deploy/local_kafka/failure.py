"""Reads out of a broker's log why it did not start, and says what to do."""

from deploy.local_kafka.config import BrokerHome
from deploy.local_kafka.errors import (
    BrokerDidNotStart,
    DataUnusable,
    DiskFull,
    JavaMissing,
    LocalKafkaError,
    PortTaken,
)

TAIL_CHARACTERS = 20_000


def explain(home: BrokerHome, *, java: str, what_happened: str) -> LocalKafkaError:
    """The error to raise, by the words that Kafka or Java left in the log."""
    log = tail_of(home)
    for words, error, advice in _KNOWN:
        if any(word in log for word in words):
            place = advice.format(home=home.path, data=home.data, log=home.log, java=java)
            return error(f"{what_happened}: {place}")
    return BrokerDidNotStart(f"{what_happened}; its last words were: {last_words(log)!r}. The whole log is {home.log}.")


def tail_of(home: BrokerHome) -> str:
    """The end of the broker's log; empty when it wrote none."""
    try:
        return home.log.read_text(errors="replace")[-TAIL_CHARACTERS:]
    except OSError:
        return ""


def last_words(log: str) -> str:
    """The last line that says something: lines of a stack trace point into Kafka's code."""
    lines = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith(("\t", "    at "))]
    errors = [line for line in lines if " ERROR " in line or " FATAL " in line or "Exception" in line]
    return (errors or lines or [""])[-1][:400]


_KNOWN: tuple[tuple[tuple[str, ...], type[LocalKafkaError], str], ...] = (
    (
        ("Address already in use",),
        PortTaken,
        "its port was taken meanwhile. Start it again, or choose another port; {log} has the details.",
    ),
    (
        ("No space left on device",),
        DiskFull,
        "no space is left where {data} lies. Free some, or let TIDINGS_HOME name a directory on another disk.",
    ),
    (
        ("UnsupportedClassVersionError",),
        JavaMissing,
        "{java} is too old for Kafka. Let JAVA_HOME name a newer one, or remove it to use the bundled one.",
    ),
    (
        ("Could not reserve enough space", "Cannot allocate memory", "insufficient memory"),
        BrokerDidNotStart,
        "there is too little memory; the broker needs about 350 MB.",
    ),
    (
        (
            "InconsistentClusterId",
            "meta.properties",
            "CorruptRecordException",
            "KafkaStorageException",
            "Invalid cluster.id",
        ),
        DataUnusable,
        "it refuses the data in {data} ({log} says why). If nothing in it is needed, remove {home} and start again.",
    ),
    (
        ("AccessDeniedException", "Permission denied"),
        DataUnusable,
        "it may not write to {data}. Look at who owns the files there.",
    ),
)
