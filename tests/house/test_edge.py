"""What a gateway installs and loads: nothing of the cloud, of training or of simulators, and CoAP only where a home has such a sensor."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_AT_THE_EDGE = ("torch", "ray", "psycopg", "bumble", "gmqtt", "onnx", "scikit-learn", "scipy", "pandas", "aiortc", "mlflow-skinny")
NOT_LOADED = ("torch", "ray", "psycopg", "bumble", "gmqtt", "cloud", "simulators", "aiocoap")


def locked(role: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==", (ROOT / "requirements" / f"{role}.lock").read_text("utf-8"), re.MULTILINE))


def test_its_lock_holds_nothing_of_the_cloud_or_of_training() -> None:
    packages = locked("edge")
    assert {"bleak", "onnxruntime", "paho-mqtt"} <= packages
    assert packages & set(NOT_AT_THE_EDGE) == set()


@pytest.mark.parametrize("module", ["edge.gateway.__main__", "edge.gateway.hub.server", "edge.gateway.commands"])
def test_its_process_loads_nothing_of_the_kind(module: str) -> None:
    asked = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "edge" in loaded
    assert set(loaded) & set(NOT_LOADED) == set()
