"""A gateway does what was signed by its cloud and sealed to it, once, and obeys no other."""

from pathlib import Path
from uuid import UUID

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.gateway.inbox import Inbox
from edge.gateway.rules_folder import RulesFolder
from protocol.errors import Foreign, Malformed, Repeated, SealBroken, UnknownOrder
from protocol.findings import Priority
from protocol.orders import NewIngestKey, OrderHeader, encode_order, read_standing, write_order
from protocol.patient_rules import PatientRules, PersonalThreshold
from provisioning import order_key
from provisioning.order_key import OrderKey
from provisioning.sealing_keys import PrivateKey, Suite, load_public
from tests.support.gateway import GATEWAY, NOON, Keys

NEW = PrivateKey.generate().public


class Home:
    """A gateway's folders with an inbox, and the cloud's order key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keystore = Keys.make(folder / "identity")
        self.signer = order_key.make(folder / "cloud")
        self.public = folder / "public.bin"
        self.public.write_bytes(b"the old key")
        self.rules = RulesFolder(folder / "rules", self.keystore)
        self.start()

    def start(self) -> None:
        self.inbox = Inbox(GATEWAY, self.folder / "identity", self.keystore, self.signer.public, self.public, self.rules, lambda: NOON)

    def order(
        self, number: int, body: bytes | None = None, gateway: UUID = GATEWAY, signer: OrderKey | None = None, to: bytes | None = None
    ) -> bytes:
        key = load_public(to or read_standing(self.inbox.standing()).standing.receiving_key)
        header = OrderHeader(gateway, number, key.id)
        sealed = key.seal(encode_order(NewIngestKey(NEW.raw)) if body is None else body, header.info())
        return write_order(header, sealed, (signer or self.signer).sign)

    @property
    def unmoved(self) -> bool:
        return self.public.read_bytes() == b"the old key"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_new_ingest_key_is_taken_and_the_standing_says_so(home: Home) -> None:
    assert home.inbox.obey(home.order(7)) == NewIngestKey(NEW.raw)
    assert home.public.read_bytes() == NEW.raw
    said = read_standing(home.inbox.standing())
    assert (said.standing.answered, said.standing.refused) == (7, 0)
    order_key.check(home.keystore.public_key, said.signature, said.signed)


def test_a_patients_rules_are_kept_and_the_next_process_has_them(home: Home) -> None:
    rules = PatientRules(UUID(int=5), 2, (PersonalThreshold(1, 45.0, 100.0, 60, Priority.HIGH),))
    assert home.inbox.obey(home.order(7, encode_order(rules))) == rules
    assert home.rules.all() == {UUID(int=5): rules}
    assert home.unmoved


def test_an_order_is_done_once_also_after_a_restart(home: Home) -> None:
    first, second = home.order(7), home.order(8)
    home.inbox.obey(second)
    for _ in range(2):
        for old in (first, second):
            with pytest.raises(Repeated):
                home.inbox.obey(old)
        home.start()


def test_it_obeys_no_other(home: Home, tmp_path: Path) -> None:
    with pytest.raises(SealBroken):
        home.inbox.obey(home.order(7, signer=order_key.make(tmp_path / "stranger")))
    with pytest.raises(Foreign):
        home.inbox.obey(home.order(7, gateway=UUID(int=9)))
    with pytest.raises(SealBroken, match="does not have"):
        home.inbox.obey(home.order(7, to=PrivateKey.generate().public.raw))
    assert home.unmoved
    home.inbox.obey(home.order(1))


def test_an_order_it_does_not_understand_moves_nothing_and_is_said_to_be_refused(home: Home) -> None:
    with pytest.raises(UnknownOrder):
        home.inbox.obey(home.order(7, cbor2.dumps({"order": "dance"})))
    with pytest.raises(Malformed):
        home.inbox.obey(home.order(8, encode_order(NewIngestKey(bytes(32)))))
    assert home.unmoved
    said = read_standing(home.inbox.standing()).standing
    assert (said.answered, said.refused) == (8, 8)


def test_standings_have_growing_numbers_also_after_a_restart(home: Home) -> None:
    first, second = (read_standing(home.inbox.standing()).standing.number for _ in range(2))
    home.start()
    assert NOON <= first < second < read_standing(home.inbox.standing()).standing.number


def test_the_receiving_key_stays_over_a_restart_lies_wrapped_and_goes_with_the_identity(home: Home) -> None:
    key = read_standing(home.inbox.standing()).standing.receiving_key
    assert load_public(key).suite is Suite.HYBRID
    home.start()
    assert read_standing(home.inbox.standing()).standing.receiving_key == key
    wrapped = (home.folder / "identity" / "receiving.key").read_bytes()
    assert home.keystore.unwrap(wrapped, b"receiving key") not in wrapped
    home.keystore = Keys.make(home.folder / "another")
    home.start()
    assert read_standing(home.inbox.standing()).standing.receiving_key != key


def test_without_knowing_what_was_done_nothing_more_is_done(home: Home) -> None:
    home.inbox.standing()
    (home.folder / "identity" / "orders.json").write_bytes(b"{")
    with pytest.raises(Malformed, match="enrol this gateway anew"):
        home.start()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_bytes_and_any_changed_bit_are_a_named_error_and_move_nothing(home: Home, data: st.DataObject) -> None:
    changed = bytearray(home.order(7))
    place = data.draw(st.integers(0, 1 << 20)) % (len(changed) * 8)  # a signature's length is dice
    changed[place // 8] ^= 1 << place % 8
    for junk in (bytes(changed), data.draw(st.binary(max_size=300)), b"\x01" + GATEWAY.bytes + data.draw(st.binary(max_size=300))):
        with pytest.raises((Malformed, Foreign, SealBroken)):
            home.inbox.obey(junk)
    assert home.unmoved
