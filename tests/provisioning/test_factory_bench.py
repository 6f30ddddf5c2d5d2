"""What the factory makes."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning.claims import read_code, secret_sha256
from provisioning.factory_bench import make_labels, qr_svg, qr_terminal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_each_label_has_a_secret_of_its_own_of_which_the_factory_keeps_the_hash() -> None:
    labels = make_labels(50, timedelta(days=30), NOW)
    assert len({label.code.secret for label in labels}) == len({label.claim.gateway for label in labels}) == 50
    for label in labels:
        assert label.claim.secret_sha256 == secret_sha256(label.code.secret)
        assert label.claim.expires_at == NOW + timedelta(days=30)
        assert label.code.secret not in repr(label.claim).encode()
        assert read_code(label.code.text) == label.code


def test_the_qr_code_is_drawn_for_terminals_and_printers() -> None:
    (label,) = make_labels(1, timedelta(days=1), NOW)
    assert qr_svg(label.code).startswith("<svg")
    assert len(qr_terminal(label.code).splitlines()) > 10


@pytest.mark.parametrize(("count", "days"), [(0, 1), (1, 0), (1, -1)])
def test_claims_that_nobody_could_use_are_not_made(count: int, days: int) -> None:
    with pytest.raises(ValueError, match="usable"):
        make_labels(count, timedelta(days=days), NOW)
