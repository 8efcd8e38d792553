"""How soon the watch stops a founding night, and what it costs: `python3 dev.py bench watch [SEEDS]`.

Each row stands for nights drawn from the seeds, played in accelerated time (`live_night.py`): the log is rotated in the
middle of the burst, the brake takes hold ten seconds after the look that pulls it. Exit code 1 if at a pace of a minute
a night is worse than 3 extra copies for the median person, or more than 5 % of its mails get out.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from time import process_time

from live_night import Outcome, play
from test_watch import Watched

PACES = (60, 120, 300)
IDLE_LOOKS = 1_000


def main(seeds: list[int]) -> int:
    print("log      every   extra copies at stop    mails stopped               s per look")
    is_good = True
    for kind in ("plain", "postfix"):
        for pace in PACES:
            nights = [_night(kind, pace, seed) for seed in seeds]
            is_good &= pace > 60 or all(each.extra_at_stop <= 3 and each.share_stopped >= 0.95 for each in nights)
            stopped, would_be = sum(each.stopped for each in nights), sum(each.would_be for each in nights)
            extra = max(each.extra_at_stop for each in nights)
            cost = mean(each.seconds / each.looks for each in nights)
            share = f"{stopped:,} of {would_be:,} ({stopped / would_be:.1%})"
            print(f"{kind:8} {pace:4} s   at most {extra:<15g} {share:27} {cost:.1f}", flush=True)
    print(f"a look at a log that has not moved: {_idle_ms():.2f} ms of processor time, of {IDLE_LOOKS:,} looks")
    return 0 if is_good else 1


def _night(kind: str, pace: int, seed: int) -> Outcome:
    with TemporaryDirectory() as folder:
        return play(Path(folder), kind, timedelta(seconds=pace), seed)


def _idle_ms() -> float:
    with TemporaryDirectory() as folder:
        watched = Watched(Path(folder))
        watched.mail()
        watched.look()
        started = process_time()
        for _ in range(IDLE_LOOKS):
            watched.look(minutes=0.01)
        return (process_time() - started) / IDLE_LOOKS * 1_000


if __name__ == "__main__":
    os.environ["SLURM_CPUS_ON_NODE"] = "2"
    raise SystemExit(main([int(seed) for seed in sys.argv[1:]] or [7, 8, 9]))
