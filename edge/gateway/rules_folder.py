"""The rules by which the people of a home are watched, as the cloud gave them: a file each, wrapped by the keystore."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import structlog

from protocol.errors import Malformed, SealBroken
from protocol.orders import decode_order, encode_order
from protocol.patient_rules import PatientRules
from provisioning import secret_files
from provisioning.keystore import Keystore

log = structlog.get_logger()

_ABOUT = b"patient rules"


class RulesFolder:
    """The files in a folder, which is made with the first of them."""

    def __init__(self, folder: Path, keystore: Keystore) -> None:
        self._folder, self._keystore = folder, keystore

    def keep(self, rules: PatientRules) -> None:
        """Keep a patient's rules in place of the old ones; they outlive a power cut once this returns."""
        secret_files.make_folder(self._folder)
        wrapped = self._keystore.wrap(encode_order(rules), _ABOUT)
        secret_files.replace(self._folder / f"{rules.patient.hex}.bin", wrapped)

    def all(self) -> Mapping[UUID, PatientRules]:
        """Return what was kept. A file that cannot be read is said and passed over: that patient has the defaults until the cloud speaks again, within a day."""
        found: dict[UUID, PatientRules] = {}
        for path in sorted(self._folder.glob("*.bin")):
            try:
                rules = decode_order(self._keystore.unwrap(path.read_bytes(), _ABOUT))
            except (OSError, SealBroken, Malformed) as error:
                log.error("rules.unreadable", file=path.name, error=type(error).__name__)
                continue
            if isinstance(rules, PatientRules):
                found[rules.patient] = rules
        return found
