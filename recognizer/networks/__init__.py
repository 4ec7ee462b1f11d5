"""The networks of the four papers, each of which is told by the type of its configuration.

This and ``configs`` need no PyTorch: what is known of weights can be told without importing it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from recognizer.networks.configs import DualHeadConfig, LSTAConfig, SEMConfig, SPAConfig, STFConfig

NetworkConfig = Annotated[
    DualHeadConfig | LSTAConfig | STFConfig | SEMConfig | SPAConfig, Field(discriminator="name")
]

TITLES = {
    "dualhead": "DualHead-Net",
    "lsta": "LSTA-Net",
    "stf": "STF-Net",
    "sem": "SEM-Net",
    "spa": "SPA-Net",
}
"""What the papers call them, by ``config.name``."""
