"""The application as a process: starts, answers, tells nothing, stops when told."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.support.clinics import KEYS, PASSWORD, Planter, now_ms
from tests.support.postgres import Addresses

WITHIN_S = 30.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/health").status_code == 200
    except httpx.TransportError:
        return False


def test_it_serves_until_sigterm_and_its_log_holds_no_name_and_no_password(database: Addresses, tmp_path: Path) -> None:
    plant = Planter(database)
    clinic = plant.clinic(1)
    plant.readings(clinic.patients[0], "heart_rate", [(now_ms(), 173.0)])
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {"CLOUD_DATABASE_URL": database.app, "CLOUD_KEYS": str(KEYS), "CLOUD_PORT": str(port)}
    environment["CLOUD_DASHBOARD"] = str(tmp_path)
    log = tmp_path / "log"
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-m", "cloud.app"], env=environment, stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + WITHIN_S
        while not answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # The planted hash is cheap, so the standard hasher checks it as fast.
        with httpx.Client(base_url=address, headers={"Origin": address}) as client:
            assert client.post("/api/session", json={"email": clinic.email, "password": "a wrong one"}).status_code == 401
            assert client.post("/api/session", json={"email": clinic.email, "password": PASSWORD}).status_code == 200
            assert "173.0" in client.get("/api/patients").text
            assert client.get("/api/nothing").status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()
    text = log.read_text()
    for secret in (clinic.email, "Patient ", "173", PASSWORD, "a wrong one", "nurse"):
        assert not re.search(re.escape(secret), text), secret
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert events.count("app.ready") == events.count("app.stopped") == 1


def test_without_a_database_it_names_the_setting() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CLOUD_DATABASE_URL"}
    done = subprocess.run([sys.executable, "-m", "cloud.app"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "CLOUD_DATABASE_URL" in done.stderr


@pytest.mark.parametrize("port", ["70000", "eighty"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    environment = os.environ | {"CLOUD_DATABASE_URL": "postgresql:///x", "CLOUD_PORT": port}
    done = subprocess.run([sys.executable, "-m", "cloud.app"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "CLOUD_PORT" in done.stderr


def test_without_its_key_encryption_key_it_does_not_start(tmp_path: Path) -> None:
    environment = os.environ | {"CLOUD_DATABASE_URL": "postgresql:///x", "CLOUD_KEYS": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "cloud.app"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "CLOUD_KEYS" in done.stdout + done.stderr
