"""Whatever fails and whenever a run dies: no mail twice, nothing lost, every unknown said."""

from random import Random

import pytest
from alert_nights import play


@pytest.mark.parametrize("seed", range(6))
def test_a_drawn_history_of_alerts_keeps_the_laws(seed, tmp_path):
    """Six histories of about ten runs; `dev.py fuzz` draws them without end."""
    assert play(tmp_path, Random(seed)).runs >= 9
