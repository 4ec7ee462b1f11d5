"""Commands about weights with arguments that nobody should give: one line, and nothing is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from recognizer import weights
from recognizer.networks.lsta import LSTAConfig
from recognizer.predictor import untrained_card
from tests.disks import small_disk

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that are quick to export."""
    card = untrained_card(frames=8).model_copy(
        update={"network": LSTAConfig(width=0.1, scales=2), "name": "tiny"}
    )
    return weights.save(weights.build_network(card), card, tmp_path_factory.mktemp("tiny"))


def refused(*arguments: str | Path) -> str:
    """The one line that a command answers."""
    result = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert result.exit_code == 1, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    (line,) = result.stderr.splitlines()
    assert line.startswith("pose2action: ") and line.isprintable() and len(line) < 3000
    return line


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, str]:
    os.mkfifo(tmp_path / "pipe.json")
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    return {
        "newline": "a\nb",
        "escape": "\x1b[31mred",
        "surrogate": "\udcff",
        "long": "x" * 100_000,
        "empty": "",
        "folder": str(tmp_path),
        "folder as weights": str(tmp_path / "folder.safetensors"),
        "device": "/dev/zero",
        "pipe": str(tmp_path / "pipe.json"),
        "other pipe": str(tmp_path / "pipe.safetensors"),
    }


ODD = (
    "newline", "escape", "surrogate", "long", "empty", "folder", "folder as weights", "device", "pipe",
    "other pipe",
)  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_odd_names_of_weights(odd: dict[str, str], kind: str, tmp_path: Path):
    assert "There are no weights '" in refused("evaluate", odd[kind], "--data", tmp_path)
    said = refused("evaluate", f"{odd[kind]}+other", "--data", tmp_path)
    assert ("Weights have a name" if kind == "empty" else "There are no weights '") in said
    assert "There are no weights '" in refused("export", odd[kind])


@pytest.mark.parametrize("kind", ODD)
def test_odd_names_of_configurations(odd: dict[str, str], kind: str, tmp_path: Path):
    assert "There is no configuration '" in refused("train", odd[kind], "--data", tmp_path)


@pytest.mark.parametrize("kind", ODD)
def test_odd_folders_of_data(odd: dict[str, str], kind: str, tiny: Path):
    refused("evaluate", tiny, "--data", odd[kind])
    refused("train", "lsta/nw_ucla", "--data", odd[kind], "--run", tiny.parent / "run")


def test_files_that_cannot_be_exported_to(tiny: Path, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "zero.onnx").symlink_to("/dev/zero")
    for out in (tmp_path, tmp_path / "pipe.onnx", tmp_path / "zero.onnx", Path("/dev/null")):
        assert "is a folder or no plain file" in refused("export", tiny, "--out", out)
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "a.onnx", tmp_path / ("x" * 300), tmp_path / ("x" * 100_000)):
        refused("export", tiny, "--out", out)
    assert sorted(os.listdir(tmp_path)) == ["file", "pipe.onnx", "zero.onnx"]


@pytest.mark.parametrize("option", ["--json", "--confusion"])
def test_outputs_of_evaluate_are_checked_before_the_work(tiny: Path, tmp_path: Path, option: str):
    assert "there is no such folder" in refused(
        "evaluate", tiny, "--data", tmp_path, option, tmp_path / "no" / "a"
    )
    for path in (tmp_path, "/dev/full"):
        assert "this is no plain file" in refused("evaluate", tiny, "--data", tmp_path, option, path)


def test_an_export_on_a_full_disk(tiny: Path, tmp_path: Path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "out.onnx").write_text("before")
        command = [sys.executable, "-m", "app", "export", str(tiny), "--out"]
        done = subprocess.run(
            [*command, str(disk / "out.onnx")], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stderr
        assert done.stderr == f"pose2action: {disk / 'out.onnx'}: No space left on device\n"
        assert os.listdir(disk) == ["out.onnx"] and (disk / "out.onnx").read_text() == "before"


def test_weights_and_cards_on_a_full_disk(tmp_path: Path):
    card = untrained_card(frames=8).model_copy(update={"name": "tiny"})
    network = weights.build_network(card)
    with small_disk(tmp_path / "disk", "16k") as disk:
        with pytest.raises(OSError, match="No space left on device") as error:
            weights.save(network, card, disk)
        assert Path(error.value.filename).parent == disk and not os.listdir(disk)


def test_a_full_disk_keeps_old_figures(tiny: Path, tmp_path: Path):
    with small_disk(tmp_path / "disk", "256k") as disk:
        path = disk / tiny.name
        for each in (tiny, tiny.with_suffix(".json")):
            (disk / each.name).write_bytes(each.read_bytes())
        (disk / "filler").write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
        with pytest.raises(OSError, match="No space left on device") as error:
            weights.add_metrics(path, {"results": {"top1": 0.5}})
        assert error.value.filename == str(path.with_suffix(".json"))
        assert weights.read_card(path)[1].metrics == {}
        assert sorted(os.listdir(disk)) == ["filler", "tiny.json", "tiny.safetensors"]


# Presses Ctrl-C when a module is about to be imported.
PRESSING = """
import os, signal, sys

name, presses, *arguments = sys.argv[1:]

class Press:
    def find_spec(self, module, path=None, target=None):
        if module == name:
            sys.meta_path.remove(self)
            for _ in range(int(presses)):
                os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Press())
sys.argv = ["pose2action", *arguments]
from app.__main__ import main
main()
"""


@pytest.mark.parametrize("presses", [1, 3])
@pytest.mark.parametrize(
    "module, command",
    [
        ("typer", "weights"),
        ("pydantic", "weights"),
        ("numpy", "weights"),
        ("torch", "export tiny"),
        ("torch.nn", "export tiny"),
        ("recognizer.export", "export tiny"),
        ("recognizer.training.clips.evaluate", "evaluate tiny"),
        ("yaml", "train lsta/daily"),
        ("lightning", "train lsta/daily"),
        ("lightning.pytorch.callbacks", "train lsta/daily"),
        ("recognizer.data.prepare", "prepare ntu60 raw out"),
    ],
)
def test_ctrl_c_while_modules_are_imported(tmp_path: Path, module: str, command: str, presses: int):
    done = subprocess.run(
        [sys.executable, "-c", PRESSING, module, str(presses), *command.split()],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    # Python itself ends as the signal would where native code that it called was interrupted; for a shell
    # that is 130 as well.
    assert done.returncode in (130, -signal.SIGINT), done.stderr
    assert done.stderr == "pose2action: stopped; nothing was written.\n" and not done.stdout
