"""What waits to be sent to one page: little, however fast it comes and however slowly the page reads."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress

MOST_NOTES = 16
"""Notes that wait at most; a page that reads never has that many, and of one that does not the oldest go."""


class Outbox:
    """Answers to frames, of which only the newest waits, and notes. Any thread may put, the loop's takes.

    Args:
        loop: that of whoever takes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._answer: str | None = None
        self._notes_after = 0  # of the notes, those that came behind the answer
        self._finished = False
        self._changed = asyncio.Event()

    def answer(self, message: str) -> None:
        """Puts the answer to a frame in place of one that still waits."""
        with self._lock:
            self._answer, self._notes_after = message, 0
        self._wake()

    def tell(self, message: str) -> None:
        """Puts a note behind all that waits."""
        with self._lock:
            self._notes.append(message)
            self._notes_after = min(self._notes_after + 1, MOST_NOTES)
        self._wake()

    def finish(self) -> None:
        """Nothing more will come."""
        with self._lock:
            self._finished = True
        self._wake()

    async def take(self) -> str | None:
        """The next message, in the order in which they came; None when all is sent and nothing will come."""
        while True:
            with self._lock:
                if self._answer is not None and len(self._notes) <= self._notes_after:
                    answer, self._answer = self._answer, None
                    return answer
                if self._notes:
                    return self._notes.popleft()
                if self._finished:
                    return None
                self._changed.clear()
            await self._changed.wait()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever would read
            self._loop.call_soon_threadsafe(self._changed.set)
