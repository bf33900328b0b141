"""How a worker ends: crash-only, so that every way out but an orderly stop is the same as a power cut.

An error inside the engine is never mended in place. The process says one line, exits with 70, and its supervisor starts
it again: it repeats from the last position that was stored together with its state, so nothing is lost.
"""

import os
import traceback
from enum import IntEnum
from typing import NoReturn

from tidings.kafka_clients import NOT_ALLOWED, not_allowed


class ExitCode(IntEnum):
    """What a worker tells its supervisor, in the numbers of sysexits.h; only the last is in vain to repeat."""

    STOPPED = 0
    UNAVAILABLE = 69
    CRASHED = 70
    MISCONFIGURED = 78


class Fatal(Exception):
    """The engine lost its footing (disk, broker, another writer): the process has to end, no record is to blame."""


def die(why: str, error: BaseException | None = None) -> NoReturn:
    """End the process at once, without any clean-up that could store something half done.

    The line goes to file descriptor 2 directly: Faust 0.15.3 can redirect `sys.stderr` into its own log.
    """
    text = f"worker ends: {why}\n"
    if isinstance(error, NOT_ALLOWED):
        os.write(2, f"{text}{not_allowed(error)}\n".encode())
        os._exit(ExitCode.MISCONFIGURED)
    if error is not None:
        text += "".join(traceback.format_exception(error))
    os.write(2, text.encode())
    os._exit(ExitCode.CRASHED)
