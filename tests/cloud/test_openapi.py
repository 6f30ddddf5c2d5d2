"""The description of the HTTP API."""

import json
from pathlib import Path

from cloud import commands
from cloud.openapi import STANDARD_PLACE, description


def test_the_written_description_is_the_codes() -> None:
    assert STANDARD_PLACE.read_text() == description(), "run `mediassist openapi`"


def test_it_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    assert commands.openapi([str(tmp_path / "a.json")]) == 0
    assert (tmp_path / "a.json").read_text() == description()


def test_operations_are_named_as_their_functions_and_the_live_messages_are_in_it() -> None:
    body = json.loads(description())
    names = {operation["operationId"] for methods in body["paths"].values() for operation in methods.values()}
    assert {
        "sign_in",
        "current_account",
        "sign_out",
        "list_patients",
        "one_patient",
        "vitals",
        "waveforms",
        "list_alerts",
        "one_alert",
    } < names
    assert {"LiveAlert", "LiveReading", "LiveWaveform", "LiveTouched"} < set(body["components"]["schemas"])
