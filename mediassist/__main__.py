"""The command `mediassist`: a table from words to functions, each imported only when it is called."""

import sys
from importlib import import_module

COMMANDS: dict[tuple[str, ...], tuple[str, str]] = {
    ("database", "migrate"): ("cloud.commands:database_migrate", "bring the database to this version"),
    ("database", "info"): ("cloud.commands:database_info", "say what the database server can do"),
    ("openapi",): ("cloud.commands:openapi", "write the web application's OpenAPI description"),
}


def usage() -> str:
    """Return one line a command."""
    width = max(len(" ".join(words)) for words in COMMANDS)
    return "\n".join(["usage: mediassist COMMAND …", "", *(f"  {' '.join(words):{width}}  {told}" for words, (_, told) in COMMANDS.items())])


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the first words name; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    for words, (place, _) in COMMANDS.items():
        if tuple(given[: len(words)]) == words:
            module, function = place.split(":")
            status: int = getattr(import_module(module), function)(given[len(words) :])
            return status
    print(usage(), file=sys.stderr)
    return 0 if given in (["help"], ["--help"], ["-h"]) else 2


if __name__ == "__main__":
    sys.exit(main())
