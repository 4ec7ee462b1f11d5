"""Exported files against the networks that they come from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer import export as module
from recognizer import weights
from recognizer.export import CARD, ExportError, export
from recognizer.networks.dualhead import DualHeadConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.networks.sem import SEMConfig
from recognizer.networks.spa import SPAConfig
from recognizer.networks.stf import STFConfig
from recognizer.predictor import untrained_card
from recognizer.preprocess import Preprocessing
from tests.recognizer.modules import with_history

ROOT = Path(__file__).resolve().parents[2]
SMALL = (LSTAConfig(width=0.25), STFConfig(width=0.125), SEMConfig(width=0.125), DualHeadConfig(width=0.125))


def saved(folder: Path, config, **changes) -> Path:
    card = untrained_card(frames=12).model_copy(update={"network": config, "name": config.name, **changes})
    torch.manual_seed(0)
    return weights.save(with_history(weights.build_network(card)), card, folder)


@pytest.mark.parametrize("config", SMALL, ids=lambda config: config.name)
def test_torchscript_gives_the_same_for_any_number_of_samples(tmp_path: Path, config):
    path = saved(tmp_path, config)
    assert export(path, tmp_path / "out.pt", "torchscript") < 1e-4
    extra = {CARD: ""}
    run = torch.jit.load(str(tmp_path / "out.pt"), _extra_files=extra)
    assert json.loads(extra[CARD])["classes"] == ["clap", "idle", "squat", "wave"]
    network, _ = weights.load(path)
    for samples in (1, 5):
        x = torch.randn(samples, 3, 12, 18, 1)
        with torch.inference_mode():
            torch.testing.assert_close(run(x), network(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("config", SMALL, ids=lambda config: config.name)
def test_onnx_gives_the_same_for_any_number_of_samples(tmp_path: Path, config):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra 'export' is not installed")
    path = saved(tmp_path, config, persons=2)
    assert export(path, tmp_path / "out.onnx", "onnx") < 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "out.onnx")
    assert json.loads(session.get_modelmeta().custom_metadata_map[CARD])["frames"] == 12
    network, _ = weights.load(path)
    for samples in (1, 5):
        x = torch.randn(samples, 3, 12, 18, 2)
        (found,) = session.run(["logits"], {"windows": x.numpy()})
        with torch.inference_mode():
            np.testing.assert_allclose(found, network(x).numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "name", [name for name, card in weights.available().items() if card.network.name != "spa"]
)
def test_shipped_weights_can_be_exported(tmp_path: Path, name: str):
    assert export(name, tmp_path / "out.pt", "torchscript") < 1e-4


def test_what_cannot_be_exported_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spa = saved(tmp_path / "weights", SPAConfig(width=0.125), preprocessing=Preprocessing())
    with pytest.raises(ExportError, match="spa cannot be exported: .* SPA-Net's sparse"):
        export(spa, tmp_path / "out" / "spa.pt", "torchscript")
    monkeypatch.setattr(module, "TOLERANCE", -1.0)
    with pytest.raises(ExportError, match="gives other logits"):
        export(saved(tmp_path / "weights", SMALL[0]), tmp_path / "out" / "lsta.pt", "torchscript")
    assert not (tmp_path / "out").exists()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ExportError, match=r"pip install 'pose2action\[export\]'"):
        export(saved(tmp_path / "weights", SMALL[0]), tmp_path / "out" / "lsta.onnx", "onnx")


def test_the_command(tmp_path: Path):
    path = saved(tmp_path, SMALL[0])
    command = [sys.executable, "-m", "app", "export", str(path), "--format", "torchscript"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out.pt")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "out.pt: its logits differ by" in done.stdout
    assert (tmp_path / "out.pt").is_file()
