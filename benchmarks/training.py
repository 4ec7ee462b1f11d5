"""How many clips a second each network learns from, and how many the loader gives it.

Run as ``python -m benchmarks.training``; --help tells the options. The networks are the papers' own, in full
size, with the settings of their ``<network>/ntu60`` configurations; the clips are NTU RGB+D's, generated and
prepared by the benchmark. Each network has a process of its own, whose peak memory is told.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.prepare import write_files
from recognizer.data.prepare import prepare
from recognizer.data.prepared import TRAIN
from recognizer.training.clip_module import ClipModule
from recognizer.training.clips import ClipDataset
from recognizer.training.config import load_config
from recognizer.training.fit_clips import clip_loader, clip_network, open_clips

ROWS = {
    "DualHead-Net": ("dualhead/ntu60",),
    "LSTA-Net": ("lsta/ntu60",),
    "STF-Net": ("stf/ntu60",),
    "SEM-Net": ("sem/ntu60",),
    "SPA-Net 4D": ("spa/ntu60",),
    "SPA-Net 3+1D": ("spa/ntu60", "network.convolution=3+1d"),
}
_FILES = 120


def main(
    steps: Annotated[int, typer.Option(min=1, help="Of the optimiser, of which the median counts.")] = 5,
    frames: Annotated[int, typer.Option(min=1, help="T")] = 64,
    persons: Annotated[int, typer.Option(min=1, max=2, help="M")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Clips a step.")] = 32,
    threads: Annotated[int, typer.Option(min=1, help="Of PyTorch, on the CPU.")] = 2,
    only: Annotated[str | None, typer.Option(help="Measure one network.")] = None,
    data: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print a table with one row a network."""
    torch.set_num_threads(threads)
    overrides = [f"frames={frames}", f"persons={persons}", f"batch_size={batch}"]
    if data is not None:
        print(json.dumps(_measure(only, overrides, data, steps)))
        return
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {threads} thread(s)"
    print(f"{device}; T = {frames}, M = {persons}, {batch} clips a step, median of {steps}")
    print(f"{'':14} {'ms/step':>8} {'clips/s':>8} {'loader clips/s':>16} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        raw, prepared = Path(folder) / "raw", Path(folder) / "prepared"
        write_files(raw, _FILES)
        prepare("ntu60", raw, prepared)
        for name in [only] if only else ROWS:
            options = {"steps": steps, "frames": frames, "persons": persons, "batch": batch}
            command = [sys.executable, "-m", "benchmarks.training", "--only", name, "--data", str(prepared)]
            command += [f"--{key}={value}" for key, value in (options | {"threads": threads}).items()]
            row = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            rate = 1000 * batch / row["step_ms"]
            loader = f"{row['loader']:8.0f} ({row['loader'] / rate:4.0f}x)"
            print(f"{name:14} {row['step_ms']:8.0f} {rate:8.1f} {loader:>16} {row['peak_mb']:8.0f}")


def _measure(name: str, overrides: list[str], data: Path, steps: int) -> dict[str, float]:
    path, *more = ROWS[name]
    config = load_config(path, overrides + more)
    clips, parts = open_clips(config, data)
    loader = clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size)
    start = time.perf_counter()
    batches = list(loader)
    loaded = len(parts[TRAIN]) / (time.perf_counter() - start)

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = ClipModule(clip_network(config, clips), config, len(batches)).to(device).train()
    module.log_dict = lambda *_, **__: None  # there is no Trainer that would want it
    optimizer = module.configure_optimizers()["optimizer"]
    batch = [tensor.to(device) for tensor in batches[0]]
    taken = []
    for number in range(steps + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        module.training_step(batch, number).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        taken.append(1000 * (time.perf_counter() - start))
    return {
        "step_ms": statistics.median(taken[1:]),
        "loader": loaded,
        "peak_mb": _peak_memory(device),
    }


def _peak_memory(device: torch.device) -> float:
    """Megabytes: the GPU's, or those of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    import resource  # Unix alone has it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    typer.run(main)
