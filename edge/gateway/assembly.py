"""Puts a gateway together: which adapter stands behind which port, and on which threads."""

import random
import secrets
import time
from collections import ChainMap
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from cryptography import x509
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.joined_wearables import JoinedWearables, is_on_network
from edge.firmware_bridge.profiles.device_information import DeviceInformation
from edge.firmware_bridge.seeker import Backend
from edge.firmware_bridge.wearable import KnownWearable, Wearables
from edge.firmware_bridge.wearable_link import Place
from edge.gateway import own_clock
from edge.gateway.alone import alone_in
from edge.gateway.board import Board
from edge.gateway.disk import Disk, DiskThread
from edge.gateway.drain import Drain
from edge.gateway.household import read_household, write_household
from edge.gateway.inbox import Inbox
from edge.gateway.ingest_key_file import IngestKeyFile
from edge.gateway.keyring import Keyring
from edge.gateway.meters import REFUSED
from edge.gateway.mqtt_uplink import MqttUplink
from edge.gateway.outbox import Outbox
from edge.gateway.patient_watch import Detectors, PatientWatch
from edge.gateway.rules_folder import RulesFolder
from edge.gateway.settings import GatewaySettings
from edge.gateway.spool import Spool
from edge.gateway.uplink import Uplink
from edge.gateway.vitals_line import Household, VitalsLine
from models.catalogue import open_model
from models.glucose import shipped as glucose
from models.heart_rhythm import verdict as heart_rhythm
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.trend import verdict as vital_trend
from models.vital_anomaly.verdict import thresholds_of
from protocol.errors import Malformed
from protocol.findings import Detector
from protocol.patient_rules import PatientRules
from provisioning import order_key
from provisioning.keystore import CERTIFICATE, FileKeystore

log = structlog.get_logger()

CONTEXTS, RULES = "oscore", "rules"
"""The folders of sensors' keys and of patients' rules in a gateway's folder."""


def gateway_id(identity: Path) -> UUID:
    """Return which gateway the certificate in `cert.pem` names."""
    certificate = x509.load_pem_x509_certificate((identity / CERTIFICATE).read_bytes())
    return UUID(hex=str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))


def clock_of(settings: GatewaySettings) -> Callable[[], int]:
    """Return this process's clock, ms UTC, at the demonstration's pace where there is one."""
    pace = settings.pace_of_time()
    return lambda: pace.at_ms(datetime.now(UTC).timestamp())


def place_of(settings: GatewaySettings) -> Place:
    """Return where this gateway is; a demonstration's own time is right by definition."""
    zone = ZoneInfo(settings.zone)
    return Place(zone) if settings.demo else Place(zone, own_clock.synchronised)


@asynccontextmanager
async def assembled(
    settings: GatewaySettings, backend: Backend | None = None, wearables: Wearables | None = None, uplink: Uplink | None = None
) -> AsyncGenerator[VitalsLine]:
    """Assemble the line of one gateway; its file and threads are closed at the end. Ports may be given instead of made.

    Raises:
        AlreadyRunning: another process has this gateway's folder. KeystoreError, HouseholdError, DiskError: something in it is missing, or wrong.
    """
    identity = settings.state / "identity"
    keystore = FileKeystore.open(identity)
    gateway = gateway_id(identity)
    known = read_household(settings.state / "household.json")
    now = clock_of(settings)
    with alone_in(settings.state), DiskThread() as on_disk:
        disk = await on_disk(Disk, settings.state / "gateway.sqlite")
        try:
            ingest = settings.state / "ingest"
            keyring = Keyring(gateway, keystore, IngestKeyFile(ingest / "public.bin").current, secrets.token_bytes)
            outbox = await on_disk(Outbox, disk, keyring, settings.capacity_mib << 20)
            spool = Spool(disk, keystore)
            rules = RulesFolder(settings.state / RULES, keystore)
            inbox = _inbox(gateway, keystore, ingest, rules, now)
            household = household_of(
                known, {p: memory.text for p, memory in (await on_disk(spool.memories)).items()}, await on_disk(rules.all)
            )
            link = uplink or MqttUplink(gateway, identity, settings.broker_host, settings.broker_port)
            here = [wearable for wearable in known if wearable.removed_at is None]
            by_radio = [wearable for wearable in here if not is_on_network(wearable)]
            by_bleak = BleakWearables(by_radio, now, settings.pace_of_time(), backend, place=place_of(settings))
            heard, about = _with_network(by_bleak, [wearable for wearable in here if is_on_network(wearable)], settings.state, now)
            drain = Drain(outbox, link, on_disk, now, time.monotonic, random.random, _refused, inbox, household.obey)
            yield VitalsLine(
                wearables=wearables or heard,
                household=household,
                spool=spool,
                outbox=outbox,
                drain=drain,
                disk=on_disk,
                now=now,
                fold_seconds=settings.pace_of_time().wall_seconds(settings.fold_seconds),
                board=Board(
                    known,
                    settings.state / "hub",
                    keystore,
                    now,
                    about,
                    lambda: link.connected,
                    lambda: on_disk(outbox.depth),
                    lambda: drain.receipted_at,
                    on_disk,
                ),
                keep_household=partial(write_household, settings.state / "household.json"),
                pairing=None if wearables else by_bleak.pairing,
            )
        finally:
            await on_disk(disk.close)


def _with_network(
    by_bleak: BleakWearables, on_network: Sequence[KnownWearable], state: Path, now: Callable[[], int]
) -> tuple[Wearables, Mapping[UUID, DeviceInformation]]:
    """Add sensors on the network where the household has some; return who listens, and what wearables say of themselves."""
    if not on_network:
        return by_bleak, by_bleak.about
    from edge.firmware_bridge.coap_wearable import CoapWearables  # noqa: PLC0415  (a gateway without such sensors loads no CoAP)

    by_coap = CoapWearables(on_network, state / CONTEXTS, now)
    return JoinedWearables(by_bleak, by_coap, {sensor.id for sensor in on_network}), ChainMap(by_coap.about, by_bleak.about)


def _refused(reason: str) -> None:
    REFUSED.labels(reason).inc()


def _inbox(gateway: UUID, keystore: FileKeystore, ingest: Path, rules: RulesFolder, now: Callable[[], int]) -> Inbox | None:
    """Return the inbox; None where no order key was given, or something of it is broken: such a gateway measures on and obeys nobody."""
    try:
        signer = (ingest / order_key.PUBLIC).read_bytes()
        return Inbox(gateway, keystore.folder, keystore, signer, ingest / "public.bin", rules, now)
    except (FileNotFoundError, Malformed) as error:
        log.error("inbox.closed", error=type(error).__name__)
        return None


def household_of(
    known: Sequence[KnownWearable], memories: Mapping[UUID, str], rules: Mapping[UUID, PatientRules] = MappingProxyType({})
) -> Household:
    """Give each person a watch by their rules, with the models opened once for all."""
    model = open_model("vital_anomaly")
    runner = PerceptronRunner(model.artefact)
    detector = Detector(model.card.name, model.card.version, model.card.sha256)

    def score(features: NDArray[np.float32]) -> float:
        return float(runner.run(features[np.newaxis, :])[0, 0])

    detectors = Detectors(
        score, thresholds_of(model.card.thresholds), detector, heart_rhythm.opened(), vital_trend.opened(), glucose.opened()
    )
    watches = {patient: PatientWatch(patient, detectors, memories.get(patient)) for patient in {w.patient for w in known}}
    for patient in watches.keys() & rules.keys():
        watches[patient].follow(rules[patient])
    return Household({wearable.id: wearable for wearable in known}, watches)
