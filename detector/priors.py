"""What the estimator assumes before it has learned anything: per lag bin, and per scale."""

import numpy as np

PRIORS = {
    1: (0.001, 36.0, 40.0, 3.0),
    2: (0.002, 36.0, 40.0, 3.0),
    3: (0.003, 36.0, 40.0, 3.0),
    4: (0.003, 36.0, 40.0, 3.0),
    5: (0.003, 36.0, 40.0, 3.0),
    6: (0.004, 4.0, 10.0, 3.0),
    7: (0.004, 1.0, 10.0, 4.0),
    8: (0.004, 0.3, 0.3, 5.0),
    9: (0.006, 0.3, 0.3, 6.0),
    10: (0.01, 0.3, 0.3, 8.0),
    11: (0.01, 0.3, 0.3, 10.0),
    12: (0.005, 36.0, 40.0, 3.0),
    13: (0.01, 0.3, 0.3, 10.0),
    14: (0.01, 0.3, 0.3, 10.0),
    15: (0.004, 36.0, 40.0, 3.0),
}
"""lag bin -> (usual share in a template nobody knows, its concentration, its concentration among extra copies, clean
days that count as much as this assumption).

A whole batch repeated within the hour is nearly always a fault; days apart it may be a habit, such as a digest, until
the template's history says otherwise.
"""
GROWN = {1: 5.0, 2: 5.0, 3: 5.0, 14: 100.0, 15: 5.0}
"""lag bin -> so many times greater is the concentration in a log of `GROWN_DAYS`.

Half a mailing that comes again within a minute is a fault as well, and so is a batch of old mail that had gone out one
by one. But while the log is young, the habits of its templates look like that: a manager's two summaries, codes that
people ask for again.
"""
GROWN_DAYS = 4, 12
"""From so many days on it grows, up to so many."""
NO_PRIOR = (0.001, 1.0, 1.0, 1.0)
CLEAN = 40.0
"""Concentration in a template that is known never to repeat to whole batches."""
ALL_OR_NONE = 0.3
"""Concentration in a template that mostly repeats to whole batches, where the same is unusual after other copies."""
REPLY = 0.5
"""Concentration in a conversation nobody knows."""
PERSON_CONCENTRATION = 3.0
"""People differ: some click "send again" nine times. Evidence against one person grows slowly (polynomially)."""
FOLLOW_UP_DAYS = np.array([1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 8, 16, 1, 16, 16, 1])
"""A day is clean at a lag only once so many days have passed."""
RUN_DAYS = np.array([0, 2, 2, 0, 0, 0, 0, 3, 3, 4, 9, 30, 0, 30, 30, 0])
"""Days so near each other are one run, at each lag bin."""
NEAR = np.array([2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0])
"""A habit spreads over so many lag bins to each side: a daily digest may not come twice an hour."""
RARER = np.array([1, 1, 1, 1, 1, 0.1, 0.1, 1, 1, 1])
"""At each scale the assumed share: in a week only those count who got the same again twice."""
MANY_ALIKE = 0.5
"""So many templates of a family do so if it is the family's."""
SEVERAL = 3
"""So many templates of a kin do so if it is the kin's."""
BROAD, BROAD_BINS, BROAD_DAYS, APART = range(4, 12), 3, 2, 3
"""Repeats to whole batches in three of these lag bins, in each on two days or more, say that a template does so
after any time; days within three of a row's own say nothing."""
