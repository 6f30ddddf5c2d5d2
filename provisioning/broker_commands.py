"""The broker's commands. Each takes its arguments and returns an exit status: 0 done, 1 not in force or an alarm, 2 wrongly asked.

mediassist broker revoke NAME   take back every certificate of a gateway or worker, have the broker refuse it, cut its link
mediassist broker publish-crl   sign new revocation lists where half of their life is over, or --now; for a timer, every hour
mediassist broker check         are the lists in force and fresh? For a monitor; "ageing" and "expired" are alarms
mediassist broker emqx          write EMQX's rules (acl.conf) and configuration (mediassist.conf) for --worker ... into the broker's folder

NAME is the certificate's common name: a gateway's id (32 hexadecimal digits) or a worker's name. What opens the authority's keys is said as to
`mediassist authority`.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from provisioning import broker_revocation, emqx_rules
from provisioning.authority_records import AuthorityBroken
from provisioning.broker_control import BrokerControl, NotInForce
from provisioning.broker_door import BrokerDoor, ControlRefused, NoAnswer
from provisioning.broker_revocation import NobodyToRevoke
from provisioning.commands import key_options, open_authority
from provisioning.crl_check import Freshness, ListRefused
from provisioning.keystore import CERTIFICATE
from provisioning.revocation import RevocationReason
from provisioning.signing_key import SigningKeyError

_SIGNING = ("revoke", "publish-crl")
_TROUBLE = (NobodyToRevoke, NotInForce, NoAnswer, ControlRefused, ListRefused, AuthorityBroken, SigningKeyError, FileNotFoundError)


def broker(arguments: Sequence[str]) -> int:
    """Run `mediassist broker revoke|publish-crl|check`."""
    asked = _parser().parse_args(arguments)
    folder: Path = asked.broker
    if asked.what == "emqx":
        return _write_emqx(folder.absolute(), asked.port, tuple(asked.worker), crl_check=asked.crl_check)
    identity: Path = asked.control or folder.with_name("broker-control")
    control = BrokerControl(folder.absolute(), BrokerDoor(asked.host, asked.port), identity)
    try:
        if asked.what == "check":
            return _check(control)
        authority = open_authority(asked)
        if asked.what == "revoke":
            count = broker_revocation.revoke(authority, control, asked.name, RevocationReason(asked.reason), datetime.now(UTC))
            print(f"{asked.name}: certificates taken back: {count}; refused by the broker, link cut")
        elif asked.now:
            broker_revocation.publish(authority, control, datetime.now(UTC))
            print("new revocation lists are in force")
        else:
            due = broker_revocation.publish_if_due(authority, control, datetime.now(UTC))
            print("new revocation lists are in force" if due else "the revocation lists in force are fresh")
    except _TROUBLE as trouble:
        print(f"mediassist broker {asked.what}: {trouble}", file=sys.stderr)
        return 1
    return 0


def _check(control: BrokerControl) -> int:
    if not (broker_revocation.probe(control) / CERTIFICATE).exists():
        print(f"no revoked certificate to try in {broker_revocation.probe(control)}: publish once", file=sys.stderr)
        return 1
    freshness = broker_revocation.check(control, datetime.now(UTC))
    print(f"revocation lists: {freshness.value}; a revoked certificate is refused")
    return 0 if freshness is Freshness.FRESH else 1


def _write_emqx(folder: Path, port: int, workers: tuple[str, ...], *, crl_check: bool) -> int:
    try:
        rules = emqx_rules.access_list(workers)
    except ValueError as error:
        print(f"mediassist broker emqx: {error}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acl.conf").write_text(rules)
    text = emqx_rules.configuration(port, str(folder), str(folder / "identity"), crl_check=crl_check)
    (folder / "mediassist.conf").write_text(text)
    print(f"{folder}/acl.conf and {folder}/mediassist.conf; the identity (key.pem, cert.pem, ca.pem) belongs into {folder}/identity")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mediassist broker")
    commands = parser.add_subparsers(dest="what", required=True)
    for word in ("revoke", "publish-crl", "check", "emqx"):
        command = commands.add_parser(word, parents=[key_options()] if word in _SIGNING else [])
        command.add_argument("--broker", type=Path, required=True, help="the broker's folder: configuration, access list, revocation lists")
        command.add_argument("--port", type=int, default=8883)
        if word == "emqx":
            command.add_argument("--worker", action="append", required=True, help="a worker's name; may be given several times")
            command.add_argument("--crl-check", action="store_true", help="client certificates name the address of their revocation list")
            continue
        command.add_argument("--control", type=Path, help="the folder of the identity that may cut links (default: broker-control beside)")
        command.add_argument("--host", default="localhost")
        if word == "revoke":
            command.add_argument("name")
            reasons = [reason.value for reason in RevocationReason]
            command.add_argument("--reason", choices=reasons, default=RevocationReason.KEY_COMPROMISE.value)
        if word == "publish-crl":
            command.add_argument("--now", action="store_true", help="also where the lists in force are fresh")
    return parser
