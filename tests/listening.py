"""Which TCP sockets of a process listen, and what one of them answers."""

import http.client
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

_LISTENS = "0A"


def listening(pid: int | None = None) -> set[str]:
    """The addresses on which a process (this one, unless another is named) takes connections."""
    process = Path("/proc", str(pid or os.getpid()))
    inodes = set(_sockets(process))
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in (process / "net" / name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.add(f"{_address(address, family)}:{int(port, 16)}")
    return found


def ask(port: int, path: str) -> tuple[int, str]:
    """The status and the body that a port of this machine answers to a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = (answer.status, answer.read().decode())
    connection.close()
    return found


def _sockets(process: Path) -> Iterator[str]:
    for descriptor in (process / "fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _address(text: str, family: socket.AddressFamily) -> str:
    words = [text[start : start + 8] for start in range(0, len(text), 8)]
    return socket.inet_ntop(family, b"".join(struct.pack("=I", int(word, 16)) for word in words))
