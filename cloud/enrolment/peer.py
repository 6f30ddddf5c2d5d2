"""The certificate that a client showed in TLS, carried from the connection to the request.

uvicorn does not tell an application who is on the other side of TLS (no `tls` extension in its scope); this protocol reads it from the
transport once a connection and puts it where ASGI's TLS extension has it, as PEM.
Source: https://asgi.readthedocs.io/en/latest/specs/tls.html.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography import x509
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class PeerCertificateProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 over h11, telling the application the client's certificate."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take the connection, and whose it is."""
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True) if tls else None
        if shown is not None:
            self.app = _telling(self.app, ssl.DER_cert_to_PEM_cert(shown))


def _telling(app: Callable[[Any, Any, Any], Awaitable[None]], pem: str) -> ASGIApp:
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})["tls"] = {"client_cert_chain": [pem]}
        await app(scope, receive, send)

    return tell


def peer_certificate(request: Request) -> x509.Certificate | None:
    """Return the certificate that the client showed and TLS verified, or None."""
    told = request.scope.get("extensions", {}).get("tls")
    return x509.load_pem_x509_certificate(told["client_cert_chain"][0].encode()) if told else None
