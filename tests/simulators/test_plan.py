"""A plan is followed as it is written, or refused where it is wrong."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from simulators.plan import PhysiologySource, PlanError, RecordingSource, parse_plan

WEARABLE = {"id": str(UUID(int=2)), "kind": "ecg_patch", "address": "C0:11:22:33:00:01", "name": "Patch"}
HOME = {
    "bus": "unix:path=/tmp/b",
    "patient": str(UUID(int=1)),
    "source": {"kind": "physiology", "seed": 4, "story": "fever"},
    "wearables": [WEARABLE],
}


def planned(**changes: object) -> str:
    return json.dumps({"homes": [HOME | changes], "produced": "p.jsonl"})


def test_a_plan_is_read():
    plan = parse_plan(planned())
    [home] = plan.homes
    assert (home.patient, home.source, plan.produced) == (UUID(int=1), PhysiologySource(4, "fever"), Path("p.jsonl"))
    assert home.wearables[0].hand_over
    [other] = parse_plan(planned(source={"kind": "recording", "path": "200"}, wearables=[WEARABLE | {"hand_over": False}])).homes
    assert other.source == RecordingSource(Path("200"))
    assert not other.wearables[0].hand_over
    [busy] = parse_plan(planned(wearables=[WEARABLE | {"often": 10}])).homes
    assert (home.wearables[0].often, busy.wearables[0].often) == (1.0, 10.0)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "no JSON"),
        ("[]", "plan is no object"),
        ('{"homes": []}', "plan.produced"),
        (planned(bus=""), "bus"),
        (planned(patient="x"), "patient"),
        (planned(wearables={}), "wearables"),
        (planned(wearables=[WEARABLE | {"kind": "toaster"}]), "kind"),
        (planned(wearables=[WEARABLE | {"hand_over": 1}]), "hand_over"),
        (planned(wearables=[WEARABLE | {"often": 0}]), "often"),
        (planned(wearables=[WEARABLE | {"often": "much"}]), "often"),
        (planned(source=None), "source"),
        (planned(source={"kind": "physiology", "seed": -1, "story": "fever"}), "seed"),
        (planned(source={"kind": "physiology", "seed": 1, "story": "tale"}), "story"),
        (planned(source={"kind": "dream"}), "neither"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(text, where):
    with pytest.raises(PlanError, match=where):
        parse_plan(text)
