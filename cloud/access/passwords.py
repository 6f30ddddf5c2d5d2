"""Passwords as argon2id hashes; the same work whether or not there is an account."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHES_AT_ONCE = 2
"""Each takes 64 MiB and a core for tens of milliseconds; more would let strangers exhaust the machine."""


class Passwords:
    """Makes and checks hashes, off the event loop.

    hasher: argon2id; the default is RFC 9106's second recommendation (64 MiB, 3 passes).
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash("nobody has this password")
        self._turn = asyncio.Semaphore(HASHES_AT_ONCE)

    def hash(self, password: str) -> str:
        """Return the hash to store; takes as long as a check."""
        return self._hasher.hash(password)

    async def fits(self, stored: str | None, password: str) -> bool:
        """Say whether `password` is the one `stored` was made of; None = no account: the same work, and no."""
        async with self._turn:
            fits = await asyncio.to_thread(self._verify, stored or self._nobodys, password)
        return fits and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
