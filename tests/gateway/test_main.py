"""The gateway's process: what it says when it cannot begin, and how a person on the page ends it for good."""

import asyncio
import os
import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from deploy.local import ports
from edge.gateway.hub.access import setup_code
from tests.support.gateway import a_gateways_folder

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def started(state: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GATEWAY_STATE": str(state),
        "GATEWAY_BROKER_PORT": "1",
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={state}/no-bus",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.gateway", env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_without_an_identity_it_says_what_is_missing_and_is_not_started_again_for_that(tmp_path: Path) -> None:
    async with started(tmp_path / "nothing") as process:
        _, errors = await process.communicate()
    assert process.returncode == 78
    assert b"Traceback" not in errors
    assert b"key.pem" in errors


async def test_without_a_household_it_says_what_to_do(tmp_path: Path) -> None:
    state = a_gateways_folder(tmp_path / "state")
    (state / "household.json").unlink()
    async with started(state) as process:
        _, errors = await process.communicate()
    assert process.returncode == 78
    assert b"adopt this gateway first" in errors


async def test_a_person_resets_the_hub_on_its_page(tmp_path: Path) -> None:
    state, port = a_gateways_folder(tmp_path / "state"), ports.free_port(tmp_path / "port")
    code = setup_code(state / "hub", secrets.token_bytes)
    async with started(state, GATEWAY_HUB_PORT=str(port)) as process, httpx.AsyncClient(follow_redirects=True) as browser:
        address = f"http://localhost:{port}"
        async with asyncio.timeout(20):
            while True:
                try:
                    page = await browser.post(f"{address}/sign-in", data={"code": code})
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.1)
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found is not None
        answer = await browser.post(f"{address}/reset", data={"csrf": found[1], "code": code})
        assert "about a minute" in answer.text
        async with asyncio.timeout(30):
            output, _ = await process.communicate()
    assert process.returncode == 0
    assert b"removed: " in output
    assert list(state.iterdir()) == []
