"""Whatever its description allows to be asked, the application answers without failing, and as the description says."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from cloud.app import assemble
from cloud.door import make_door
from tests.support.clinics import FAST, PASSWORD, Planter, now_ms
from tests.support.clinics import settings as settings_of
from tests.support.postgres import Addresses

SCHEMA = schemathesis.openapi.from_dict(make_door().openapi())
NEVER = {"sign_out", "sign_in"}  # the one ends the session that the others need, the other locks it out; both have tests of their own


@pytest.fixture(scope="module")
def address(database: Addresses) -> Iterator[tuple[str, str]]:
    """A running application, and a nurse's session."""
    plant = Planter(database)
    clinic = plant.clinic(1)
    plant.alert(clinic.patients[0], now_ms())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    app = assemble(settings_of(database, port=port).model_copy(update={"requests_a_minute": 1_000_000}), passwords=FAST)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="websockets-sansio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    base = f"http://127.0.0.1:{port}"
    answer = httpx.post(f"{base}/api/session", json={"email": clinic.email, "password": PASSWORD}, headers={"Origin": base})
    plant.run("update account set role = 'administrator'")
    yield base, f"mediassist_session={answer.cookies['mediassist_session']}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.timeout(300)
@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
def test_nothing_that_may_be_asked_fails(case: schemathesis.Case, address: tuple[str, str]) -> None:
    if case.operation.definition.raw.get("operationId") in NEVER:
        pytest.skip("has tests of its own")
    base, cookie = address
    case.call_and_validate(
        base_url=base,
        headers={"Cookie": cookie},
        checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance],
    )
