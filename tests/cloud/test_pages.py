"""The dashboard's pages as the application serves them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.clinics import application, running
from tests.support.postgres import Addresses


@pytest.fixture
async def client(database: Addresses, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>the one page</title>")
    (tmp_path / "assets" / "main-abc.js").write_text("export {}")
    async with running(application(database, tmp_path)) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/patients", "/patients/4711/vitals", "/alerts"])
async def test_every_path_without_a_suffix_is_the_one_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "the one page" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self';" in answer.headers["content-security-policy"]


async def test_a_built_file_may_be_kept_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/main-abc.js")
    assert answer.text == "export {}"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/assets/gone.js", "/api/nothing", "/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd.txt"])
async def test_what_is_not_there_is_not_the_one_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["cache-control"]


async def test_without_built_pages_the_api_still_answers(database: Addresses) -> None:
    async with running(application(database)) as client:
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/api/health")).status_code == 200
