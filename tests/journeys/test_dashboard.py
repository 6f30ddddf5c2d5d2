"""A nurse's morning in a real Chromium: signs in, sees the live trace move, sees the alert, opens its evidence.

And afterwards nothing that any process has written holds a name, an e-mail address, a password or a key (K8).
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from deploy.local.site import ROOT
from deploy.local.wearables import PASSKEY
from edge.gateway.household import read_household
from tests.support.stack import Stack, eventually, whole_stack

DASHBOARD = ROOT / "cloud" / "dashboard"
SCREENSHOTS = ROOT / "artefacts" / "screenshots"

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not (DASHBOARD / "dist" / "index.html").is_file():
        pytest.skip("the dashboard is not built: make test builds it")
    with whole_stack(patients=4) as running:
        yield running


def _browser(spec: str, **about: str) -> None:
    """Run one browser test of e2e/ against the stack; skips, naming what is missing."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    programs = f"{os.environ['PATH']}:{ROOT / '.venv' / 'bin'}"
    npx = shutil.which("npx", path=programs)
    if chromium is None or npx is None:
        pytest.skip(f"missing: {'Chromium (apt install chromium)' if chromium is None else 'npx (Node.js 20.19 or later)'}")
    environment = {**os.environ, "PATH": programs, "E2E_CHROMIUM": chromium, "E2E_SCREENSHOTS": str(SCREENSHOTS), "CI": "1", **about}
    run = subprocess.run([npx, "playwright", "test", spec], cwd=DASHBOARD, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout[:2500]}\n...\n{run.stderr[-500:]}"
    assert "1 passed" in run.stdout


@pytest.mark.browser
def test_a_nurse_sees_the_heartbeat_and_the_alert(stack: Stack) -> None:
    north = stack.logins[0]
    _browser("heartbeat.spec.ts", E2E_URL=stack.app_url, E2E_EMAIL=north.email, E2E_PASSWORD=north.password)
    assert len(list(SCREENSHOTS.glob("[1-5]-*.png")) + list(SCREENSHOTS.glob("1[45]-*.png"))) == 7


@pytest.mark.browser
def test_a_patient_opens_the_hub_on_a_phone_and_answers_an_alarm(stack: Stack) -> None:
    sick = stack.site.households[2]
    _browser("hub.spec.ts", E2E_HUB=sick.hub, E2E_HUB_CODE=sick.code)
    assert len(list(SCREENSHOTS.glob("[67]-*.png"))) == 2


@pytest.mark.browser
def test_a_patient_adds_devices_at_the_hub_and_the_cloud_knows_whose_they_are(stack: Stack) -> None:
    home = stack.site.households[0]
    if home.bus is None:
        pytest.skip("dbus-daemon is missing (Debian package dbus): pairing is BlueZ's")
    log, simulators = stack.site.processes.logs / "simulators.log", stack.site.processes.pids()["simulators"]
    about = {"E2E_DISPLAYS": str(log), "E2E_SIMULATORS": str(simulators), "E2E_PASSKEY": f"{PASSKEY:06}"}
    _browser("adding.spec.ts", E2E_HUB=home.hub, E2E_HUB_CODE=home.code, **about)
    assert len(list(SCREENSHOTS.glob("[89]-*.png")) + list(SCREENSHOTS.glob("1[0-3]-*.png"))) == 6
    added = {wearable.id for wearable in read_household(home.folder / "household.json") if wearable.adopted_here and wearable.bonded}
    assert len(added) == 2
    [removed] = [w.id for w in read_household(home.folder / "household.json") if w.removed_at is not None]
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("select set_config('mediassist.organisation', %s, false)", [str(home.home.organisation)])
        rows = "select distinct wearable_id, patient_id from series where wearable_id = any(%s)"
        assert set(connection.execute(rows, [list(added)])) == {(wearable, UUID(home.home.patient)) for wearable in added}
        gone = "select id from wearable where removed_at is not null"
        eventually(lambda: connection.execute(gone).fetchall() == [(removed,)], 30, "the cloud knows that a device was removed")


def test_no_process_writes_a_name_an_address_a_password_or_a_key_into_its_log(stack: Stack) -> None:
    stack.stored(50)
    logs = {path.name: path.read_text("utf-8", errors="replace") for path in stack.site.processes.logs.glob("*.log")}
    assert {"worker.log", "app.log", "gateway-1.log", "broker.log", "simulators.log"} <= logs.keys()
    people = json.loads((stack.site.plan.state / "people.json").read_text("utf-8"))
    text = json.dumps(people)
    names = set(re.findall(r'"name": "([^"]{4,})"', text)) - {"North Clinic", "South Clinic"}
    secrets = names | {login.password for login in stack.logins} | {login.email for login in stack.logins}
    secrets |= {path.read_text("utf-8").split("\n")[1] for path in Path(stack.site.plan.state).rglob("key.pem")}
    assert len(secrets) > 10
    assert [(log, secret) for log, written in logs.items() for secret in secrets if secret in written] == []
    vital = re.compile(r"\"(value|heart_rate|spo2|body_temperature|score)\":|NEWS2", re.IGNORECASE)
    assert [(log, vital.search(written)) for log, written in logs.items() if vital.search(written)] == []
