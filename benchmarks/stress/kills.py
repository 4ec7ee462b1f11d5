"""Commands that are killed at random times: their outputs are whole or absent, and going on gives the same.

Each round kills a command some times, each time at another moment of its way, and then lets it end. What it
leaves must be what an uninterrupted run leaves, and no temporary file may outlive the next start.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import numpy as np
import yaml

from app.drawing.encoding import VideoWriter
from app.drawing.example_clip import FPS, HEIGHT, WIDTH, render
from benchmarks.stress.inputs.datasets import ntu_text, put
from benchmarks.stress.server import ROOT, command
from pose.errors import UserError
from pose.sources import VideoFile
from recognizer.data.prepared import PreparedClips

KILLS_A_ROUND = 5
PATIENCE = 600.0
_OF_OTHERS = "torchinductor_"
"""PyTorch's cache, which it keeps from one start to the next."""
_RACES = 0.95
"""Share of the command's time within which it is killed: later it may have ended."""


class Victim(ABC):
    """A command, what it leaves, and how that is compared.

    Args:
        folder: new; raw material lies directly in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.temporary = folder / "tmp"

    @abstractmethod
    def arguments(self, out: Path) -> list[str]:
        """The command line for a start, or a start after a kill."""

    @abstractmethod
    def broken(self, out: Path) -> str | None:
        """What is there and not whole after a kill."""

    @abstractmethod
    def result(self, out: Path) -> dict[str, str]:
        """All files that the command has left in the end, hidden ones too, with hashes of their content."""

    def start(self, out: Path) -> subprocess.Popen:
        """Starts it in a session of its own, so that what it starts can be ended too."""
        self.temporary.mkdir(exist_ok=True)
        return subprocess.Popen(
            command(*self.arguments(out)),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr.txt").open("wb"),
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1"},
        )

    def finish(self, out: Path) -> str | None:
        """Lets it end by itself; what was wrong with that."""
        process = self.start(out)
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            _kill(process)
            return f"no end after {PATIENCE:.0f} s"
        if code:
            return f"exit code {code}: {(self.folder / 'stderr.txt').read_text(errors='replace')[-1500:]}"
        return None


class Run(Victim):
    """``pose2action run`` of a short film with all outputs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with VideoWriter(folder / "film.mp4", (WIDTH, HEIGHT), FPS) as video:
            for number in range(2 * FPS):
                video.write(render(number / FPS), number / FPS)

    def arguments(self, out: Path) -> list[str]:
        out.mkdir(exist_ok=True)
        options = {
            "--json": "a.json",
            "--csv": "a.csv",
            "--video": "a.mp4",
            "--skeleton": "a.npz",
            "--attention": "b.npz",
        }
        outputs = [part for option, name in options.items() for part in (option, str(out / name))]
        return ["run", str(self.folder / "film.mp4"), *outputs]

    def broken(self, out: Path) -> str | None:
        for path in out.glob("[!.]*"):
            try:
                if path.suffix == ".json":
                    json.loads(path.read_text())
                elif path.suffix == ".npz":
                    with np.load(path) as arrays:
                        _ = [arrays[name] for name in arrays.files]
                elif path.suffix == ".mp4":
                    with VideoFile(path) as video:
                        if sum(1 for _ in video) < 2 * FPS - 2 or video.problem:
                            return f"{path.name}: {video.problem or 'frames are missing'}"
            except (UserError, OSError, ValueError, KeyError) as error:
                return f"{path.name}: {type(error).__name__}: {error}"
        return None

    def result(self, out: Path) -> dict[str, str]:
        found = {path.name: "" for path in out.rglob("*")}
        found["a.json"] = _hash((out / "a.json").read_bytes())
        found["a.csv"] = _hash((out / "a.csv").read_bytes())
        for name in ("a.npz", "b.npz"):
            with np.load(out / name) as arrays:
                found[name] = _hash(b"".join(arrays[each].tobytes() for each in sorted(arrays.files)))
        return found


class Prepare(Victim):
    """``pose2action prepare`` of some thousand small files in two processes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        texts = [ntu_text(np.random.default_rng(number)).encode() for number in range(20)]
        for number in range(3000):
            name = f"S001C001P{number // 60 % 100:03d}R{number // 6000 + 1:03d}A{number % 60 + 1:03d}"
            put(folder / "raw" / f"{name}.skeleton", texts[number % len(texts)])

    def arguments(self, out: Path) -> list[str]:
        return ["prepare", "ntu60", str(self.folder / "raw"), str(out / "set"), "--workers", "2"]

    def broken(self, out: Path) -> str | None:
        if (out / "set").exists():
            try:
                PreparedClips(out / "set")
            except UserError as error:
                return str(error)
        return None

    def finish(self, out: Path) -> str | None:
        if (out / "set").exists():
            return None  # the kill came too late
        return super().finish(out)

    def result(self, out: Path) -> dict[str, str]:
        return _contents(out)


class Train(Victim):
    """``pose2action train`` of a small network, going on with ``--resume``."""

    def __init__(self, folder: Path, prepared: Path) -> None:
        super().__init__(folder)
        self._data = prepared
        config = {
            "name": "killed", "dataset": "ntu60", "protocol": "xsub", "frames": 8, "persons": 1,
            "batch_size": 64,
            "preprocessing": {"origin": "spine", "confidence": False}, "epochs": 4, "learning_rate": 0.02,
            "network": {"name": "lsta", "width": 0.1, "scales": 2, "dropout": 0.3}, "threads": 1,
        }  # fmt: skip
        (folder / "config.yaml").write_text(yaml.safe_dump(config))

    def arguments(self, out: Path) -> list[str]:
        begun = any((out / name).is_file() for name in ("last.ckpt", "previous.ckpt"))
        again = ["--resume"] if begun else []
        return [
            "train",
            str(self.folder / "config.yaml"),
            "--data",
            str(self._data),
            "--run",
            str(out),
            *again,
        ]

    def broken(self, out: Path) -> str | None:
        from recognizer.training.shared.checkpoints import checkpoint_to_resume

        if (out / "last.ckpt").exists() or (out / "previous.ckpt").exists():
            try:
                checkpoint_to_resume(out)
            except UserError as error:
                return str(error)
        for path in out.glob("[!.]*.safetensors"):
            from recognizer import weights

            try:
                weights.load(path)
            except UserError as error:
                return str(error)
        return None

    def result(self, out: Path) -> dict[str, str]:
        """Logs have times in them: of the run, the weights count, and what files there are beside them."""
        found = {
            path.name: "" for path in out.iterdir() if path.name.startswith(".") or path.suffix == ".part"
        }
        return found | {path.name: _hash(path.read_bytes()) for path in out.glob("*.safetensors")}


def kills(count: int, seed: int, folder: Path) -> list[str]:
    """Kills commands ``count`` times in all; gives a sentence for each thing that was not as it must be."""
    rng = np.random.default_rng(seed)
    faults: list[str] = []
    prepare = Prepare(folder / "prepare")
    victims: list[Victim] = [Run(folder / "run"), prepare]
    wanted: dict[str, tuple[dict[str, str], float]] = {}
    for victim in victims:
        wanted[type(victim).__name__] = _reference(victim)
    victims.append(Train(folder / "train", prepare.folder / "whole" / "set"))
    wanted["Train"] = _reference(victims[-1])
    done = 0
    for number in range(10**6):
        if done >= count:
            return faults
        victim = victims[number % len(victims)]
        result, seconds = wanted[type(victim).__name__]
        out = victim.folder / "killed"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        for _ in range(min(KILLS_A_ROUND, count - done)):
            done += 1
            faults += kill_once(victim, out, float(rng.uniform(0, _RACES * seconds)), done)
        faults += finish(victim, out, result, done)
        print(f"{done} of {count} kills, {len(faults)} faults", flush=True)
    return faults


def _reference(victim: Victim) -> tuple[dict[str, str], float]:
    """What an uninterrupted run leaves, and its seconds."""
    out = victim.folder / "whole"
    out.mkdir()
    began = time.monotonic()
    if fault := victim.finish(out):
        raise RuntimeError(f"{type(victim).__name__} does not even work without kills: {fault}")
    seconds = time.monotonic() - began
    print(f"{type(victim).__name__.lower()} takes {seconds:.1f} s", flush=True)
    return victim.result(out), seconds


def kill_once(victim: Victim, out: Path, after: float, number: int) -> list[str]:
    """Starts a command and kills it after so many seconds; what was wrong with what it left."""
    process = victim.start(out)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    code = process.poll()
    _kill(process)
    where = f"kill {number}, of {type(victim).__name__.lower()} after {after:.2f} s"
    if code not in (None, 0) and "exists already" not in (victim.folder / "stderr.txt").read_text(
        errors="replace"
    ):
        text = (victim.folder / "stderr.txt").read_text(errors="replace")
        return [f"{where}: it had ended with {code}: {text[-800:]}"]
    if fault := victim.broken(out):
        return [f"{where}: {fault}"]
    return []


def _kill(process: subprocess.Popen) -> None:
    """As a full memory does: the process, not what it has started, which must notice by itself."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def finish(victim: Victim, out: Path, wanted: dict[str, str], number: int) -> list[str]:
    """Lets a command that was killed go on to its end; what is not as without the kills."""
    where = f"after kill {number}, {type(victim).__name__.lower()}"
    if fault := victim.finish(out):
        return [f"{where}: {fault}"]
    found = victim.result(out)
    faults = []
    if found != wanted:
        different = sorted(
            name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)
        )
        faults.append(f"{where}: another result than without kills: {', '.join(different)}")
    if left := sorted(
        path.name for path in victim.temporary.iterdir() if not path.name.startswith(_OF_OTHERS)
    ):
        faults.append(f"{where}: {len(left)} temporary files are left, such as {', '.join(left[:5])}")
        shutil.rmtree(victim.temporary)
    return faults


def _contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with the hash of its content."""
    return {
        str(path.relative_to(folder)): _hash(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
