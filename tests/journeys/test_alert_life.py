"""From a body that gets worse to a person who is told: the alert, the e-mail of whoever is on call, its capsule, and its end by a nurse."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from deploy.local import ports
from mediassist.__main__ import main
from tests.support.stack import Stack, eventually, whole_stack


class Post(Message):
    def __init__(self) -> None:
        super().__init__()
        self.letters: list[EmailMessage] = []

    def handle_message(self, message: Any) -> None:
        self.letters.append(message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("stack")
def test_a_worsening_patient_reaches_whoever_is_on_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port(tmp_path / "smtp.port")
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    for name, value in {
        "CLOUD_SMTP_HOST": "127.0.0.1",
        "CLOUD_SMTP_PORT": str(port),
        "CLOUD_SMTP_SECURITY": "none",
        "CLOUD_SMTP_SENDER": "alerts@monitor.example",
        "CLOUD_DASHBOARD_URL": "https://monitor.example",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        with whole_stack(patients=2, speed=10) as stack:
            for each in stack.logins:
                put_on_call(stack, each.email)
            eventually(lambda: bool(post.letters), 150, "somebody is told")
            letter = post.letters[0]
            login = next(each for each in stack.logins if each.email == letter["To"])
            alert = letter.get_content().rstrip().rpartition("/")[2]
            with httpx.Client(base_url=stack.app_url, headers={"Origin": stack.app_url}) as client:
                client.post("/api/session", json={"email": login.email, "password": login.password}).raise_for_status()
                findings = client.get(f"/api/alerts/{alert}/findings").json()
                capsule = client.get(f"/api/alerts/{alert}/findings/{findings[0]['id']}/capsule")
                file = tmp_path / "one.capsule"
                file.write_bytes(capsule.content)
                assert main(["replay", str(file)]) == 0
                history = client.get(f"/api/alerts/{alert}/history").json()
                assert [item["event"] for item in history[:2]] == ["found", "time_passed"]
                closed = client.post(f"/api/alerts/{alert}/resolve", json={"note": "came to hospital"})
                assert (closed.status_code, closed.json()["state"], closed.json()["owner"]) == (200, "resolved", login.name)
                told = len(post.letters)
            for secret in (login.name, "early", "anomaly", "score", "/min"):
                assert not any(secret in one.as_string() for one in post.letters[:told])
    finally:
        controller.stop()


def put_on_call(stack: Stack, email: str) -> None:
    now = datetime.now(UTC)
    with psycopg.connect(stack.database_url) as connection:
        [(organisation, account)] = connection.execute("select organisation_id, id from account where email = %s", [email]).fetchall()
        connection.execute(
            "insert into on_call (id, organisation_id, level, account_id, since, until) values (%s, %s, 0, %s, %s, %s)",
            [uuid4(), organisation, account, now - timedelta(days=1), now + timedelta(days=1)],
        )
