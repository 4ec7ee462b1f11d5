"""Trained networks as files that run without this package: ONNX."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from pose.errors import UserError
from pose.files import replacing
from recognizer import weights
from recognizer.runtime.graph import TOLERANCE, FastGraph, GraphError, can_be_graph, difference, sample_shape
from recognizer.runtime.making import make_graph


class ExportError(UserError, RuntimeError):
    """Weights cannot be exported. The message is one sentence."""


def export(name: str | Path, out: Path) -> float:
    """Writes a network with its weights, batch norm folded in, for any number of samples.

    Input ``windows`` (N, C, T, V, M) float32, as ``preprocess.network_input`` makes them; outputs ``logits``
    (N, K), ``embeddings`` (N, D) and ``attention.`` with the names of ``recognizer.networks.attended``. The
    card is in the file, as metadata under the name "card.json". What is written is run and compared with the
    network before. A file beside the weights, of the same name, is what recognises live.

    Args:
        name: of weights, or a path.
        out: file to write.

    Returns:
        The largest difference of logits that was found, as a share of the largest logit or of 1.

    Raises:
        WeightsError: the weights cannot be loaded.
        MakingError: packages are missing.
        ExportError: they cannot be exported, give other logits then, or ``out`` is no plain file.
        OSError: the file cannot be written. An older one stays.
    """
    if os.path.exists(out) and not os.path.isfile(out):  # a folder, or a device that root could replace
        raise ExportError(f"{out} is a folder or no plain file: give the name of a file to write.")
    network, card = weights.load(name)
    if not can_be_graph(card):
        raise ExportError(
            f"{card.name} cannot be exported: ONNX does not know SPA-Net's sparse convolutions."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:  # first, as the rest takes half a minute
        content = make_graph(network, card)
        try:
            run = FastGraph(content, card)
        except GraphError as error:
            raise ExportError(f"{card.name} as ONNX cannot be used, and is not written: {error}.") from None
        torch.manual_seed(0)
        batches = [torch.randn(count, *sample_shape(card)) for count in (2, 1, 3)]
        with torch.inference_mode():
            away = max(difference(run(x.numpy()).logits, np.asarray(network(x))) for x in batches)
        if not away <= TOLERANCE:
            raise ExportError(f"{card.name} as ONNX gives other logits, by {away:.2g}: not written.")
        temporary.write_bytes(content)
    return away
