"""`python -m benchmarks.enrolment`: a batch of gateways enrols in one go, over real HTTPS, with real keys and a real database.

Each gateway makes its key and its request, verifies the server, shows its claim, checks the certificate and keeps it on the disk, as
`mediassist gateway enrol` does. Then one claim leaks to ten devices. GATEWAYS=1000, REPORT=file.json; exit status 1 when a goal is missed.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from cloud.migrate import migrate
from deploy.local.postgres import temporary
from edge.gateway.enrolment import enrol
from edge.gateway.est_client import EnrolmentFailed
from provisioning.claims import ClaimCode
from provisioning.keystore import CERTIFICATE
from tests.support.enrolment import EnrolmentServer, enrolment_server
from tests.support.postgres import PASSWORD, addresses

DEVICES_IN_ONE_GO = 8
LEAKED_TO = 10
GOAL_SECONDS = 60.0


def device(folder: Path, claim: ClaimCode, url: str, root: Path) -> str:
    """Be one gateway; return what it was told: "enrolled", or the reason."""
    try:
        enrol(folder / "identity", claim, url, root, lambda: datetime.now(UTC))
    except EnrolmentFailed as refused:
        return str(refused).partition(":")[0]
    return "enrolled"


def batch(server: EnrolmentServer, folders: list[Path], claims: list[ClaimCode]) -> tuple[list[str], float]:
    """Let all devices enrol, as many at once as the processes allow; return what each was told, and the seconds from first to last."""
    with ProcessPoolExecutor(DEVICES_IN_ONE_GO) as pool:
        list(pool.map(abs, range(DEVICES_IN_ONE_GO)))
        began = time.monotonic()
        told = list(pool.map(device, folders, claims, [server.url] * len(claims), [server.root] * len(claims), chunksize=4))
        return told, time.monotonic() - began


def measure(folder: Path, gateways: int) -> dict[str, float]:
    """Run both parts against a server of their own; return the figures."""
    with temporary() as superuser:
        migrate(superuser, datetime.now(UTC), app_password=PASSWORD, ingest_password=PASSWORD, enrolment_password=PASSWORD)
        with enrolment_server(addresses(superuser, "postgres"), folder) as server:
            claims = asyncio.run(server.claims(gateways))
            homes = [folder / "homes" / claim.name for claim in claims]
            told, seconds = batch(server, homes, claims)
            certificates = [(home / "identity" / CERTIFICATE).read_bytes() for home in homes if (home / "identity" / CERTIFICATE).exists()]
            identities = {x509.load_pem_x509_certificate(pem).subject for pem in certificates}
            keys = {x509.load_pem_x509_certificate(pem).public_key().public_numbers().x for pem in certificates}
            (leaked,) = asyncio.run(server.claims())
            thieves, _ = batch(server, [folder / f"thief-{n}" for n in range(LEAKED_TO)], [leaked] * LEAKED_TO)
            rows = server.rows("select count(*) from enrolled_certificate where gateway_id = %s", [leaked.gateway])
            locked = server.rows("select phase from claim where number = %s", [leaked.number])[0][0] == "quarantined"
    return {
        "gateways": gateways,
        "enrolled": told.count("enrolled"),
        "seconds": round(seconds, 2),
        "enrolments_per_second": round(gateways / seconds, 1),
        "distinct_identities": len(identities),
        "distinct_keys": len(keys),
        "leaked_claim_devices": LEAKED_TO,
        "leaked_claim_enrolled": thieves.count("enrolled"),
        "leaked_claim_certificates": int(rows[0][0]),
        "leaked_claim_quarantined": int(locked),
    }


def main() -> int:
    """Measure, print, write the report; return 1 when a goal is missed."""
    gateways = int(os.environ.get("GATEWAYS", "1000"))
    load_before = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), gateways)
    goals: dict[str, tuple[str, float]] = {
        "seconds": ("<", GOAL_SECONDS),
        "distinct_identities": ("==", gateways),
        "distinct_keys": ("==", gateways),
        "leaked_claim_enrolled": ("==", 1),
        "leaked_claim_certificates": ("==", 1),
        "leaked_claim_quarantined": ("==", 1),
    }
    missed = [name for name, (how, goal) in goals.items() if not (figures[name] < goal if how == "<" else figures[name] == goal)]
    for name, value in figures.items():
        goal = f"   goal {' '.join(map(str, goals[name]))}" if name in goals else ""
        print(f"{name:28} {value:10g}{goal}{'   MISSED' if name in missed else ''}")
    print(f"on {os.cpu_count()} cores whose load was {load_before} before")
    context = {"cores": os.cpu_count(), "at_once": DEVICES_IN_ONE_GO, "load_before": load_before}
    if report := os.environ.get("REPORT"):
        said = {name: f"{how} {goal:g}" for name, (how, goal) in goals.items()}
        Path(report).write_text(json.dumps({"figures": figures, "goals": said, "missed": missed, "context": context}, indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
