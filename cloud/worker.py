"""The ingest worker's process: `python -m cloud.worker`. Assembles the line and runs it until told to stop."""

import asyncio
import logging
import os
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.x509.oid import NameOID
from prometheus_client import start_http_server

from cloud.data_keys.data_keys import DataKeys
from cloud.database import Away, Database
from cloud.ingest.adoption import Adoption
from cloud.ingest.generation import claim
from cloud.ingest.ingest_key_folder import IngestKeyFolder
from cloud.ingest.ingest_line import IngestLine
from cloud.ingest.key_encryption import open_key
from cloud.ingest.settings import WorkerSettings
from cloud.ingest.sorting import Sorting
from cloud.ingest.subscriber import Subscriber
from cloud.outbox import Outbox
from cloud.settings import WrongSetting, read
from cloud.vitals.intake import make_ahead
from protocol.logs import configure_logs
from protocol.pace import Pace
from provisioning import order_key
from provisioning.keystore import AUTHORITY, CERTIFICATE, KEY

log = structlog.get_logger()

PARTITIONS_AHEAD = timedelta(days=62)
PARTITIONS_SECONDS = 6 * 3600.0
RETRY_SECONDS = 1.0


def certificate_name(identity: Path) -> str:
    """Return the common name in `cert.pem`: the worker's client id and user name."""
    certificate = x509.load_pem_x509_certificate((identity / CERTIFICATE).read_bytes())
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def tls_context(identity: Path) -> ssl.SSLContext:
    """Return TLS 1.2+ that shows the worker's certificate and trusts its authority alone."""
    context = ssl.create_default_context(cafile=str(identity / AUTHORITY))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(identity / CERTIFICATE, identity / KEY)
    return context


async def _ready(database: Database, pace: Pace) -> int:
    """Wait for the database, compare its generation, make partitions ahead."""
    while True:
        try:
            now = datetime.now(UTC)
            async with database.transaction(None) as connection:
                generation = await claim(connection, int(now.timestamp() * 1000))
                await make_ahead(connection, min(now, pace.at(now)), pace.at(now) + PARTITIONS_AHEAD)
            return generation
        except Away as error:
            log.warning("database.away", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _partitions(database: Database, pace: Pace) -> None:
    while True:
        await asyncio.sleep(PARTITIONS_SECONDS)
        await _ready(database, pace)


async def run(settings: WorkerSettings) -> None:
    """Run one worker until cancelled."""
    pace = settings.pace_of_time()
    async with Database(settings.database_url, connections=4) as database:
        generation = await _ready(database, pace)
        key_encryption = open_key(settings.keys)
        sorting = Sorting(database, Adoption(database), IngestKeyFolder(settings.keys), key_encryption)
        name = certificate_name(settings.identity)
        inlet = Subscriber(name, settings.group, (settings.broker_host, settings.broker_port), tls_context(settings.identity))
        log.info("worker.started", worker=name, generation=generation)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_partitions(database, pace))
            tasks.create_task(IngestLine(database, inlet, sorting, DataKeys(key_encryption, os.urandom)).run())
            if (settings.keys / order_key.PRIVATE).exists():
                tasks.create_task(Outbox(database, inlet, order_key.open_key(settings.keys), lambda: datetime.now(UTC)).run())
            else:
                log.warning("orders.none", missing=order_key.PRIVATE)


def _quiet(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log what a callback raised by kind alone: gmqtt raises where a message of a lost link is left unacknowledged, as it must be."""
    log.warning("loop.exception", error=type(context.get("exception")).__name__)


async def _until_told(settings: WorkerSettings) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_quiet)
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    work = asyncio.create_task(run(settings))
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        log.info("worker.stopped")


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    configure_logs()
    logging.getLogger("gmqtt").setLevel(logging.WARNING)  # below, it writes the name of the workers' group
    try:
        settings = read(WorkerSettings)
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    asyncio.run(_until_told(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
