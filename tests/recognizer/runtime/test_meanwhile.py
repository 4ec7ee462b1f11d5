"""Weights without a graph answer at once, by PyTorch, and by their graph as soon as it is made."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.core.catalogue import Catalogue
from recognizer import weights
from recognizer.card import WeightsCard
from recognizer.predictor import Recognizer
from recognizer.runtime import keeping
from recognizer.runtime.answer import named
from recognizer.runtime.eager import EagerNetwork
from recognizer.runtime.graph import FastGraph, GraphError, difference, samples
from recognizer.runtime.meanwhile import Meanwhile, engine_at_once


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WeightsCard, bytes]:
    """Weights that have no graph beside them, and the graph."""
    folder = tmp_path_factory.mktemp("weights")
    for ending in (".safetensors", ".json"):
        shutil.copy((weights.weights_folder() / weights.DEFAULT).with_suffix(ending), folder)
    tensors, card = weights.check(folder / f"{weights.DEFAULT}.safetensors")
    return tensors, card, (weights.weights_folder() / weights.DEFAULT).with_suffix(".onnx").read_bytes()


class Making:
    """Stands for the process that makes a graph: takes until it is let go on, and may fail."""

    def __init__(self, graph: bytes) -> None:
        self.graph, self.begun, self.go_on = graph, threading.Event(), threading.Event()
        self.failure: Exception | None = None
        self.manners: list[tuple[str, ...]] = []

    def __call__(self, tensors: Path, out: Path, *manner: str) -> None:
        self.manners.append(manner)
        self.begun.set()
        assert self.go_on.wait(60)
        if self.failure is not None:
            raise self.failure
        out.write_bytes(self.graph)


@pytest.fixture
def making(own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Making:
    monkeypatch.setattr(keeping, "graph_folder", lambda: tmp_path / "graphs")
    made = Making(own[2])
    monkeypatch.setattr(keeping, "_make", made)
    yield made
    made.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "graph-making":
            thread.join(60)


def wait_for(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_pytorch_answers_until_the_graph_is_there_and_both_say_the_same(own, making: Making):
    tensors, card, _ = own
    engine = engine_at_once(tensors, card)
    assert isinstance(engine, Meanwhile) and making.begun.wait(60)
    first = engine(samples(card))
    assert isinstance(engine.engine, EagerNetwork), "the graph is not there yet"
    making.go_on.set()
    wait_for(lambda: isinstance(engine.engine, FastGraph))
    second = engine(samples(card))
    assert difference(second.logits, first.logits) < 1e-4
    assert difference(second.embeddings, first.embeddings) < 1e-4
    for name, array in named(first.attention).items():
        np.testing.assert_allclose(named(second.attention)[name], array, atol=1e-4)
    assert isinstance(engine_at_once(tensors, card), FastGraph), "it was kept"


def test_where_it_cannot_be_made_pytorch_goes_on_and_a_sentence_says_why(own, making: Making, caplog):
    tensors, card, _ = own
    making.failure = GraphError("Fast graphs need extra packages.")
    engine = engine_at_once(tensors, card)
    making.go_on.set()
    wait_for(lambda: "several times slower: Fast graphs need extra packages." in caplog.text)
    assert isinstance(engine.engine, EagerNetwork)
    assert engine(samples(card)).logits.shape == (2, len(card.classes) + 1), "and one of what is unknown"


def test_the_page_does_not_wait_for_the_graph_and_commands_do(own, making: Making):
    tensors, card, _ = own
    catalogue = Catalogue.shipped(tensors, at_once=True)
    engine = catalogue.load(None).engine
    assert isinstance(engine, Meanwhile) and isinstance(engine.engine, EagerNetwork)
    making.go_on.set()
    wait_for(lambda: isinstance(engine.engine, FastGraph))
    shutil.rmtree(keeping.graph_folder())
    assert isinstance(Recognizer.load(tensors, device="cpu").engine, FastGraph)
    assert making.manners == [("gently",), ()]
