"""``python -m app`` is ``pose2action``."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> None:
    """Entry point of the ``pose2action`` command: Ctrl-C leaves no traceback from its first import on."""
    try:
        from app.cli import main as run
    except KeyboardInterrupt:
        print("pose2action: stopped; nothing was written.", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
