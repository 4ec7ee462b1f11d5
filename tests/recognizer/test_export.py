"""Exported files against the networks that they come from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from recognizer import export as module
from recognizer import weights
from recognizer.export import ExportError, export
from recognizer.networks.dualhead import DualHeadConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.networks.sem import SEMConfig
from recognizer.networks.spa import SPAConfig
from recognizer.networks.stf import STFConfig
from recognizer.predictor import untrained_card
from recognizer.preprocess import Preprocessing
from recognizer.runtime.making import MakingError
from tests.recognizer.modules import with_history

ROOT = Path(__file__).resolve().parents[2]
SMALL = (LSTAConfig(width=0.25), STFConfig(width=0.125), SEMConfig(width=0.125), DualHeadConfig(width=0.125))


def saved(folder: Path, config, **changes) -> Path:
    card = untrained_card(frames=12).model_copy(update={"network": config, "name": config.name, **changes})
    torch.manual_seed(0)
    return weights.save(with_history(weights.build_network(card)), card, folder)


@pytest.mark.parametrize("config", SMALL, ids=lambda config: config.name)
def test_onnx_gives_the_same_for_any_number_of_samples(tmp_path: Path, config):
    path = saved(tmp_path, config, persons=2)
    assert export(path, tmp_path / "out.onnx") < 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "out.onnx")
    assert json.loads(session.get_modelmeta().custom_metadata_map["card.json"])["frames"] == 12
    network, _ = weights.load(path)
    for samples in (1, 5):
        x = torch.randn(samples, 3, 12, 18, 2)
        (found,) = session.run(["logits"], {"windows": x.numpy()})
        with torch.inference_mode():
            np.testing.assert_allclose(found, network(x).numpy(), rtol=1e-3, atol=1e-4)


def test_what_cannot_be_exported_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spa = saved(tmp_path / "weights", SPAConfig(width=0.125), preprocessing=Preprocessing())
    with pytest.raises(ExportError, match="spa cannot be exported: .* SPA-Net's sparse"):
        export(spa, tmp_path / "out" / "spa.onnx")
    lsta = saved(tmp_path / "weights", SMALL[0])
    with monkeypatch.context() as patch:
        patch.setattr(module, "TOLERANCE", -1.0)
        with pytest.raises(ExportError, match="gives other logits"):
            export(lsta, tmp_path / "out" / "lsta.onnx")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MakingError, match=r"pip install 'pose2action\[export\]'"):
        export(lsta, tmp_path / "out" / "lsta.onnx")
    assert not list(tmp_path.glob("out/*"))


def test_the_command(tmp_path: Path):
    path = saved(tmp_path, SMALL[0])
    command = [sys.executable, "-m", "app", "export", str(path), "--out", str(tmp_path / "out.onnx")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "out.onnx: its logits differ by" in done.stdout
    assert (tmp_path / "out.onnx").is_file()
