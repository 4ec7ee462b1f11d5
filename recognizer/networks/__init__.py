"""The networks of the four papers, each of which is told by the type of its configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pose.layouts import SkeletonLayout
from recognizer.networks.dualhead import DualHeadConfig, DualHeadNet
from recognizer.networks.lsta import LSTAConfig, LSTANet
from recognizer.networks.msg3d import MSG3D
from recognizer.networks.protocol import Network
from recognizer.networks.sem import SEMConfig, SEMNet
from recognizer.networks.spa import SPAConfig, SPANet
from recognizer.networks.stf import STFConfig, STFNet

NetworkConfig = Annotated[
    DualHeadConfig | LSTAConfig | STFConfig | SEMConfig | SPAConfig, Field(discriminator="name")
]

NETWORKS: dict[type, type[Network]] = {
    DualHeadConfig: DualHeadNet,
    LSTAConfig: LSTANet,
    STFConfig: STFNet,
    SEMConfig: SEMNet,
    SPAConfig: SPANet,
}

TITLES = {
    "dualhead": "DualHead-Net",
    "lsta": "LSTA-Net",
    "stf": "STF-Net",
    "sem": "SEM-Net",
    "spa": "SPA-Net",
}
"""What the papers call them, by ``config.name``."""


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
