"""Trained networks made quick for live use."""
