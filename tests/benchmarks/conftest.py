"""How long one step takes. The clock decides nothing here: it is read by people, before and after a change.

    OPENBLAS_NUM_THREADS=1 python -m pytest tests/benchmarks --benchmark-enable --benchmark-save=before
    OPENBLAS_NUM_THREADS=1 python -m pytest tests/benchmarks --benchmark-enable --benchmark-compare

Without --benchmark-enable every step is taken once, as a plain test, so that these files cannot rot.
"""

import numpy as np
import pytest


@pytest.fixture
def timed(request):
    """`timed(step)` calls step and returns what it returned: many times when times were asked for, else once."""
    if getattr(request.config.option, "benchmark_enable", False):
        return request.getfixturevalue("benchmark")
    return lambda step: step()


@pytest.fixture
def rng():
    return np.random.default_rng(0)
