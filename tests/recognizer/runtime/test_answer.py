"""Attention by name and back."""

from __future__ import annotations

import numpy as np

from recognizer.networks.attended import DualHeadAttention, SEMAttention, STFAttention
from recognizer.runtime.answer import named, rebuilt


def test_arrays_have_the_names_of_their_fields_and_come_back():
    one, two, three = (np.full(2, value) for value in (1, 2, 3))
    looked = STFAttention(one, (two, three))
    assert named(looked) == {"responses": one, "relations.0": two, "relations.1": three}
    again = rebuilt(STFAttention, named(looked))
    assert again.responses is one and again.relations == (two, three) and again.gate is None


def test_what_a_network_was_not_configured_to_tell_has_no_name():
    assert named(DualHeadAttention()) == {}
    assert rebuilt(DualHeadAttention, {}) == DualHeadAttention()
    assert rebuilt(SEMAttention, {"relations": 1}) == SEMAttention(1, None)
