"""Skeleton-based action recognition: networks, data, training and prediction."""
