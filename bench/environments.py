"""Environments: each peer has its own, since their pins contradict ours and each other's."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.scale import HOME

PEERS = Path(__file__).parent / "peers"


def python_of(peer: str, say: Callable[[str], None]) -> Path:
    """The interpreter of a peer's environment, which is made when it is missing or its pins changed."""
    home = HOME / "envs" / peer
    wanted = (PEERS / f"{peer}.txt").read_text()
    installed = home / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted:
        say(f"installing {peer} into {home.relative_to(HOME.parent)}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--only-binary", ":all:", "-r", str(PEERS / f"{peer}.txt")], check=True)
        installed.write_text(wanted)
    return home / "bin" / "python"


def peer_environment(job: str) -> dict[str, str]:
    """The environment of a peer's process: it must not see our packages."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, "FRAMED_JOB": job}


def pins(peer: str) -> str:
    """The first pinned package of a peer, as `name version`."""
    lines = (PEERS / f"{peer}.txt").read_text().splitlines()
    return next(line for line in lines if "==" in line).replace("==", " ")
