"""A process that was told to stop and hangs ends all the same."""

import os
import subprocess
import sys

HANGS = """
import threading
from tidings.stopping import end_within
end_within(0.01, "worker")
threading.Event().wait()
"""


def test_what_hangs_while_it_stops_ends_as_after_a_power_cut() -> None:
    ended = subprocess.run((sys.executable, "-c", HANGS), capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == os.EX_SOFTWARE
    assert ended.stderr.startswith("worker ends: it was told to stop 0.01 s ago")
