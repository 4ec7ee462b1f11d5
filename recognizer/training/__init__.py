"""Training, evaluation: ``windows`` for live use, judged by ``streams``, and ``clips`` as in the papers."""
