"""Rules come back as they were sent; what contradicts itself is named and never followed."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.cbor import load_map
from protocol.errors import Malformed
from protocol.findings import Priority
from protocol.metrics import METRICS, Form
from protocol.patient_rules import PatientRules, PersonalBaseline, PersonalThreshold, rules_as_map, rules_of_map

CODES = [code for code, metric in METRICS.items() if metric.form is Form.VALUE]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def thresholds() -> st.SearchStrategy[PersonalThreshold]:
    limits = st.tuples(st.none() | NUMBERS, st.none() | NUMBERS).filter(
        lambda both: both != (None, None) and (None in both or both[0] < both[1])
    )
    return st.builds(
        lambda metric, both, seconds, priority: PersonalThreshold(metric, *both, seconds, priority),
        st.sampled_from(CODES),
        limits,
        st.integers(1, 3600),
        st.sampled_from(Priority),
    )


def baselines() -> st.SearchStrategy[PersonalBaseline]:
    return st.builds(PersonalBaseline, st.sampled_from(CODES), NUMBERS, st.floats(0, 1e6))


def one_a_metric(several: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(several, unique_by=lambda each: each.metric).map(tuple)


RULES = st.builds(PatientRules, st.uuids(), st.sampled_from([1, 2]), one_a_metric(thresholds()), one_a_metric(baselines()))


@given(RULES)
def test_rules_come_back(rules: PatientRules) -> None:
    assert rules_of_map(load_map(cbor2.dumps(rules_as_map(rules)))) == rules


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), lambda few: st.lists(few, max_size=3)
)


@given(RULES, st.sampled_from(["patient", "spo2_scale", "thresholds", "baselines"]), JUNK)
def test_any_map_is_rules_or_malformed(rules: PatientRules, name: str, junk: object) -> None:
    with suppress(Malformed):
        rules_of_map({**rules_as_map(rules), name: junk})


def spoiled(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    rules = PatientRules(UUID(int=1), 1, (PersonalThreshold(1, 50.0, 120.0, 60, Priority.HIGH),), (PersonalBaseline(1, 62.0, 4.0),))
    whole: dict[str, Any] = cbor2.loads(cbor2.dumps(rules_as_map(rules)))
    change(whole)
    return whole


@pytest.mark.parametrize(
    "change",
    [
        lambda of: of.update(spo2_scale=3),
        lambda of: of.update(patient=b"short"),
        lambda of: of["thresholds"][0].update(low=130.0),
        lambda of: of["thresholds"][0].update(low=None, high=None),
        lambda of: of["thresholds"][0].update(high=float("nan")),
        lambda of: of["thresholds"][0].update(for_seconds=0),
        lambda of: of["thresholds"][0].update(priority="urgent"),
        lambda of: of["thresholds"][0].update(metric=20),
        lambda of: of["thresholds"].append(of["thresholds"][0]),
        lambda of: of["baselines"][0].update(spread=-1.0),
        lambda of: of["baselines"][0].update(median=True),
        lambda of: of["baselines"][0].update(metric=9999),
        lambda of: of["baselines"].append(of["baselines"][0]),
    ],
)
def test_what_contradicts_itself_is_malformed(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(Malformed):
        rules_of_map(spoiled(change))
