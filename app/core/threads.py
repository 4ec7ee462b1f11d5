"""How the cores are shared between the threads of the application."""

from __future__ import annotations

import torch


def recognise_on_one_core() -> None:
    """Lets networks run on one core, seen from the calling thread and from threads that start later.

    The pose estimator keeps another core busy all the time. Torch's threads wait for each other by spinning,
    so with fewer free cores than threads a window takes many times as long as on one thread.
    """
    torch.set_num_threads(1)
