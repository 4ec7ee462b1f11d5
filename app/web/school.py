"""Own actions, as all live sessions and analyses of a server share them."""

from __future__ import annotations

import threading

from recognizer.own.collection import Collections
from recognizer.own.teaching import Lessons


class School:
    """The collections, what their recordings teach, and how often they were changed.

    Args:
        home: where collections are; None takes the user's folder.
    """

    def __init__(self, home: Collections | None = None) -> None:
        self.home = Collections() if home is None else home
        self.lessons = Lessons()
        self._changes: dict[str, int] = {}
        self._lock = threading.Lock()

    def changes(self, collection: str) -> int:
        """How often a collection was changed from a page of this server."""
        with self._lock:
            return self._changes.get(collection, 0)

    def changed(self, collection: str) -> None:
        """Counts a change."""
        with self._lock:
            self._changes[collection] = self._changes.get(collection, 0) + 1
