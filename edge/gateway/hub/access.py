"""Who may see the hub's page: whoever knows the set-up code on the label, for twelve hours, from one browser."""

import hmac
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from provisioning import secret_files

CODE_FILE = "setup_code"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
SESSION_SECONDS = 12 * 3600.0
MOST_SESSIONS = 20
ATTEMPTS, WINDOW_SECONDS = 5, 300.0


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that knew the code. csrf: what its forms must hold."""

    csrf: str
    ends_at: float


def setup_code(folder: Path, dice: Callable[[int], bytes]) -> str:
    """Return the code of this hub, made when there is none: eight letters and digits that are not mistaken for each other."""
    path = folder / CODE_FILE
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        code = "".join(_LETTERS[number % len(_LETTERS)] for number in _numbers(dice))
        secret_files.make_folder(folder)
        secret_files.write_once(path, code.encode())
        return code


def _numbers(dice: Callable[[int], bytes]) -> list[int]:
    """Draw without favouring a letter."""
    fair = 256 - 256 % len(_LETTERS)
    drawn: list[int] = []
    while len(drawn) < _LENGTH:
        drawn += [number for number in dice(_LENGTH) if number < fair]
    return drawn[:_LENGTH]


def spoken(code: str) -> str:
    """Return a code as it is printed: in two halves."""
    return f"{code[:4]}-{code[4:]}"


class Access:
    """Sessions in memory. token: makes secrets as text. monotonic: seconds."""

    def __init__(self, code: str, token: Callable[[], str], monotonic: Callable[[], float]) -> None:
        self._code, self._token, self._monotonic = code, token, monotonic
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._failures: deque[float] = deque()

    def is_code(self, typed: str) -> bool:
        """Say whether that is the code (spaces, strokes and small letters allowed).

        Raises:
            TooOften: five wrong codes came within five minutes, from whomever.
        """
        now = self._monotonic()
        while self._failures and self._failures[0] <= now - WINDOW_SECONDS:
            self._failures.popleft()
        if len(self._failures) >= ATTEMPTS:
            raise TooOften(self._failures[0] + WINDOW_SECONDS - now)
        plain = "".join(typed.upper().split()).replace("-", "")
        if not hmac.compare_digest(plain.encode(), self._code.encode()):
            self._failures.append(now)
            return False
        return True

    def sign_in(self, typed: str) -> str | None:
        """Return a new session's secret for the right code, None for a wrong one.

        Raises:
            TooOften: as `is_code`.
        """
        if not self.is_code(typed):
            return None
        secret = self._token()
        self._sessions[secret] = Session(self._token(), self._monotonic() + SESSION_SECONDS)
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return secret

    def session(self, secret: str | None) -> Session | None:
        """Return the session of a secret, None where there is none or it is over."""
        session = self._sessions.get(secret or "")
        if session is not None and session.ends_at <= self._monotonic():
            self.sign_out(secret)
            return None
        return session

    def sign_out(self, secret: str | None) -> None:
        """End a session."""
        self._sessions.pop(secret or "", None)


class TooOften(Exception):
    """Too many wrong codes. seconds: until the next may be tried."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong codes: try again in {seconds:.0f} s")
        self.seconds = seconds
