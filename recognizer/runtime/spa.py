"""SPA-Net as NumPy computes it: no PyTorch is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard, WeightsError
from recognizer.networks.attended import SPAAttention
from recognizer.networks.configs import SPAConfig
from recognizer.runtime.answer import Answer
from recognizer.runtime.graph import samples
from recognizer.runtime.voxels import POOLED, Convolution, Pairs, Voxels, pooled, voxelised

_EPSILON = 1e-5
"""PyTorch's, of batch norm."""

Tensors = Mapping[str, np.ndarray]
"""The network's ``state_dict``."""


class VoxelNetwork:
    """An ``Engine``: what ``SPANet.forward_in_full`` gives.

    Args:
        tensors: the network's.
        card: of its weights.

    Raises:
        WeightsError: the card does not fit the tensors.
    """

    def __init__(self, tensors: Tensors, card: WeightsCard) -> None:
        config = card.network
        assert isinstance(config, SPAConfig)
        self._axes = LAYOUTS[card.layout].coordinates
        self._space, self._flag = config.space, card.persons > 1
        self._kernel, self._dilations = config.kernel, config.temporal_dilations
        self._whole = config.convolution == "4d"
        try:
            # After each two blocks, except the last, there is a pooling.
            self._stages = [
                [_Block.of(tensors, f"blocks.{first + each}", config) for each in range(2)]
                for first in range(0, 3 * len(config.channels) // 2, 3)
            ]
            self._classifier = tensors["classifier.weight"].T, tensors["classifier.bias"]
            answer = self(samples(card))
            if answer.logits.shape[1] != len(card.classes) + card.open_set:
                raise ValueError(f"it tells {answer.logits.shape[1]} actions")
        except (KeyError, ValueError, IndexError) as error:
            raise WeightsError(f"The tensors of {card.name} do not fit its card: {error}.") from None

    def __call__(self, batch: np.ndarray) -> Answer:
        points = voxelised(batch, self._axes, self._space, self._flag)
        voxels, stride = points.voxels, 1
        for number, blocks in enumerate(self._stages):
            if number:
                voxels, stride = pooled(voxels), stride * POOLED
            convolutions = self._convolutions(voxels)
            for block in blocks:
                voxels = voxels.with_features(block(voxels.features, convolutions))
        counts = np.bincount(voxels.entries, minlength=len(batch))
        embeddings = np.add.reduceat(voxels.features, np.cumsum(counts) - counts) / counts[:, None]
        embeddings = embeddings.astype(np.float32)
        weight, bias = self._classifier
        middle = (voxels.places * stride + np.float32(stride / 2)) * points.side[voxels.entries, None]
        attention = SPAAttention(
            voxels.entries,
            (middle + points.origin[voxels.entries]).astype(np.float32),
            voxels.frames * stride,
            voxels.features.mean(1),
            points.side * stride,
            stride,
        )
        return Answer(embeddings @ weight + bias, embeddings, attention)

    def _convolutions(self, voxels: Voxels) -> list[Convolution]:
        """Those of a block, which both blocks share."""
        kernel, dilations, axes, rows = self._kernel, self._dilations, self._axes, len(voxels.entries)
        pairs = Pairs.of(voxels, kernel, max(dilations))
        if self._whole:
            return [Convolution.in_time(pairs, dilations, kernel**axes, rows)]
        in_space = Convolution.in_space(pairs, len(dilations), kernel**axes, rows)
        return [in_space, Convolution.in_time(pairs.at_one_place(kernel, axes), dilations, 1, rows)]


@dataclass(frozen=True)
class _Block:
    """``SPABlock`` with its batch norms folded into the convolutions before them.

    Attributes:
        split, residual: kernel (C, C') and bias of pointwise convolutions; None where the input itself is
            added.
        branches: kernels (parts K, C, C') and bias of the convolutions one after the other; a ReLU follows
            all but the last.
    """

    split: tuple[np.ndarray, np.ndarray]
    residual: tuple[np.ndarray, np.ndarray] | None
    branches: tuple[tuple[np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, tensors: Tensors, name: str, config: SPAConfig) -> _Block:
        """The block of a name, such as "blocks.0"."""
        names = [f"{name}.branches.{number}" for number in range(len(config.temporal_dilations))]
        scale, bias = _norm(tensors, f"{name}.norm")
        last = "kernel" if config.convolution == "4d" else "3.kernel"
        kernels = [_with_offsets(tensors[f"{each}.{last}"]) for each in names]
        kernels = [kernel * part for kernel, part in zip(kernels, np.split(scale, len(names)), strict=True)]
        branches = [(np.concatenate(kernels), bias)]
        if config.convolution != "4d":
            parts = [_folded(tensors, f"{each}.0", f"{each}.1") for each in names]
            first = np.concatenate([_with_offsets(kernel) for kernel, _ in parts])
            branches.insert(0, (first, np.concatenate([shift for _, shift in parts])))
        split = _folded(tensors, f"{name}.split.0.0", f"{name}.split.0.1")
        residual = None
        if f"{name}.residual.0.kernel" in tensors:
            residual = _folded(tensors, f"{name}.residual.0", f"{name}.residual.1")
        return cls(split, residual, tuple(branches))

    def __call__(self, features: np.ndarray, convolutions: list[Convolution]) -> np.ndarray:
        kernel, bias = self.split
        made = features @ kernel + bias
        for convolve, (kernels, bias) in zip(convolutions, self.branches, strict=True):
            made = convolve(_relu(made), kernels) + bias
        if self.residual is not None:
            kernel, bias = self.residual
            features = features @ kernel + bias
        return _relu(made + features)


def _with_offsets(kernel: np.ndarray) -> np.ndarray:
    """(K, C, C') also of a kernel of one offset, which is kept as (C, C')."""
    return kernel[None] if kernel.ndim == 2 else kernel


def _folded(tensors: Tensors, convolution: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a convolution and the batch norm after it."""
    scale, bias = _norm(tensors, norm)
    return tensors[f"{convolution}.kernel"] * scale, bias


def _norm(tensors: Tensors, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift of a batch norm, in double precision until they are known."""
    weight, bias, mean, variance = (
        tensors[f"{name}.bn.{each}"].astype(np.float64)
        for each in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / np.sqrt(variance + _EPSILON)
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0, out=x)
