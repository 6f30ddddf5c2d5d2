"""The enrolment process: `python -m cloud.enrolment` answers devices over HTTPS, until SIGTERM.

It alone holds the authority's keys and an open port, so it does nothing else: no account, no patient, no pages.
"""

import asyncio
import contextlib
import signal
import ssl
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
import uvicorn
from cryptography import x509
from fastapi import FastAPI

from cloud.database import Database
from cloud.enrolment.endpoints import Desk, make_door
from cloud.enrolment.peer import PeerCertificateProtocol
from cloud.enrolment.registrar import Registrar
from cloud.enrolment.settings import EnrolmentSettings
from cloud.settings import WrongSetting, read
from protocol.logs import configure_logs
from provisioning import secret_files
from provisioning.authority import Authority, AuthorityBroken
from provisioning.enrolment import Throttle
from provisioning.keystore import AUTHORITY, CERTIFICATE, KEY, FileKeystore

log = structlog.stdlib.get_logger()

RENEW_BEFORE = timedelta(days=30)
LOOK_SECONDS = 3600.0


def wall_clock() -> datetime:
    """Return the machine's time, UTC."""
    return datetime.now(UTC)


def server_identity(folder: Path, names: tuple[str, ...], authority: Authority, now: datetime) -> bool:
    """Make the server's key and certificate in `folder`, or a new certificate when the old one ends within 30 days; say whether it did."""
    keystore = FileKeystore.open(folder) if (folder / KEY).exists() else FileKeystore.make(folder)
    with contextlib.suppress(FileNotFoundError, ValueError):
        if x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes()).not_valid_after_utc > now + RENEW_BEFORE:
            return False
    keystore.take(authority.sign_server(keystore.public_key, names, now), authority.root)
    return True


def authorities(authority: Authority, folder: Path) -> list[x509.Certificate]:
    """Return the root's certificate and the issuing authority's."""
    return [*x509.load_pem_x509_certificates(authority.root), *x509.load_pem_x509_certificates((folder / "issuing.pem").read_bytes())]


def server_of(settings: EnrolmentSettings, authority: Authority) -> uvicorn.Server:
    """Put the process together; its database is opened when it starts."""
    app = make_door()
    server_identity(settings.identity, settings.server_names(), authority, wall_clock())
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=PeerCertificateProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_keyfile=str(settings.identity / KEY),
        ssl_certfile=str(settings.identity / CERTIFICATE),
        ssl_ca_certs=str(settings.identity / AUTHORITY),
        ssl_cert_reqs=ssl.CERT_OPTIONAL,
        limit_concurrency=512,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    config.load()
    assert config.ssl is not None
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    tls = config.ssl

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with Database(settings.database_url) as database:
            registrar = Registrar(database, authority, Throttle(wrongs=settings.wrongs))
            app.state.desk = Desk(registrar, lambda: authorities(authority, settings.authority), wall_clock)
            looking = asyncio.create_task(_renew_own(settings, authority, tls))
            log.info("enrolment.ready")
            try:
                yield
            finally:
                looking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await looking
                log.info("enrolment.stopped")

    app.router.lifespan_context = lifespan
    return uvicorn.Server(config)


async def _renew_own(settings: EnrolmentSettings, authority: Authority, tls: ssl.SSLContext) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if server_identity(settings.identity, settings.server_names(), authority, wall_clock()):
            tls.load_cert_chain(settings.identity / CERTIFICATE, settings.identity / KEY)
            log.info("enrolment.own_certificate_renewed")


def _already_heard(_number: int, _frame: object) -> None:
    """Be told to stop a second time: the server raises the signal again once it has stopped, and that is no failure."""


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    configure_logs()
    try:
        settings = read(EnrolmentSettings)
        secret_files.make_folder(settings.identity)
        server = server_of(settings, Authority.open(settings.authority))
    except (WrongSetting, AuthorityBroken) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, _already_heard)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
