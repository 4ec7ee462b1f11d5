"""The command line: a file a command, with its options and their help.

Heavy things are imported by the command that needs them, so that ``--help`` is quick.
"""

from app.cli.program import cli, main

__all__ = ["cli", "main"]
