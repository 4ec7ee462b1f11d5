"""A collection as one zip, to keep or to give away; nothing that a zip says of itself is believed.

Videos are left out by purpose: they are large, nothing learns from them, and they show more of somebody than
the landmarks that are given away.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pose.files import replacing, temporary_folder
from recognizer.own.card import MOST_ACTIONS
from recognizer.own.collection import MOST_RECORDINGS, Collection, Collections
from recognizer.own.errors import CollectionError
from recognizer.own.names import CARD, checked_name
from recognizer.own.recordings import MOST_BYTES, RecordingError, read_recording

MOST_ZIP = 512 * 2**20
"""Bytes of a zip, packed and unpacked."""
_MOST_ENTRIES = MOST_ACTIONS * MOST_RECORDINGS + MOST_ACTIONS + 2
_MOST_CARD = 2**20
_BLOCK = 2**20


def export_collection(collection: Collection, path: Path) -> Path:
    """Writes a collection's zip, whole or not at all, without videos.

    Args:
        collection: it holds damaged recordings too, if there are any.
        path: of the zip.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        if (collection.folder / CARD).is_file():
            archive.write(collection.folder / CARD, f"{collection.name}/{CARD}")
        for action in collection.actions():
            for name in collection.recordings(action):
                inside = f"{action}/{name}.npz"
                archive.write(collection.folder / inside, f"{collection.name}/{inside}")
    return path


def import_collection(home: Collections, path: Path, name: str | None = None) -> Collection:
    """Makes a collection of a zip that ``export_collection`` wrote. It appears whole or not at all.

    Args:
        home: where to put it.
        path: of the zip.
        name: of the collection; None takes the zip's.

    Raises:
        CollectionError: the zip is none of a collection, is too large, or the name is taken.
        OSError: it cannot be read, or the disk is full.
    """
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):  # a pipe, say, which would never end
        raise CollectionError(f"{path.name} is no zip file: name the one that `own export` wrote.")
    if state.st_size > MOST_ZIP:
        raise CollectionError(f"{path.name} is too large: a collection has {MOST_ZIP:,} bytes at most.")
    home.root.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file, temporary_folder(".import-", home.root) as folder:
        try:
            with _opened(file) as archive:
                written = _unpack(archive, folder, path.name)
        except (CollectionError, OSError):  # those of reading are told as BadZipFile
            raise
        except Exception as error:  # a damaged zip raises many kinds
            raise CollectionError(f"{path.name} is no collection: it is no sound zip ({error}).") from None
        name = checked_name(written if name is None else name, "collection")
        unpacked = folder / "whole"
        probe = Collection(Collections(folder), "whole")
        for action in probe.actions():
            probe.about(action)  # tells what is wrong with the card
            for each in probe.recordings(action):
                try:
                    read_recording(unpacked / action / f"{each}.npz")
                except RecordingError as error:
                    reason = str(error).partition(" is no recording of an action (")[2].removesuffix(").")
                    raise CollectionError(
                        f"{path.name} was not imported: {action}/{each} cannot be used "
                        f"({reason or str(error).rstrip('.')})."
                    ) from None
        if not probe.actions():
            raise CollectionError(f"{path.name} is no collection: there is no recording in it.")
        with home._lock:
            if any(name.casefold() == other.casefold() for other in home.names()):
                raise CollectionError(
                    f"There is a collection {name!r} already: import it under another name, or delete it."
                )
            collection = Collection(home, name)
            unpacked.rename(collection.folder)
    return collection


def _unpack(archive: zipfile.ZipFile, folder: Path, zip_name: str) -> str:
    """Writes the entries to ``folder/whole`` and gives the collection's name in the zip."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_ENTRIES:
        raise CollectionError(f"{zip_name} is no collection: it has {len(entries):,} files.")
    left, names, seen = MOST_ZIP, set(), set()
    (folder / "whole").mkdir()
    for entry in entries:
        parts = entry.filename.split("/")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        card = len(parts) == 2 and parts[1] == CARD
        recording = len(parts) == 3 and parts[2].endswith(".npz")
        if kind not in (0, stat.S_IFREG) or not (card or recording) or "\\" in entry.filename:
            raise CollectionError(
                f"{zip_name} is no collection: it holds {entry.filename[:80]!r}, which none has."
            )
        told = parts[:1] if card else [*parts[:2], parts[2].removesuffix(".npz")]
        try:
            sound = [checked_name(part) for part in told] == told
        except CollectionError:
            sound = False
        if not sound:
            raise CollectionError(
                f"{zip_name} is no collection: {entry.filename[:80]!r} is no name of a recording."
            )
        if entry.filename.casefold() in seen:
            raise CollectionError(f"{zip_name} is no collection: it holds {entry.filename[:80]!r} twice.")
        seen.add(entry.filename.casefold())
        names.add(parts[0])
        target = folder.joinpath("whole", *parts[1:])
        target.parent.mkdir(exist_ok=True)
        left -= _copy(archive, entry, target, min(left, _MOST_CARD if card else MOST_BYTES), zip_name)
    if len(names) != 1:
        raise CollectionError(
            f"{zip_name} is no collection: it must hold one folder, with folders of actions."
        )
    return names.pop()


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int, zip_name: str) -> int:
    """Unpacks an entry of at most ``most`` bytes, whatever it declares, and gives how many it has."""
    count = 0
    with target.open("xb") as file:
        for block in _blocks(archive, entry):
            count += len(block)
            if count > most:
                raise CollectionError(
                    f"{zip_name} is too large: {entry.filename[:80]!r} has no end in sight."
                )
            file.write(block)
    return count


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    """The zip in a file. Raises BadZipFile, and whatever else a damaged one raises, but no OSError."""
    try:
        return zipfile.ZipFile(file)
    except OSError as error:  # its list of contents lies before its beginning
        raise zipfile.BadZipFile(str(error)) from None


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """What an entry unpacks to. Raises BadZipFile, and whatever else a damaged one raises, but no OSError."""
    try:
        with archive.open(entry) as source:
            while block := source.read(_BLOCK):
                yield block
    except OSError as error:  # bzip2 tells so of damaged bytes
        raise zipfile.BadZipFile(str(error)) from None
