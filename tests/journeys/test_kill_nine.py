"""Kill anything at any time: what was produced equals what is stored, each exactly once."""

import time

import pytest

from tests.support.stack import whole_stack

PROCESSES = ("gateway-1", "worker", "broker", "database")
APART_SECONDS = 9.0


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("stack")
def test_killing_gateway_worker_broker_and_database_in_turn_loses_nothing_and_stores_nothing_twice() -> None:
    with whole_stack(patients=2) as stack:
        stack.stored(30)
        began = time.monotonic()
        for number, name in enumerate(PROCESSES, 1):
            stack.kill_nine(name)
            before = stack.stored_now()
            stack.stored(before + 10)
            time.sleep(max(0.0, number * APART_SECONDS + 10 - (time.monotonic() - began)))
        readings, samples = stack.settle()
        assert [stack.site.processes.starts(name) for name in PROCESSES] == [2, 2, 2, 2]
        assert time.monotonic() - began > 45
        assert readings.produced > 150
        assert samples.produced > 2 * 125 * 40
        assert (readings.lost, readings.duplicated, readings.invented) == (0, 0, 0)
        assert (samples.lost, samples.duplicated, samples.invented) == (0, 0, 0)
        alerts = stack.alerts()
        assert len({alert.id for alert in alerts}) == len(alerts)
