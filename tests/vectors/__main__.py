"""`python -m tests.vectors` writes envelopes.json anew."""

import json

from tests.vectors import ENVELOPES, envelopes

ENVELOPES.write_text(json.dumps(envelopes(), indent=1) + "\n")
