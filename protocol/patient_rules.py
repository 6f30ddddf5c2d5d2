"""By which rules a patient is watched at home: the care team's thresholds, what is usual for the person, the SpO2 scale of NEWS2."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from protocol.cbor import field, maps, uuid_of
from protocol.errors import Malformed
from protocol.findings import Priority
from protocol.metrics import METRICS, Form


@dataclass(frozen=True, slots=True)
class PersonalThreshold:
    """Limits of one metric (code), in its unit; None: no limit on that side. Outside for `for_seconds` raises a finding of `priority`."""

    metric: int
    low: float | None
    high: float | None
    for_seconds: int
    priority: Priority


@dataclass(frozen=True, slots=True)
class PersonalBaseline:
    """What is usual for a person: median and spread of one metric (code), in its unit."""

    metric: int
    median: float
    spread: float


@dataclass(frozen=True, slots=True)
class PatientRules:
    """The rules of one patient, in place of all earlier ones. spo2_scale: of NEWS2, 1, or 2 on a clinician's word."""

    patient: UUID
    spo2_scale: int = 1
    thresholds: tuple[PersonalThreshold, ...] = ()
    baselines: tuple[PersonalBaseline, ...] = ()


def rules_as_map(rules: PatientRules) -> dict[str, object]:
    """Return rules as a map of CBOR."""
    return {
        "patient": rules.patient.bytes,
        "spo2_scale": rules.spo2_scale,
        "thresholds": [
            {"metric": t.metric, "low": t.low, "high": t.high, "for_seconds": t.for_seconds, "priority": str(t.priority)}
            for t in rules.thresholds
        ],
        "baselines": [{"metric": b.metric, "median": b.median, "spread": b.spread} for b in rules.baselines],
    }


def rules_of_map(of: Mapping[str, object]) -> PatientRules:
    """Read rules.

    Raises:
        Malformed: not rules, or rules that contradict themselves.
    """
    scale = field(of, "spo2_scale", int)
    if scale not in (1, 2):
        raise Malformed("NEWS2 has the SpO2 scales 1 and 2")
    thresholds = tuple(_threshold(each) for each in maps(of, "thresholds"))
    baselines = tuple(_baseline(each) for each in maps(of, "baselines"))
    for metrics in ([each.metric for each in thresholds], [each.metric for each in baselines]):
        if len(set(metrics)) < len(metrics):
            raise Malformed("a metric with two thresholds or two baselines")
    return PatientRules(uuid_of(of.get("patient"), "patient"), scale, thresholds, baselines)


def _threshold(of: Mapping[str, object]) -> PersonalThreshold:
    low = None if of.get("low") is None else _number(of, "low")
    high = None if of.get("high") is None else _number(of, "high")
    if (low is None and high is None) or (low is not None and high is not None and low >= high):
        raise Malformed("a threshold without limits, or with the low one not below the high one")
    seconds = field(of, "for_seconds", int)
    if seconds <= 0:
        raise Malformed("a threshold that may be left for no time")
    try:
        return PersonalThreshold(_metric(of), low, high, seconds, Priority(field(of, "priority", str)))
    except ValueError as error:
        raise Malformed("a priority that is none") from error


def _baseline(of: Mapping[str, object]) -> PersonalBaseline:
    spread = _number(of, "spread")
    if spread < 0:
        raise Malformed("a spread below 0")
    return PersonalBaseline(_metric(of), _number(of, "median"), spread)


def _metric(of: Mapping[str, object]) -> int:
    code = field(of, "metric", int)
    if code not in METRICS or METRICS[code].form is not Form.VALUE:
        raise Malformed("a rule for a metric that is not in the catalogue, or is a waveform")
    return code


def _number(of: Mapping[str, object], name: str) -> float:
    value = of.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Malformed(f"field {name!r} is not a finite number")
    return float(value)
