"""``python -m app`` is ``pose2action``."""

from app.cli import main

main()
