"""``pose2action run`` with odd names, odd files, full disks and Ctrl-C: one line, the right exit code."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.cli import cli
from app.commands import run as running
from app.commands.analysing import Look
from app.commands.console import printable
from app.commands.outputs import Outputs
from app.commands.printing import print_result
from app.commands.run import run_source
from app.video.results import PersonResult, VideoResult, write_csv, write_json
from recognizer.prediction import LabelScore
from recognizer.smoothing import Segment
from tests.disks import small_disk

ROOT = Path(__file__).resolve().parents[3]


def refused(*arguments) -> str:
    result = CliRunner().invoke(cli, ["run", *map(str, arguments)])
    assert result.exit_code == 1, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.strip()]
    assert line.startswith("pose2action: ")
    return line


def a_result(source: str) -> VideoResult:
    return VideoResult(source, 1.0, 30.0, "fake", "kinetics-18", 3.0, (), message="Nobody.")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("99999999999", "no camera of such a high number"),
        ("9" * 5000, "no camera of such a high number"),
        (" 1 ", "no file ' 1 '"),
        ("a\nb.mp4", r"no file 'a\nb.mp4'"),
        ("x" * 300, "cannot be the name of a video"),
        ("/dev/zero", "is not a file"),
        (".", "a folder for the results"),
    ],
)
def test_odd_sources(source, words):
    assert words in refused(source)


def test_a_negative_number_is_no_camera():
    assert "no file '-1'" in refused("--", "-1")


def test_a_pipe_blocks_nothing(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    assert "is not a file" in refused(tmp_path / "a.mp4", "--json", tmp_path / "a.json")


def test_a_folder_with_an_odd_name(tmp_path):
    assert r"no folder 'no\nfolder'" in refused(tmp_path / "a.mp4", "--json", "no\nfolder/a.json")


@pytest.mark.parametrize("name", ["a\nb.mp4", "a\x1b[31m.mp4", "a\udcff.mp4", "ünï.mp4"])
def test_names_are_printed_in_one_line(name, capsys):
    print_result(a_result(name), Console())
    said, message = capsys.readouterr().out.splitlines()
    assert said.startswith(f"{printable(name)}: 1.0 s") and message == "Nobody."
    assert "\x1b" not in said


def test_printable():
    assert printable("a b ü 人") == "a b ü 人"
    assert printable("a\nb\x1b\udcff\\n") == r"a\nb\x1b\udcff\n"


def test_a_terminal_that_lacks_letters(tmp_path):
    (tmp_path / "ü\udcff.mp4").touch()
    done = subprocess.run(
        [sys.executable, "-m", "app", "run", os.fsencode(tmp_path / "ü\udcff.mp4")],
        cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("pose2action: ") and "is empty" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("write", [write_json, write_csv])
def test_a_full_disk_keeps_older_results(tmp_path, write):
    walks = tuple(Segment(float(n), n + 0.5, "walk" * 10, 0.5) for n in range(500))
    score = LabelScore("walk" * 10, 0.5)
    person = PersonResult(0, (score,), False, walks, ())
    result = replace(a_result("a.mp4"), persons=(person,))
    with small_disk(tmp_path / "disk", "8k") as disk:
        (disk / "a").write_bytes(b"older")
        with pytest.raises(OSError, match="No space left") as error:
            write(result, disk / "a")
        assert error.value.filename == str(disk / "a")
        assert os.listdir(disk) == ["a"] and (disk / "a").read_bytes() == b"older"


@pytest.fixture
def waiting_file(tmp_path):
    """Many pictures, so that the analysis lasts."""
    from app.drawing.example_clip import write_example

    path = tmp_path / "clip.mp4"
    write_example(path)
    return path


def interrupted_when(seen: str, arguments, folder: Path) -> subprocess.CompletedProcess:
    """Starts ``run``, presses Ctrl-C twice once it says ``seen`` (a line of Python's list of imports)."""
    process = subprocess.Popen(
        [sys.executable, "-v", "-m", "app", "run", *map(str, arguments)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    lines = []
    for line in process.stderr:
        lines.append(line)
        if seen in line:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    process.wait(60)
    own = [line for line in rest.splitlines() if not line.startswith(("#", "import ", " "))]
    return subprocess.CompletedProcess([], process.returncode, "", "\n".join(own))


@pytest.mark.parametrize("seen", ["import 'av'", "import 'onnxruntime'", "import 'mediapipe"])
def test_ctrl_c_while_loading(waiting_file, tmp_path, seen):
    done = interrupted_when(seen, [waiting_file, "--video", tmp_path / "o.mp4"], tmp_path)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert "pose2action: stopped; nothing was written." in done.stderr
    assert os.listdir(tmp_path) == [waiting_file.name]


def test_ctrl_c_between_two_outputs_tells_what_was_written(tmp_path, monkeypatch):
    def work(source, look, outputs, *_):
        write_json(a_result("a"), outputs.json)
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_run", work)
    outputs = Outputs(json=tmp_path / "a.json", csv=tmp_path / "a.csv")
    outputs.csv.write_text("older")
    with pytest.raises(KeyboardInterrupt, match=r"only this was written: .*a\.json\.$") as stop:
        run_source("a.mp4", Look(), outputs)
    assert "csv" not in str(stop.value)
