"""Kafka's jars: which ones (jars.lock), downloaded once into the local Maven repository, checked at every start.

The lock holds the SHA-256 of each jar, as requirements.lock does for wheels: what runs is what was tested, and a
download that broke off is noticed and repeated. jgo is the Maven client. It is asked for single jars: its `build`
fetches a whole JDK to classify them, and its `resolve` reads a hundred POMs for a list that never changes.
"""

import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local_kafka.errors import JarsUnavailable
from deploy.local_kafka.progress import OnProgress, Progress

if TYPE_CHECKING:
    from jgo.maven import Artifact, MavenContext

LOCK_FILE = Path(__file__).with_name("jars.lock")
DOWNLOADS_AT_ONCE = 6
DOWNLOAD_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinate(self) -> str:
        """As Maven writes it."""
        return f"{self.group}:{self.artifact}:{self.version}"


def locked_jars() -> tuple[Jar, ...]:
    """All jars of the broker's class path, in its order."""
    lines = (line for line in LOCK_FILE.read_text().splitlines() if line and not line.startswith("#"))
    return tuple(parse_line(line) for line in lines)


def parse_line(line: str) -> Jar:
    """`sha256  group:artifact:version`."""
    sha256, coordinate = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group=group, artifact=artifact, version=version, sha256=sha256)


def class_path(on_progress: OnProgress) -> tuple[Path, ...]:
    """The files of all locked jars. Raises JarsUnavailable."""
    return fetch(locked_jars(), on_progress)


def fetch(jars: Sequence[Jar], on_progress: OnProgress) -> tuple[Path, ...]:
    """The checked files of these jars; those that are missing or broken are downloaded. Raises JarsUnavailable."""
    maven = maven_repository()
    if _missing(maven, jars):
        with _one_at_a_time(Path(maven.repo_cache)):
            missing = _missing(maven, jars)  # another process may have fetched them meanwhile
            if missing:
                _download(maven, missing, on_progress)
    return tuple(_file(_artifact(maven, jar)) for jar in jars)


def _missing(maven: "MavenContext", jars: Sequence[Jar]) -> list[Jar]:
    return [jar for jar in jars if not _is_intact(_artifact(maven, jar), jar)]


@contextmanager
def _one_at_a_time(repository: Path) -> Iterator[None]:
    """jgo writes each jar to its place, and fails when another process just did."""
    repository.mkdir(parents=True, exist_ok=True)
    with (repository / ".tidings.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def maven_repository() -> "MavenContext":
    """The Maven repository as this user's jgo settings have it: `central` there replaces Maven Central."""
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 - an extra: production images do without it
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
        from jgo.maven import MavenContext  # noqa: PLC0415
    except ImportError as error:
        raise JarsUnavailable(
            "jgo is not installed; it fetches the local Kafka: `pip install 'tidings[local-kafka]'`"
        ) from error
    settings = GlobalSettings.load()
    return MavenContext(
        repo_cache=settings.repo_cache,
        remote_repos={"central": MAVEN_CENTRAL_URL} | settings.repositories,
        timeout=DOWNLOAD_TIMEOUT_SECONDS,
    )


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(maven: "MavenContext", wanted: Sequence[Jar], on_progress: OnProgress) -> None:
    on_progress(Progress(sentence="Downloading Kafka", done=0, total=len(wanted)))
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        try:
            for done, jar in enumerate(pool.map(lambda each: _fetch(maven, each), wanted), 1):
                on_progress(Progress(sentence=f"Downloaded {jar.artifact}", done=done, total=len(wanted)))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch(maven: "MavenContext", jar: Jar) -> Jar:
    artifact = _artifact(maven, jar)
    _file(artifact).unlink(missing_ok=True)  # jgo takes any file of the right name, a broken one too
    try:
        artifact.resolve()
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        raise JarsUnavailable(
            f"could not download {jar.coordinate} from {', '.join(maven.remote_repos.values())}: {error}. "
            "Check the network; where Maven Central is reached through a mirror, name it as `central = URL` under "
            "[repositories] in ~/.config/jgo.conf."
        ) from error
    if not _is_intact(artifact, jar):
        raise JarsUnavailable(
            f"{_file(artifact)} is not the {jar.coordinate} that {LOCK_FILE.name} names (its SHA-256 differs). "
            "Look at what the Maven mirror serves."
        )
    return jar


def _artifact(maven: "MavenContext", jar: Jar) -> "Artifact":
    return maven.project(jar.group, jar.artifact).at_version(jar.version).artifact()


def _file(artifact: "Artifact") -> Path:
    path = artifact.cached_path
    if path is None:
        raise JarsUnavailable(f"no local Maven repository to keep {artifact} in: let M2_REPO name a directory")
    return path


def _is_intact(artifact: "Artifact", jar: Jar) -> bool:
    path = _file(artifact)
    return path.is_file() and sha256_of(path) == jar.sha256
