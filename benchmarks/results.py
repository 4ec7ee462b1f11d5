"""Trains and evaluates the rows of RESULTS.md, and prints its tables.

Run as ``python -m benchmarks.results utd-mhad --data PREPARED``; --help tells the options. What is trained
already is not trained again and a stopped run goes on, so the command can be repeated until a table is full.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from recognizer.networks import TITLES
from recognizer.training.evaluate_clips import FUSED, ClipReport, evaluate_clips
from recognizer.weights import WeightsCard, read_card


@dataclass(frozen=True)
class Run:
    """What ``pose2action train NETWORK/DATASET OVERRIDES`` trains.

    Attributes:
        key: short name.
        title: in the table.
        network: key of ``recognizer.networks.TITLES``.
        overrides: of the configuration.
    """

    key: str
    title: str
    network: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """Something that a paper says helps: the runs without it, then the one with it.

    Attributes:
        title: what, and where it is said.
        runs: one a variant.
        fused: title of a last variant, all the others fused.
    """

    title: str
    runs: tuple[Run, ...]
    fused: str = ""


_BONE = ("preprocessing.streams=[bone]",)

JOINT = (
    Run("dualhead", "DualHead-Net", "dualhead"),
    Run("lsta", "LSTA-Net", "lsta"),
    Run("stf", "STF-Net", "stf"),
    Run("sem", "SEM-Net", "sem"),
    Run("spa", "SPA-Net 4D", "spa"),
    Run("spa-3+1d", "SPA-Net 3+1D", "spa", ("network.convolution=3+1d",)),
)
BONE = tuple(Run(f"{run.key}-bone", run.title, run.network, _BONE) for run in JOINT[:4])
FUSIONS = {
    "SEM-Net + SPA-Net 4D, joint": (JOINT[3], JOINT[4]),
    "all of joint": JOINT,
    "all": JOINT + BONE,
}

CLAIMS = (
    Claim(
        "Cross-head attention (DualHead-Net, Tables 4 and 8)",
        (
            Run(
                "dualhead-none", "no attention", "dualhead",
                ("network.temporal_attention=none", "network.spatial_attention=none"),
            ),
            Run("dualhead", "cross-head attention", "dualhead"),
        ),
    ),
    Claim(
        "MSDA and ATPA (LSTA-Net, Tables 1 and 2)",
        (
            Run("lsta-ms-gcn", "MS-GCN and ATPA", "lsta", ("network.spatial=ms-gcn",)),
            Run("lsta-no-mam", "MSDA and TPA, no attention", "lsta", ("network.attention=false",)),
            Run("lsta", "MSDA and ATPA", "lsta"),
        ),
    ),
    Claim(
        "MCF and TDF (STF-Net, Table 2)",
        (
            Run("stf-no-mcf", "without MCF", "stf", ("network.mcf=false",)),
            Run("stf-no-tdf", "without TDF", "stf", ("network.tdf=false",)),
            Run("stf", "both", "stf"),
        ),
    ),
    Claim(
        "Cross-frame attention and global regularisation (SEM-Net, Table 1)",
        (
            Run(
                "sem-single-frame", "single-frame attention", "sem",
                ("network.attention=single-frame", "network.global_regularisation=false"),
            ),
            Run("sem", "cross-frame attention and GR", "sem"),
        ),
    ),
    Claim(
        "Space and time at once, and with SEM-Net (SPA-Net, Table 4)",
        (
            Run("spa-3+1d", "SPA-Net 3+1D", "spa", ("network.convolution=3+1d",)),
            Run("spa", "SPA-Net 4D", "spa"),
        ),
    ),
)  # fmt: skip
