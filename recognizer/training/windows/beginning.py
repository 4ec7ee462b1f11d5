"""A network that begins with trained weights, of its own width or narrower."""

from __future__ import annotations

import torch
from torch import Tensor

from recognizer.card import WeightsCard
from recognizer.networks.protocol import Network
from recognizer.networks.spa import SPANet
from recognizer.training.shared.errors import ConfigError
from recognizer.vocabulary import UNKNOWN


def begin_with(network: Network, labels: tuple[str, ...], trained: Network, card: WeightsCard) -> None:
    """Takes over the tensors of trained weights, where they fit.

    Of a tensor with a row a class, such as the last layer's, the rows of the labels that both know are taken.
    A SPA-Net of a multiple of the trained one's width has each of its channels several times, so that it
    begins with the same answers (``widened``).

    Args:
        network: its outputs are ``labels`` and the unknown.
        labels: in the order of its outputs.
        trained: of the same architecture.
        card: of ``trained``.

    Raises:
        ConfigError: another network, or a width of it that does not fit.
    """
    outputs = (*card.classes, UNKNOWN) if card.open_set else card.classes
    rows = [(new, outputs.index(label)) for new, label in enumerate((*labels, UNKNOWN)) if label in outputs]
    own, theirs = network.state_dict(), trained.state_dict()
    if isinstance(network, SPANet) and isinstance(trained, SPANet):
        theirs = widened(theirs, max(1, network.classifier.in_features // trained.classifier.in_features))
    for name, tensor in own.items():
        other = theirs.get(name)
        if other is not None and other.shape == tensor.shape:
            tensor.copy_(other)
        elif (
            other is not None
            and other.shape[1:] == tensor.shape[1:]
            and (len(tensor), len(other)) == (len(labels) + 1, len(outputs))
        ):
            new, old = zip(*rows, strict=True)
            tensor[list(new)] = other[list(old)]
        else:
            raise ConfigError(
                f"The network cannot begin with {card.name}: its {name} is of another shape there. Configure "
                "the same network, or leave start_from out."
            )


def widened(tensors: dict[str, Tensor], times: int) -> dict[str, Tensor]:
    """A SPA-Net's tensors with each channel several times (Chen, Goodfellow and Shlens, "Net2Net", 2016).

    What leaves a channel is divided among its copies by chance, in parts that sum to one: the answers stay
    the same, and the copies learn different things.

    Args:
        tensors: of a ``SPANet``'s ``state_dict``; they are left as they are.
        times: how often each channel comes.

    Returns:
        Those of a ``SPANet`` whose channels are ``times`` as many.
    """
    wide = {}
    for name, tensor in tensors.items():
        if name == "classifier.weight":  # (classes, C)
            tensor = _divided(tensor, times, 1)
        elif name.endswith(".kernel"):  # ([K,] C_in, C_out); the first block's inputs are the joints
            if not name.startswith(("blocks.0.split.", "blocks.0.residual.")):
                tensor = _divided(tensor, times, -2)
            tensor = tensor.repeat_interleave(times, -1)
        elif tensor.ndim and name != "classifier.bias":  # batch norm's (C,)
            tensor = tensor.repeat_interleave(times, 0)
        wide[name] = tensor
    return wide


def _divided(tensor: Tensor, times: int, axis: int) -> Tensor:
    """The weights of each channel along ``axis`` in ``times`` parts, one after the other."""
    copies = tensor.repeat_interleave(times, axis)
    parts = 0.5 + torch.rand(tensor.movedim(axis, -1).shape + (times,), device=tensor.device)
    parts = parts / parts.sum(-1, keepdim=True)
    return copies * parts.flatten(-2).movedim(-1, axis)
