"""Modules that look as if they had been trained."""

from __future__ import annotations

from torch import nn

from recognizer.layers.cross_frame import CrossFrameAttention
from recognizer.networks.dualhead import SpatialGate, TemporalGate


def with_history(module: nn.Module) -> nn.Module:
    """Evaluation mode, with statistics, norms, gates and regularisation other than the initial ones."""
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            part.running_mean.normal_(0, 0.3)
            part.running_var.uniform_(0.5, 2.0)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0, 0.3)
        elif isinstance(part, (TemporalGate, SpatialGate)):
            nn.init.normal_(part.conv.weight, 0, 0.3)
            nn.init.normal_(part.conv.bias, 0, 0.3)
        elif isinstance(part, CrossFrameAttention) and part.regularisation is not None:
            nn.init.normal_(part.regularisation)
            nn.init.uniform_(part.balance, 0.5, 2.0)
    return module.eval()


def count(network: nn.Module) -> int:
    """Number of parameters."""
    return sum(parameter.numel() for parameter in network.parameters())
