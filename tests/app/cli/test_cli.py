import csv
import json
import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from app import __version__
from app.cli import cli
from app.drawing.encoding import VideoWriter
from pose.sources import VideoFile, VideoInfo
from recognizer import weights
from recognizer.data.clip import DataError
from recognizer.data.recordings import read_recording
from recognizer.predictor import Recognizer
from tests import clips


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory):
    """Untrained weights as a file, which any command takes in place of a name."""
    recognizer = Recognizer.untrained()
    return weights.save(recognizer.engine.network, recognizer.card, tmp_path_factory.mktemp("weights"))


@pytest.fixture
def pose2action():
    """Runs a command in this process."""

    def run(*arguments):
        return CliRunner().invoke(cli, [str(a) for a in arguments])

    return run


def refused(result, *words, code=1):
    """One line on stderr, no traceback, the right exit code."""
    assert result.exit_code == code, result.output
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("pose2action: "), result.stderr
    for word in words:
        assert word in lines[0]


def test_help_and_version_need_nothing_heavy():
    code = (
        "import sys; from app.cli import cli; from typer.testing import CliRunner; r = CliRunner();"
        "assert r.invoke(cli, ['--help']).exit_code == 0; print(r.invoke(cli, ['--version']).output);"
        "assert not {'torch', 'mediapipe', 'cv2', 'av', 'gradio', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"pose2action {__version__}"


@pytest.mark.parametrize(
    "arguments", [["run"], ["nonsense"], ["run", "a.mp4", "--no-such"], ["run", "a.mp4", "--threshold", "2"]]
)
def test_wrong_usage_is_exit_code_2(pose2action, arguments):
    result = pose2action(*arguments)
    assert result.exit_code == 2 and "Traceback" not in result.output


def test_run_writes_all_it_is_asked_for(pose2action, example_clip, weights_file, tmp_path):
    paths = [tmp_path / name for name in ("a.json", "a.csv", "a.mp4", "a.npz", "b.npz")]
    names = ("--json", "--csv", "--video", "--skeleton", "--attention")
    options = [x for pair in zip(names, paths, strict=True) for x in pair]
    result = pose2action("run", example_clip, "--weights", weights_file, "--threshold", 0.2, *options)
    assert result.exit_code == 0, result.output
    read = json.loads(paths[0].read_text())
    assert read["source"] == str(example_clip) and read["duration"] == pytest.approx(9.0)
    assert read["weights"] == "untrained" and read["layout"] == "kinetics-18" and read["fps"] == 30
    (person,) = read["persons"]
    assert person["segments"] and person["windows"]
    assert f"{read['persons'][0]['summary'][0]['label']}" in result.stdout
    with paths[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["action"] for row in rows] == [s["label"] for s in person["segments"]]
    with av.open(str(paths[2])) as container:
        assert container.streams.video[0].frames == 270
    skeleton = np.load(paths[3])
    assert skeleton[f"landmarks_{person['id']}"].shape == (270, 33, 4)
    with np.load(paths[4], allow_pickle=False) as looked:
        assert (looked["person"] == person["id"]).all() and str(looked["layout"]) == "kinetics-18"
        assert looked["end"] == pytest.approx([window["time"] for window in person["windows"]], abs=1e-3)
        assert looked["end"] - looked["start"] == pytest.approx(3.0)
        rows = len(person["windows"])
        assert looked["joints"].shape == (rows, 8, 18) and looked["frames"].shape == (rows, 8)
        assert looked["joints"].min() == 0 and looked["joints"].max() == 1
        assert not np.array_equal(looked["joints"][0], looked["joints"][-1])
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "a.json", "a.mp4", "a.npz", "b.npz"]
    assert result.stderr == ""


def test_nobody_is_no_error(pose2action, make_video, weights_file):
    result = pose2action("run", make_video(0.5), "-w", weights_file)
    assert result.exit_code == 0 and "Nobody was seen" in result.stdout


def test_a_truncated_file_is_processed_and_said_to_be_partial(
    pose2action, example_clip, weights_file, tmp_path
):
    whole = tmp_path / "whole.mkv"
    with av.open(str(example_clip)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = pose2action("run", cut, "-w", weights_file, "--json", tmp_path / "a.json")
    assert result.exit_code == 0, result.output
    assert "ends early" in result.stderr
    read = json.loads((tmp_path / "a.json").read_text())
    assert read["partial"] is True and "ends early" in read["problem"] and len(read["persons"]) == 1


def write_audio(path):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 44100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("text.mp4", lambda p: p.write_text("This is no video.\n" * 50), "text.mp4"),
        ("empty.mp4", lambda p: p.write_bytes(b""), "empty"),
        ("noise.mp4", lambda p: p.write_bytes(os.urandom(4096)), "noise.mp4"),
        ("sound.mp4", write_audio, "no video track"),
        ("folder.mp4", lambda p: p.mkdir(), "a folder for the results"),
        ("missing.mp4", lambda p: None, "no file"),
    ],
)
def test_bad_sources(pose2action, tmp_path, name, make, words):
    make(tmp_path / name)
    before = sorted(os.listdir(tmp_path))
    refused(
        pose2action("run", tmp_path / name, "--video", tmp_path / "o.mp4", "--json", tmp_path / "o.json"),
        words,
    )
    assert sorted(os.listdir(tmp_path)) == before


def test_a_camera_that_is_not_there(pose2action):
    refused(pose2action("run", "97"), "Camera 97")


def test_bad_weights(pose2action, make_video, weights_file, tmp_path):
    clip = make_video(0.2)
    refused(pose2action("run", clip, "--weights", "no-such-weights"), "no-such-weights", *weights.available())
    refused(pose2action("run", clip, "--weights", "these+those"), "There are no weights 'these'")
    damaged = tmp_path / weights_file.name
    damaged.write_bytes(weights_file.read_bytes()[:-10])
    card = weights_file.with_suffix(".json")
    (tmp_path / card.name).write_bytes(card.read_bytes())
    refused(pose2action("run", clip, "--weights", damaged), "damaged")
    (tmp_path / card.name).write_text("{}")
    refused(pose2action("run", clip, "--weights", damaged), "card")


def test_a_fusion_has_no_card_for_figures(pose2action, tmp_path):
    refused(pose2action("evaluate", "these+those", "--data", tmp_path, "--card"), "no weights 'these+those'")


def test_weights_whose_layout_no_camera_gives(pose2action, make_video, tmp_path):
    recognizer = Recognizer.untrained()
    card = recognizer.card.model_copy(update={"layout": "mediapipe-33"})
    path = weights.save(weights.build_network(card), card, tmp_path)
    refused(pose2action("run", make_video(0.2), "--weights", path), "mediapipe-33", "kinetics-18", "shrec-22")


def test_a_hand_from_the_hips_is_refused(pose2action, make_video, hand_weights):
    card = json.loads(hand_weights.with_suffix(".json").read_text())
    card["preprocessing"]["origin"] = "torso"
    hand_weights.with_suffix(".json").write_text(json.dumps(card))
    refused(
        pose2action("run", make_video(0.2), "-w", hand_weights), "does not fit its card", "needs shoulders"
    )


def test_no_hand_is_no_error(pose2action, make_video, hand_weights, tmp_path):
    result = pose2action("run", make_video(0.5), "-w", hand_weights, "--json", tmp_path / "a.json")
    assert result.exit_code == 0 and "No hand was seen" in result.stdout
    read = json.loads((tmp_path / "a.json").read_text())
    assert (read["layout"], read["message"]) == ("shrec-22", "No hand was seen in this video.")


def test_run_with_weights_of_hands(pose2action, hand_weights, tmp_path):
    clip = tmp_path / "clip.mp4"
    with VideoWriter(clip, clips.HANDS_SIZE, 30) as video:
        for number, picture in enumerate(clips.hands(430, 490)):
            video.write(picture, number / 30)
    paths = [tmp_path / name for name in ("a.json", "a.mp4", "a.npz", "b.npz")]
    options = [
        x
        for pair in zip(("--json", "--video", "--skeleton", "--attention"), paths, strict=True)
        for x in pair
    ]
    result = pose2action("run", clip, "--weights", hand_weights, "--threshold", 0, *options)
    assert result.exit_code == 0, result.output
    assert "Hand 1, the whole clip: " in result.stdout and "Hand 2, the whole clip: " in result.stdout
    read = json.loads(paths[0].read_text())
    assert read["layout"] == "shrec-22" and [hand["id"] for hand in read["persons"]] == [0, 1]
    assert {label["label"] for label in read["persons"][0]["summary"]} == {"grab", "tap"}
    with np.load(paths[2]) as skeleton:
        assert skeleton["world_0"].shape == skeleton["landmarks_1"].shape == (60, 21, 4)
        assert skeleton["detected_0"].mean() > 0.9
        # Each hand stays on its side of the picture.
        sides = [np.ptp(skeleton[f"landmarks_{i}"][skeleton[f"detected_{i}"], 0, 0]) for i in (0, 1)]
        assert max(sides) < 0.3
    with np.load(paths[3], allow_pickle=False) as looked:
        assert str(looked["layout"]) == "shrec-22" and looked["body"].shape[1:] == (22, 3)
        assert looked["relations_0"].shape[1:] == (22, 22) and looked["regularisation"].shape == (22, 22)
        assert np.isfinite(looked["body"]).all()
    recording = tmp_path / "recordings" / "grab"
    recording.mkdir(parents=True)
    paths[2].rename(recording / "one.npz")
    with pytest.raises(DataError, match=r"one\.npz: shows hands; record people"):
        read_recording(recording / "one.npz")


def test_outputs_are_checked_before_the_work(pose2action, make_video, tmp_path):
    clip = make_video(0.2)
    refused(pose2action("run", clip, "--json", tmp_path / "no" / "a.json"), "no folder")
    refused(pose2action("run", clip, "--csv", tmp_path), "folder")
    refused(pose2action("run", clip, "--video", clip), "source")
    refused(pose2action("run", clip, "--json", tmp_path / "a", "--csv", tmp_path / "a"), "another output")
    refused(pose2action("run", clip, "--attention", tmp_path / "no" / "a.npz"), "--attention", "no folder")


def test_the_weights_that_are_installed(pose2action):
    cards = weights.available()
    result = pose2action("weights")
    if not cards:
        refused(result, "no usable weights")
        return
    assert result.exit_code == 0
    for name, card in cards.items():
        (row,) = (line for line in result.stdout.splitlines() if f" {name} " in line)
        wanted = {
            card.layout,
            f"{len(card.classes)}",
            f"{100 * card.metrics['results']['nw_ucla']['top1']:.1f} %",
        }
        assert wanted <= {cell.strip() for cell in row.split("│")}
        assert (f"{name} *" in row) == (name in weights.DEFAULT.split("+"))


def test_a_card_in_words(pose2action, weights_file):
    name, card = next(iter(weights.available().items()))
    said = pose2action("weights", name).stdout
    assert card.licence in said and card.data in said and ", ".join(sorted(card.classes)) in said
    assert f"results nw_ucla top1: {card.metrics['results']['nw_ucla']['top1']:.4g}" in said
    assert "untrained" in pose2action("weights", weights_file).stdout
    refused(pose2action("weights", "nobody"), "no weights 'nobody'")


def test_ctrl_c_leaves_no_file(example_clip, weights_file, tmp_path):
    command = [sys.executable, "-m", "app", "run", str(example_clip), "--weights", str(weights_file)]
    outputs = [
        "--video",
        str(tmp_path / "a.mp4"),
        "--json",
        str(tmp_path / "a.json"),
        "--skeleton",
        str(tmp_path / "a.npz"),
        "--attention",
        str(tmp_path / "b.npz"),
    ]
    process = subprocess.Popen(command + outputs, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not os.listdir(tmp_path):  # the unfinished video, under another name
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "pose2action: stopped; nothing was written."
    assert os.listdir(tmp_path) == []


def test_a_camera_runs_until_ctrl_c_and_then_writes(
    pose2action, example_clip, weights_file, tmp_path, monkeypatch
):
    class Player:
        """A camera that plays a file."""

        name, live, problem, info = "camera 0", True, None, VideoInfo(640, 480, 30.0, None, None)

        def __iter__(self):
            for number, frame in enumerate(VideoFile(example_clip)):
                if number == 100:
                    os.kill(os.getpid(), signal.SIGINT)
                yield frame

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("app.commands.run.open_source", lambda text, tell: Player())
    result = pose2action(
        "run",
        "0",
        "-w",
        weights_file,
        "--threshold",
        0.2,
        "--json",
        tmp_path / "a.json",
        "--video",
        tmp_path / "a.mp4",
    )
    assert result.exit_code == 0, result.output
    read = json.loads((tmp_path / "a.json").read_text())
    assert read["source"] == "camera 0" and read["duration"] == pytest.approx(3.33, abs=0.05)
    assert "person 1  " in result.stdout  # the labels, as they came
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].frames == 100
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_default_is_evaluated_where_nothing_is_named(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr("app.commands.evaluate.evaluate_weights", lambda names, *_: asked.append(list(names)))
    for command in (["evaluate"], ["evaluate", "a", "b"]):
        assert CliRunner().invoke(cli, command).exit_code == 0
    assert asked == [[weights.DEFAULT], ["a", "b"]]
