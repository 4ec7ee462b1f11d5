"""What the processes say that load the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recognizer.data.clip import DataError


@contextmanager
def told_first_hand() -> Iterator[None]:
    """Errors about data as their reader has told them.

    PyTorch wraps what a loading process raises: the type stays, and its whole traceback becomes the message.
    """
    try:
        yield
    except DataError as error:
        message = str(error)
        if not message.startswith("Caught "):
            raise
        raise DataError(message.rpartition(f"{DataError.__name__}: ")[2].strip()) from None
