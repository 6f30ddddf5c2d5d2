"""Passwords and their hashes."""

from argon2 import PasswordHasher, extract_parameters

from cloud.access.passwords import Passwords


class CountingHasher(PasswordHasher):
    """Counts how often it was asked to verify."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  (argon2's own name)
        CountingHasher.verified += 1
        return super().verify(hash, password)


async def test_the_right_password_fits_and_another_does_not() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    stored = passwords.hash("correct horse")
    assert await passwords.fits(stored, "correct horse")
    assert not await passwords.fits(stored, "correct horse ")
    assert stored.startswith("$argon2id$")


async def test_an_unknown_account_costs_the_same_work_and_never_fits() -> None:
    passwords = Passwords(CountingHasher(time_cost=1, memory_cost=8, parallelism=1))
    before = CountingHasher.verified
    assert not await passwords.fits(None, "nobody has this password")
    assert CountingHasher.verified == before + 1


async def test_a_damaged_hash_fits_nothing() -> None:
    assert not await Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)).fits("$argon2id$garbage", "x")


def test_the_standard_hash_is_no_weaker_than_rfc_9106s_second_recommendation() -> None:
    parameters = extract_parameters(Passwords().hash("x"))
    assert parameters.memory_cost >= 64 * 1024
    assert parameters.time_cost >= 3
