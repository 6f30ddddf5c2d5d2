"""The command `mediassist`: a table from words to functions, each imported only when it is called."""

import sys
from importlib import import_module

COMMANDS: dict[str, tuple[str, str]] = {
    "accounts": ("cloud.commands:accounts", "add a person who may sign in"),
    "authority": ("provisioning.commands:authority", "make and run the certificate authority: init, status, revoke, crl, rotate"),
    "broker": (
        "provisioning.broker_commands:broker",
        "revoke: shut somebody out; publish-crl: renew the revocation lists; check: are they in force; emqx: its rules",
    ),
    "canary": (
        "mediassist.canary:canary",
        "is the whole way open, from a wearable to somebody who takes an alert? and say by another way when not",
    ),
    "certificate": (
        "cloud.completeness.commands:certificate",
        "make-key: what the cloud signs certificates of completeness with; check: is one the cloud's word, unaltered?",
    ),
    "cloud": ("cloud.commands:cloud", "plant organisations with their people, gateways and wearables from a file"),
    "data-keys": ("cloud.key_commands:data_keys", "an organisation's keys: list, rotate, shred"),
    "database": ("cloud.commands:database", "migrate: bring the database to this version; info: say what the server can do"),
    "datasets": ("simulators.commands:datasets", "fetch or list public recordings"),
    "ingest-keys": ("cloud.ingest.commands:keys", "list, rotate and retire the keys to which gateways seal"),
    "evaluate": ("mediassist.evaluate:evaluate", "say how good a detector is on a folder of recordings"),
    "factory": ("cloud.enrolment.commands:factory", "make claims: the codes with which gateways enrol"),
    "gateway": ("edge.gateway.commands:gateway", "enrol: get this gateway's identity; reset: send what waits, then remove everything"),
    "replay": ("mediassist.replay:replay", "compute an alert's score again from its evidence capsule, and say whether it is the same"),
    "openapi": ("cloud.commands:openapi", "write the web application's OpenAPI description"),
}


def usage() -> str:
    """Return one line a command."""
    width = max(map(len, COMMANDS))
    return "\n".join(["usage: mediassist COMMAND ...", "", *(f"  {word:{width}}  {told}" for word, (_, told) in COMMANDS.items())])


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the first word names, with the rest; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] not in COMMANDS:
        print(usage(), file=sys.stderr)
        return 0 if given and given[0] in {"help", "--help", "-h"} else 2
    module, function = COMMANDS[given[0]][0].split(":")
    status: int = getattr(import_module(module), function)(given[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())
