"""Every error the detector raises on purpose, and the exit code each one ends the program with.

    DetectorError
    ├── ConfigError      2   the command line or detector.toml says something that cannot be done; no state directory
    ├── RefusedError     2   what somebody says of an incident cannot be so, or comes too early
    ├── InputError       3   a log file is missing, unreadable, damaged or in no known format
    ├── StoreError       3   the database in the state directory, or a journal of an incident, cannot be used
    ├── LockedError      4   another run holds the lock
    ├── ChannelError     5   an alert was not delivered, or nobody can know whether it was
    └── JournalError     6   the journal of notices is missing or damaged: nothing may be sent

A message says what happened, where (file and line, or section and key) and what to do next.
"""


class DetectorError(Exception):
    """Anything the detector can explain; `cli` prints it and leaves with `exit_code`."""

    exit_code = 1


class ConfigError(DetectorError):
    """A setting or an argument is unknown, misspelt, of the wrong type or leads nowhere."""

    exit_code = 2


class RefusedError(DetectorError):
    """What somebody says of an incident contradicts what is known, or something must be done first."""

    exit_code = 2


class InputError(DetectorError):
    """One input file cannot be used; the night goes on with the others."""

    exit_code = 3


class StoreError(DetectorError):
    """What the state directory holds cannot be opened, was written by a newer version, or is damaged."""

    exit_code = 3


class LockedError(DetectorError):
    """Another run is at work on the same state directory."""

    exit_code = 4


class ChannelError(DetectorError):
    """A channel did not deliver. `outcome` is "not_sent" (safe to try again) or "unknown" (it may have arrived)."""

    exit_code = 5

    def __init__(self, message: str, *, outcome: str = "not_sent", permanent: bool = False) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.permanent = permanent


class JournalError(DetectorError):
    """The journal of notices cannot be trusted, so nothing is sent."""

    exit_code = 6
