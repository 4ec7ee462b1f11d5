"""From trained weights to their ONNX graph: half a minute, once."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from pose.errors import UserError
from recognizer.card import WeightsCard
from recognizer.networks.protocol import Network
from recognizer.runtime.answer import named
from recognizer.runtime.eager import EagerNetwork
from recognizer.runtime.fold import fold_batch_norm
from recognizer.runtime.graph import (
    ANSWERS,
    ATTENTION,
    CARD,
    EMBEDDINGS,
    INPUT,
    KEY,
    LOGITS,
    graph_key,
    onnx_runtime,
    packed,
    sample_shape,
    samples,
    sealed,
)

NEEDS = "Fast graphs and ONNX files need extra packages: pip install 'pose2action[export]'."


class MakingError(UserError, RuntimeError):
    """There can be no graph. The message is one sentence."""


def make_graph(network: Network, card: WeightsCard) -> bytes:
    """The content of an ONNX file: the network, batch norm folded in, for any number of samples.

    Constants are computed, and nothing in it depends on the machine that made it. Input and outputs have the
    names that ``recognizer.runtime.graph`` tells.

    Raises:
        MakingError: packages are missing.
    """
    try:
        import onnx

        onnxruntime = onnx_runtime()
        import onnxscript  # noqa: F401  PyTorch's exporter needs it
    except ModuleNotFoundError:
        raise MakingError(NEEDS) from None
    for name in ("onnxscript", "torch.onnx"):  # that torchvision is missing, and how many nodes went
        logging.getLogger(name).setLevel(logging.ERROR)
    asked = samples(card)
    example = torch.from_numpy(asked)
    told = EagerNetwork(network, sample_shape(card))(asked)
    outputs = [LOGITS, EMBEDDINGS, *(ATTENTION + name for name in named(told.attention))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _InFull(fold_batch_norm(network, example)), (example,), input_names=[INPUT], output_names=outputs,
            dynamic_shapes=({0: torch.export.Dim("samples", min=1)},), verbose=False, optimize=False,
        )  # fmt: skip
    assert program is not None  # it would only be where a file is written at once
    with tempfile.TemporaryDirectory(prefix="pose2action-") as folder:
        path = Path(folder, "graph.onnx")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        content = program.model_proto.SerializeToString()
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        model = onnx.load(path)
    del model.metadata_props[:]
    about = {CARD: card.model_dump_json(), KEY: graph_key(card), ANSWERS: packed(told)}
    for name, value in about.items():
        model.metadata_props.add(key=name, value=value)
    return sealed(model.SerializeToString())


class _InFull(nn.Module):
    """``forward_in_full`` with the attention's tensors one by one: a graph has no dataclasses."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        logits, embeddings, attention = self.network.forward_in_full(x)
        return logits, embeddings, *named(attention).values()
