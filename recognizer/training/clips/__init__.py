"""Training on the whole clips of one prepared data set, by its protocol, as in the papers."""
