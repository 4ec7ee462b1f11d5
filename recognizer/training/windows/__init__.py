"""Training on random windows of many data sets, for live use with one vocabulary."""
