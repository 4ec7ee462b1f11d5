"""Collections of own actions on disk: ``NAME/ACTION/*.npz`` and one ``NAME/collection.json``.

Beside a recording its video may lie, ``*.mp4``: nothing learns from it, but it goes where the recording goes.
Every file appears whole or not at all. What is deleted is moved aside, into ``.deleted``, and can come back
for a day. Names are those of folders; none leads out of the collections' folder.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from platformdirs import user_data_path

from recognizer.fields import shown
from recognizer.own.card import MOST_ACTIONS, OwnAction, read_card, write_card
from recognizer.own.deletions import Deleted, bring_back, set_aside
from recognizer.own.errors import CollectionError
from recognizer.own.names import CARD, VIDEO, checked_name, is_name, same
from recognizer.own.recordings import Recording, RecordingError, read_recording, write_recording

NOTHING = "nothing"
"""The action whose recordings show what is none of the others."""

MOST_COLLECTIONS, MOST_RECORDINGS = 500, 200
"""Of the folder, of an action."""


def collections_folder() -> Path:
    """Where a user's collections are; nothing is made here."""
    return user_data_path("pose2action", appauthor=False) / "collections"


class Collections:
    """All collections of a folder. May be used from several threads; several programs may share the folder.

    Args:
        root: the folder; made when something is written.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = collections_folder() if root is None else root
        self._lock = threading.RLock()

    def names(self) -> tuple[str, ...]:
        """Collections in alphabetical order."""
        return tuple(path.name for path in _folders(self.root))

    def open(self, name: str) -> Collection:
        """A collection that exists.

        Raises:
            CollectionError: there is none of this name.
        """
        collection = Collection(self, checked_name(name, "collection"))
        if not collection.folder.is_dir() or collection.folder.is_symlink():
            there = ", ".join(self.names()[:20]) or "none yet; teach one first"
            raise CollectionError(f"There is no collection {shown(name, 60)!r}; there are: {there}.")
        return collection

    def make(self, name: str) -> Collection:
        """A collection, made if it is not there.

        Raises:
            CollectionError: no name for one, or too many.
            OSError: the disk is full, say.
        """
        collection = Collection(self, checked_name(name, "collection"))
        with self._lock:
            other = same(collection.name, self.names())
            if other is not None:
                return Collection(self, other)
            if len(self.names()) >= MOST_COLLECTIONS:
                raise CollectionError(f"There are {MOST_COLLECTIONS} collections: delete one first.")
            collection.folder.mkdir(parents=True, exist_ok=True)
        return collection

    def restore(self, deleted: Deleted) -> None:
        """Brings something back that was deleted.

        Raises:
            CollectionError: it is gone, or something else is in its place.
        """
        with self._lock:
            bring_back(self.root, deleted)


@dataclass(frozen=True)
class Collection:
    """One collection. Reads what is on disk at every call; ``Collections`` makes it."""

    home: Collections
    name: str

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.home.root / self.name

    def actions(self) -> tuple[str, ...]:
        """Its actions in alphabetical order."""
        return tuple(path.name for path in _folders(self.folder))

    def about(self, action: str) -> OwnAction:
        """What its file says of an action."""
        return read_card(self.folder).get(action, OwnAction())

    def recordings(self, action: str) -> tuple[str, ...]:
        """Names of an action's recordings, oldest first.

        Raises:
            CollectionError: no such action.
        """
        files = (p for p in self._action(action).glob("*.npz") if p.is_file() and is_name(p.stem))
        return tuple(sorted(path.stem for path in files))

    def videos(self, action: str) -> tuple[str, ...]:
        """Names of those of an action's recordings whose video is kept; raises as ``recordings`` does."""
        return tuple(name for name in self.recordings(action) if self.video(action, name).is_file())

    def video(self, action: str, recording: str) -> Path:
        """Where a recording's video is, if it is kept.

        Raises:
            CollectionError: no such action, or no name for a recording.
        """
        return self._action(action) / f"{checked_name(recording, 'recording')}{VIDEO}"

    def read(self, action: str, recording: str) -> Recording:
        """One recording.

        Raises:
            CollectionError, RecordingError: there is none of this name, or it is damaged.
        """
        return read_recording(self._file(action, recording))

    def sound(self) -> Iterator[tuple[str, str, Recording]]:
        """Action, name and content of every recording that can be read; damaged ones are left out."""
        for action in self.actions():
            for name in self.recordings(action)[:MOST_RECORDINGS]:
                try:
                    yield action, name, self.read(action, name)
                except (RecordingError, OSError):
                    continue

    def version(self) -> tuple[tuple[str, int], ...]:
        """Something that changes when a recording comes, goes or changes."""
        files = sorted(self.folder.glob("*/*.npz"))
        card = self.folder / CARD
        states = [(str(path.relative_to(self.folder)), path.stat().st_mtime_ns) for path in files]
        return (*states, (CARD, card.stat().st_mtime_ns if card.exists() else 0))

    def written(self, action: str) -> str:
        """How the name of an action is written, if it is there already, or would be.

        Raises:
            CollectionError: no name for an action.
        """
        action = checked_name(action)
        return same(action, self.actions()) or action

    def add(self, action: str, recording: Recording, both_sides: bool | None = None) -> str:
        """Keeps a recording; the action is made if it is not there.

        Args:
            action: its name.
            recording: what to keep.
            both_sides: see ``OwnAction``; None leaves it as it is.

        Returns:
            The recording's name.

        Raises:
            CollectionError: no name for an action, or too many actions or recordings.
            OSError: the disk is full, say. Nothing else is lost.
        """
        with self.home._lock:
            there, action = self.actions(), self.written(action)
            if action not in there and len(there) >= MOST_ACTIONS:
                raise CollectionError(f"A collection has {MOST_ACTIONS} actions at most: make another one.")
            if action in there and len(self.recordings(action)) >= MOST_RECORDINGS:
                raise CollectionError(
                    f"{action!r} has {MOST_RECORDINGS} recordings, which is the most: delete some first."
                )
            other_sides = both_sides is not None and self.about(action).both_sides != both_sides
            folder = self.folder / action
            made = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            now = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S-%f")
            name = f"{now}-{secrets.token_hex(2)}"
            try:
                write_recording(folder / f"{name}.npz", recording)
                if other_sides:
                    self.describe(action, OwnAction(both_sides=bool(both_sides)))
            except OSError:
                if made:  # no action without a recording
                    shutil.rmtree(folder, ignore_errors=True)
                raise
        return name

    def add_all(
        self, action: str, recordings: Sequence[Recording], both_sides: bool | None = None
    ) -> list[str]:
        """Keeps several recordings of an action, all or none, and tells their names; otherwise as ``add``."""
        names: list[str] = []
        try:
            for recording in recordings:
                names.append(self.add(action, recording, both_sides))
        except (CollectionError, OSError):
            folder = self.folder / self.written(action)
            for name in names:
                (folder / f"{name}.npz").unlink(missing_ok=True)
            if names and not any(folder.iterdir()):
                folder.rmdir()
            raise
        return names

    def describe(self, action: str, about: OwnAction) -> None:
        """Writes what is true of an action. Raises CollectionError and OSError."""
        self._action(action)
        with self.home._lock:
            write_card(self.folder, {**read_card(self.folder), action: about})

    def rename(self, action: str, new: str) -> str:
        """Gives an action another name, and tells how it is written.

        Raises:
            CollectionError: no such action, no name, or one that is taken.
        """
        folder, new = self._action(action), checked_name(new)
        with self.home._lock:
            other = same(new, self.actions())
            if other is not None and other != action:
                raise CollectionError(f"There is an action {other!r} already: choose another name.")
            folder.rename(self.folder / new)
            about = read_card(self.folder)
            if action in about:
                others = {name: each for name, each in about.items() if name != action}
                write_card(self.folder, {**others, new: about[action]})
        return new

    def delete(self, action: str | None = None, recording: str | None = None) -> Deleted:
        """Moves a recording, an action or all aside; ``Collections.restore`` brings it back.

        Raises:
            CollectionError: there is no such thing.
        """
        with self.home._lock:
            if action is None:
                return set_aside(self.home.root, self.folder)
            if recording is None:
                return set_aside(self.home.root, self._action(action))
            return set_aside(self.home.root, self._file(action, recording))

    def _action(self, action: str) -> Path:
        folder = self.folder / checked_name(action)
        if not folder.is_dir() or folder.is_symlink():
            there = ", ".join(self.actions()[:20]) or "none yet"
            raise CollectionError(
                f"There is no action {shown(action, 60)!r} in {self.name!r}; there are: {there}."
            )
        return folder

    def _file(self, action: str, recording: str) -> Path:
        path = self._action(action) / f"{checked_name(recording, 'recording')}.npz"
        if not path.is_file():
            raise CollectionError(f"There is no recording {shown(recording, 60)!r} of {action!r} any more.")
        return path


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    plain = (p for p in root.iterdir() if is_name(p.name) and p.is_dir() and not p.is_symlink())
    return sorted(plain, key=lambda path: path.name)
