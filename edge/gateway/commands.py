"""The gateway's command, run on the gateway.

mediassist gateway enrol --claim CODE --server URL --authority ca.pem [--state FOLDER]    get this gateway's identity
mediassist gateway code [--state FOLDER]           say the set-up code of the hub's page; it belongs on the hub's label
mediassist gateway status [--state FOLDER]         say how the gateway stands: certificate, household, what waits
mediassist gateway devices [--state FOLDER]        list what belongs to it, and when it was heard last
mediassist gateway pair [--state FOLDER]           add a device at this terminal
mediassist gateway sensor-keys --wearable ID --out FILE [--state FOLDER]    make the keys of a sensor on the network; FILE is the sensor's half
mediassist gateway reset --yes [--wait SECONDS]    send what waits, then remove keys, queue, spool and household

The state's folder is GATEWAY_STATE when it is not given. The code may come from standard input: --claim -. `reset` takes the settings of the
gateway's process (GATEWAY_...), which must be stopped, as for `pair`: there is one radio.
"""

import argparse
import asyncio
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from edge.gateway.alone import AlreadyRunning, alone_in
from edge.gateway.enrolment import AlreadyEnrolled, enrol
from edge.gateway.est_client import EnrolmentFailed
from edge.gateway.hub.access import setup_code, spoken
from provisioning import secret_files
from provisioning.claims import WrongCode, read_code
from provisioning.keystore import KeystoreError


def gateway(arguments: Sequence[str]) -> int:
    """Run `mediassist gateway enrol|code|status|devices|pair|sensor-keys|reset`."""
    parser = argparse.ArgumentParser(prog="mediassist gateway")
    words = parser.add_subparsers(dest="what", required=True)
    enrolling = words.add_parser("enrol", help="get this gateway's identity for a claim")
    enrolling.add_argument("--claim", required=True, help="the code on the label; - reads it from standard input")
    enrolling.add_argument("--server", required=True, help="https://HOST:PORT of the enrolment server")
    enrolling.add_argument("--authority", required=True, type=Path, help="the root's certificate (PEM)")
    enrolling.add_argument("--state", type=Path, default=os.environ.get("GATEWAY_STATE"), help="the gateway's folder")
    coding = words.add_parser("code", help="say the set-up code of the hub's page")
    coding.add_argument("--state", type=Path, default=os.environ.get("GATEWAY_STATE"), help="the gateway's folder")
    for word, told in (("status", "say how it stands"), ("devices", "list what belongs to it"), ("pair", "add a device at this terminal")):
        words.add_parser(word, help=told).add_argument(
            "--state", type=Path, default=os.environ.get("GATEWAY_STATE"), help="the gateway's folder"
        )
    keying = words.add_parser("sensor-keys", help="make the keys of a sensor on the network")
    keying.add_argument("--wearable", required=True, type=UUID, help="the sensor's id in the household")
    keying.add_argument("--out", required=True, type=Path, help="where the sensor's half is written, once")
    keying.add_argument("--state", type=Path, default=os.environ.get("GATEWAY_STATE"), help="the gateway's folder")
    resetting = words.add_parser("reset", help="remove everything of this gateway's people, and its identity")
    resetting.add_argument("--yes", action="store_true", required=True, help="what is removed cannot be brought back")
    resetting.add_argument("--wait", type=float, default=60.0, help="seconds for a last try to send (default 60; 0: none)")
    given = parser.parse_args(arguments)
    if given.what == "reset":
        return _reset(given.wait)
    if given.state is None:
        parser.error("say the gateway's folder: --state, or GATEWAY_STATE")
    if given.what == "code":
        print(spoken(setup_code(Path(given.state) / "hub", secrets.token_bytes)))
        return 0
    if given.what == "sensor-keys":
        return _sensor_keys(Path(given.state), given.wearable, given.out)
    if given.what in ("status", "devices", "pair"):
        return _look(given.what, Path(given.state))
    return _enrol(Path(given.state), given.claim, given.server, given.authority)


def _enrol(state: Path, code: str, server: str, authority: Path) -> int:
    try:
        claim = read_code(sys.stdin.readline() if code == "-" else code)
        secret_files.make_folder(state)
        certificate = enrol(state / "identity", claim, server, authority, lambda: datetime.now(UTC))
    except (WrongCode, AlreadyEnrolled, EnrolmentFailed, KeystoreError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    print(f"gateway {claim.gateway.hex}, until {certificate.not_valid_after_utc:%Y-%m-%d}")
    return 0


def _sensor_keys(state: Path, wearable: UUID, out: Path) -> int:
    """Write both halves; where one is there already nothing is changed: counts of an old context must not begin again."""
    from edge.gateway.assembly import CONTEXTS  # noqa: PLC0415  (enrolment loads no models)
    from provisioning import oscore_context  # noqa: PLC0415

    ours, theirs = oscore_context.new_pair()
    if out.exists():
        print(f"refused: {out} is there already", file=sys.stderr)
        return 1
    try:
        oscore_context.write(secret_files.make_folder(state / CONTEXTS) / str(wearable), ours)
        secret_files.write_once(out, theirs)
    except FileExistsError:
        print(f"refused: {wearable} has its keys already; remove {state / CONTEXTS / str(wearable)} to give it new ones", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    print(f"the sensor's half is in {out}: bring it there, and keep no copy")
    return 0


def _look(what: str, state: Path) -> int:
    from edge.firmware_bridge.pairing import PairingFailed  # noqa: PLC0415  (enrolment needs no radio)
    from edge.firmware_bridge.wearable_link import LINK_FAILURES  # noqa: PLC0415
    from edge.gateway import shell  # noqa: PLC0415
    from edge.gateway.household import HouseholdError  # noqa: PLC0415

    if not state.is_dir():
        print(f"refused: there is no folder {state}", file=sys.stderr)
        return 1
    try:
        match what:
            case "status":
                lines = shell.status(state, datetime.now(UTC))
            case "devices":
                lines = shell.devices(state)
            case _:
                with alone_in(state):
                    lines = [asyncio.run(shell.pair(state, shell.Terminal(print, input)))]
    except (AlreadyRunning, HouseholdError, PairingFailed, EOFError, *LINK_FAILURES) as error:
        print(f"refused: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


def _forget_bonds(household: Path) -> None:
    """Have the radio forget the wearables; what keeps it from that is said, and keeps nothing from being wiped."""
    from edge.firmware_bridge import bonds  # noqa: PLC0415  (enrolment needs no radio)
    from edge.gateway.household import HouseholdError, read_household  # noqa: PLC0415

    try:
        bonded = [wearable.address for wearable in read_household(household) if wearable.bonded]
    except HouseholdError:
        return
    if bonded:
        try:
            forgotten = asyncio.run(bonds.forget(bonded))
            print(f"the radio has forgotten {len(forgotten)} devices")
        except OSError as error:
            print(f"the radio could not forget its devices ({error}): remove them with `bluetoothctl remove ADDRESS`", file=sys.stderr)


def _reset(seconds: float) -> int:
    from edge.gateway.reset import send_what_waits, unsent  # noqa: PLC0415  (enrolment loads no models)
    from edge.gateway.settings import WrongSetting, read_settings  # noqa: PLC0415
    from edge.gateway.wiping import wipe  # noqa: PLC0415

    try:
        settings = read_settings()
    except WrongSetting as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    if settings.state.is_dir():
        try:
            with alone_in(settings.state):
                pass
        except AlreadyRunning as error:
            print(f"refused: {error}", file=sys.stderr)
            return 1
    left = unsent(settings.state)
    if left and seconds > 0:
        try:
            left = asyncio.run(send_what_waits(settings, seconds))
        except Exception as error:  # noqa: BLE001  (whatever keeps it from sending must not keep it from being wiped)
            print(f"nothing could be sent: {type(error).__name__}", file=sys.stderr)
    _forget_bonds(settings.state / "household.json")
    gone = wipe(settings.state)
    print(f"removed: {', '.join(gone) or 'nothing'}")
    if left:
        print(f"{left} readings or messages could not be sent, and are gone", file=sys.stderr)
    return 0
