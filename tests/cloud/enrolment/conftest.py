"""One enrolment server a module, braking late."""

from collections.abc import Iterator

import pytest

from tests.support.enrolment import EnrolmentServer, enrolment_server
from tests.support.postgres import Addresses


@pytest.fixture(scope="module")
def server(database: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrolmentServer]:
    with enrolment_server(database, tmp_path_factory.mktemp("enrolment"), wrongs=100) as running:
        yield running
