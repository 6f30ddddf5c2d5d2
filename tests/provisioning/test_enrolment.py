"""The life of a claim, and the brake on wrong ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from provisioning.claims import ClaimCode, secret_sha256
from provisioning.enrolment import (
    Audit,
    Claim,
    Issue,
    LockOut,
    Looked,
    Phase,
    Presented,
    Quarantine,
    Reason,
    Refuse,
    Repeat,
    Throttle,
    step,
)  # fmt: skip

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODE = ClaimCode(b"abcde", b"0123456789abcdef")
MADE = Claim(CODE.number, CODE.gateway, secret_sha256(CODE.secret), NOW + timedelta(days=30))
MINE, THEIRS = Presented(MADE.secret_sha256, b"m" * 32), Presented(MADE.secret_sha256, b"t" * 32)
WRONG = Presented(secret_sha256(b"guess"), b"t" * 32)


def test_the_first_key_in_time_makes_the_device() -> None:
    used, effects = step(MADE, MINE, NOW)
    assert used == replace(MADE, phase=Phase.USED, key_sha256=MINE.key_sha256)
    assert effects == [Issue(CODE.gateway), Audit("enrolled")]


def test_the_same_key_gets_the_same_answer_again() -> None:
    used, _ = step(MADE, MINE, NOW)
    later = NOW + timedelta(days=300)
    assert step(used, MINE, later) == (used, [Repeat(CODE.gateway), Audit("repeated")])


def test_another_key_locks_the_device_out_and_nobody_gets_in_again() -> None:
    used, _ = step(MADE, MINE, NOW)
    locked, effects = step(used, THEIRS, NOW)
    assert locked.phase is Phase.QUARANTINED
    assert effects == [LockOut(CODE.gateway), Refuse(Reason.REPLAYED), Audit("refused.replayed")]
    for presented in (MINE, THEIRS):
        assert step(locked, presented, NOW) == (locked, [Refuse(Reason.QUARANTINED), Audit("refused.quarantined")])


def test_a_wrong_claim_changes_nothing_in_any_phase() -> None:
    for phase in Phase:
        claim = replace(MADE, phase=phase)
        assert step(claim, WRONG, NOW) == (claim, [Refuse(Reason.WRONG_CLAIM), Audit("refused.wrong_claim")])


def test_a_claim_whose_time_is_over_makes_no_device() -> None:
    expired, effects = step(MADE, MINE, MADE.expires_at)
    assert expired.phase is Phase.EXPIRED
    assert effects == [Refuse(Reason.EXPIRED), Audit("refused.expired")]
    assert step(expired, MINE, NOW)[1][0] == Refuse(Reason.EXPIRED)


def test_the_factory_sees_which_have_expired() -> None:
    assert step(MADE, Looked(), NOW) == (MADE, [])
    assert step(MADE, Looked(), MADE.expires_at) == (replace(MADE, phase=Phase.EXPIRED), [Audit("expired")])
    used, _ = step(MADE, MINE, NOW)
    assert step(used, Looked(), MADE.expires_at) == (used, [])


def test_a_person_may_lock_a_device_out_once() -> None:
    locked, effects = step(MADE, Quarantine(), NOW)
    assert effects == [LockOut(CODE.gateway), Audit("quarantined")]
    assert step(locked, Quarantine(), NOW) == (locked, [])


EVENTS = st.one_of(
    st.builds(Presented, st.just(MADE.secret_sha256), st.sampled_from([b"1" * 32, b"2" * 32, b"3" * 32])),
    st.sampled_from([Looked(), Quarantine(), WRONG]),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 40))))
def test_whatever_happens_a_claim_makes_at_most_one_device_and_never_a_late_one(
    events: list[tuple[Presented | Looked | Quarantine, int]],
) -> None:
    claim, issued = MADE, 0
    for event, days in events:
        now = NOW + timedelta(days=days)
        before = claim
        claim, effects = step(claim, event, now)
        if any(isinstance(effect, Issue) for effect in effects):
            issued += 1
            assert now < claim.expires_at
        assert before.phase is not Phase.QUARANTINED or claim == before
    assert issued <= 1


def test_ten_wrong_tries_from_one_address_wait_and_others_do_not() -> None:
    throttle = Throttle(wrongs=10)
    for number in range(10):
        assert throttle.wait_s("192.0.2.1", f"{number}AAABBBB", NOW) == 0
        throttle.wrong("192.0.2.1", f"{number}AAABBBB", NOW)
    assert throttle.wait_s("192.0.2.1", "ZZZZZZZZ", NOW) == 300
    assert throttle.wait_s("192.0.2.2", "ZZZZZZZZ", NOW) == 0
    assert throttle.wait_s("192.0.2.1", "ZZZZZZZZ", NOW + timedelta(seconds=300)) == 0


def test_neighbouring_claims_are_braked_together_from_whatever_address() -> None:
    throttle = Throttle(wrongs=3)
    for number in range(3):
        throttle.wrong(f"192.0.2.{number}", f"ABCD000{number}", NOW)
    assert throttle.wait_s("198.51.100.1", "ABCD9999", NOW) > 0
    assert throttle.wait_s("198.51.100.1", "ABCE9999", NOW) == 0


def test_the_brake_forgets_the_oldest_when_it_is_full() -> None:
    throttle = Throttle(wrongs=1, most_keys=2)
    throttle.wrong("192.0.2.1", "AAAA0000", NOW)
    throttle.wrong("192.0.2.2", "BBBB0000", NOW)
    assert throttle.wait_s("192.0.2.1", "AAAA0000", NOW) == 0
    assert throttle.wait_s("192.0.2.2", "BBBB0000", NOW) > 0
