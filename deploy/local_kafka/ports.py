"""Ports of this machine: whether one is free, which is, and who has it."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local_kafka.config import HOST

_LISTENING = "0A"  # the state column of /proc/net/tcp


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with _as_servers_are() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nobody listens on at this moment; the next moment it may be given to another."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def held_port() -> Iterator[int]:
    """A free port that is given to nobody else within the block, but that a server may listen on all the same.

    Linux gives no port away to which a socket is bound, and lets a server bind beside one that does not listen, if both
    may use the address again. Other systems do not let it: there the port is free and not held.
    """
    with _as_servers_are() as holder:
        holder.bind((HOST, 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port


def _as_servers_are() -> socket.socket:
    """A socket that may use an address again, as Java's and asyncio's servers: a lingering connection hinders none."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def holder_of(port: int) -> str:
    """Who listens on the port, as well as this system lets us see: `process 4711 (python3)`."""
    for inode in _listening_inodes(port):
        for pid in _pids_with_socket(inode):
            return f"process {pid} ({_name_of(pid)})"
    return "another process"


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            rows = table.read_text().splitlines()[1:]
        except OSError:
            continue  # not Linux
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def _pids_with_socket(inode: str) -> list[int]:
    wanted = f"socket:[{inode}]"
    return [pid for pid in _all_pids() if wanted in _open_files(pid)]


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _open_files(pid: int) -> set[str]:
    try:
        entries = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return set()  # ended meanwhile, or another user's
    return {name for entry in entries if (name := _target(entry))}


def _target(entry: Path) -> str | None:
    try:
        return str(entry.readlink())
    except OSError:
        return None  # closed meanwhile


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "name unknown"
