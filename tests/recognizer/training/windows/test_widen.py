import numpy as np
import torch

from pose.layouts import LAYOUTS
from recognizer.networks.build import build
from recognizer.networks.lsta import LSTAConfig
from recognizer.training.windows.widen import widened


def networks(**choices):
    narrow, wide = (
        build(LSTAConfig(width=width, **choices), LAYOUTS["kinetics-18"], 5, 3, 1).eval()
        for width in (0.25, 0.5)
    )
    for module in narrow.modules():  # statistics as after a training
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return narrow, wide


def begin(wide, narrow, noise):
    for name, tensor in wide.state_dict().items():
        other = narrow.state_dict()[name]
        tensor.copy_(other if other.shape == tensor.shape else widened(other, tensor.shape, noise))


def test_a_network_of_twice_the_width_says_what_the_narrower_one_says():
    torch.manual_seed(0)
    narrow, wide = networks(attention=False)
    x = torch.randn(2, 3, 16, 18, 1)
    begin(wide, narrow, noise=0.0)
    with torch.no_grad():
        assert torch.allclose(wide(x), narrow(x), rtol=1e-3, atol=1e-3)
        begin(wide, narrow, noise=0.2)
        assert not torch.allclose(wide(x), narrow(x), rtol=1e-2, atol=1e-2)


def test_channels_come_side_by_side_and_share_the_weight():
    weight = torch.tensor([[2.0, 4.0], [6.0, 8.0]])
    assert widened(weight, torch.Size((4, 4)), 0.0).tolist() == [[1, 1, 2, 2]] * 2 + [[3, 3, 4, 4]] * 2
    assert widened(weight, torch.Size((4, 2)), 0.0).tolist() == [[2, 4]] * 2 + [[6, 8]] * 2
    assert widened(weight, torch.Size((2, 4)), 0.0).tolist() == [[1, 1, 2, 2], [3, 3, 4, 4]]
    assert widened(torch.tensor([1.0, 2.0]), torch.Size((4,)), 0.5).tolist() == [1, 1, 2, 2]  # a batch norm's


def test_noise_is_a_share_of_the_weights_own_spread():
    torch.manual_seed(0)
    weight = torch.randn(200, 200) * 3
    noise = widened(weight, torch.Size((400, 200)), 0.5) - widened(weight, torch.Size((400, 200)), 0.0)
    assert np.isclose(noise.std(), 1.5, rtol=0.02) and abs(noise.mean()) < 0.02


def test_other_shapes_are_no_twice_the_width():
    weight = torch.ones(4, 4, 3)
    for shape in ((4, 4, 3), (12, 4, 3), (8, 5, 3), (8, 8, 6), (2, 4, 3), (8, 8), (8, 8, 3, 1), (6, 4, 3)):
        assert widened(weight, torch.Size(shape)) is None
