"""Readers of skeleton data sets: one module a set, each a function that yields ``Clip`` objects."""
