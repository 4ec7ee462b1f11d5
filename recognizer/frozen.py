"""Networks for live use: the same logits, in about half the time.

A live window is so small that most of the time goes into Python and into passes over memory. So batch norm is
folded into the convolutions, and what is left runs as a TorchScript graph with everything constant computed
once.
"""

from __future__ import annotations

import copy
import dataclasses
import warnings
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from recognizer.networks.protocol import Network

# TorchScript optimises the graph during its second run.
_WARM_UP_RUNS = 3

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def fold_batch_norm(network: nn.Module, example: Tensor) -> nn.Module:
    """A copy in evaluation mode with fewer passes over memory and the same logits up to rounding.

    One forward pass tells which batch norm is given just what a convolution returns: its scale and shift
    become part of that convolution's weights. All others stay, for instance after a concatenation or a
    sparse convolution.

    Args:
        network: a convolution's output that a batch norm takes must not be used in another way besides.
        example: input of the network.
    """
    network = copy.deepcopy(network).eval()
    returned: dict[int, tuple[nn.Module, Tensor]] = {}
    pairs: dict[nn.Module, nn.Module] = {}
    calls: dict[nn.Module, int] = {}

    def convolved(module: nn.Module, _, output: Tensor) -> None:
        calls[module] = calls.get(module, 0) + 1
        returned[id(output)] = module, output  # holding the output keeps its id from being given away

    def normed(module: nn.Module, inputs: tuple[Tensor]) -> None:
        calls[module] = calls.get(module, 0) + 1
        if id(inputs[0]) in returned:
            pairs[module] = returned[id(inputs[0])][0]

    hooks = [
        module.register_forward_hook(convolved)
        if isinstance(module, _CONVOLUTIONS)
        else module.register_forward_pre_hook(normed)
        for module in network.modules()
        if isinstance(module, _CONVOLUTIONS + _NORMS)
    ]
    with torch.inference_mode():
        network(example)
    for hook in hooks:
        hook.remove()
    folded = {norm for norm, conv in pairs.items() if calls[norm] == calls[conv] == 1}
    for norm in folded:
        conv = pairs[norm]
        assert isinstance(conv, _CONVOLUTIONS) and isinstance(norm, _NORMS)
        assert norm.running_mean is not None and norm.running_var is not None
        conv.weight, conv.bias = fuse_conv_bn_weights(
            conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
        )
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if child in folded:
                setattr(parent, name, nn.Identity())
    return network


def frozen_graph(network: nn.Module, example: Tensor) -> torch.jit.ScriptModule:
    """A network in evaluation mode as TorchScript, for any number of samples."""
    with torch.no_grad(), warnings.catch_warnings():
        # What a trace takes for constant, the number of channels and of grains, is constant.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.freeze(torch.jit.trace(network.eval(), example, check_trace=False))


class FrozenNetwork:
    """A network's ``forward_in_full`` as a frozen TorchScript graph, for any number of samples.

    Args:
        network: of the networks over joints; SPA-Net, whose sparse convolutions look up kernel maps in
            Python, cannot be traced.
        example: input of the network, on its device.
    """

    def __init__(self, network: nn.Module, example: Tensor):
        folded = cast(Network, fold_batch_norm(network, example))
        self._graph = frozen_graph(_Flattened(folded), example)
        with torch.inference_mode():
            self._attention = folded.forward_in_full(example)[2]
            for _ in range(_WARM_UP_RUNS):
                self._graph(example)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, object]:
        """(N, C, T, V, M) -> logits (N, classes), embedding (N, D), the network's own kind of attention."""
        logits, embedding, *tensors = self._graph(x)
        return logits, embedding, _rebuilt(self._attention, tensors)


class _Flattened(nn.Module):
    """Returns the attention's tensors after logits and embedding, as a trace cannot return a dataclass."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        logits, embedding, attention = self.network.forward_in_full(x)
        tensors: list[Tensor] = []
        for value in _values(attention).values():
            tensors.extend(value if isinstance(value, tuple) else () if value is None else (value,))
        return logits, embedding, *tensors


def _values(attention: object) -> dict[str, Tensor | tuple[Tensor, ...] | None]:
    assert dataclasses.is_dataclass(attention)
    return {field.name: getattr(attention, field.name) for field in dataclasses.fields(attention)}


def _rebuilt(like: object, tensors: list[Tensor]) -> object:
    """Attention of the same kind from the tensors that ``_Flattened`` returned."""
    left = iter(tensors)
    values = {
        name: tuple(next(left) for _ in value)
        if isinstance(value, tuple)
        else None
        if value is None
        else next(left)
        for name, value in _values(like).items()
    }
    return type(like)(**values)
