"""Trained networks as files that run without this package: ONNX and TorchScript."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from pose.errors import UserError
from pose.files import replacing
from pose.layouts import LAYOUTS
from recognizer import weights
from recognizer.frozen import fold_batch_norm, frozen_graph
from recognizer.networks.spa import SPANet
from recognizer.preprocess import channels

Format = Literal["onnx", "torchscript"]
ENDINGS: dict[str, str] = {"onnx": ".onnx", "torchscript": ".pt"}
TOLERANCE = 1e-4
"""Largest difference of logits that is allowed, as a share of the largest one."""

Exported = tuple[bytes, Callable[[Tensor], Tensor]]
"""A file's content, and the network that it holds."""

CARD = "card.json"
INPUT, OUTPUT = "windows", "logits"


class ExportError(UserError, RuntimeError):
    """Weights cannot be exported. The message is one sentence."""


def export(name: str | Path, out: Path, form: Format) -> float:
    """Writes a network with its weights, batch norm folded in, for any number of samples.

    Input ``windows`` (N, C, T, V, M) float32, as ``preprocess.network_input`` makes them; output ``logits``
    (N, K). The card is in the file, as ONNX metadata or as an extra file, under the name ``CARD``. What is
    written is run and compared with the network before. It is made in memory, as the native writers of
    PyTorch end the whole program where a disk is full.

    Args:
        name: of weights, or a path.
        out: file to write.
        form: "onnx" (needs the extra ``export``) or "torchscript".

    Returns:
        The largest difference of logits that was found, as a share of the largest logit or of 1.

    Raises:
        WeightsError: the weights cannot be loaded.
        ExportError: they cannot be exported, give other logits then, or ``out`` is no plain file.
        OSError: the file cannot be written. An older one stays.
    """
    if os.path.exists(out) and not os.path.isfile(out):  # a folder, or a device that root could replace
        raise ExportError(f"{out} is a folder or no plain file: give the name of a file to write.")
    network, card = weights.load(name)
    if isinstance(network, SPANet):
        raise ExportError(
            f"{card.name} cannot be exported: neither format knows SPA-Net's sparse convolutions."
        )
    layout = LAYOUTS[card.layout]
    shape = (channels(layout, card.preprocessing), card.frames, len(layout), card.persons)
    torch.manual_seed(0)
    samples = [torch.randn(count, *shape) for count in (2, 1, 3)]
    folded = fold_batch_norm(network, samples[0])
    write = {"onnx": _onnx, "torchscript": _torchscript}[form]
    content, run = write(folded, samples[0], card.model_dump_json())
    with torch.inference_mode():
        difference = max(_difference(run(x), network(x)) for x in samples)
    if not difference <= TOLERANCE:
        raise ExportError(f"{card.name} as {form} gives other logits, by {difference:.2g}: not written.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        temporary.write_bytes(content)
    return difference


def _difference(logits: Tensor, wanted: Tensor) -> float:
    return float((logits - wanted).abs().max() / wanted.abs().max().clamp(min=1.0))


def _torchscript(network: nn.Module, example: Tensor, card: str) -> Exported:
    buffer = io.BytesIO()
    torch.jit.save(frozen_graph(network, example), buffer, _extra_files={CARD: card})
    buffer.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return buffer.getvalue(), torch.jit.load(buffer)


def _onnx(network: nn.Module, example: Tensor, card: str) -> Exported:
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  PyTorch's exporter needs it
    except ModuleNotFoundError:
        raise ExportError("ONNX needs extra packages: pip install 'pose2action[export]'.") from None
    for name in ("onnxscript", "torch.onnx"):  # that torchvision is missing, and how many nodes went
        logging.getLogger(name).setLevel(logging.ERROR)
    batch = torch.export.Dim("samples", min=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network, (example,), input_names=[INPUT], output_names=[OUTPUT],
            dynamic_shapes=({0: batch},), verbose=False,
        )  # fmt: skip
    assert program is not None  # it would only be where a file is written at once
    model = program.model_proto
    model.metadata_props.add(key=CARD, value=card)
    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> Tensor:
        return torch.from_numpy(np.asarray(session.run([OUTPUT], {INPUT: x.numpy()})[0]))

    return content, run
