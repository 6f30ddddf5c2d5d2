"""A synthetic patient goes the whole way: wearable, hub, broker, store, detector, somebody asked, taken, over; and is missed when the way is cut."""

import asyncio
from uuid import UUID

import httpx
import pytest

from mediassist import canary as subject
from mediassist.canary import Canary, listen
from tests.support.stack import Stack, whole_stack


@pytest.mark.timeout(300)
def test_a_synthetic_patient_is_heard_through_every_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LOOK_S", 0.2)
    with whole_stack(patients=1, speed=10, story="canary") as stack:
        assert asyncio.run(heard(stack, late_s=120)) == (0, [])
        stack.site.processes.stop("watch")
        code, said = asyncio.run(heard(stack, late_s=15))
        assert code == 1
        assert "has not been heard" in said[0]


async def heard(stack: Stack, late_s: float) -> tuple[int, list[str]]:
    """Listen for one beat; return the exit status, and what was said by the other way."""
    said: list[str] = []
    seconds = iter(range(10_000))
    login, home = stack.logins[0], stack.site.households[0].home
    async with httpx.AsyncClient(base_url=stack.app_url, timeout=20) as client:
        patient = Canary(client, login.email, login.password, UUID(home.patient))
        await patient.sign_in()
        while late_s < 60 and await patient.beat():
            pass  # what was passed on before the watch was stopped
        # a look takes 0.2 s and more, so that many looks are at least so much time
        return await listen(patient, late_s, 1, said.append, lambda: 0.2 * next(seconds)), said
