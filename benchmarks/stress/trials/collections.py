"""Collections of own actions: zips that are imported, and damaged folders under all commands."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs.contents import npz
from benchmarks.stress.inputs.datasets import recording
from benchmarks.stress.inputs.homes import ACTION, NAME, damage_home, sound_home
from benchmarks.stress.inputs.people import film
from benchmarks.stress.inputs.zips import put_zip
from benchmarks.stress.trials.commands import run_command, tree
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error
from pose.errors import UserError
from recognizer.own.collection import Collections as Home
from recognizer.own.collection import collections_folder
from recognizer.own.recordings import RecordingError, read_recording


class Collections(Trial):
    """One zip, or one folder and a command, an input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._landmarks = folder / "landmarks.npz"
        self._landmarks.write_bytes(npz(recording(np.random.default_rng(0), 1, frames=60)))
        _use(folder / "warm-up")
        sound_home(collections_folder(), np.random.default_rng(0))
        self._run_own(np.random.default_rng(0), folder)  # what is imported and made once

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        _use(folder)
        if rng.random() < 0.55:
            return _imported(rng, folder)
        sound_home(collections_folder(), rng)
        damage_home(collections_folder(), rng)
        commands = (_list, _show, _export, _delete, _add, self._run_own, self._run_own, _prepare, _teach)
        chosen = rng.choice(len(commands), p=[0.15, 0.15, 0.15, 0.1, 0.15, 0.1, 0.15, 0.02, 0.03])
        return commands[chosen](rng, folder)

    def _run_own(self, rng: np.random.Generator, folder: Path) -> Verdict:
        """``run --own``: damaged recordings must not keep sound ones from being learnt."""
        out = folder / "actions.json"
        verdict, _ = run_command("run", self._landmarks, "--own", NAME, "--json", out)
        if verdict.outcome == "refused" and out.exists():
            return failed(f"refused, and there are results: {verdict.detail}")
        return verdict


def _use(folder: Path) -> None:
    """Lets the program keep what is the user's in a folder."""
    os.environ["XDG_DATA_HOME"] = str(folder / "home")


def _imported(rng: np.random.Generator, folder: Path) -> Verdict:
    path, marker = folder / "mine.zip", folder / "marker"
    put_zip(path, rng, marker)
    names = ("other", "../x", "CON", "", "a\nb", "x" * 300, "/tmp/x", "\u202e", "-x", " mine ")
    named = [f"--name={names[rng.integers(len(names))]}"] if rng.random() < 0.2 else []
    root = collections_folder()
    outside = tree(folder)
    verdict, _ = run_command("own", "import", path, *named)
    if marker.exists():
        return failed("a program in a zip was run")
    new = {name for name in tree(folder).keys() - outside.keys() if not (folder / name).is_relative_to(root)}
    if new - {"home", "home/pose2action"}:
        return failed(f"written outside of the collections: {sorted(new)[:5]}")
    found = [each.name for each in root.iterdir()] if root.is_dir() else []
    if verdict.outcome != "processed":
        return failed(f"refused, and {found} is there: {verdict.detail}") if found else verdict
    return _whole(found) or verdict


def _whole(found: list[str]) -> Verdict | None:
    """A fault if what was imported is not one collection that every command can use."""
    home = Home()
    if list(home.names()) != found or len(found) != 1:
        return failed(f"imported was {found}")
    collection = home.open(found[0])
    if fault := _unsound(collection.folder):
        return failed(f"imported were recordings that are none: {fault}")
    again = home.root / "again.zip"
    for words in (("list",), ("show", "--", found[0]), ("export", "--out", again, "--", found[0])):
        verdict, _ = run_command("own", *words)
        if verdict.outcome != "processed":
            return failed(f"imported, and then own {words[0]} says {verdict.detail}")
    return None


def _unsound(folder: Path) -> str | None:
    """What is wrong with a collection of which all must be sound."""
    collection = Home(folder.parent).open(folder.name)
    for action in collection.actions():
        collection.about(action)
        for name in collection.recordings(action):
            try:
                found = collection.read(action, name)
            except RecordingError as error:
                return str(error)
            for array in (found.times, found.image, found.world, found.visibility):
                if not np.isfinite(array).all():
                    return f"{action}/{name} holds numbers that are not finite"
    return None


def _list(rng: np.random.Generator, folder: Path) -> Verdict:
    return run_command("own", "list")[0]


def _show(rng: np.random.Generator, folder: Path) -> Verdict:
    return run_command("own", "show", NAME)[0]


def _export(rng: np.random.Generator, folder: Path) -> Verdict:
    out = folder / "out.zip"
    verdict, _ = run_command("own", "export", NAME, "--out", out)
    if verdict.outcome == "refused" and out.exists():
        return failed(f"refused, and there is a zip: {verdict.detail}")
    return verdict


def _delete(rng: np.random.Generator, folder: Path) -> Verdict:
    """Deletes something; it must be aside afterwards, and not gone."""
    words: list[str] = [[NAME], [NAME, ACTION], [NAME, ACTION, "0"]][rng.integers(3)]
    before = len(tree(collections_folder()))
    verdict, _ = run_command("own", "delete", *words)
    if verdict.outcome == "processed" and len(tree(collections_folder())) < before:
        return failed(f"{' '.join(words)} is gone for good")
    return verdict


def _add(rng: np.random.Generator, folder: Path) -> Verdict:
    """``teach`` without its video: one more recording, or none and nothing half of it."""
    sound = folder / "sound.npz"
    sound.write_bytes(npz(recording(rng, 1)))
    before = tree(collections_folder())
    try:
        name = Home().make(NAME).add(ACTION, read_recording(sound), bool(rng.random() < 0.5) or None)
    except (UserError, OSError) as error:
        return _nothing_new(before) or _told(error)
    return PROCESSED if Home().open(NAME).read(ACTION, name) else failed("nothing was kept")


def _nothing_new(before: dict[str, tuple[int, int]]) -> Verdict | None:
    new = [
        name for name in tree(collections_folder()).keys() - before.keys() if name.endswith((".npz", ".part"))
    ]
    return failed(f"refused, and {new} is there") if new else None


def _told(error: UserError | OSError) -> Verdict:
    """As the command line tells it."""
    if isinstance(error, OSError) and error.strerror:
        return Verdict("refused", f"{error.filename}: {error.strerror}")
    return of_error(error)


def _prepare(rng: np.random.Generator, folder: Path) -> Verdict:
    """Training data of a collection's folder."""
    return run_command("prepare", "recordings", collections_folder() / NAME, folder / "out", "--workers", 1)[
        0
    ]


def _teach(rng: np.random.Generator, folder: Path) -> Verdict:
    video = folder / "film.mp4"
    video.write_bytes(film(rng))
    before = tree(collections_folder())
    verdict, _ = run_command("teach", NAME, ACTION, video)
    if verdict.outcome == "refused":
        return _nothing_new(before) or verdict
    return verdict
