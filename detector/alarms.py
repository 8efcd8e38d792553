"""What is beyond the usual, by which settings, and what of it belongs to one burst."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from detector.batch_rows import DAY_US
from detector.config import Detection


@dataclass(frozen=True)
class Span:
    """One row of `bursts`."""

    template_key: str
    burst_number: int
    is_slow: bool
    rung: str
    sender: str
    median_gap_seconds: float
    started_us: int
    ended_us: int
    copies_each: float
    kin: str | None
    first_domain: str | None
    last_domain: str | None

    @property
    def is_by_a_clock(self) -> bool:
        """True for what comes to the second by a clock of its own (see burst_seeds)."""
        return self.burst_number % 4 == 3


@dataclass(frozen=True)
class Alarms:
    """What is beyond the usual, and by which settings."""

    batches: pd.DataFrame
    people: pd.DataFrame
    episodes: pd.DataFrame
    settings: Detection

    def of(self, span: Span, company: int = 1) -> pd.DataFrame:
        """The alarmed batches of a burst, in such company at least."""
        batches = self.batches[self.batches["template_key"] == span.template_key]
        batches = batches[batches["company"] >= company]
        return batches[batches["window_start_us"].between(span.started_us - 9 * DAY_US, span.ended_us)]

    def company_of(self, span: Span) -> pd.DataFrame:
        """The alarmed batches in which the burst's template showed it with others, near enough to be of the burst."""
        company = self.of(span, company=2)
        lag_us = np.where(company["cut_by"] == "later", 0, 3_000_000 * span.median_gap_seconds)
        return company[company["window_start_us"] + company["window_us"] + lag_us >= span.started_us]

    def quarters_of(self, span: Span) -> frozenset[int]:
        """The quarters of an hour of that company, and a server's first moment; a clock of its own keeps no company."""
        if span.is_by_a_clock:
            return frozenset()
        servers = self.episodes_of(span)["server_us"]
        return frozenset(map(int, [*self.company_of(span)["window_start_us"], *servers[servers > 0]]))

    def episodes_of(self, span: Span) -> pd.DataFrame:
        """The alarmed episodes of a burst."""
        episodes = self.episodes[self.episodes["template_key"] == span.template_key]
        return episodes[(episodes["ended_us"] >= span.started_us) & (episodes["started_us"] <= span.ended_us)]
