"""What can keep the local Kafka from running, each said with what to do about it.

LocalKafkaError
├── JavaMissing         no Java that Kafka runs on
├── JarsUnavailable     Kafka's jars could not be had from the Maven repository
├── PortTaken           another process listens where the broker should
├── DiskFull            too little room for the broker's data
├── DataUnusable        the data directory does not belong to this broker, or is damaged
├── BrokerDidNotStart   any other reason, with the last words of its log
└── BrokerDidNotStop    the process outlived SIGKILL
"""


class LocalKafkaError(Exception):
    """The local Kafka cannot do what was asked; the message says what to do."""


class JavaMissing(LocalKafkaError):
    """Neither a system Java that is new enough nor the bundled one was found."""


class JarsUnavailable(LocalKafkaError):
    """A jar could not be downloaded, or is not the one that the lock names."""


class PortTaken(LocalKafkaError):
    """Another process listens on the port."""


class DiskFull(LocalKafkaError):
    """Too little free space for the broker's data."""


class DataUnusable(LocalKafkaError):
    """The broker refuses the data directory."""


class BrokerDidNotStart(LocalKafkaError):
    """The broker ended, or answered nothing in time."""


class BrokerDidNotStop(LocalKafkaError):
    """The broker is still there after SIGKILL."""
