"""`python -m deploy.local.home_in_one`: a gateway and the wearables of its home in one process, for want of a dbus-daemon.

The gateway is what it always is, and so are the wearables; only bleak reaches them on the virtual air itself. Settings are
those of `edge.gateway` (GATEWAY_…) and SIMULATOR_PLAN, a plan with this one home, whose bus is not looked at. Signals are
those of `simulators.process`. What dies here dies together: a kill takes the wearables' memories too, which the gateway's alone would not.
"""

import asyncio
import logging
import os
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.firmware_bridge.seeker import Backend
from edge.gateway.assembly import assembled
from edge.gateway.beside import beside
from edge.gateway.settings import GatewaySettings, WrongSetting, read_settings
from protocol.logs import configure_logs
from simulators.home import Home, HomeEvents
from simulators.in_process_backend import in_process_backend
from simulators.plan import Plan, PlanError, parse_plan
from simulators.process import body_of, until_told, written_display, written_to
from simulators.produced import ProducedJournal
from simulators.radio import central
from simulators.recording import RecordingError


def main() -> int:
    """Run until SIGTERM; return the exit status: 2 for settings or a plan that cannot be followed."""
    configure_logs()
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of every packet that was under way when a link fell
    try:
        asyncio.run(run(read_settings(), _plan()))
    except (WrongSetting, PlanError, RecordingError) as error:
        sys.stderr.write(f"home in one: {error}\n")
        return 2
    return 0


async def run(settings: GatewaySettings, plan: Plan) -> None:
    """Live in one home until SIGTERM; writes "ready" to standard output once its wearables can be found.

    Raises:
        RecordingError: its recording cannot be read.
    """
    [planned] = plan.homes
    with ProducedJournal(plan.produced) as journal:
        home = Home(
            body_of(planned), planned.wearables, settings.pace_of_time(), random.Random(), HomeEvents(written_to(journal), written_display)
        )
        async with (
            _switched_on(home) as backend,
            assembled(settings, backend) as line,
            beside(line, settings),
            asyncio.TaskGroup() as tasks,
        ):
            gateway = tasks.create_task(line.run())
            print("ready", flush=True)
            await until_told([home], journal)
            gateway.cancel()


@asynccontextmanager
async def _switched_on(home: Home) -> AsyncGenerator[Backend]:
    """Switch a home's radios on; yield what bleak reaches them by."""
    classes = in_process_backend(await central(home.link))
    await home.start()
    try:
        yield Backend(classes.scanner, classes.client)
    finally:
        await home.stop()


def _plan() -> Plan:
    path = os.environ.get("SIMULATOR_PLAN")
    if path is None:
        raise PlanError("set SIMULATOR_PLAN to the plan's path")
    try:
        plan = parse_plan(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}") from error
    if len(plan.homes) != 1:
        raise PlanError(f"{path} has {len(plan.homes)} homes: one process holds one")
    return plan


if __name__ == "__main__":
    sys.exit(main())
