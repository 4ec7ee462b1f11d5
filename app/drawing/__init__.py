"""Skeletons, labels, heat maps and plots, as pictures or as numbers that a page draws."""
