"""The HTTP API's description, from which the dashboard's types are made."""

import json
from pathlib import Path

from cloud.door import make_door

STANDARD_PLACE = Path(__file__).parent / "dashboard" / "openapi.json"


def description() -> str:
    """Return the description as JSON, the same bytes for the same code."""
    return json.dumps(make_door().openapi(), indent=2, sort_keys=True) + "\n"
