"""A network computed by PyTorch: on GPUs, and where nothing quicker can be had."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from recognizer.networks.protocol import Network
from recognizer.networks.spa import SPANet
from recognizer.runtime.answer import Answer
from recognizer.runtime.fold import fold_batch_norm


class EagerNetwork:
    """An ``Engine``: ``forward_in_full`` of a network, with batch norm folded into its convolutions.

    Args:
        network: stays as it is, apart from its mode and its device.
        shape: (C, T, V, M) of a sample.
        device: of PyTorch.
        threads: of PyTorch, set in whatever thread computes; None leaves them as they are.
    """

    def __init__(
        self,
        network: Network,
        shape: tuple[int, int, int, int],
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.network = network.eval().to(device)
        self.device = torch.device(device)
        self._threads = threads
        # SPA-Net's convolutions are none of PyTorch's.
        folds = not isinstance(network, SPANet)
        self._quick = fold_batch_norm(network, torch.zeros(1, *shape, device=device)) if folds else network

    def __call__(self, batch: np.ndarray) -> Answer:
        if self._threads is not None and torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            logits, embeddings, attention = self._quick.forward_in_full(
                torch.from_numpy(batch).to(self.device)
            )
        return Answer(_array(logits), _array(embeddings), as_arrays(attention))


def as_arrays(attention: Any) -> Any:
    """The same attention with NumPy's arrays in place of tensors."""
    return dataclasses.replace(
        attention,
        **{field.name: _arrays(getattr(attention, field.name)) for field in dataclasses.fields(attention)},
    )


def _arrays(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_array(each) for each in value)
    return _array(value) if isinstance(value, torch.Tensor) else value


def _array(tensor: torch.Tensor) -> np.ndarray:
    return (tensor.float() if tensor.is_floating_point() else tensor).cpu().numpy()
