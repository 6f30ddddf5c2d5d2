"""An evidence capsule: one finding as its detector said it, with the raw window it rests on, in a file that anyone may compute again."""

from typing import cast

import cbor2

from protocol.cbor import field, load_map
from protocol.errors import Malformed
from protocol.findings import Finding, finding_from, finding_map

FORM = "mediassist capsule 1"


def write_capsule(finding: Finding) -> bytes:
    """Return a finding as a file (CBOR, canonical: the same bytes for the same finding)."""
    return cbor2.dumps({"form": FORM, "finding": finding_map(finding)}, canonical=True)


def read_capsule(data: bytes) -> Finding:
    """Read what `write_capsule` wrote.

    Raises:
        Malformed: it did not, or the evidence in it cannot be read.
    """
    body = load_map(data)
    if body.get("form") != FORM:
        raise Malformed(f"not a file of the form {FORM!r}")
    return finding_from(cast("dict[str, object]", field(body, "finding", dict)))
