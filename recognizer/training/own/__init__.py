"""Weights of own actions: the classifier of trained weights learns them, and forgets nothing."""
