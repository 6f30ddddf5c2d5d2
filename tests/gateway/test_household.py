"""The household file is read strictly."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway.household import HouseholdError, read_household, write_household
from tests.support.gateway import BELT, PATIENT

ONE = {"id": str(BELT), "patient": str(PATIENT), "address": "C0:11:22:33:00:01", "kind": "heart_rate_belt"}


def test_a_household_is_read(tmp_path: Path) -> None:
    (tmp_path / "household.json").write_text(json.dumps({"wearables": [ONE]}))
    (wearable,) = read_household(tmp_path / "household.json")
    assert (wearable.id, wearable.patient, wearable.address, wearable.kind) == (BELT, PATIENT, ONE["address"], ONE["kind"])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = [
        KnownWearable(BELT, PATIENT, "C0:11:22:33:00:01", "heart_rate_belt"),
        KnownWearable(UUID(int=5), PATIENT, "C0:11:22:33:00:02", "glucose_meter", delete_stored=True, bonded=True, adopted_here=True),
        KnownWearable(UUID(int=6), PATIENT, "C0:11:22:33:00:02", "glucose_meter", removed_at=1_800_000_000_000),
    ]
    write_household(tmp_path / "household.json", written)
    assert read_household(tmp_path / "household.json") == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"wearables": [{}]}',
        '{"wearables": [{"id": "x"}]}',
        json.dumps({"wearables": [ONE, ONE]}),
        json.dumps({"wearables": [{**ONE, "bonded": 1}]}),
        json.dumps({"wearables": [{**ONE, "removed_at": True}]}),
        json.dumps({"wearables": [{**ONE, "removed_at": "today"}]}),
    ],
)
def test_another_form_is_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "household.json").write_text(text)
    with pytest.raises(HouseholdError):
        read_household(tmp_path / "household.json")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HouseholdError, match="adopt"):
        read_household(tmp_path / "household.json")
