"""The whole system on this machine loses and repeats nothing while its processes are killed one after the other."""

import pytest

from tests.support.stack import whole_stack


@pytest.mark.timeout(300)
def test_killing_every_kind_of_process_loses_nothing_and_stores_nothing_twice() -> None:
    with whole_stack(patients=2, speed=2) as stack:
        stack.stored(at_least=1)
        for name in ("gateway-1", "worker", "broker", "database"):
            before = stack.stored_now()
            stack.kill_nine(name)
            stack.stored(at_least=before + 10)
        readings, samples = stack.settle(90)
        assert (readings.lost, readings.duplicated, readings.invented) == (0, 0, 0)
        assert (samples.lost, samples.duplicated, samples.invented) == (0, 0, 0)
        assert readings.stored > 40
        assert all(stack.site.processes.starts(name) == 2 for name in ("gateway-1", "worker", "broker", "database"))
