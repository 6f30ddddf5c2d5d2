"""What the cloud said of a person lies wrapped at home, outlives a restart, and costs nobody the watch where it is damaged."""

from pathlib import Path
from uuid import UUID

from edge.gateway.rules_folder import RulesFolder
from protocol.findings import Priority
from protocol.patient_rules import PatientRules, PersonalThreshold
from tests.support.gateway import PATIENT, Keys

RULES = PatientRules(PATIENT, 2, (PersonalThreshold(1, 45.0, 100.5, 60, Priority.MEDIUM),))


def test_rules_are_kept_wrapped_and_the_newest_count(tmp_path: Path) -> None:
    keystore = Keys.make(tmp_path / "identity")
    folder = RulesFolder(tmp_path / "rules", keystore)
    assert folder.all() == {}
    folder.keep(PatientRules(PATIENT))
    folder.keep(RULES)
    folder.keep(PatientRules(UUID(int=9)))
    assert RulesFolder(tmp_path / "rules", keystore).all() == {PATIENT: RULES, UUID(int=9): PatientRules(UUID(int=9))}
    for file in (tmp_path / "rules").iterdir():
        assert b"thresholds" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_passed_over(tmp_path: Path) -> None:
    folder = RulesFolder(tmp_path / "rules", Keys.make(tmp_path / "identity"))
    folder.keep(RULES)
    folder.keep(PatientRules(UUID(int=9)))
    damaged = tmp_path / "rules" / f"{PATIENT.hex}.bin"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert set(folder.all()) == {UUID(int=9)}
    stranger = RulesFolder(tmp_path / "rules", Keys.make(tmp_path / "other"))
    assert stranger.all() == {}
