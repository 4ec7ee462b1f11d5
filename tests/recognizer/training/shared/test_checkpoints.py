"""What a stopped training goes on from: damaged checkpoints, kills amid a write, full disks."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from recognizer.training.clips.fit import train_clips
from recognizer.training.shared.checkpoints import LAST, PREVIOUS, WholeCheckpoints, read_checkpoint
from recognizer.training.shared.errors import ConfigError
from tests.disks import small_disk
from tests.recognizer.data.raw import prepared_ntu
from tests.recognizer.training.clips.clip_runs import config

ROOT = Path(__file__).resolve().parents[4]
OPTIONS = config(
    epochs=4, network={"name": "lsta", "width": 0.05, "scales": 1, "dropout": 0.3}, batch_size=10
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_ntu(tmp_path_factory.mktemp("ntu"), 30)


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    run = tmp_path_factory.mktemp("whole")
    train_clips(OPTIONS, data, run)
    return run


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """The same run without its weights."""
    shutil.copytree(whole, tmp_path / "run")
    for path in (tmp_path / "run").glob("*.safetensors"):
        path.unlink()
    return tmp_path / "run"


def weights_of(run: Path) -> bytes:
    (path,) = run.glob("*.safetensors")
    return path.read_bytes()


def flip(data: bytes) -> bytes:
    """One bit less or more in the largest tensor: PyTorch reads it without a word."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
        start = data.index(archive.read(largest))
    changed = bytearray(data)
    changed[start + largest.file_size // 2] ^= 1
    return bytes(changed)


class Evil:
    """Makes a file where it is unpickled in good faith."""

    def __reduce__(self):
        return Path.touch, (Path("taken-over"),)


def evil(data: bytes) -> bytes:
    content, out = torch.load(io.BytesIO(data), weights_only=True), io.BytesIO()
    torch.save({**content, "callbacks": Evil()}, out)
    return out.getvalue()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda data: data[: len(data) // 2],
    "cut": lambda data: data[:-1],
    "empty": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "one bit": flip,
    "other": lambda data: pickle.dumps({"state_dict": {}}),
    "evil": evil,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_gives_way_to_the_one_before_it(
    whole: Path, run: Path, data: Path, damage: str, caplog, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(run.parent)
    last = run / LAST
    last.write_bytes(DAMAGES[damage](last.read_bytes()))
    assert read_checkpoint(run / PREVIOUS)["epoch"] == 2
    if damage in ("half", "one bit", "evil"):  # training takes seconds
        train_clips(OPTIONS, data, run, resume=True)
        said = [each.getMessage() for each in caplog.records if "going on" in each.getMessage()]
        assert said == [f"{last} is damaged: going on from {run / PREVIOUS}, which is of step 6."]
        assert weights_of(run) == weights_of(whole)
    (run / PREVIOUS).write_bytes(last.read_bytes()[:100])
    last.write_bytes(DAMAGES[damage](last.read_bytes()))
    with pytest.raises(ConfigError, match="last.ckpt is damaged, .* start again without --resume"):
        train_clips(OPTIONS, data, run, resume=True)
    assert not (run.parent / "taken-over").exists()


def test_a_kill_between_the_two_names_loses_nothing(whole: Path, run: Path, data: Path, caplog):
    (run / LAST).unlink()
    train_clips(OPTIONS, data, run, resume=True)
    assert f"{run / LAST} is missing: going on from" in caplog.text
    assert weights_of(run) == weights_of(whole)


# Kills itself in the middle of writing the second checkpoint.
KILLED = """
import os, signal, sys
from pathlib import Path
from recognizer.training.configs import load_config
from recognizer.training.clips.fit import train_clips

real, written = Path.write_bytes, []

def write(self, content):
    if "last.ckpt" in self.name:
        written.append(self)
        if len(written) == 2:
            real(self, bytes(content)[:len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
    return real(self, content)

Path.write_bytes = write
train_clips(load_config(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
"""


def test_killed_amid_a_checkpoint_it_goes_on_with_the_same_result(whole: Path, data: Path, tmp_path: Path):
    script, run = tmp_path / "script.py", tmp_path / "run"
    script.write_text(KILLED)
    (tmp_path / "config.yaml").write_text(OPTIONS.model_dump_json())  # JSON is YAML
    command = [sys.executable, script, tmp_path / "config.yaml", data, run]
    killed = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list(run.glob(".last.ckpt.*.part")), "what the kill left"
    assert read_checkpoint(run / LAST)["epoch"] == 0
    train_clips(OPTIONS, data, run, resume=True)
    assert weights_of(run) == weights_of(whole)
    assert not list(run.glob(".*"))


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"network": {"name": "lsta", "width": 0.2, "scales": 1}}, "is of another network"),
        ({"network": {"name": "stf", "width": 0.1}}, "is of another network"),
        ({"optimizer": "adamw"}, "is of a training with another optimizer"),
    ],
)
def test_another_training_is_not_gone_on_with(run: Path, data: Path, changes: dict, said: str):
    before = (run / "config.json").read_bytes()
    other = OPTIONS.model_copy(update={key: getattr(config(**changes), key) for key in changes})
    with pytest.raises(ConfigError, match=f"{LAST} {said}: give the configuration that the run was begun"):
        train_clips(other, data, run, resume=True)
    assert (run / "config.json").read_bytes() == before


def test_a_disk_that_fills_up_keeps_the_checkpoint_before(tmp_path: Path):
    checkpoint = {"state_dict": {"weight": torch.randn(20_000)}}
    with small_disk(tmp_path / "disk", "200k") as disk:
        writer = WholeCheckpoints()
        writer.save_checkpoint(checkpoint, disk / LAST)
        before = (disk / LAST).read_bytes()
        with pytest.raises(OSError, match="No space left on device") as error:
            writer.save_checkpoint({"state_dict": {"weight": torch.randn(50_000)}}, disk / LAST)
        assert error.value.filename == str(disk / LAST)
        assert [path.name for path in disk.iterdir()] == [LAST] and (disk / LAST).read_bytes() == before


@pytest.mark.parametrize("size", ["40k", "120k", "250k"])
def test_training_on_a_full_disk_ends_in_a_sentence(data: Path, tmp_path: Path, size: str):
    (tmp_path / "config.yaml").write_text(OPTIONS.model_dump_json())
    with small_disk(tmp_path / "disk", size) as disk:
        command = [sys.executable, "-m", "app", "train", str(tmp_path / "config.yaml"), "--data", str(data)]
        command += ["--run", str(disk / "run")]
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        left = sorted(path.name for path in (disk / "run").iterdir())
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("pose2action: ")]
    assert len(said) == 1 and str(disk / "run") in said[0] and "No space left on device" in said[0]
    assert not [name for name in left if name.startswith(".")]
