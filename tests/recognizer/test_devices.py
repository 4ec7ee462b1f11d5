"""Everything that a network and a loss compute stays on the device of their input; no GPU is needed.

``FakeTensorMode`` cannot pretend this: PyTorch's builds without CUDA refuse fake CUDA tensors in some
functions (``empty_strided``), and SPA-Net's sparse engine computes with numbers that a fake tensor does not
have. So a tensor of the CPU says that it is elsewhere; a function that gets it together with one that really
is on the CPU fails, as it would with CUDA.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from pose.layouts import KINETICS_18, NTU_25
from recognizer.networks.build import build
from recognizer.networks.dualhead import DualHeadConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.networks.sem import SEMConfig
from recognizer.networks.spa import SPAConfig
from recognizer.networks.stf import STFConfig
from recognizer.training.clips.module import ClipModule
from recognizer.training.configs import load_config
from recognizer.training.shared.loss import any_of_loss
from recognizer.training.windows.module import RecognitionModule

AWAY = torch.device("meta")
"""Any device that needs no driver; nothing is computed on it."""

NETWORKS = {
    "dualhead": DualHeadConfig(width=0.125),
    "dualhead, one head": DualHeadConfig(width=0.125, heads=1),
    "lsta": LSTAConfig(width=0.25),
    "lsta, ms-tcn": LSTAConfig(width=0.25, temporal="ms-tcn", mask=True),
    "stf": STFConfig(width=0.125, scaled=True),
    "stf, backbone": STFConfig(width=0.125, learned_graph=False, mcf=False, tdf=False),
    "sem": SEMConfig(width=0.125),
    "sem, unified": SEMConfig(width=0.125, attention="unified"),
    "spa": SPAConfig(width=0.125, space=16, kernel=3),
    "spa, 3+1d": SPAConfig(width=0.125, space=16, kernel=3, convolution="3+1d"),
}


class Away(Tensor):
    """A tensor of the CPU that says it is on ``AWAY``."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> Away:
        made = Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(),
            dtype=inner.dtype, device=AWAY, requires_grad=inner.requires_grad,
        )  # fmt: skip
        made.inner = inner.detach()
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _run(function, args, kwargs or {})


class Device(TorchDispatchMode):
    """Tensors that are made for ``AWAY`` are there."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _run(function, args, kwargs or {})


class Numbers(TorchFunctionMode):
    """From numbers to tensors of ``AWAY`` and back, for which PyTorch asks no dispatch mode."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function is torch.tensor and kwargs.get("device") == AWAY:
            return Away(function(*args, **{**kwargs, "device": "cpu"}))
        if function is Tensor.tolist and isinstance(args[0], Away):
            return args[0].inner.tolist()
        if function is Tensor.new_tensor and isinstance(args[0], Away):
            return Away(args[0].inner.new_tensor(*args[1:], **kwargs))
        return function(*args, **kwargs)


def _run(function: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    values = tree_flatten((args, kwargs))[0]
    away = {id(value.inner): value for value in values if isinstance(value, Away)}
    target = kwargs.get("device")
    copies = function in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
    if away and not copies:
        # As on CUDA, a number may come from the CPU.
        here = [v for v in values if isinstance(v, Tensor) and not isinstance(v, Away) and v.ndim > 0]
        assert not here, f"{function} takes a tensor {tuple(here[0].shape)} that was left on the CPU"
    inside = tree_map(lambda value: value.inner if isinstance(value, Away) else value, (args, kwargs))
    if target is not None:
        inside[1]["device"] = torch.device("cpu")
    result = function(*inside[0], **inside[1])
    stays = bool(away) if target is None else torch.device(target) == AWAY
    if not stays:
        return result

    def elsewhere(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        # What a function changes in place stays the tensor that it was.
        return away[id(value)] if id(value) in away else Away(value)

    return tree_map(elsewhere, result)


def sent(network: nn.Module) -> nn.Module:
    """The network with what ``network.to`` would move, and no more, on ``AWAY``."""
    for module in network.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(Away(parameter.detach()))
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = Away(buffer)
    return network


def in_tensors(value: Any) -> list[Tensor]:
    """The tensors of logits, attention and tuples of them."""
    if isinstance(value, tuple):
        return [tensor for part in value for tensor in in_tensors(part)]
    parts = vars(value).values() if hasattr(value, "__dataclass_fields__") else ()
    return [value] if isinstance(value, Tensor) else [t for part in parts for t in in_tensors(part)]


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())
def test_all_that_a_network_computes_is_on_its_device(config, layout):
    torch.manual_seed(0)
    channels = layout.coordinates + (config.name == "spa")
    network = sent(build(config, layout, 4, channels, persons=2))
    x = Away(torch.rand(2, channels, 10, len(layout), 2))
    targets = Away(torch.tensor([[True, True, False, False], [False, False, False, True]]))
    with Numbers(), Device():
        heads, logits = network.supervised(x)
        loss = sum(any_of_loss(head, targets, 0.1) for head in heads) / len(heads)
        loss.backward()
        network.eval()
        told = in_tensors((network.forward_in_full(x), network(x), logits, loss))
    assert len(told) >= 5 and all(isinstance(tensor, Away) for tensor in told)
    assert all(isinstance(parameter.grad, Away) for parameter in network.parameters())
    assert torch.isfinite(loss.inner)


@pytest.mark.parametrize(
    "kind, name", [(RecognitionModule, "daily"), (partial(ClipModule, steps_per_epoch=1), "ntu60")]
)
def test_all_that_a_training_step_computes_is_on_its_device(kind, name):
    torch.manual_seed(0)
    config = load_config(f"dualhead/{name}", ["network.width=0.125"])
    module = kind(sent(build(config.network, KINETICS_18, 4, 3, persons=2)), config)
    with Numbers(), Device():
        batch = Away(torch.rand(2, 3, 10, 18, 2)), Away(torch.eye(2, 4).bool())
        loss = module.training_step(batch, 0)
        loss.backward()
    assert isinstance(loss, Away) and torch.isfinite(loss.inner)


@pytest.mark.parametrize(
    "left",
    [
        lambda x: x + torch.zeros(3),
        lambda x: torch.cat([x, torch.arange(3.0)]),
        lambda x: x[torch.tensor([0, 1])],
        lambda x: x * torch.tensor([1.0, 2.0, 3.0]),
        lambda x: torch.zeros(3).index_put_((x.long(),), x),
    ],
)
def test_a_tensor_that_was_left_behind_is_noticed(left: Callable[[Tensor], Tensor]):
    with Numbers(), Device(), pytest.raises(AssertionError, match="left on the CPU"):
        left(Away(torch.ones(3)))


def test_the_pretended_device_computes_what_the_cpu_computes():
    torch.manual_seed(0)
    x = torch.rand(2, 3, 10, 18, 2)
    network = build(LSTAConfig(width=0.25), KINETICS_18, 4, 3, persons=2).eval()
    wanted = network(x)
    with Numbers(), Device():
        found = sent(network)(Away(x))
        numbers = torch.tensor([3, 4], device=found.device) * torch.arange(2, device=found.device)
    torch.testing.assert_close(found.inner, wanted.detach())
    assert numbers.inner.tolist() == [0, 4]
