"""Lines of a journal that show when one of them was changed, lost or slipped in."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def sealed(values: Mapping[str, Any], previous_seal: str) -> tuple[str, bytes]:
    """The seal of one line, made from itself and the seal before it; and the line, plain ASCII with its line break."""
    seal = hashlib.sha256(f"{previous_seal} {json.dumps(values, allow_nan=False)}".encode()).hexdigest()[:16]
    return seal, json.dumps({**values, "seal": seal}, allow_nan=False).encode() + b"\n"
