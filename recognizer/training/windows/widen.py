"""Tensors of a network of twice the width, from trained ones.

Net2WiderNet (Chen, Goodfellow and Shlens, ICLR 2016, Sec. 2.2): every channel comes twice, side by side, and
what reads both gives each of them half the weight, so that the wider network begins where the narrower one
ended. Exactly where channels are only added up; roughly where they are multiplied (STF-Net's similarities) or
convolved (LSTA-Net's maximum-response attention). Noise lets the twins become different.
"""

from __future__ import annotations

import torch
from torch import Tensor

NOISE = 0.2
"""Standard deviation of the noise, in those of the tensor."""


def widened(tensor: Tensor, shape: torch.Size, noise: float = NOISE) -> Tensor | None:
    """What a tensor of ``shape`` begins with in a network of twice the width.

    Args:
        tensor: of the narrower network, (C_out, C_in, ...) or (C,).
        shape: of the same tensor of the wider one: each of the first two sizes is the same or twice that.
        noise: of weights, in standard deviations of ``tensor``; drawn from PyTorch's generator.

    Returns:
        None where the shape is another one.
    """
    if len(shape) != tensor.ndim:
        return None
    factors = [new // old for new, old in zip(shape, tensor.shape, strict=True)]
    doubled = torch.Size(old * factor for old, factor in zip(tensor.shape, factors, strict=True))
    if doubled != shape or not set(factors[:2]) <= {1, 2} or not set(factors[2:]) <= {1} or 2 not in factors:
        return None
    for axis, factor in enumerate(factors):
        tensor = tensor.repeat_interleave(factor, axis)
    if tensor.ndim == 1:
        return tensor
    if factors[1] == 2:
        tensor = tensor / 2
    return tensor + noise * tensor.std() * torch.randn_like(tensor)
