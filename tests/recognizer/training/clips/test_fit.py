"""Training on whole clips: runs, their ends, several processes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.card import WeightsError
from recognizer.networks.build import build
from recognizer.predictor import Recognizer
from recognizer.preprocess import Preprocessing
from recognizer.training.clips import fit as fit_clips
from recognizer.training.clips.fit import train_clips
from recognizer.training.clips.module import ClipModule
from recognizer.training.configs import load_config
from recognizer.training.shared.errors import ConfigError
from tests.recognizer.data.raw import prepared_ntu
from tests.recognizer.training.clips.clip_runs import config

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_ntu(tmp_path_factory.mktemp("ntu"), 30)


# Several processes

# A network without batch norm, whose statistics would be each process's own.
TWO_PROCESSES = """
import sys
import torch
from pathlib import Path
from recognizer.training.clips import fit as fit_clips
from recognizer.training.configs import load_config

class Plain(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(3 * 8 * 25 * 2, classes)

    def forward(self, x):
        return self.layer(x.flatten(1))

    def supervised(self, x):
        return (self(x),), self(x)

def step(self, optimizer):
    gradients.append(self.network.layer.weight.grad.clone())

gradients = []
fit_clips.build = lambda config, layout, classes, channels, persons: Plain(classes)
fit_clips.ClipModule.on_before_optimizer_step = step
options, data, out = load_config(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
fit_clips.train_clips(options, data, out)
rank = torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
torch.save(gradients, out / f"gradients-{rank}")
"""


def test_two_processes_have_the_gradients_of_one(data: Path, tmp_path: Path):
    script, path = tmp_path / "script.py", tmp_path / "config.yaml"
    script.write_text(TWO_PROCESSES)
    # 20 training clips in batches of 10, five of them for each process.
    path.write_text(yaml.safe_dump(config(epochs=2, batch_size=10).model_dump(mode="json")))
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for name, launcher in (("one", []), ("two", torchrun)):
        command = [sys.executable, *launcher, str(script), str(path), str(data), str(tmp_path / name)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "litlogger" not in done.stderr, "an advertisement of Lightning's"
    one, *two = (
        torch.load(tmp_path / name / f"gradients-{rank}")
        for name, rank in (("one", 0), ("two", 0), ("two", 1))
    )
    assert len(one) == 4
    for gradients in two:
        for mine, wanted in zip(gradients, one, strict=True):
            torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-6)
    assert len(list((tmp_path / "two").glob("*.safetensors"))) == 1


# Runs


def tensors(path: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load(path.read_bytes())


def test_a_run_gives_weights_that_recognise_live(data: Path, tmp_path: Path):
    path = train_clips(config(average=0.9), data, tmp_path / "run")
    recognizer = Recognizer.load(path, device="cpu")
    assert 0 < recognizer.card.training["minutes"] < 10
    assert recognizer.card.persons == 2 and recognizer.card.preprocessing.origin == "spine"
    joints = np.random.default_rng(0).normal(0, 0.4, (1, 8, 25, 3)) + [0, 0, 3]
    window = SkeletonSequence(joints, np.ones((1, 8, 25)), np.linspace(0, 3, 8), NTU_25)
    (prediction,) = recognizer.predict([window])
    assert prediction.probabilities.shape == (60,)
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    (log,) = (tmp_path / "run" / "log").iterdir()
    assert "top1_test" in (log / "metrics.csv").read_text()
    assert list(log.glob("events.out.tfevents.*"))


def test_looking_at_the_test_part_changes_nothing(data: Path, tmp_path: Path):
    seen = train_clips(config(average=0.9), data, tmp_path / "seen")
    unseen = train_clips(config(average=0.9, test_every=None), data, tmp_path / "unseen")
    assert unseen.read_bytes() == seen.read_bytes()
    (log,) = (tmp_path / "unseen" / "log").iterdir()
    assert "top1_test" not in (log / "metrics.csv").read_text()


def test_weights_are_averaged_every_so_many_steps(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    steps: list[dict[str, torch.Tensor]] = []

    def record(self, *_):
        steps.append({name: value.clone() for name, value in self.network.state_dict().items()})

    monkeypatch.setattr(fit_clips.ClipModule, "on_train_batch_end", record)
    found = tensors(
        train_clips(config(average=0.75, average_every=2, epochs=2, batch_size=10), data, tmp_path)
    )
    first, _, third, _ = steps
    for name, value in found.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.75 * first[name] + 0.25 * third[name])


def test_weights_for_pictures_are_not_used_live():
    card = Recognizer.untrained().card
    card = card.model_copy(update={"preprocessing": Preprocessing(origin="picture")})
    recognizer = Recognizer.of(weights.build_network(card), card)
    window = SkeletonSequence(
        np.ones((1, 32, 18, 2)), np.ones((1, 32, 18)), np.linspace(0, 3, 32), KINETICS_18
    )
    with pytest.raises(WeightsError, match="cannot be used live: .*picture's size"):
        recognizer.predict([window])


def test_half_precision_learns_the_same_up_to_rounding(data: Path, tmp_path: Path):
    whole = tensors(train_clips(config(), data, tmp_path / "whole"))
    half = tensors(train_clips(config(precision="bf16-mixed"), data, tmp_path / "half"))
    assert all(half[name].dtype == whole[name].dtype for name in whole)
    one, other = (torch.cat([each[name].flatten().float() for name in whole]) for each in (whole, half))
    # bfloat16 has 8 bits: not the same numbers, and about the same.
    assert 0 < (one - other).norm() / one.norm() < 0.05


class Small(torch.nn.Sequential):
    """Two layers without batch norm and dropout."""

    def supervised(self, x: torch.Tensor) -> tuple[tuple[torch.Tensor], torch.Tensor]:
        logits = self(x)
        return (logits,), logits


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """``Small`` is trained in place of the configuration's network, with the same weights every time."""

    def build(config, layout, classes, *_) -> torch.nn.Module:
        torch.manual_seed(0)
        layers = torch.nn.Linear(3 * 8 * len(layout) * 2, 16), torch.nn.ReLU(), torch.nn.Linear(16, classes)
        return Small(torch.nn.Flatten(), *layers)

    monkeypatch.setattr(fit_clips, "build", build)


def test_gradients_are_clipped(small, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    norms: list[float] = []

    def measure(self, *_):
        gradients = [each.grad.flatten() for each in self.network.parameters()]
        norms.append(float(torch.cat(gradients).norm()))

    monkeypatch.setattr(fit_clips.ClipModule, "on_train_batch_end", measure)
    train_clips(config(epochs=1, batch_size=10), data, tmp_path / "free")
    free, norms[:] = norms[0], []
    assert free > 0.1, "the first step's, which clipping cannot have changed"
    train_clips(config(epochs=1, batch_size=10, clip_gradients=0.01), data, tmp_path / "clipped")
    assert norms == pytest.approx([0.01] * 2, rel=1e-3)
    norms.clear()
    train_clips(config(epochs=1, batch_size=10, clip_gradients=2 * free), data, tmp_path / "loose")
    assert norms[0] == pytest.approx(free, rel=1e-6)


def test_accumulated_batches_are_one_large_batch(small, data: Path, tmp_path: Path):
    """20 training clips: two steps an epoch, each of 10 clips, or of 5 and 5."""
    large = tensors(train_clips(config(batch_size=10), data, tmp_path / "large"))
    halves = tensors(train_clips(config(batch_size=5, accumulate=2), data, tmp_path / "halves"))
    apart = tensors(train_clips(config(batch_size=5), data, tmp_path / "apart"))
    for name, wanted in large.items():
        torch.testing.assert_close(halves[name], wanted, rtol=1e-4, atol=1e-6)
    assert any(not torch.allclose(apart[name], large[name], rtol=1e-2, atol=1e-4) for name in large)


def test_a_compiled_network_learns_the_same(
    small, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    eager = tensors(train_clips(config(), data, tmp_path / "eager"))
    calls = []
    compiler = torch.compile
    monkeypatch.setattr(torch, "compile", lambda method: calls.append(method) or compiler(method))
    compiled = tensors(train_clips(config(compile=True), data, tmp_path / "compiled"))
    assert calls and eager.keys() == compiled.keys(), "the weights fit a network that is not compiled"
    for name, wanted in eager.items():
        torch.testing.assert_close(compiled[name], wanted, rtol=1e-4, atol=1e-5)


def test_compiled_dualhead_has_both_heads_supervised(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    torch.manual_seed(0)
    clips, targets = torch.randn(4, 3, 8, 25, 2), torch.nn.functional.one_hot(torch.arange(4)).bool()
    losses, gradients = [], []
    for choice in (False, True):
        options = config(network={"name": "dualhead", "width": 0.125}, compile=choice)
        torch.manual_seed(1)
        network = build(options.network, NTU_25, 4, 3, 2)
        clip_module = ClipModule(network, options, 10)
        loss = clip_module.training_step((clips, targets), 0)
        loss.backward()
        losses.append(loss)
        gradients.append({name: parameter.grad for name, parameter in network.named_parameters()})
        # A checkpoint of one goes on as the other.
        assert list(clip_module.state_dict()) == [f"network.{name}" for name in network.state_dict()]
    heads = network.forward_heads(clips)
    wanted = sum(torch.nn.functional.cross_entropy(head, torch.arange(4)) for head in heads) / 2
    torch.testing.assert_close(losses, [wanted, wanted])
    torch.testing.assert_close(gradients[1], gradients[0])


def test_killed_and_resumed_it_gives_the_same_weights(data: Path, tmp_path: Path):
    options = config(epochs=30, augmentation={"rotation": 20, "noise": 0.01})
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(options.model_dump(mode="json")))
    run = tmp_path / "run"
    command = [sys.executable, "-m", "app", "train", str(path), "--data", str(data), "--run", str(run)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (run / "last.ckpt").is_file() and time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.02)
    time.sleep(0.1)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not list(run.glob("*.safetensors"))
    begun = torch.load(run / "last.ckpt", weights_only=False)["epoch"]
    assert begun < 29
    resumed = tensors(train_clips(options, data, run, resume=True))
    whole = tensors(train_clips(options, data, tmp_path / "whole"))
    assert resumed.keys() == whole.keys()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_full_disk_leaves_the_last_checkpoint(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    options, run, real, written = config(epochs=3), tmp_path / "run", Path.write_bytes, []

    def write(self: Path, content: bytes) -> int:
        written.append(self)
        if len(written) > 1:
            real(self, bytes(content)[:1000])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        with pytest.raises(
            OSError, match="No space left on device; .*last.ckpt is kept, go on with --resume"
        ):
            train_clips(options, data, run)
    assert len(written) == 2 and sorted(path.name for path in run.iterdir()) == [
        "config.json",
        "last.ckpt",
        "log",
    ]
    resumed = tensors(train_clips(options, data, run, resume=True))
    whole = tensors(train_clips(options, data, tmp_path / "whole"))
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_what_cannot_be_trained_is_told(data: Path, tmp_path: Path):
    for changes, said in (
        (
            {"preprocessing": {"origin": "torso"}},
            "for preprocessing.origin=spine or first or extent, not torso",
        ),
        ({"dataset": "utd_mhad"}, "holds ntu60, and .* is about utd_mhad"),
        (
            {"network": {"name": "spa"}, "preprocessing": {"streams": ["joint", "bone"], "origin": "spine"}},
            "joint stream",
        ),
    ):
        with pytest.raises(ConfigError, match=said):
            train_clips(config(**changes), data, tmp_path / "run")
    with pytest.raises(ConfigError, match="nothing to resume"):
        train_clips(config(), data, tmp_path / "run", resume=True)


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_no_weights(data: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match="no finite number .* lower learning_rate"):
        train_clips(config(learning_rate=1e6, epochs=3), data, tmp_path / "run")
    assert not list((tmp_path / "run").glob("*.safetensors"))


def test_a_configuration_with_a_data_set_is_about_clips(tmp_path: Path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config().model_dump(mode="json")))
    assert load_config(str(path), ["epochs=3", "network.width=0.2"]).epochs == 3
    assert config().name == "lsta-ntu60-xview-joint"
    with pytest.raises(ConfigError, match="milestones"):
        load_config(str(path), ["milestones=[0]"])
