"""Training and evaluation: ``windows`` for live use, ``clips`` as in the papers."""
