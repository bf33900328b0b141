"""The command line: `tidings <command>`; rich output for people, `--json` for programs.

Exit status: 0 done, 1 something is not as it should be, 2 the input or the settings are wrong.
Command modules import what they need inside their functions, so that `tidings --help` answers at once.
"""


def main() -> None:
    """The entry point of the `tidings` command."""
    from tidings.cli.root import app

    app()
