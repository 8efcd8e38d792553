"""What one would try first, one method a file: the same sends in, findings out. How to add one: a file, a line here."""

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from detector.evaluation.baselines.fixed_rule import fixed_rule
from detector.evaluation.baselines.hourly_volume import hourly_volume
from detector.evaluation.baselines.isolation_forest import isolation_forest
from detector.evaluation.baselines.negative_binomial import negative_binomial
from detector.evaluation.sightings import DAY, HOUR, MINUTE

BASELINES: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "rule: 2 in an hour": partial(fixed_rule, copies=2, within_us=HOUR),
    "rule: 3 in 10 minutes": partial(fixed_rule, copies=3, within_us=10 * MINUTE),
    "rule: 5 in an hour": partial(fixed_rule, copies=5, within_us=HOUR),
    "rule: 10 in a day": partial(fixed_rule, copies=10, within_us=DAY),
    "hourly volume, z > 6": hourly_volume,
    "IsolationForest": isolation_forest,
    "negative binomial": negative_binomial,
}
"""Name -> sends (see `sightings.all_sends`) to marked copies (see `sightings.findings`)."""
