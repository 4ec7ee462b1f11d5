"""Numbers that no measurement gives, and how files write them."""

from __future__ import annotations

import numpy as np

ODD = (
    float("nan"), float("inf"), float("-inf"), 1e39, -1e39, 1e30, -1e30, 1e300, 1.7e308, 5e-324, -0.0, 0.0,
    -1.0,
    -1e-9, 1 + 1e-6, 999.0, 2.0**31, 2.0**31 - 1, -(2.0**31), 2.0**63, 1e9, 1e10,
)  # fmt: skip
"""As float64; 1e39 is infinite only as float32."""

WRITTEN = (
    "NaN", "nan", "Infinity", "-Infinity", "inf", "1e39", "1e400", "-1e400", "1" + "0" * 400, "-1", "-0", "0",
    "2147483648", "-2147483649", "9223372036854775808", "1e30", "0x10", "1_000", "1,5", "", " ", "null",
    "true",
    '"1"', "[]", "{}", "1e", "--1", "٣", "\x00", "9" * 5000,
)  # fmt: skip
"""As text and JSON write them, JSON or not."""

INTEGERS = (-1, 0, 1, 2, 255, 999, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, 10**6)


def odd(rng: np.random.Generator) -> float:
    """One of ``ODD``."""
    return ODD[rng.integers(len(ODD))]


def written(rng: np.random.Generator) -> str:
    """One of ``WRITTEN``."""
    return WRITTEN[rng.integers(len(WRITTEN))]


def whole(rng: np.random.Generator) -> int:
    """One of ``INTEGERS``."""
    return INTEGERS[rng.integers(len(INTEGERS))]


def nested(depth: int, leaf: str = "1", brackets: str = "[]") -> str:
    """JSON or YAML of that depth."""
    opening = '{"a":' if brackets == "{}" else brackets[0]
    return opening * depth + leaf + brackets[1] * depth
