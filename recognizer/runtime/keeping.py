"""Where fast graphs come from: they lie beside the weights, in the user's cache folder, or are made now."""

from __future__ import annotations

import logging
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from pose.files import replacing
from recognizer.card import WeightsCard
from recognizer.plain_files import read_plain
from recognizer.runtime.graph import FastGraph, GraphError, graph_key

log = logging.getLogger(__name__)

ENDING = ".onnx"
_MOST_GRAPH = 2**30
_LONGEST_MAKING = 900.0


def graph_folder() -> Path:
    """Where graphs are kept that do not lie beside their weights."""
    return user_cache_path("pose2action", appauthor=False) / "graphs"


def kept_graph(card: WeightsCard, folder: Path | None = None) -> Path:
    """The file that holds, or would hold, the graph of weights: another one for other tensors, another
    network, another format or another version of ONNX Runtime."""
    name = f"{card.name}-{graph_key(card)[:16]}-{version('onnxruntime')}{ENDING}"
    return (folder or graph_folder()) / name


def found_graph(tensors: Path, card: WeightsCard) -> FastGraph | None:
    """The graph of weights that is there already; None where it has to be made.

    Args:
        tensors: their safetensors file, whose hash is the card's.
        card: theirs.
    """
    for path in (tensors.with_suffix(ENDING), kept_graph(card)):
        try:
            return FastGraph(read_plain(path, _MOST_GRAPH), card)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, GraphError) as error:
            log.warning("The fast graph %s is not used: %s.", path, error)
    return None


def made_graph(tensors: Path, card: WeightsCard, gently: bool = False) -> FastGraph | None:
    """The graph of weights, made and kept by a process of its own.

    Args:
        tensors, card: as for ``found_graph``.
        gently: only with what other programs leave of the processor, because nobody waits.

    Returns:
        None where there can be none. The log says why, in a sentence.
    """
    kept = kept_graph(card)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary:
            log.warning("Making the fast graph of %s: half a minute, once ...", card.name)
            _make(tensors, temporary, *(["gently"] if gently else []))
            graph = FastGraph(temporary.read_bytes(), card)
        return graph
    except OSError as error:
        why = f"{kept.parent} cannot be written to ({error.strerror or error})"
    except (subprocess.SubprocessError, GraphError) as error:
        why = str(error).rstrip(".")
    log.warning("%s is computed by PyTorch, which is several times slower: %s.", card.name, why)
    return None


def fast_graph(tensors: Path, card: WeightsCard) -> FastGraph | None:
    """The graph of weights, found or made; None where there can be none."""
    return found_graph(tensors, card) or made_graph(tensors, card)


def _make(tensors: Path, out: Path, *manner: str) -> None:
    """Has a graph written to a file.

    In another process, since PyTorch's exporter takes a gigabyte of memory, and all of a core for so long
    that the pose estimation of live sessions would suffer.

    Raises:
        GraphError: it cannot be made.
        SubprocessError: it takes far too long.
    """
    command = [sys.executable, "-m", "recognizer.runtime", str(tensors), str(out), *manner]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_MAKING, check=False)
    if done.returncode != 0:
        raise GraphError((done.stderr.strip().splitlines() or ["it was killed"])[-1])
