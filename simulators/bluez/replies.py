"""What a method of org.bluez answers: a value, or an error by BlueZ's names."""

from dataclasses import dataclass, field

from bumble import att

_ATT_ERRORS: dict[int, tuple[str, str]] = {
    att.ErrorCode.READ_NOT_PERMITTED: ("NotPermitted", "Read not permitted"),
    att.ErrorCode.WRITE_NOT_PERMITTED: ("NotPermitted", "Write not permitted"),
    att.ErrorCode.REQUEST_NOT_SUPPORTED: ("NotSupported", "Not Supported"),
    att.ErrorCode.INVALID_OFFSET: ("InvalidArguments", "Invalid offset"),
    att.ErrorCode.INSUFFICIENT_AUTHORIZATION: ("NotAuthorized", "Not Authorized"),
    att.ErrorCode.INVALID_ATTRIBUTE_LENGTH: ("InvalidArguments", "Invalid Length"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A method's answer. signature: of D-Bus. descriptors: file descriptors that travel with it."""

    signature: str = ""
    body: list[object] = field(default_factory=list[object])
    descriptors: list[int] = field(default_factory=list[int])


NOTHING = Reply()


class BlueZError(Exception):
    """A method failed; the caller gets `name` and `text` over the bus."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name if "." in name else f"org.bluez.Error.{name}"
        self.text = text


def of_att_error(error: att.ATT_Error) -> BlueZError:
    """Return the error that BlueZ makes of an ATT error."""
    name, text = _ATT_ERRORS.get(error.error_code, ("Failed", f"Operation failed with ATT error: 0x{error.error_code:02x}"))
    return BlueZError(name, text)
