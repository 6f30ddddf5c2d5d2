"""What the cloud application refuses, and why; `reason` is the word for metrics and logs. The door gives each its HTTP status."""


class CloudError(Exception):
    """A request that is refused; the message may be shown to whoever asked."""

    reason = "refused"


class NotSignedIn(CloudError):
    """No session, or one that has ended: sign in."""

    reason = "not_signed_in"


class WrongCredentials(CloudError):
    """No account has this e-mail address and password; which of the two was wrong is not said."""

    reason = "wrong_password"


class TooOften(CloudError):
    """Asked too often: wait `retry_after_s` seconds."""

    reason = "rate_limit"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyAttempts(TooOften):
    """This address failed too often with this e-mail address."""


class TooManyRequests(TooOften):
    """This session, or an address without one, made more requests than it may."""


class ForeignOrigin(CloudError):
    """A page of another site asks in the user's name: refuse, do nothing."""

    reason = "foreign_origin"


class NotAllowed(CloudError):
    """Signed in, but not in a role that may do this: an administrator can."""

    reason = "not_allowed"


class Absent(CloudError):
    """Not there, or another organisation's, which is the same to whoever asks."""

    reason = "absent"


class NotPossible(CloudError):
    """What is asked cannot follow what has happened meanwhile: say what can."""

    reason = "not_possible"


class Outdated(CloudError):
    """The caller has seen an older version (If-Match): look again before changing it."""

    reason = "outdated"


class Destroyed(CloudError):
    """The key of what was asked for was destroyed on purpose: nobody can read it again."""

    reason = "destroyed"


class Unacceptable(CloudError):
    """The request is of the right form, but asks for something that cannot be: say what can."""

    reason = "unacceptable"
