"""The ingest worker's process: `python -m cloud.worker`. Assembles the line and runs it until told to stop."""

import asyncio
import gc
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
from cloud.ingest.ingest_line import IngestLine, Stuck
from cloud.ingest.key_encryption import open_key
from cloud.ingest.settings import WorkerSettings
from cloud.ingest.sorting import Sorting
from cloud.ingest.subscriber import Subscriber
from cloud.outbox import Outbox
from cloud.processes.duties import beat
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
WAIT_SECONDS = 2.5
"""For a connection: soon enough to say "busy", and to ask for another one."""
STUCK_STATUS = 75
"""Exit status (EX_TEMPFAIL) of a worker that asks to be started again."""


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


class _Left(Exception):
    """The worker has left its group and has nothing more to do."""


async def _line(line: IngestLine, leaving: asyncio.Event) -> None:
    work = asyncio.create_task(line.run())
    left = asyncio.create_task(leaving.wait())
    try:
        await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await line.drain()
            raise _Left
        work.result()
    finally:
        left.cancel()
        work.cancel()
        await asyncio.wait({work})


async def run(settings: WorkerSettings, leaving: asyncio.Event) -> None:
    """Run one worker until cancelled, or until it has left its group once `leaving` is set.

    Raises:
        Stuck: in a group, when nothing moves any more: this process should end and another begin.
    """
    pace = settings.pace_of_time()
    async with Database(settings.database_url, connections=4, wait_seconds=WAIT_SECONDS) as database:
        generation = await _ready(database, pace)
        key_encryption = open_key(settings.keys)
        sorting = Sorting(database, Adoption(database), IngestKeyFolder(settings.keys), key_encryption)
        name = certificate_name(settings.identity)
        inlet = Subscriber(name, settings.group, (settings.broker_host, settings.broker_port), tls_context(settings.identity))
        log.info("worker.started", worker=name, generation=generation)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_partitions(database, pace))
            tasks.create_task(beat(database, "worker"))
            tasks.create_task(_line(IngestLine(database, inlet, sorting, DataKeys(key_encryption, os.urandom)), leaving))
            if (settings.keys / order_key.PRIVATE).exists():
                tasks.create_task(Outbox(database, inlet, order_key.open_key(settings.keys), lambda: datetime.now(UTC)).run())
            else:
                log.warning("orders.none", missing=order_key.PRIVATE)


def _quiet(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log what a callback raised by kind alone: gmqtt raises where a message of a lost link is left unacknowledged, as it must be."""
    log.warning("loop.exception", error=type(context.get("exception")).__name__)


def _spare_collections() -> None:
    """Collect cycles rarely: a worker makes thousands of objects a batch and, in its own code, no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


async def _until_told(settings: WorkerSettings) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_quiet)
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    leaving = asyncio.Event()
    work = asyncio.create_task(run(settings, leaving))
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, work.cancel)
    loop.add_signal_handler(signal.SIGUSR1, leaving.set)
    try:
        await work
    except asyncio.CancelledError:
        log.info("worker.stopped")
    except BaseExceptionGroup as group:
        if group.split((_Left, Stuck))[1] is not None:
            raise
        if group.subgroup(Stuck) is not None:
            return STUCK_STATUS
        log.info("worker.left")
    return 0


def main() -> int:
    """Run until SIGTERM or SIGINT, which keep the worker's place in its group, or SIGUSR1, by which it leaves it; return the exit status."""
    configure_logs()
    logging.getLogger("gmqtt").setLevel(logging.WARNING)  # below, it writes the name of the workers' group
    try:
        settings = read(WorkerSettings)
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _spare_collections()
    return asyncio.run(_until_told(settings))


if __name__ == "__main__":
    sys.exit(main())
