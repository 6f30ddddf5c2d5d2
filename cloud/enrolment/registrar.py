"""Answers devices: loads a claim, steps it, signs, saves and writes the audit, in one transaction each."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, assert_never
from uuid import UUID

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from cloud.database import Connection, Database
from cloud.enrolment import repository
from cloud.enrolment.repository import Enrolled, Entry
from provisioning import certificates, enrolment
from provisioning.claims import WrongCode, claim_name, read_name, read_password, secret_sha256
from provisioning.enrolment import Audit, Claim, Issue, LockOut, Presented, Reason, Refuse, Repeat, Throttle

log = structlog.stdlib.get_logger()

WORDS = {
    Reason.WRONG_CLAIM: "no such claim, or not its secret",
    Reason.EXPIRED: "this claim's time is over: ask the factory for a new one",
    Reason.REPLAYED: "this claim has made a device already: the device is locked out until a person has looked",
    Reason.QUARANTINED: "this claim's device is locked out until a person has looked",
}


class Refused(Exception):
    """Nothing was given; the message may be shown to the device. reason: the word for logs. status: HTTP's."""

    def __init__(self, reason: str, message: str, status: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


class Slowed(Refused):
    """Wrong too often: wait `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("rate_limit", f"wrong too often: wait {wait_s:.0f} seconds", 429)
        self.wait_s = wait_s


class Signer(Protocol):
    """The part of the authority that is used here: it signs what the policy lets through."""

    def sign_request(self, pem: bytes, name: str, now: datetime) -> bytes:
        """Return the certificate for a request (PEM), and its issuer's after it.

        Raises:
            certificates.Refused: by the policy.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a transaction decided; a refusal is raised once it is committed, so that it stays written."""

    certificate: x509.Certificate | None = None
    refused: Refused | None = None


class Registrar:
    """Gives certificates for claims, and new ones for those that end."""

    def __init__(self, database: Database, signer: Signer, throttle: Throttle) -> None:
        self._database = database
        self._signer = signer
        self._throttle = throttle

    async def enrol(self, name: str, password: str, csr: bytes, address: str, now: datetime) -> x509.Certificate:
        """Return the certificate that a claim is good for. name, password: 8 and 26 letters. csr: PEM.

        Raises:
            Refused: with its reason; the audit has it.
        """
        wait_s = self._throttle.wait_s(address, name, now)
        if wait_s > 0:
            await self._note(Entry("refused.rate_limit", address), now)
            raise Slowed(wait_s)
        try:
            number, secret = read_name(name), read_password(password)
        except WrongCode as wrong:
            self._throttle.wrong(address, name, now)
            await self._note(Entry(f"refused.{Reason.WRONG_CLAIM}", address), now)
            raise Refused(Reason.WRONG_CLAIM, WORDS[Reason.WRONG_CLAIM], 401) from wrong
        key = _key_sha256(csr)
        async with self._database.transaction(None) as connection:
            outcome = await self._present(connection, number, Presented(secret_sha256(secret), key), csr, address, now)
        if outcome.refused is not None:
            if outcome.refused.reason == Reason.WRONG_CLAIM:
                self._throttle.wrong(address, claim_name(number), now)
            log.warning("enrolment.refused", reason=outcome.refused.reason)
            raise outcome.refused
        assert outcome.certificate is not None
        return outcome.certificate

    async def renew(self, old: x509.Certificate, csr: bytes, address: str, now: datetime) -> x509.Certificate:
        """Return a new certificate for the name in `old`, whose key has just answered in TLS.

        Raises:
            Refused: `old` is revoked, not one of ours, over, or the request is for another name.
        """
        name = str(old.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        old_id = certificates.certificate_id(old)
        async with self._database.transaction(None) as connection:
            outcome = await self._renew(connection, name, (old, old_id), csr, address, now)
        if outcome.refused is not None:
            log.warning("enrolment.refused", reason=outcome.refused.reason)
            raise outcome.refused
        assert outcome.certificate is not None
        return outcome.certificate

    async def _present(
        self, connection: Connection, number: bytes, presented: Presented, csr: bytes, address: str, now: datetime
    ) -> _Outcome:
        entry = Entry("", address, number)
        claim = await repository.claim_for_update(connection, number)
        if claim is None:
            await repository.write(connection, replace(entry, what=f"refused.{Reason.WRONG_CLAIM}"), now)
            return _Outcome(refused=_in_words(Reason.WRONG_CLAIM))
        entry = replace(entry, gateway=claim.gateway)
        after, effects = enrolment.step(claim, presented, now)
        outcome = _Outcome()
        for effect in effects:
            match effect:
                case Issue(gateway):
                    outcome = await self._issue(connection, gateway, csr, now)
                    if outcome.refused is not None:  # by the policy: the claim stays good for a right request
                        await repository.write(connection, replace(entry, what=f"refused.{outcome.refused.reason}"), now)
                        return outcome
                case Repeat(gateway):
                    outcome = await _again(connection, gateway)
                case Refuse(reason):
                    outcome = _Outcome(refused=_in_words(reason))
                case LockOut(gateway):
                    await repository.lock_out(connection, gateway, now)
                    log.error("enrolment.quarantined", claim=claim_name(number), gateway=gateway.hex)
                case Audit(what):
                    given = None if outcome.certificate is None else certificates.certificate_id(outcome.certificate)
                    await repository.write(connection, replace(entry, what=what, certificate_id=given), now)
                case _:
                    assert_never(effect)
        await self._save(connection, claim, after)
        return outcome

    async def _renew(
        self, connection: Connection, name: str, old: tuple[x509.Certificate, bytes], csr: bytes, address: str, now: datetime
    ) -> _Outcome:
        entry = Entry("renewed", address, certificate_id=old[1])
        standing = await repository.standing(connection, old[1])
        outcome = _Outcome()
        if now >= old[0].not_valid_after_utc:
            outcome = _Outcome(refused=Refused("expired", "the old certificate is over: enrol with a new claim", 403))
        elif standing != "good":
            outcome = _Outcome(refused=Refused(standing, f"the old certificate is {standing}: enrol with a new claim", 403))
        else:
            try:
                gateway = UUID(hex=name)
            except ValueError:
                return _Outcome(refused=Refused("no_gateway", "only a gateway's certificate is renewed here", 403))
            entry = replace(entry, gateway=gateway)
            outcome = await self._issue(connection, gateway, csr, now)
        if outcome.refused is not None:
            entry = replace(entry, what=f"refused.{outcome.refused.reason}")
        elif outcome.certificate is not None:
            entry = replace(entry, certificate_id=certificates.certificate_id(outcome.certificate))
        await repository.write(connection, entry, now)
        return outcome

    async def _issue(self, connection: Connection, gateway: UUID, csr: bytes, now: datetime) -> _Outcome:
        try:
            chain = await asyncio.to_thread(self._signer.sign_request, csr, gateway.hex, now)
        except certificates.Refused as refused:
            return _Outcome(refused=Refused(refused.reason.value, str(refused), 400))
        certificate = x509.load_pem_x509_certificates(chain)[0]
        enrolled = Enrolled(certificates.certificate_id(certificate), gateway, certificate.public_bytes(Encoding.DER), now)
        await repository.add_certificate(connection, enrolled)
        return _Outcome(certificate)

    async def _save(self, connection: Connection, before: Claim, after: Claim) -> None:
        if after != before:
            await repository.save_claim(connection, after)

    async def _note(self, entry: Entry, now: datetime) -> None:
        log.warning("enrolment.refused", reason=entry.what.removeprefix("refused."))
        async with self._database.transaction(None) as connection:
            await repository.write(connection, entry, now)


async def _again(connection: Connection, gateway: UUID) -> _Outcome:
    der = await repository.newest_certificate(connection, gateway)
    if der is None:
        return _Outcome(refused=_in_words(Reason.QUARANTINED))
    return _Outcome(x509.load_der_x509_certificate(der))


def _in_words(reason: Reason) -> Refused:
    return Refused(reason, WORDS[reason], 401 if reason is Reason.WRONG_CLAIM else 403)


def _key_sha256(csr: bytes) -> bytes:
    try:
        key = x509.load_pem_x509_csr(csr).public_key()
    except ValueError as error:
        raise Refused("unreadable", "not a certificate signing request (PKCS#10, base64)", 400) from error
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
