"""The fuzzer runs, says its seed and finds nothing in two seconds."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parent / "fuzz.py"


def test_the_fuzzer_plays_its_games_for_two_seconds_and_says_how_to_play_them_again():
    """From a seed with seven short games, of three kinds: one game alone may take half a minute."""
    night = subprocess.run(
        [sys.executable, FUZZ, "--seconds", "2", "--seed", "464"], capture_output=True, text=True, check=False
    )
    assert night.returncode == 0, night.stdout + night.stderr
    assert night.stdout.startswith("fuzz: --seed 464\n")
    assert night.stdout.endswith(" s, 0 laws broken\n")


def test_twenty_readers_beside_real_nights_meet_no_error_no_mixed_night_and_no_wait():
    readers = ("--game", "readers_while_nights_run", "--seconds", "0", "--seed", "27")
    nights = subprocess.run([sys.executable, FUZZ, *readers], capture_output=True, text=True, check=False)
    assert nights.returncode == 0, nights.stdout + nights.stderr
    assert "fuzz: 1 turns in " in nights.stdout
