"""What EMQX 5 lets whom do: the same rules as for mosquitto, as its authorisation file (Erlang terms) and its configuration (HOCON) (pure).

Forms as in EMQX's documentation of 5.8; tried on no running EMQX. It judges a subscription when it is asked for, `$share` ones by the topic
behind the group: there a gateway cannot join the workers' group. It takes revocation lists by HTTP from the address that a client's
certificate names (CRL distribution point), only those with the extension "issuing distribution point"; where certificates name no address,
a revoked name is banned and its link cut through EMQX's HTTP API (`POST /api/v5/banned`, `DELETE /api/v5/clients/{id}`).
"""

import json
import re

from protocol import channels

_GATEWAY = "^[0-9a-f]{32}$"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def access_list(workers: tuple[str, ...]) -> str:
    """Return EMQX's `acl.conf` for any number of gateways and for the workers named ("ingest-1", ...).

    Raises:
        ValueError: a worker's name is none, or would be read as a gateway's.
    """
    for worker in workers:
        if not _NAME.fullmatch(worker) or re.fullmatch(_GATEWAY, worker):
            raise ValueError(f"{worker!r} is no worker's name")
    gateway = f'{{username, {{re, "{_GATEWAY}"}}}}'
    return "".join(
        [
            _rule("allow", gateway, "publish", "g/${username}/up/#"),
            _rule("allow", gateway, "subscribe", "g/${username}/down/#"),
            *(
                _rule("allow", f'{{username, "{worker}"}}', action, topic)
                for worker in workers
                for action, topic in (("subscribe", channels.ALL_UPWARD), ("publish", "g/+/down/#"))
            ),
            "{deny, all}.\n",
        ]
    )


def configuration(port: int, folder: str, identity: str, *, crl_check: bool) -> str:
    """Return a fragment of `emqx.conf`: one door with mutual TLS 1.3, names from certificates, nothing allowed but by the access list.

    folder: where `acl.conf` is. identity: the folder of the broker's `key.pem`, `cert.pem` and the authority's `ca.pem`.
    crl_check: whether client certificates name the address of their revocation list; without one a check finds no list.
    """
    access, authority, certificate, key = (json.dumps(path) for path in (f"{folder}/acl.conf", *_files(identity)))
    return f"""\
listeners.tcp.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false
listeners.ssl.default {{
  enable = true
  bind = "0.0.0.0:{port}"
  tcp_options.nodelay = true
  ssl_options {{
    cacertfile = {authority}
    certfile = {certificate}
    keyfile = {key}
    versions = ["tlsv1.3"]
    verify = verify_peer
    fail_if_no_peer_cert = true
    enable_crl_check = {str(crl_check).lower()}
  }}
}}
mqtt {{
  peer_cert_as_username = cn
  peer_cert_as_clientid = cn
  max_mqueue_len = infinity
}}
authorization {{
  no_match = deny
  deny_action = ignore
  cache.enable = true
  sources = [
    {{ type = file, enable = true, path = {access} }}
  ]
}}
"""


def _files(identity: str) -> tuple[str, str, str]:
    return f"{identity}/ca.pem", f"{identity}/cert.pem", f"{identity}/key.pem"


def _rule(permission: str, who: str, action: str, topic: str) -> str:
    return f'{{{permission}, {who}, {action}, ["{topic}"]}}.\n'
