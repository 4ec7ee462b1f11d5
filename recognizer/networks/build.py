"""From a configuration to its network."""

from __future__ import annotations

from pose.layouts import SkeletonLayout
from recognizer.networks import NetworkConfig
from recognizer.networks.configs import DualHeadConfig, LSTAConfig, SEMConfig, SPAConfig, STFConfig
from recognizer.networks.dualhead import DualHeadNet
from recognizer.networks.lsta import LSTANet
from recognizer.networks.msg3d import MSG3D
from recognizer.networks.protocol import Network
from recognizer.networks.sem import SEMNet
from recognizer.networks.spa import SPANet
from recognizer.networks.stf import STFNet

NETWORKS: dict[type, type[Network]] = {
    DualHeadConfig: DualHeadNet,
    LSTAConfig: LSTANet,
    STFConfig: STFNet,
    SEMConfig: SEMNet,
    SPAConfig: SPANet,
}


def build(
    config: NetworkConfig, layout: SkeletonLayout, classes: int, in_channels: int, persons: int = 1
) -> Network:
    """The network that a configuration describes, with random weights.

    Args:
        config: says which network, and its choices.
        layout: joints and bones.
        classes: number of actions.
        in_channels: channels a joint.
        persons: M, persons a sample holds.

    Raises:
        ValueError: the network cannot take these channels. The message is one sentence.
    """
    baseline = isinstance(config, DualHeadConfig) and config.heads == 1
    network = MSG3D if baseline else NETWORKS[type(config)]
    return network(layout, classes, in_channels, persons, config)
