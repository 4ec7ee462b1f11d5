"""Where graphs are looked for, kept and made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recognizer import weights
from recognizer.card import WeightsCard
from recognizer.networks.configs import LSTAConfig
from recognizer.predictor import Recognizer, untrained_card
from recognizer.runtime import keeping
from recognizer.runtime.eager import EagerNetwork
from recognizer.runtime.graph import FastGraph
from recognizer.runtime.keeping import fast_graph, kept_graph

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, WeightsCard]:
    card = untrained_card(frames=8).model_copy(update={"network": LSTAConfig(width=0.1), "name": "mine"})
    torch.manual_seed(0)
    path = weights.save(weights.build_network(card), card, tmp_path / "weights")
    return weights.check(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "graph_folder", lambda: tmp_path / "cache" / "graphs")
    return tmp_path / "cache" / "graphs"


def test_a_graph_is_made_once_and_a_damaged_one_anew(saved, folder: Path, monkeypatch, caplog):
    made = []
    make = keeping._make
    monkeypatch.setattr(keeping, "_make", lambda tensors, out: (made.append(out), make(tensors, out)))
    assert isinstance(fast_graph(*saved), FastGraph)
    kept = kept_graph(saved[1])
    assert list(folder.iterdir()) == [kept] and len(made) == 1
    assert kept not in made, "written beside its place, and then renamed"
    assert "Making the fast graph of mine" in caplog.text

    caplog.clear()
    assert isinstance(fast_graph(*saved), FastGraph)
    assert len(made) == 1 and not caplog.text

    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    assert isinstance(fast_graph(*saved), FastGraph)
    assert len(made) == 2 and list(folder.iterdir()) == [kept]
    assert "is not used: it is damaged" in caplog.text
    assert len(kept.read_bytes()) == len(whole)

    # Beside the weights it needs no cache.
    kept.rename(saved[0].with_suffix(".onnx"))
    assert isinstance(fast_graph(*saved), FastGraph)
    assert len(made) == 2 and not list(folder.iterdir())


def test_where_nothing_can_be_kept_pytorch_computes_and_a_sentence_tells_so(saved, folder: Path, caplog):
    folder.parent.mkdir()
    folder.touch()  # a file in the folder's place: not even root can write there
    assert fast_graph(*saved) is None
    (record,) = caplog.records
    assert record.message.startswith(f"mine is computed by PyTorch, which is several times slower: {folder}")
    assert isinstance(Recognizer.load(saved[0], device="cpu").engine, EagerNetwork)


def test_what_cannot_be_made_leaves_nothing_and_says_why(saved, folder: Path, monkeypatch, caplog):
    monkeypatch.setattr(keeping, "_make", lambda tensors, out: out.write_bytes(b"nothing"))
    assert fast_graph(*saved) is None
    assert not list(folder.iterdir())
    assert "it is damaged" in caplog.records[-1].message

    def fails(*_):
        raise subprocess.TimeoutExpired("python", 900)

    monkeypatch.setattr(keeping, "_make", fails)
    assert fast_graph(*saved) is None
    assert "timed out after 900 seconds" in caplog.records[-1].message


def test_without_the_packages_a_sentence_says_what_to_install(saved, tmp_path: Path):
    code = (
        "import runpy, sys; sys.modules['onnxscript'] = None; "
        f"sys.argv[1:] = {[str(saved[0]), str(tmp_path / 'out.onnx')]!r}; "
        "runpy.run_module('recognizer.runtime', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith("pip install 'pose2action[export]'.")
    assert not (tmp_path / "out.onnx").exists()


def test_other_versions_have_other_files(saved, monkeypatch):
    _, card = saved
    first = kept_graph(card)
    monkeypatch.setattr(keeping, "version", lambda package: "99.0")
    assert kept_graph(card) != first
    assert kept_graph(card.model_copy(update={"sha256": "0" * 64})) != kept_graph(card)
