"""Trained networks made quick for live use without PyTorch: ONNX graphs, and SPA-Net in NumPy.

Milliseconds a window with attention and embedding, one thread, the least of 40 in turn on a machine with two
cores on which other programs ran, so that only ratios count:

====================  ===========  ============  ========  ==================
weights               TorchScript  ONNX Runtime  OpenVINO  PyTorch as written
====================  ===========  ============  ========  ==================
kinetics-18-lsta      13.9         2.9           7.1       6 times
kinetics-18-stf       18.7         2.9           12.8      7 times
kinetics-18-sem       7.2          2.7           5.5       6 times
kinetics-18-dualhead  33.9         14.1          29.9      4 times
====================  ===========  ============  ========  ==================

The last column, of ONNX Runtime's time, is from ``python -m benchmarks.networks``, which also tells that
logits are 1e-6 of the largest away from PyTorch's. A graph is loaded in 0.07 s and ONNX Runtime imported in
0.03 s, while PyTorch takes 1.7 s to import and TorchScript 2 s a network to trace. OpenVINO took 0.8 to 2.6 s
to load the same graphs, and its wheel has 59 MB; AOTInductor needs a C++ compiler on the user's machine.

- ``answer``: what a network answers, and the type of what computes one, ``Engine``.
- ``graph``: a network as ONNX Runtime computes it; ``spa``, with ``voxels``: SPA-Net, whose sparse
  convolutions ONNX does not know, as NumPy does, in 0.6 of PyTorch's time; ``eager``: any as PyTorch does (on
  GPUs, networks in memory, by a chosen sparse backend, and where there can be no graph).
- ``keeping``: where graphs come from. Making one takes PyTorch's exporter and half a minute of a core, so
  those of the shipped weights lie beside them, 1 to 3 MB each: nobody waits for the first label, and nobody
  needs the exporter's packages. Others are made at first use, in the user's cache folder; ``meanwhile``:
  PyTorch answers until they are, where somebody waits before the page.
- ``making``, with ``fold``: the graph of a network.

After weights were trained anew, ``pose2action export NAME --out weights/NAME.onnx`` makes the graph beside
them; one of other weights is not used.
"""
