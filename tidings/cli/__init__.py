"""The command line: `tidings <command>`; rich output for people, `--json` for programs.

Exit status: 0 done, 1 something is not as it should be, 2 the input or the settings are wrong.
Command modules import what they need inside their functions, so that `tidings --help` answers at once.
"""

import signal

from streams.collecting import look_rarely


def main() -> None:
    """The entry point of the `tidings` command. Ctrl-C while it still loads ends it without a traceback."""
    look_rarely()
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tidings.cli.root import app

    signal.signal(signal.SIGINT, handler)
    app()
