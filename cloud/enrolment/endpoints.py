"""The door of enrolment: EST (RFC 7030) under /.well-known/est, for devices and for nobody else."""

import base64
import binascii
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from cloud.database import Away
from cloud.enrolment.peer import peer_certificate
from cloud.enrolment.registrar import Refused, Registrar, Slowed

log = structlog.stdlib.get_logger()

LARGEST_REQUEST = 8192
"""Bytes of a request's body: a P-256 request has about 400."""

CERTIFICATES = "application/pkcs7-mime; smime-type=certs-only"

routes = APIRouter(prefix="/.well-known/est")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the door needs, placed in `app.state.desk`. authorities: the root's and the issuing authorities' certificates."""

    registrar: Registrar
    authorities: Callable[[], list[x509.Certificate]]
    now: Callable[[], datetime]


@routes.get("/cacerts")
async def cacerts(request: Request) -> Response:
    """Return the authorities' certificates (RFC 7030, 4.1)."""
    return _certificates(_desk(request).authorities())


@routes.post("/simpleenroll")
async def simpleenroll(request: Request) -> Response:
    """Return the certificate for a claim (RFC 7030, 4.2.1): HTTP Basic with the claim's number and secret, and a PKCS#10 request."""
    desk = _desk(request)
    name, password = _basic(request)
    csr = await _request_of(request)
    return _certificates([await desk.registrar.enrol(name, password, csr, _address(request), desk.now())])


@routes.post("/simplereenroll")
async def simplereenroll(request: Request) -> Response:
    """Return a new certificate for whoever's old one TLS has just verified (RFC 7030, 4.2.2): for the same name alone."""
    desk = _desk(request)
    old = peer_certificate(request)
    if old is None:
        raise Refused("no_certificate", "show the old certificate in TLS", 401)
    csr = await _request_of(request)
    return _certificates([await desk.registrar.renew(old, csr, _address(request), desk.now())])


def make_door() -> FastAPI:
    """Return the application; the assembly places the desk."""
    app = FastAPI(title="MediAssist enrolment", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(routes)
    app.add_exception_handler(Refused, _refuse)
    app.add_exception_handler(HTTPException, _refuse_path)
    app.add_exception_handler(Away, _refuse_away)
    return app


def _desk(request: Request) -> Desk:
    found: object = request.app.state.desk
    assert isinstance(found, Desk)
    return found


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _basic(request: Request) -> tuple[str, str]:
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        name = password = ""
    if scheme.lower() != "basic" or not name or not password:
        raise Refused("no_claim", "show a claim: its number and its secret by HTTP Basic", 401)
    return name, password


async def _request_of(request: Request) -> bytes:
    """Return the body's PKCS#10 request as PEM, however its base64 is broken into lines."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_REQUEST:
            raise Refused("too_large", f"a request has at most {LARGEST_REQUEST} bytes", 413)
    try:
        csr = x509.load_der_x509_csr(base64.b64decode(b"".join(body.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise Refused("unreadable", "not a certificate signing request (PKCS#10, base64)", 400) from error
    return csr.public_bytes(Encoding.PEM)


def _certificates(given: list[x509.Certificate]) -> Response:
    body = base64.encodebytes(pkcs7.serialize_certificates(given, Encoding.DER))
    return Response(body, headers={"Content-Type": CERTIFICATES, "Content-Transfer-Encoding": "base64"})


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {"WWW-Authenticate": 'Basic realm="claim"'} if error.status == 401 else {}
    if isinstance(error, Slowed):
        headers["Retry-After"] = str(math.ceil(error.wait_s))
    return PlainTextResponse(f"{error.reason}: {error}\n", error.status, headers)


async def _refuse_path(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail.lower()}\n", error.status_code, error.headers)


async def _refuse_away(_request: Request, error: Exception) -> Response:
    log.warning("database.away", error=type(error).__name__)
    return PlainTextResponse("the database does not answer: try again\n", 503, {"Retry-After": "5"})
