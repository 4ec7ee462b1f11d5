"""What ``pose2action own`` does: list, show, export, import and delete collections of own actions."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.commands.console import printable
from recognizer.own.collection import Collections
from recognizer.own.errors import CollectionError
from recognizer.own.packing import export_collection, import_collection
from recognizer.own.recordings import RecordingError


def list_collections() -> None:
    """Prints all collections and their actions."""
    home = Collections()
    names = home.names()
    if not names:
        print("There are no own actions yet: `pose2action teach COLLECTION ACTION VIDEO...` makes some.")
        return
    table = Table("collection", "actions", "recordings")
    for name in names:
        collection = home.open(name)
        actions = collection.actions()
        count = sum(len(collection.recordings(action)) for action in actions)
        table.add_row(printable(name), printable(", ".join(actions)), str(count))
    Console(markup=False, highlight=False).print(table)
    print(printable(f"They are in {home.root}"))


def show_collection(name: str) -> None:
    """Prints a collection's recordings.

    Raises:
        CollectionError: there is none of this name.
    """
    collection = Collections().open(name)
    table = Table("action", "recording", "seconds", "frames", "of a", "video")
    for action in collection.actions():
        sides = ", either side" if collection.about(action).both_sides else ""
        videos = collection.videos(action)
        for recording in collection.recordings(action):
            try:
                found = collection.read(action, recording)
                row = [f"{found.duration:.1f}", str(len(found.times)), found.landmarks.subject]
            except RecordingError:
                row = ["damaged", "", ""]
            video = "kept" if recording in videos else ""
            table.add_row(printable(f"{action}{sides}"), printable(recording), *row, video)
    Console(markup=False, highlight=False).print(table)
    print(printable(f"They are in {collection.folder}"))


def export_to(name: str, path: Path | None) -> None:
    """Writes a collection's zip, without videos, and says so where there are any.

    Raises:
        CollectionError: there is no such collection, or something is in the zip's place.
        OSError: it cannot be written.
    """
    collection = Collections().open(name)
    path = Path(f"{collection.name}.zip") if path is None else path
    if path.exists():
        raise CollectionError(f"{path} is there already: choose another name with --out.")
    print(printable(f"{export_collection(collection, path)}"))
    videos = sum(len(collection.videos(action)) for action in collection.actions())
    if videos:
        print(printable(f"Without videos: those of {videos} recordings are only in {collection.folder}"))


def import_from(path: Path, name: str | None) -> None:
    """Makes a collection of a zip.

    Raises:
        CollectionError: it is none, or the name is taken.
        OSError: it cannot be read or written.
    """
    collection = import_collection(Collections(), path, name)
    print(printable(f"{collection.name}: {', '.join(collection.actions())}"))


def delete_from(name: str, action: str | None, recording: str | None) -> None:
    """Moves a recording, an action or a collection aside.

    Raises:
        CollectionError: there is no such thing.
    """
    home = Collections()
    deleted = home.open(name).delete(action, recording)
    where = home.root / ".deleted" / deleted.token
    print(printable(f"Deleted; for a day it is still in {where}"))


def make_bank(name: str, data: Path) -> None:
    """Makes the bank of some weights: what an own action must not be taken for.

    Raises:
        WeightsError: there are no such weights.
        ConfigError: they are of no shipped vocabulary.
        DataError: no data.
        OSError: it cannot be written.
    """
    from pose.layouts import LAYOUTS
    from recognizer.data.corpus import load_corpus
    from recognizer.own.bank import bank_from, choose_windows, save_bank
    from recognizer.predictor import Recognizer
    from recognizer.training.shared.judging import as_known_to, vocabulary_of

    recognizer = Recognizer.load(name)
    card = recognizer.card
    vocabulary = vocabulary_of(card)
    layout = LAYOUTS[card.layout]
    began = time.monotonic()
    train = (example for example in load_corpus(data, vocabulary, layout) if example.part == "train")
    examples = list(as_known_to(train, vocabulary, card.classes))
    chosen = choose_windows(examples, layout, card)
    sets = ", ".join(sorted({example.clip.dataset for example in examples}))
    path = save_bank(name, bank_from(recognizer.embed(chosen.windows), chosen), f"training clips of {sets}")
    print(printable(f"{path}: {len(chosen.labels)} windows, {time.monotonic() - began:.0f} s"))
