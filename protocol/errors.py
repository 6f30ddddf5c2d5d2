"""What can be wrong with something that another program said."""


class ProtocolError(Exception):
    """The other side said something this side cannot accept; `reason` is the word for metrics and logs."""

    reason = "protocol"


class Malformed(ProtocolError):
    """Not of the stated form: drop it, count it."""

    reason = "malformed"


class SealBroken(ProtocolError):
    """Altered, or from a stranger: drop it, keep the ids, raise an alarm."""

    reason = "seal_broken"


class Foreign(ProtocolError):
    """Said under another gateway's name: drop it, keep the ids, raise an alarm."""

    reason = "foreign"


class UnknownEpoch(ProtocolError):
    """Its opening has not been seen, or cannot be opened: store nothing, ask for the opening again."""

    reason = "unknown_epoch"


class Undecodable(ProtocolError):
    """Authentic, but not understood: keep it sealed, receipt it, look at it later."""

    reason = "undecodable"


class UnknownOrder(ProtocolError):
    """An authentic order that this program does not know: do nothing, say so."""

    reason = "unknown_order"


class Repeated(ProtocolError):
    """An authentic order that was answered before: do nothing, answer again."""

    reason = "repeated"
