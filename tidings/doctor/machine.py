"""What the machine has to bring: Python, compiled Faust, Java for a local broker, room on the disk."""

import os
import platform
import shutil
import sys
from pathlib import Path

from deploy.local_kafka import LocalKafkaError
from deploy.local_kafka.java import find_java
from streams.compiled import is_compiled
from tidings.config import Installation
from tidings.doctor.finding import Finding, fault, warning, well

_MEBIBYTE = 1024 * 1024
SCARCE_BYTES = 2_048 * _MEBIBYTE
TOO_LITTLE_BYTES = 256 * _MEBIBYTE


def python() -> Finding:
    """Faust is tested and pinned on one Python."""
    version = platform.python_version()
    if sys.version_info[:2] != (3, 11):
        return fault("python", f"This is Python {version}.", "Install with Python 3.11: make setup PYTHON=python3.11.")
    return well("python", f"Python {version}.")


def compiled_faust() -> Finding:
    """Without its compiled parts Faust runs slowly and acknowledges differently from what is tested."""
    if not is_compiled():
        advice = "Unset NO_CYTHON and install the locked wheels: make setup."
        return fault("faust", "Faust's compiled stream iterator is missing; workers refuse to start.", advice)
    return well("faust", "Compiled.")


def java(installation: Installation) -> Finding:
    """Only a local broker needs Java."""
    try:
        return well("java", f"{find_java(os.environ)}.")
    except LocalKafkaError as error:
        if installation.kafka.is_local_default:
            return fault("java", f"{error}", "Install the extra local-kafka (make setup does), or name another broker.")
        return well("java", "None, and none is needed: the broker is not a local one.")


def disk(installation: Installation) -> Finding:
    """Worker state, ledgers and a local broker's data grow under one home."""
    home = _existing(installation.home)
    free_bytes = shutil.disk_usage(home).free
    says = f"{free_bytes // _MEBIBYTE:,} MiB are free where {installation.home} lies."
    if not os.access(home, os.W_OK):
        return fault("disk", f"{home} cannot be written to.", "Let TIDINGS_HOME name a directory that can.")
    if free_bytes < TOO_LITTLE_BYTES:
        return fault("disk", says, "Free some, or let TIDINGS_HOME name a directory on another disk.")
    if free_bytes < SCARCE_BYTES:
        return warning("disk", says, "Free some before workers and broker run out of it.")
    return well("disk", says)


def _existing(path: Path) -> Path:
    """The nearest directory above that is there."""
    return next(each for each in (path, *path.parents) if each.exists())
