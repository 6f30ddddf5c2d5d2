"""A gateway gets its identity over the network and keeps it, with a clock that may be wrong."""

import base64
import io
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from edge.gateway.commands import gateway
from edge.gateway.enrolment import AlreadyEnrolled, enrol, keep_renewed, renew, spread
from edge.gateway.est_client import EnrolmentFailed, EstClient, Refusal
from provisioning.authority import Authority
from provisioning.claims import ClaimCode
from provisioning.keystore import AUTHORITY, CERTIFICATE, KEY, FileKeystore
from tests.support.enrolment import EnrolmentServer, enrolment_server
from tests.support.postgres import Addresses, database, migrated_template, postgres_server

__all__ = ["database", "migrated_template", "postgres_server"]

DAY = timedelta(days=1)
CLAIM = ClaimCode(b"12345", b"0123456789abcdef")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def server(database: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrolmentServer]:
    with enrolment_server(database, tmp_path_factory.mktemp("enrolment")) as running:
        yield running


async def test_a_gateway_enrols_and_its_key_never_leaves(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims()
    certificate = enrol(tmp_path, claim, server.url, server.root, now)
    assert {path.name for path in tmp_path.iterdir()} == {KEY, CERTIFICATE, AUTHORITY}
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600
    kept = FileKeystore.open(tmp_path)
    assert kept.public_key == certificate.public_key()
    assert kept.certificate_id.hex() in server.root.with_name("issued.jsonl").read_text()
    stored = server.rows("select certificate from enrolled_certificate where gateway_id = %s", [claim.gateway])
    assert stored == [(certificate.public_bytes(Encoding.DER),)]
    context = ssl.create_default_context(cafile=str(tmp_path / AUTHORITY))
    context.load_cert_chain(tmp_path / CERTIFICATE, tmp_path / KEY)


async def test_it_enrols_once_and_is_told_so(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims()
    enrol(tmp_path, claim, server.url, server.root, now)
    with pytest.raises(AlreadyEnrolled, match="reset this gateway"):
        enrol(tmp_path, claim, server.url, server.root, now)


async def test_after_a_power_cut_the_same_claim_finishes_what_was_begun(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims()
    first = enrol(tmp_path, claim, server.url, server.root, now)
    (tmp_path / CERTIFICATE).unlink()
    assert enrol(tmp_path, claim, server.url, server.root, now) == first


async def test_a_refusal_is_told_with_its_reason(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims(made=now() - 2 * DAY)
    with pytest.raises(Refusal, match="expired: this claim's time is over"):
        enrol(tmp_path, claim, server.url, server.root, now)


async def test_a_server_of_another_authority_hears_no_claim(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims()
    Authority.make(tmp_path / "foreign", now())
    with pytest.raises(EnrolmentFailed, match="not to be believed"):
        enrol(tmp_path / "identity", claim, server.url, tmp_path / "foreign" / "root.pem", now)
    assert server.history(claim) == []


async def test_a_certificate_is_renewed_for_the_same_key_when_it_is_due_and_not_before(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims()
    old = enrol(tmp_path, claim, server.url, server.root, now)
    key = (tmp_path / KEY).read_bytes()
    days = iter([1, 10, 19, 23])
    looked: list[float] = []
    clock = now()

    def later() -> datetime:
        return clock

    async def wait(seconds: float) -> None:
        nonlocal clock
        looked.append(seconds)
        clock = now() + next(days) * DAY

    new = await keep_renewed(tmp_path, server.url, later, wait)
    assert looked == [3600] * 4
    assert (new.subject, new.public_key(), new.serial_number != old.serial_number) == (old.subject, old.public_key(), True)
    assert (tmp_path / KEY).read_bytes() == key
    assert 0 <= spread(new) <= 1


async def test_a_renewal_that_fails_is_tried_again_and_the_old_certificate_stays(server: EnrolmentServer, tmp_path: Path) -> None:
    (claim,) = await server.claims()
    enrol(tmp_path, claim, server.url, server.root, now)
    old = (tmp_path / CERTIFICATE).read_bytes()

    class Enough(Exception):
        pass

    async def once(seconds: float) -> None:
        assert seconds == 900
        raise Enough

    with pytest.raises(Enough):
        await keep_renewed(tmp_path, "https://127.0.0.1:1", lambda: now() + 25 * DAY, once)
    assert (tmp_path / CERTIFICATE).read_bytes() == old


async def test_the_command_takes_a_code_as_a_person_types_it(
    server: EnrolmentServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (claim,) = await server.claims()
    words = ["enrol", "--server", server.url, "--authority", str(server.root), "--state", str(tmp_path)]
    assert gateway([*words, "--claim", claim.text[:-1] + ("0" if claim.text[-1] != "0" else "1")]) == 1
    assert "check letter" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(claim.text.lower() + "\n"))
    assert gateway([*words, "--claim", "-"]) == 0
    assert claim.gateway.hex in capsys.readouterr().out
    assert gateway([*words, "--claim", claim.text]) == 1
    assert claim.password not in (output := capsys.readouterr()).err + output.out


# Wrong clocks. A gateway whose clock is behind sees a server from its own future, so the servers here live in the future, or in the past.


@dataclass(frozen=True, slots=True)
class Elsewhen:
    """A server whose time is another: what it was asked for, where it is, and whom to believe."""

    url: str
    root: Path
    asked: list[str]


@contextmanager
def elsewhen(folder: Path, made: datetime, date: datetime, signs: datetime | None = None) -> Iterator[Elsewhen]:
    """Run a server whose certificate was made at `made`, that says `date`, and whose authority signs at `signs` (default `date`)."""
    authority = Authority.make(folder / "authority", made - 5 * DAY)
    own = FileKeystore.make(folder / "server")
    own.take(authority.sign_server(own.public_key, ("127.0.0.1",), made), authority.root)
    chain = x509.load_pem_x509_certificates(authority.root + (folder / "authority" / "issuing.pem").read_bytes())
    asked: list[str] = []

    def sign(csr: x509.CertificateSigningRequest) -> list[x509.Certificate]:
        pem = authority.sign_request(csr.public_bytes(Encoding.PEM), CLAIM.gateway.hex, signs or date)
        return x509.load_pem_x509_certificates(pem)[:1]

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server" / CERTIFICATE, folder / "server" / KEY)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _answering(asked, chain, sign, date))
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Elsewhen(f"https://127.0.0.1:{httpd.server_address[1]}", folder / "authority" / "root.pem", asked)
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def _answering(
    asked: list[str],
    chain: list[x509.Certificate],
    sign: Callable[[x509.CertificateSigningRequest], list[x509.Certificate]],
    date: datetime,
) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._give(chain)

        def do_POST(self) -> None:
            asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._give(sign(x509.load_der_x509_csr(base64.b64decode(body))))

        def _give(self, given: list[x509.Certificate]) -> None:
            body = base64.b64encode(pkcs7.serialize_certificates(given, Encoding.DER))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
            return format_datetime(date, usegmt=True)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Answer


def test_a_clock_that_is_behind_does_not_keep_a_gateway_out(tmp_path: Path) -> None:
    """To the gateway it is a year earlier than to everybody else: every certificate is not valid yet, its own too."""
    then = now() + 365 * DAY
    with elsewhen(tmp_path, then - DAY, then) as server:
        certificate = enrol(tmp_path / "identity", CLAIM, server.url, server.root, now)
        assert certificate.not_valid_before_utc > now() + 300 * DAY
        assert FileKeystore.open(tmp_path / "identity").certificate_id
        renewed = renew(tmp_path / "identity", server.url, now)
    assert server.asked == ["/.well-known/est/simpleenroll", "/.well-known/est/simplereenroll"]
    assert renewed.public_key() == certificate.public_key()


def test_a_moment_that_does_not_fit_is_no_reason_to_show_the_claim(tmp_path: Path) -> None:
    then = now() + 365 * DAY
    with elsewhen(tmp_path, then, now() + 3650 * DAY) as server, pytest.raises(EnrolmentFailed, match="set the clock"):
        enrol(tmp_path / "identity", CLAIM, server.url, server.root, now)
    assert server.asked == []


def test_an_expired_server_is_refused_whatever_moment_it_says(tmp_path: Path) -> None:
    then = now() - 200 * DAY
    with elsewhen(tmp_path, then, then + DAY) as server, pytest.raises(EnrolmentFailed, match="not to be believed"):
        enrol(tmp_path / "identity", CLAIM, server.url, server.root, now)
    assert server.asked == []


def test_an_old_key_of_the_servers_betrays_itself_by_what_the_authority_signs_now(tmp_path: Path) -> None:
    """Its certificate ended before the gateway's clock began; it lies about the moment and passes the request on to the true authority."""
    then = now() + 365 * DAY
    with (
        elsewhen(tmp_path, then, then + DAY, signs=then + 200 * DAY) as server,
        pytest.raises(EnrolmentFailed, match="not the server any more"),
    ):
        enrol(tmp_path / "identity", CLAIM, server.url, server.root, now)
    assert not (tmp_path / "identity" / CERTIFICATE).exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "https://", "https://127.0.0.1/path", "127.0.0.1:8443"])
def test_an_address_that_is_not_https_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentFailed, match="no server's address"):
        EstClient(url, tmp_path, now, now())
