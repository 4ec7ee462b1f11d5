"""SPA-Net as NumPy computes it: no PyTorch is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard, WeightsError
from recognizer.networks.attended import SPAAttention
from recognizer.networks.configs import SPAConfig
from recognizer.runtime.answer import Answer
from recognizer.runtime.voxels import POOLED, Convolution, Pairs, Voxels, pooled, voxelised

_EPSILON = 1e-5
"""PyTorch's, of batch norm."""


class VoxelNetwork:
    """An ``Engine``: what ``SPANet.forward_in_full`` gives.

    Args:
        tensors: the network's ``state_dict``.
        card: of its weights.

    Raises:
        WeightsError: the card does not fit the tensors.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray], card: WeightsCard) -> None:
        config, layout = card.network, LAYOUTS[card.layout]
        assert isinstance(config, SPAConfig)
        self._config, self._axes = config, layout.coordinates
        self._flag = card.persons > 1
        widths = (len(layout) + self._flag, *config.channels)
        named = _Named(tensors, card.name)
        # After each two blocks, except the last, there is a pooling.
        blocks = [
            _Block.of(named, f"blocks.{number + number // 2}", before, width, config, self._axes)
            for number, (before, width) in enumerate(pairwise(widths))
        ]
        self._stages = list(zip(blocks[::2], blocks[1::2], strict=True))
        classes = len(card.classes) + card.open_set
        self._weight = named.take("classifier.weight", classes, widths[-1]).T
        self._bias = named.take("classifier.bias", classes)

    def __call__(self, batch: np.ndarray) -> Answer:
        points = voxelised(batch, self._axes, self._config.space, self._flag)
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
        middle = (voxels.places * stride + np.float32(stride / 2)) * points.side[voxels.entries, None]
        attention = SPAAttention(
            voxels.entries,
            (middle + points.origin[voxels.entries]).astype(np.float32),
            voxels.frames * stride,
            voxels.features.mean(1),
            points.side * stride,
            stride,
        )
        return Answer(embeddings @ self._weight + self._bias, embeddings, attention)

    def _convolutions(self, voxels: Voxels) -> list[Convolution]:
        """Those of a block, which both blocks share."""
        kernel, dilations = self._config.kernel, self._config.temporal_dilations
        volume, rows = kernel**self._axes, len(voxels.entries)
        pairs = Pairs.of(voxels, kernel, max(dilations))
        if self._config.convolution == "4d":
            return [Convolution.in_time(pairs, dilations, volume, rows)]
        in_space = Convolution.in_space(pairs, len(dilations), volume, rows)
        return [in_space, Convolution.in_time(pairs.at_one_place(), dilations, 1, rows)]


@dataclass(frozen=True)
class _Block:
    """``SPABlock`` with its batch norms folded into the convolutions before them.

    Attributes:
        split, residual: kernel (1, C, C') and bias of pointwise convolutions; None where the input itself is
            added.
        branches: kernels (parts K, C, C') and bias of the convolutions one after the other; a ReLU follows
            all but the last.
    """

    split: tuple[np.ndarray, np.ndarray]
    residual: tuple[np.ndarray, np.ndarray] | None
    branches: tuple[tuple[np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, named: _Named, name: str, before: int, width: int, config: SPAConfig, axes: int) -> _Block:
        """The block of a name, such as "blocks.0", from ``before`` to ``width`` channels."""
        names = [f"{name}.branches.{number}" for number in range(len(config.temporal_dilations))]
        part, volume = width // len(names), config.kernel**axes
        last, offsets = ("", 3 * volume) if config.convolution == "4d" else (".3", 3)
        scale, bias = named.norm(f"{name}.norm", width)
        kernels = [
            named.kernel(f"{each}{last}", offsets, part, part) * scales
            for each, scales in zip(names, np.split(scale, len(names)), strict=True)
        ]
        branches = [(np.concatenate(kernels), bias)]
        if config.convolution != "4d":
            first = [named.folded(f"{each}.0", f"{each}.1", volume, part, part) for each in names]
            kernels, biases = zip(*first, strict=True)
            branches.insert(0, (np.concatenate(kernels), np.concatenate(biases)))
        split = named.folded(f"{name}.split.0.0", f"{name}.split.0.1", 1, before, width)
        residual = None
        if before != width:
            residual = named.folded(f"{name}.residual.0", f"{name}.residual.1", 1, before, width)
        return cls(split, residual, tuple(branches))

    def __call__(self, features: np.ndarray, convolutions: list[Convolution]) -> np.ndarray:
        kernel, bias = self.split
        made = features @ kernel[0] + bias
        for convolve, (kernels, bias) in zip(convolutions, self.branches, strict=True):
            made = convolve(_relu(made), kernels) + bias
        if self.residual is not None:
            kernel, bias = self.residual
            features = features @ kernel[0] + bias
        return _relu(made + features)


class _Named:
    """The tensors of weights, each of which must be as its place in the network wants it."""

    def __init__(self, tensors: Mapping[str, np.ndarray], of: str) -> None:
        self._tensors, self._of = tensors, of

    def take(self, name: str, *shape: int) -> np.ndarray:
        """A float32 tensor of that shape."""
        array = self._tensors.get(name)
        if array is None or array.shape != shape or array.dtype != np.float32:
            found = "missing" if array is None else f"{array.dtype} {array.shape}"
            raise WeightsError(
                f"{self._of} does not fit its card: {name} is {found} and must be float32 {shape}."
            )
        return array

    def kernel(self, name: str, volume: int, before: int, width: int) -> np.ndarray:
        """(K, C, C') of a convolution; one of a single offset is kept as (C, C')."""
        shape = (volume, before, width) if volume > 1 else (before, width)
        return self.take(f"{name}.kernel", *shape).reshape(volume, before, width)

    def norm(self, name: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Scale and shift of a batch norm, in double precision until they are known."""
        weight, bias, mean, variance = (
            self.take(f"{name}.bn.{each}", width).astype(np.float64)
            for each in ("weight", "bias", "running_mean", "running_var")
        )
        scale = weight / np.sqrt(variance + _EPSILON)
        return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)

    def folded(self, convolution: str, norm: str, *shape: int) -> tuple[np.ndarray, np.ndarray]:
        """Kernel and bias of a convolution and the batch norm after it."""
        scale, bias = self.norm(norm, shape[-1])
        return self.kernel(convolution, *shape) * scale, bias


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0, out=x)
