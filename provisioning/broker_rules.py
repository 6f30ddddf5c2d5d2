"""What the broker lets whom do: mosquitto's configuration and access list, as text (pure).

A client's user name and client id are the common name of its certificate. A gateway writes under `g/<its id>/up/`, reads under
`g/<its id>/down/`, and nothing else: what is not allowed is refused. Measured on mosquitto 2.0.11:
without `use_username_as_clientid` a gateway that gives another's client id throws that one out; without `set_tcp_nodelay` each TLS
connection waits 40 ms; with the default `max_queued_messages` the broker answers "Success" for messages that it drops.
mosquitto grants every subscription and checks the list at delivery: a stranger in a shared group would hear nothing, but what is dealt to it
would be gone until it is sent again. So the workers' group has a name that only they know (`CLOUD_GROUP`).

Who is revoked is in the revocation list (`crl.pem`), read at the start and at SIGHUP: it refuses new connections and leaves live ones. Those are
cut through the dynamic-security plugin by one identity, `CONTROL`, that may do nothing else. The plugin knows no client and has no role, so
everybody is judged by the access list (tried: in the plugin's own roles `%u` does not work, so that it could refuse subscriptions only with a
role for each gateway on each broker, kept in step with enrolment).
"""

import json
from typing import cast

CONTROL, PROBE = "broker-control", "broker-probe"
"""Names of the identity that cuts links, and of those that are revoked only to see that the broker refuses them."""

ACCESS, REVOKED, PID, CONFIGURATION = "access.txt", "crl.pem", "kept/mosquitto.pid", "mosquitto.conf"
PLUGIN_STATE = "kept/dynamic-security.json"
CONTROL_TOPIC = "$CONTROL/dynamic-security/v1"
ANSWER_TOPIC = f"{CONTROL_TOPIC}/response"


def access_list(workers: tuple[str, ...]) -> str:
    """Return the access list for any number of gateways and for the workers named ("ingest-1", ...)."""
    gateways = "pattern write g/%u/up/#\npattern read g/%u/down/#\n"
    control = f"\nuser {CONTROL}\ntopic write {CONTROL_TOPIC}\ntopic read {ANSWER_TOPIC}\n"
    return gateways + control + "".join(f"\nuser {worker}\ntopic read g/+/up/#\ntopic write g/+/down/#\n" for worker in workers)


def plugin_state() -> str:
    """Return the dynamic-security plugin's first state (JSON): nobody, and nothing allowed."""
    nothing = dict.fromkeys(("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), False)
    return json.dumps({"defaultACLAccess": nothing, "clients": [], "groups": [], "roles": []})


def cut_commands(names: tuple[str, ...]) -> str:
    """Return the plugin's commands (JSON) that end every live link of the clients named: a client that is deleted is thrown out."""
    commands = [
        {"command": command, "username": name, "correlationData": name} for name in names for command in ("createClient", "deleteClient")
    ]
    return json.dumps({"commands": commands})


def not_cut(answer: bytes, names: tuple[str, ...]) -> list[str]:
    """Return which of `names` the plugin's answer to `cut_commands(names)` does not say to be deleted.

    answer: {"responses": [{"command": "deleteClient", "correlationData": name}, ...]}, with "error" where one failed. Only the deletion counts:
    `createClient` fails where the client is there already.
    """
    try:
        said: object = json.loads(answer)
    except ValueError:
        return list(names)
    responses = cast("dict[str, object]", said).get("responses") if isinstance(said, dict) else None
    listed = cast("list[object]", responses) if isinstance(responses, list) else []
    each = [cast("dict[str, object]", one) for one in listed if isinstance(one, dict)]
    done = {one.get("correlationData") for one in each if one.get("command") == "deleteClient" and "error" not in one}
    return [name for name in names if name not in done]


def configuration(port: int, folder: str, identity: str, plugin: str) -> str:
    """Return mosquitto's configuration: one listener, on loopback, mutual TLS 1.3, revocation.

    folder: where the access list and the revocation list are, and where what must survive a restart is kept (`kept/`).
    identity: the folder of the broker's `key.pem`, `cert.pem` and the authority's `ca.pem`.
    plugin: the file `mosquitto_dynamic_security.so`.
    """
    return f"""\
per_listener_settings false
listener {port} 127.0.0.1
allow_anonymous false
cafile {identity}/ca.pem
certfile {identity}/cert.pem
keyfile {identity}/key.pem
crlfile {folder}/{REVOKED}
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
use_username_as_clientid true
acl_file {folder}/{ACCESS}
plugin {plugin}
plugin_opt_config_file {folder}/{PLUGIN_STATE}
pid_file {folder}/{PID}
persistence true
persistence_location {folder}/kept/
autosave_interval 1
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 4000
set_tcp_nodelay true
log_dest stdout
log_type error
log_type warning
log_type notice
connection_messages true
"""
