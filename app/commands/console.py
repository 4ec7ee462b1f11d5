"""What is printed for people: names of files may hold anything."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text in one line, with what does not print written as in Python (``\\n``, ``\\x1b``, ``\\udcff``):
    names of files may hold newlines, orders to the terminal and bytes of no encoding."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
