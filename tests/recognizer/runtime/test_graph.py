"""Graphs against the networks that they were made of."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch

from recognizer import weights
from recognizer.attention import attention_maps
from recognizer.networks.configs import DualHeadConfig, LSTAConfig, SEMConfig, SPAConfig, STFConfig
from recognizer.predictor import Recognizer, untrained_card
from recognizer.runtime.answer import named
from recognizer.runtime.eager import as_arrays
from recognizer.runtime.graph import (
    ANSWERS,
    FastGraph,
    GraphError,
    can_be_graph,
    graph_key,
    network_threads,
    sample_shape,
    sealed,
)
from recognizer.runtime.making import make_graph
from tests.recognizer.modules import with_history

SMALL = {
    "lsta": LSTAConfig(width=0.25),
    "lsta, ms-gcn without attention": LSTAConfig(width=0.25, spatial="ms-gcn", attention=False),
    "stf": STFConfig(width=0.125),
    "sem": SEMConfig(width=0.125),
    "sem, unified": SEMConfig(width=0.125, attention="unified", global_regularisation=False),
    "dualhead": DualHeadConfig(width=0.125),
    "dualhead, no attention": DualHeadConfig(
        width=0.125, temporal_attention="none", spatial_attention="none", coarse_paths=2
    ),
    "ms-g3d": DualHeadConfig(heads=1, width=0.125),
}
SHIPPED = [name for name, card in weights.available().items() if can_be_graph(card)]


def small(config, layout="kinetics-18", **changes):
    card = untrained_card(layout, frames=12).model_copy(update={"network": config, **changes})
    torch.manual_seed(0)
    return with_history(weights.build_network(card)), card


def check_same(graph: FastGraph, network, card) -> None:
    """Against the network in double precision: a sharp softmax costs either of them up to 3e-4 in single, of
    attention that goes from 0 to 1.

    Noise gives logits and embeddings of up to 70 to some weights: numbers near 0 among them are as exact as
    the largest.
    """
    exact = copy.deepcopy(network).double()
    torch.manual_seed(1)
    for samples in (1, 3, 2):
        x = 0.3 * torch.randn(samples, *sample_shape(card))
        with torch.inference_mode():
            logits, embeddings, attention = exact.forward_in_full(x.double())
        found = graph(x.numpy())
        for array, expected in ((found.logits, logits), (found.embeddings, embeddings)):
            largest = max(1.0, float(expected.abs().max()))
            np.testing.assert_allclose(array / largest, expected / largest, rtol=1e-4, atol=1e-4)
        wanted = as_arrays(attention)
        assert type(found.attention) is type(wanted)
        assert named(found.attention).keys() == named(wanted).keys()
        for name, array in named(wanted).items():
            np.testing.assert_allclose(named(found.attention)[name], array, rtol=1e-4, atol=1e-3)
        assert len(attention_maps(found.attention)) == len(attention_maps(wanted))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_graphs_are_those_of_the_shipped_weights(name: str):
    recognizer = Recognizer.load(name, device="cpu")
    assert isinstance(recognizer.engine, FastGraph), "there is no graph beside the weights, or an old one"
    check_same(recognizer.engine, *weights.load(name))


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL.keys())
def test_a_new_graph_gives_what_its_network_gives(config):
    network, card = small(config, layout="ntu-25" if config == SMALL["lsta"] else "kinetics-18", persons=2)
    check_same(FastGraph(make_graph(network, card), card), network, card)


@pytest.fixture(scope="module")
def made():
    """A network, its card and its graph: shipped ones, as making one takes a while."""
    network, card = weights.load(weights.DEFAULT)
    return network, card, (weights.weights_folder() / f"{card.name}.onnx").read_bytes()


def test_a_damaged_graph_is_none(made):
    _, card, content = made
    rng = np.random.default_rng(0)
    for place in (0, 1000, len(content) - 1, *rng.integers(0, len(content), 30)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        with pytest.raises(GraphError, match="it is damaged"):
            FastGraph(bytes(damaged), card)
    for part in (b"", content[:1000], content[:-1], content + b"\0", content[1:]):
        with pytest.raises(GraphError, match="it is damaged"):
            FastGraph(part, card)


def test_a_whole_file_that_is_none_or_another_network_is_none(made):
    _, card, content = made
    with pytest.raises(GraphError, match="ONNX Runtime cannot read it"):
        FastGraph(sealed(content[:1000]), card)
    model = onnx.load_from_string(content)
    largest = max(model.graph.initializer, key=lambda each: len(each.raw_data))
    largest.raw_data = largest.raw_data[::-1]
    with pytest.raises(GraphError, match="damaged: its answers are .* away"):
        FastGraph(sealed(model.SerializeToString()), card)


@pytest.mark.parametrize("written", ["", "{}", '{"logits": "AAAA"}', "[]"])
def test_a_graph_without_answers_is_none(made, written: str):
    _, card, content = made
    model = onnx.load_from_string(content)
    next(each for each in model.metadata_props if each.key == ANSWERS).value = written
    with pytest.raises(GraphError, match="damaged"):
        FastGraph(sealed(model.SerializeToString()), card)


def test_what_is_wrong_with_a_graph_is_told_in_a_line(made):
    _, card, content = made
    model = onnx.load_from_string(content)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="x" * 5000)
    with pytest.raises(GraphError) as told:
        FastGraph(sealed(model.SerializeToString()), card)
    assert len(str(told.value)) < 400 and "\n" not in str(told.value)


def test_a_graph_carries_what_the_network_answered_and_its_hash(made):
    network, card, content = made
    model = onnx.load_from_string(content)
    about = {each.key: each.value for each in model.metadata_props}
    model.metadata_props.pop()
    assert about["sha256"] == hashlib.sha256(model.SerializeToString()).hexdigest()
    answers = json.loads(about[ANSWERS])
    logits = np.frombuffer(base64.b64decode(answers["logits"]), "<f4").reshape(2, -1)
    x = torch.from_numpy(np.random.default_rng(0).normal(0, 0.3, (2, *sample_shape(card))).astype(np.float32))
    with torch.inference_mode():
        np.testing.assert_allclose(logits, network(x), atol=1e-5 * np.abs(logits).max())


def test_a_graph_of_something_else_is_none(made):
    _, card, content = made
    changes = [
        {"sha256": "0" * 64}, {"network": LSTAConfig(width=0.25, dropout=0.5)}, {"frames": 16},
        {"persons": 2}, {"layout": "ntu-25"},
    ]  # fmt: skip
    for change in changes:
        other = card.model_copy(update=change)
        assert graph_key(other) != graph_key(card)
        with pytest.raises(GraphError, match="of other weights"):
            FastGraph(content, other)
    # What makes no other network needs no other graph.
    renamed = card.model_copy(update={"name": "another", "metrics": {"top1": 1.0}, "threshold": 0.1})
    assert graph_key(renamed) == graph_key(card)


def test_spa_net_can_be_no_graph():
    card = untrained_card()
    assert can_be_graph(card)
    assert not can_be_graph(card.model_copy(update={"network": SPAConfig()}))


@pytest.mark.parametrize("cores,threads", [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4), (64, 4)])
def test_half_of_the_cores_compute_networks(cores: int, threads: int):
    assert network_threads(cores) == threads


def test_onnx_runtime_tells_nobody_of_its_use(tmp_path):
    """Where it does, it leaves the file of a session of its own beside other temporary ones."""
    program = f"from recognizer.predictor import Recognizer; Recognizer.load({weights.DEFAULT!r})"
    homes = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS")}
    subprocess.run([sys.executable, "-c", program], env={**environment, **homes}, check=True)
    assert not list(tmp_path.iterdir())
