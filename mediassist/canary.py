"""Is the whole way open, from a wearable to somebody who takes an alert? `mediassist canary --url URL --email ADDRESS --patient ID`.

A synthetic patient (a simulated wearable, story "canary", at a gateway like any other) is unwell for a minute every five, beyond the limits of an emergency, which a
home watches by itself where the care team has set none. Each time this command waits for that alert, until the watch has asked somebody at level 0 of the ladder,
takes it and says that it is over: a beat. Of other alerts of this patient it says that they are over, too, but for those of silence. When no beat has come for LATE minutes it says so by a way of its own, ALARM, which must need nothing of the cloud: a text message, a lamp, a telephone. It says it
again every hour, and once when beats come again. Run it elsewhere than the cloud, as an account that sees no other patients.

The password is read from CANARY_PASSWORD. ALARM is run without a shell, split as one would, with CANARY_ABOUT in its environment. Exit status: 0 after BEATS
beats (without --beats it runs on), 1: silent when --beats was given, 2: it cannot begin.
"""

import argparse
import asyncio
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import httpx

LOOK_S = 2.0
AGAIN_S = 3600.0
PATIENCE_S = 20.0
ALARM_S = 60.0
"""So long an alarm's command may take."""
BEAT_KIND = "threshold"
"""What the home alone raises of a patient without limits of their own: that the cloud found it proves nothing of the home."""
SILENCES = frozenset({"silence", "silent_home"})
"""Alerts that are the contrary of a beat: they are left to people."""
Said = Literal["", "silent", "heard again"]


@dataclass(frozen=True, slots=True)
class Listening:
    """Since when nothing was heard, and when silence was said last (None: it was not). Seconds of a clock that only goes forward."""

    since: float
    said_at: float | None = None


def step(listening: Listening, now: float, beat: bool, late_s: float) -> tuple[Listening, Said]:  # noqa: FBT001  (a beat, or none)
    """Return how things stand at `now`, and what is to be said of it."""
    if beat:
        return Listening(now), "heard again" if listening.said_at is not None else ""
    if now - listening.since < late_s or (listening.said_at is not None and now - listening.said_at < AGAIN_S):
        return listening, ""
    return replace(listening, said_at=now), "silent"


class SignInRefused(Exception):
    """The cloud does not let this account in: the message says why."""


class Canary:
    """One synthetic patient's way through the cloud, by its API."""

    def __init__(self, client: httpx.AsyncClient, email: str, password: str, patient: UUID) -> None:
        """Look after `patient` as the account `email`."""
        self._client, self._account, self._patient = client, {"email": email, "password": password}, patient

    async def sign_in(self) -> None:
        """Sign in.

        Raises:
            SignInRefused: wrong address or password, or too many tries. httpx.HTTPError: the cloud does not answer.
        """
        answer = await self._client.post("/api/session", json=self._account)
        if answer.status_code in (401, 403, 422, 429):
            raise SignInRefused(answer.json().get("detail", answer.reason_phrase))
        answer.raise_for_status()

    async def beat(self) -> str:
        """Take the alerts that are there and have been passed on; return what the beat among them was, "" for none.

        Raises:
            httpx.HTTPError: the cloud does not answer, or refuses. SignInRefused: as `sign_in`.
        """
        beat = ""
        for alert in await self._get():
            if alert["level"] < 0 or alert["kind"] in SILENCES:  # nobody has been asked yet: the watch's part of the way
                continue
            for what, body in (("acknowledge", None), ("resolve", {"note": "canary"})):
                answer = await self._client.post(f"/api/alerts/{alert['id']}/{what}", json=body)
                answer.raise_for_status()
            if alert["kind"] == BEAT_KIND:
                late = datetime.now(UTC) - datetime.fromisoformat(alert["raised_at"])
                beat = f"{alert['explanation']}: raised, passed on, taken and over {late.total_seconds():.1f} s later"
        return beat

    async def _get(self) -> list[dict[str, Any]]:
        query = {"patient": str(self._patient), "state": ["raised", "escalated", "acknowledged"]}
        answer = await self._client.get("/api/alerts", params=query)
        if answer.status_code == 401:
            await self.sign_in()
            answer = await self._client.get("/api/alerts", params=query)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found


async def listen(canary: Canary, late_s: float, beats: int | None, alarm: Callable[[str], None], clock: Callable[[], float]) -> int:
    """Listen until so many beats were heard (None: for ever); return 0, or 1 at the first silence where they are counted."""
    listening, heard, why = Listening(clock()), 0, ""
    while beats is None or heard < beats:
        try:
            what = await canary.beat()
            why = ""
        except (httpx.HTTPError, SignInRefused) as error:
            what, why = "", f"; the cloud: {error or type(error).__name__}"
        if what:
            heard += 1
            _say(f"beat {heard}: {what}")
        listening, said = step(listening, clock(), bool(what), late_s)
        if said == "silent":
            alarm(f"MediAssist: the synthetic patient has not been heard for {(clock() - listening.since) / 60:.0f} minutes{why}")
            if beats is not None:
                return 1
        elif said == "heard again":
            alarm("MediAssist: the synthetic patient is heard again")
        await asyncio.sleep(LOOK_S)
    return 0


def _say(what: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}  {what}", flush=True)


def alarm_by(command: str) -> Callable[[str], None]:
    """Return what says something by a command, and on the standard error; a command that fails is said there, too."""

    def alarm(about: str) -> None:
        print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}  {about}", file=sys.stderr, flush=True)
        if not command:
            return
        try:
            subprocess.run(shlex.split(command), env={**os.environ, "CANARY_ABOUT": about}, check=True, timeout=ALARM_S)  # noqa: S603  (the operator's own command)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"the alarm's command failed: {error}", file=sys.stderr, flush=True)

    return alarm


def canary(arguments: Sequence[str]) -> int:
    """Run `mediassist canary`; return the exit status."""
    parser = argparse.ArgumentParser(prog="mediassist canary", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="where the cloud's pages are")
    parser.add_argument("--email", required=True, help="of an account that sees the synthetic patient alone")
    parser.add_argument("--patient", type=UUID, required=True, help="the synthetic patient")
    parser.add_argument("--late", type=float, default=11.0, metavar="MINUTES", help="how long without a beat is a silence (default: 11)")
    parser.add_argument("--alarm", default="", metavar="COMMAND", help="what tells somebody by another way")
    parser.add_argument("--beats", type=int, help="end after so many")
    given = parser.parse_args(arguments)
    password = os.environ.get("CANARY_PASSWORD", "")
    if not password or given.late <= 0:
        print("CANARY_PASSWORD is not set" if not password else f"--late {given.late:g} is not above 0", file=sys.stderr)
        return 2
    return asyncio.run(_run(given, password))


async def _run(given: argparse.Namespace, password: str) -> int:
    async with httpx.AsyncClient(base_url=given.url, timeout=PATIENCE_S) as client:
        patient = Canary(client, given.email, password, given.patient)
        try:
            await patient.sign_in()
        except SignInRefused as error:
            print(f"{given.email} is not let in: {error}", file=sys.stderr)
            return 2
        except httpx.HTTPError as error:
            _say(f"the cloud does not answer yet: {error or type(error).__name__}")
        return await listen(patient, 60 * given.late, given.beats, alarm_by(given.alarm), time.monotonic)
