"""Taking certificates back, the whole way: the authority's record, its lists at the broker, the live link.

What is recorded holds, whatever happens later: each later publication tells it again.
"""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from provisioning import broker_rules, crl_check
from provisioning.authority import Authority
from provisioning.broker_control import BrokerControl
from provisioning.certificates import certificate_id
from provisioning.crl_check import Freshness, ListRefused
from provisioning.keystore import CERTIFICATE, FileKeystore
from provisioning.revocation import LIST_LIFE, RevocationReason, needs_signing

_PROBE_LIFE = timedelta(days=30)


class NobodyToRevoke(Exception):
    """No certificate of this name lives: it was never given out, has ended, or is revoked already. The link is cut all the same."""


def revoke(authority: Authority, control: BrokerControl, name: str, reason: RevocationReason, now: datetime) -> int:
    """Take back every living certificate of a gateway or program, have the broker refuse them, cut its live link; return how many there were.

    Raises:
        NobodyToRevoke: there was none; the link has been cut all the same.
        ListRefused, NotInForce, NoAnswer, ControlRefused: recorded, but the broker may still let the name in: call `publish` again.
    """
    authority.records.refresh()
    living = authority.records.of_name(name, now)
    for certificate in living:
        authority.revoke(certificate.id, reason, now)
    publish(authority, control, now, cut=(name,))
    if not living:
        raise NobodyToRevoke(f"no living certificate of {name!r}: never given out, ended, or revoked already; its link has been cut")
    return len(living)


def publish(authority: Authority, control: BrokerControl, now: datetime, life: timedelta = LIST_LIFE, cut: tuple[str, ...] = ()) -> None:
    """Sign new lists, put them in force at the broker and see that they are; then cut the live links of the names in `cut`.

    The proof is a certificate that is made for it, revoked at once and refused by a broker that has read these very lists.

    Raises:
        ListRefused, NotInForce, NoAnswer, ControlRefused: as `BrokerControl.publish`.
    """
    fresh, kept = probe(control).with_name("probe.new"), probe(control)
    shutil.rmtree(fresh, ignore_errors=True)
    device = FileKeystore.make(fresh)
    signed = authority.sign_request(device.request(broker_rules.PROBE), broker_rules.PROBE, now, _PROBE_LIFE)
    device.take(signed, authority.root)
    authority.revoke(certificate_id(x509.load_pem_x509_certificate(signed)), RevocationReason.CESSATION_OF_OPERATION, now)
    control.publish(authority.revocation_list(now, life), issuers(authority, now), fresh, now, cut)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)


def publish_if_due(authority: Authority, control: BrokerControl, now: datetime, life: timedelta = LIST_LIFE) -> bool:
    """Publish if half of the life of a list in place is over, if there is none, or if what is revoked is not on it; return whether it was.

    Raises:
        ListRefused, NotInForce, NoAnswer, ControlRefused: as `BrokerControl.publish`.
    """
    if (probe(control) / CERTIFICATE).exists() and not _due(authority, control.present(), now):
        return False
    publish(authority, control, now, life)
    return True


def check(control: BrokerControl, now: datetime) -> Freshness:
    """Return how fresh the lists in place are, having seen that the broker refuses a revoked certificate; `publish` comes before.

    Raises:
        NotInForce, NoAnswer: it lets one in, or says nothing.
    """
    return control.check(probe(control), now)


def probe(control: BrokerControl) -> Path:
    """Return where the certificate lies that the last publication revoked to see it refused."""
    return control.identity / "probe"


def issuers(authority: Authority, now: datetime) -> tuple[x509.Certificate, ...]:
    """Return the authorities whose lists a broker must have: the root, and each issuing one whose certificates still live."""
    return (authority.records.root, *(authority.records.issuing[name] for name in authority.living(now)))


def _due(authority: Authority, present: bytes, now: datetime) -> bool:
    try:
        lists = crl_check.read(present)
        revoked = crl_check.check(present, issuers(authority, now), None, now)
    except ListRefused:
        return True
    authority.records.refresh()
    untold = [one for one in authority.records.revocations() if one.certificate.until > now and one.certificate.serial not in revoked]
    return bool(untold) or any(needs_signing(one, now) for one in lists)
