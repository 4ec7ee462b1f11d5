"""Sparse convolution and max-pooling along given pairs of rows, with their gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recognizer.sparse.maps import KernelMap


class Convolve(torch.autograd.Function):
    """out[o] = sum over pairs (i, o, k) of in[i] W[k].

    Gathers, multiplies and scatters. The gathered rows are many times the input, so they are gathered again
    for the gradients instead of being kept. Padded pairs read row 0 and write beyond the last row; in the
    gradients a row of zeros stands there.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, pairs: KernelMap) -> Tensor:
        """(n, C_in) features, (K, C_in, C_out) weight -> (m, C_out)."""
        ctx.save_for_backward(features, weight)
        ctx.pairs = pairs
        width = weight.shape[2]
        result = features.new_zeros(pairs.outputs_in_all + 1, width)
        if pairs.itself:
            own = features.view(len(pairs.itself), -1, features.shape[1])
            torch.bmm(own, weight.index_select(0, pairs.own), out=result[:-1].view(len(own), -1, width))
        batches, singles = pairs.schedule
        for batch in batches:
            rows = features.index_select(0, batch.inputs).view(len(batch.offsets), -1, features.shape[1])
            product = torch.bmm(rows, weight.index_select(0, batch.offsets))
            result.index_add_(0, batch.outputs, product.view(-1, width))
        for single in singles:
            product = features.index_select(0, single.inputs) @ weight[single.offset]
            result.index_add_(0, single.outputs, product)
        return result[:-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        features, weight = ctx.saved_tensors
        pairs = ctx.pairs
        for_features = torch.zeros_like(features) if ctx.needs_input_grad[0] else None
        for_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        gradient = torch.cat([gradient, gradient.new_zeros(1, gradient.shape[1])])
        if pairs.itself:
            own = features.view(len(pairs.itself), -1, features.shape[1])
            upstream = gradient[:-1].view(len(own), -1, gradient.shape[1])
            if for_features is not None:
                own_weight = weight.index_select(0, pairs.own).transpose(1, 2)
                torch.bmm(upstream, own_weight, out=for_features.view(own.shape))
            if for_weight is not None:
                for_weight.index_copy_(0, pairs.own, torch.bmm(own.transpose(1, 2), upstream))
        batches, singles = pairs.schedule
        for batch in batches:
            count = len(batch.offsets)
            upstream = gradient.index_select(0, batch.outputs).view(count, -1, gradient.shape[1])
            if for_features is not None:
                product = torch.bmm(upstream, weight.index_select(0, batch.offsets).transpose(1, 2))
                for_features.index_add_(0, batch.inputs, product.view(-1, features.shape[1]))
            if for_weight is not None:
                rows = features.index_select(0, batch.inputs).view(count, -1, features.shape[1])
                for_weight.index_copy_(0, batch.offsets, torch.bmm(rows.transpose(1, 2), upstream))
        for single in singles:
            upstream = gradient.index_select(0, single.outputs)
            if for_features is not None:
                for_features.index_add_(0, single.inputs, upstream @ weight[single.offset].T)
            if for_weight is not None:
                rows = features.index_select(0, single.inputs)
                torch.mm(rows.T, upstream, out=for_weight[single.offset])
        return for_features, for_weight, None


class MaxPool(torch.autograd.Function):
    """out[o] = max over pairs (i, o) of in[i]; the gradient goes to the first pair that has the maximum."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, inputs: Tensor, outputs: Tensor, outputs_in_all: int) -> Tensor:
        """(n, C) features, (P,) input and output rows -> (m, C); 0 where an output has no pair."""
        values = features.index_select(0, inputs)
        target = outputs[:, None].expand_as(values)
        result = features.new_zeros(outputs_in_all, features.shape[1])
        result.scatter_reduce_(0, target, values, "amax", include_self=False)
        if ctx.needs_input_grad[0]:
            number = torch.arange(len(inputs), device=inputs.device)[:, None]
            number = torch.where(values == result.index_select(0, outputs), number, len(inputs))
            winner = number.new_full(result.shape, len(inputs)).scatter_reduce_(0, target, number, "amin")
            # An output without pairs has no winner: its gradient is added to row n, which is then left out.
            source = torch.cat([inputs, inputs.new_full((1,), len(features))])[winner]
            ctx.save_for_backward(source)
            ctx.inputs_in_all = len(features)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (source,) = ctx.saved_tensors
        result = gradient.new_zeros(ctx.inputs_in_all + 1, gradient.shape[1])
        return result.scatter_add_(0, source, gradient)[:-1], None, None, None
