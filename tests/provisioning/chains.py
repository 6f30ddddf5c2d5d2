"""OpenSSL as the judge of chains, revocation lists and status answers."""

import subprocess
from datetime import datetime
from pathlib import Path

from provisioning.authority import Authority


class Openssl:
    """Calls the program `openssl` on files in `folder`, with `root` (PEM) as the only thing it trusts."""

    def __init__(self, folder: Path, root: bytes) -> None:
        self._folder = folder
        self._root = self._file("trusted.pem", root)

    def verify(self, chain: bytes, crls: bytes, at: datetime) -> str:
        """Return "OK", or what OpenSSL says against a chain (leaf first) when each of its certificates must be on no list."""
        leaf, *rest = _split(chain)
        given = ["-CAfile", self._root, "-untrusted", self._file("rest.pem", b"".join(rest)), "-CRLfile", self._file("lists.pem", crls)]
        asked = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-attime", str(int(at.timestamp())), *given]
        said = subprocess.run([*asked, self._file("leaf.pem", leaf)], capture_output=True, text=True, check=False)
        return "OK" if said.returncode == 0 else said.stderr

    def ask(self, authority: Authority, chain: bytes, at: datetime) -> str:
        """Let OpenSSL write a status request about a chain's leaf, the authority answer it, and OpenSSL judge the answer."""
        leaf, issuer = _split(chain)
        about = ["-issuer", self._file("issuer.pem", issuer), "-cert", self._file("leaf.pem", leaf)]
        request, response = self._folder / "request.der", self._folder / "response.der"
        subprocess.run(["openssl", "ocsp", *about, "-reqout", str(request)], capture_output=True, check=True)
        response.write_bytes(authority.answer(request.read_bytes(), at))
        given = ["-no_nonce", "-respin", str(response), "-CAfile", self._root, "-verify_other", about[1]]
        said = subprocess.run(["openssl", "ocsp", *about, *given], capture_output=True, text=True, check=True)
        assert "Response verify OK" in said.stderr, said.stderr
        return said.stdout.split(": ", 1)[1].split()[0]

    def _file(self, name: str, content: bytes) -> str:
        path = self._folder / name
        path.write_bytes(content)
        return str(path)


def _split(chain: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----\n"
    return [one + end for one in chain.split(end) if one]
