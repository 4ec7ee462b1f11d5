"""Trained networks as files that run without this package: ONNX and TorchScript."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from pose.errors import UserError
from pose.layouts import LAYOUTS
from recognizer import weights
from recognizer.frozen import fold_batch_norm, frozen_graph
from recognizer.networks.spa import SPANet
from recognizer.preprocess import channels

Format = Literal["onnx", "torchscript"]
ENDINGS: dict[str, str] = {"onnx": ".onnx", "torchscript": ".pt"}
TOLERANCE = 1e-4
"""Largest difference of logits that is allowed, as a share of the largest one."""

CARD = "card.json"
INPUT, OUTPUT = "windows", "logits"


class ExportError(UserError, RuntimeError):
    """Weights cannot be exported. The message is one sentence."""


def export(name: str | Path, out: Path, form: Format) -> float:
    """Writes a network with its weights, batch norm folded in, for any number of samples.

    Input ``windows`` (N, C, T, V, M) float32, as ``preprocess.network_input`` makes them; output ``logits``
    (N, K). The card is in the file, as ONNX metadata or as an extra file, under the name ``CARD``. The file
    is run and compared with the network before it gets its name.

    Args:
        name: of weights, or a path.
        out: file to write.
        form: "onnx" (needs the extra ``export``) or "torchscript".

    Returns:
        The largest difference of logits that was found, as a share of the largest logit or of 1.

    Raises:
        WeightsError: the weights cannot be loaded.
        ExportError: they cannot be exported, or the file gives other logits.
    """
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
    write = {"onnx": _write_onnx, "torchscript": _write_torchscript}[form]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as folder:
        temporary = Path(folder) / out.name
        run = write(folded, samples[0], card.model_dump_json(), temporary)
        with torch.inference_mode():
            difference = max(_difference(run(x), network(x)) for x in samples)
        if not difference <= TOLERANCE:
            raise ExportError(f"{card.name} as {form} gives other logits, by {difference:.2g}: not written.")
        os.replace(temporary, out)
    return difference


def _difference(logits: Tensor, wanted: Tensor) -> float:
    return float((logits - wanted).abs().max() / wanted.abs().max().clamp(min=1.0))


def _write_torchscript(
    network: nn.Module, example: Tensor, card: str, path: Path
) -> Callable[[Tensor], Tensor]:
    torch.jit.save(frozen_graph(network, example), str(path), _extra_files={CARD: card})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(str(path))


def _write_onnx(network: nn.Module, example: Tensor, card: str, path: Path) -> Callable[[Tensor], Tensor]:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401  PyTorch's exporter needs it
    except ModuleNotFoundError:
        raise ExportError("ONNX needs extra packages: pip install 'pose2action[export]'.") from None
    for name in ("onnxscript", "torch.onnx"):  # that torchvision is missing, and how many nodes went
        logging.getLogger(name).setLevel(logging.ERROR)
    batch = torch.export.Dim("samples", min=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (example,), path, input_names=[INPUT], output_names=[OUTPUT],
            dynamic_shapes=({0: batch},), external_data=False, verbose=False,
        )  # fmt: skip
    model = onnx.load(path)
    model.metadata_props.add(key=CARD, value=card)
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> Tensor:
        return torch.from_numpy(np.asarray(session.run([OUTPUT], {INPUT: x.numpy()})[0]))

    return run
