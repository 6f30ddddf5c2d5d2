"""What the broker lets whom do: mosquitto's configuration and access list, as text (pure).

A client's user name and client id are the common name of its certificate. A gateway writes under `g/<its id>/up/`, reads under
`g/<its id>/down/`, and nothing else: what is not allowed is refused. Measured on mosquitto 2.0.11:
without `use_username_as_clientid` a gateway that gives another's client id throws that one out; without `set_tcp_nodelay` each TLS
connection waits 40 ms; with the default `max_queued_messages` the broker answers "Success" for messages that it drops.
mosquitto grants every subscription and checks the list at delivery: a stranger in a shared group would hear nothing, but what is dealt to it
would be gone until it is sent again. So the workers' group has a name that only they know (`CLOUD_GROUP`).
"""


def access_list(workers: tuple[str, ...]) -> str:
    """Return the access list for any number of gateways and for the workers named ("ingest-1", ...)."""
    gateways = "pattern write g/%u/up/#\npattern read g/%u/down/#\n"
    return gateways + "".join(f"\nuser {worker}\ntopic read g/+/up/#\ntopic write g/+/down/#\n" for worker in workers)


def configuration(port: int, folder: str, identity: str) -> str:
    """Return mosquitto's configuration: one listener, on loopback, mutual TLS 1.3.

    folder: where the access list (`access.txt`) is and what must survive a restart is kept (`kept/`).
    identity: the folder of the broker's `key.pem`, `cert.pem` and the authority's `ca.pem`.
    """
    return f"""\
per_listener_settings false
listener {port} 127.0.0.1
allow_anonymous false
cafile {identity}/ca.pem
certfile {identity}/cert.pem
keyfile {identity}/key.pem
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
use_username_as_clientid true
acl_file {folder}/access.txt
persistence true
persistence_location {folder}/kept/
autosave_interval 1
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 1000
set_tcp_nodelay true
log_dest stdout
log_type error
log_type warning
log_type notice
connection_messages true
"""
