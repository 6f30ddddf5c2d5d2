"""The authority's commands. Each takes its arguments and returns an exit status: 0 done, 1 look here, 2 refused.

mediassist authority init --folder FOLDER              make root and issuing authority
mediassist authority status --folder FOLDER [WHO]      what there is and what is due; or what is known of a certificate or gateway
mediassist authority revoke --folder FOLDER WHO REASON take back a certificate (its id), or all of a gateway or worker (its name)
mediassist authority crl --folder FOLDER --out FILE    sign the revocation lists and put them where the broker reads them
mediassist authority rotate --folder FOLDER            put a new issuing authority beside the old one

The passphrase of the key files, or the PIN of the token, comes from --secret-file or MEDIASSIST_AUTHORITY_SECRET; `status` needs none.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisioning import secret_files
from provisioning.authority import Authority, NotIssued
from provisioning.authority_records import AuthorityBroken, AuthorityRecords
from provisioning.certificates import certificate_id, needs_rotation
from provisioning.file_signing_keys import FileSigningKeys
from provisioning.revocation import LIST_LIFE, Issued, RevocationReason
from provisioning.signing_key import KeyUnusable, SigningKeyError, SigningKeys


def authority(arguments: Sequence[str]) -> int:
    """Run `mediassist authority init|status|revoke|crl|rotate`."""
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace, datetime], int] = given.run
    try:
        with ExitStack() as given.closing:
            return run(given, datetime.now(UTC))
    except (AuthorityBroken, NotIssued, SigningKeyError, OSError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    records = argparse.ArgumentParser(add_help=False)
    records.add_argument("--folder", type=Path, required=True, help="where the authority's certificates and lists lie")
    keys = argparse.ArgumentParser(add_help=False, parents=[records])
    keys.add_argument("--secret-file", type=Path, help="passphrase of the key files, or the token's PIN; else MEDIASSIST_AUTHORITY_SECRET")
    keys.add_argument("--root-keys", type=Path, metavar="FOLDER", help="where root.key lies, if not in --folder (a removable disk)")
    keys.add_argument("--root-secret-file", type=Path, help="its passphrase, if another; else MEDIASSIST_AUTHORITY_ROOT_SECRET")
    keys.add_argument("--pkcs11-module", type=Path, metavar="LIBRARY", help="keep the keys in a PKCS#11 token, reached by this library")
    keys.add_argument("--pkcs11-token", metavar="LABEL", default="mediassist", help="the token's label (mediassist)")
    keys.add_argument("--bare-keys", action="store_true", help="key files without a passphrase: a demonstration's")
    parser = argparse.ArgumentParser(prog="mediassist authority")
    words = parser.add_subparsers(required=True, metavar="{init,status,revoke,crl,rotate}")
    words.add_parser("init", parents=[keys], help="make root and issuing authority").set_defaults(run=_init)
    status = words.add_parser("status", parents=[records], help="say what there is and what is due, or what is known of WHO")
    status.add_argument("who", nargs="?", help="a certificate's id (16 hexadecimal digits), or a gateway's or worker's name")
    status.set_defaults(run=_status)
    revoke = words.add_parser("revoke", parents=[keys], help="take back a certificate, or all of a gateway or worker")
    revoke.add_argument("who", help="a certificate's id (16 hexadecimal digits), or a gateway's or worker's name")
    revoke.add_argument("reason", choices=[reason.value for reason in RevocationReason])
    revoke.set_defaults(run=_revoke)
    crl = words.add_parser("crl", parents=[keys], help="sign the revocation lists")
    crl.add_argument("--out", type=Path, required=True, help="the file that the broker reads; written beside, then renamed")
    crl.add_argument("--days", type=int, default=LIST_LIFE.days, help=f"life of the list ({LIST_LIFE.days})")
    crl.add_argument("--if-due", action="store_true", help="sign only at half the list's life or after a revocation: for a timer")
    crl.set_defaults(run=_crl)
    words.add_parser("rotate", parents=[keys], help="put a new issuing authority beside the old one").set_defaults(run=_rotate)
    return parser


def _init(given: argparse.Namespace, now: datetime) -> int:
    keys, root_keys = _keys(given)
    made = Authority.make(given.folder, now, keys, root_keys)
    print(f"made the authority {certificate_id(made.records.root).hex()} in {given.folder}")
    return 0


def _status(given: argparse.Namespace, now: datetime) -> int:
    records = AuthorityRecords(given.folder)
    if given.who is not None:
        return _status_of(records, given.who, now)
    for name, certificate in {"root": records.root, **records.issuing}.items():
        crl = records.list_of(name)
        until = f"list until {crl.next_update_utc:%Y-%m-%d %H:%M}" if crl and crl.next_update_utc else "no list"
        needed = "" if name == "root" or name in records.living(now) else ", no longer needed"
        print(f"{name}: {certificate_id(certificate).hex()}, ends {certificate.not_valid_after_utc:%Y-%m-%d}, {until}{needed}")
    living = sum(known.until > now for known in records.issued())
    print(f"given out: {len(records.issued())}, of them not ended: {living}; taken back: {len(records.revocations())}")
    due = [f"sign the list of {name} (mediassist authority crl)" for name in records.lists_due(now)]
    current = records.issuing[records.current]
    if needs_rotation(current, now) or records.revocation(certificate_id(current)):
        due.append(f"replace {records.current} (mediassist authority rotate)")
    for what in due:
        print(f"due: {what}")
    return 1 if due else 0


def _status_of(records: AuthorityRecords, who: str, now: datetime) -> int:
    known = _known(records, who)
    for certificate in known:
        revoked = records.revocation(certificate.id)
        said = f"taken back {revoked.at:%Y-%m-%d %H:%M} ({revoked.reason.value})" if revoked else "good"
        print(
            f"{certificate.id.hex()} {certificate.name} until {certificate.until:%Y-%m-%d %H:%M}: {'ended' if certificate.until <= now else said}"
        )
    if not known:
        print(f"{who}: unknown")
    return 0 if any(certificate.until > now and not records.revocation(certificate.id) for certificate in known) else 1


def _revoke(given: argparse.Namespace, now: datetime) -> int:
    opened = _open(given)
    known = opened.records.of_name(given.who, now) or [known for known in _known(opened.records, given.who) if known.id.hex() == given.who]
    if not known:
        raise NotIssued(f"{given.who} has no certificate of ours that could be taken back")
    for certificate in known:
        revoked = opened.revoke(certificate.id, RevocationReason(given.reason), now)
        print(f"{certificate.id.hex()} {certificate.name}: taken back {revoked.at:%Y-%m-%d %H:%M:%S} ({revoked.reason.value})")
    print("the broker hears of it by the next: mediassist authority crl")
    return 0


def _crl(given: argparse.Namespace, now: datetime) -> int:
    if given.days < 1:
        raise KeyUnusable("a list lives a day at least")
    records = AuthorityRecords(given.folder)
    if given.if_due and not records.lists_due(now):
        lists = records.kept_lists(now)
    else:
        lists = _open(given).revocation_list(now, timedelta(days=given.days))
    secret_files.publish(given.out, lists)
    print(f"{given.out}: {lists.count(b'BEGIN X509 CRL')} lists")
    return 0


def _rotate(given: argparse.Namespace, now: datetime) -> int:
    opened = _open(given)
    opened.rotate_issuing(now)
    current = opened.records.issuing[opened.records.current]
    print(f"{opened.records.current} {certificate_id(current).hex()} signs from now on, until {current.not_valid_after_utc:%Y-%m-%d}")
    return 0


def _known(records: AuthorityRecords, who: str) -> list[Issued]:
    """Return the certificate of this id, or those of this name."""
    return [known for known in records.issued() if who in {known.id.hex(), known.name}]


def _open(given: argparse.Namespace) -> Authority:
    return Authority.open(given.folder, *_keys(given))


def _keys(given: argparse.Namespace) -> tuple[SigningKeys, SigningKeys | None]:
    """Return where the issuing authorities' keys live, and where the root's does if elsewhere."""
    secret = _secret(given.secret_file, "MEDIASSIST_AUTHORITY_SECRET", given.folder)
    root_secret = _secret(given.root_secret_file, "MEDIASSIST_AUTHORITY_ROOT_SECRET", given.folder) or secret
    if given.bare_keys and secret:
        raise KeyUnusable("--bare-keys and a passphrase exclude each other")
    if not given.bare_keys and not secret:
        raise KeyUnusable("give the keys' passphrase (or PIN) by --secret-file or MEDIASSIST_AUTHORITY_SECRET")
    separate = given.root_keys is not None or root_secret != secret
    root_keys = FileSigningKeys(given.root_keys or given.folder, root_secret) if separate else None
    if given.pkcs11_module is None:
        return FileSigningKeys(given.folder, secret), root_keys
    return _token(given.pkcs11_module, given.pkcs11_token, secret or b"", given.closing), root_keys


def _token(library: Path, label: str, pin: bytes, closing: ExitStack) -> SigningKeys:
    try:
        from provisioning.pkcs11_signing_keys import Pkcs11SigningKeys  # noqa: PLC0415
    except ImportError as error:
        raise KeyUnusable("python-pkcs11 is not installed: pip install python-pkcs11") from error
    keys = Pkcs11SigningKeys(library, label, pin.decode(errors="replace"))
    closing.callback(keys.close)
    return keys


def _secret(path: Path | None, variable: str, folder: Path) -> bytes | None:
    """Return a secret from its file, or else from the environment.

    Raises:
        KeyUnusable: the file lies beside the keys, or others may read it.
    """
    if path is None:
        return os.environb.get(variable.encode()) or None
    if path.resolve().is_relative_to(folder.resolve()):
        raise KeyUnusable(f"{path} lies beside the keys it protects: keep it elsewhere")
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"{path} may be read by others: set its mode to 0600 or 0400")
    return path.read_bytes().rstrip(b"\r\n") or None
