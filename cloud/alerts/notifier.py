"""How people are told of an alert: a port, and e-mail over SMTP. What is sent holds no name, no vital sign and no kind of finding."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from uuid import UUID

import aiosmtplib

from protocol.findings import Priority

_PATIENCE = 20.0
_SUBJECTS = {
    Priority.HIGH: "Act now: a patient needs you",
    Priority.MEDIUM: "Act soon: a patient needs you",
    Priority.LOW: "A patient needs you",
}


@dataclass(frozen=True, slots=True)
class Notification:
    """Whom to tell of which alert. id: the same at every try, so that a receiver may recognise a repeat."""

    id: UUID
    alert: UUID
    address: str
    priority: Priority
    level: int


class NotTold(Exception):
    """It could not be handed over; a later try may."""


class Notifier(Protocol):
    """Hands a notification over."""

    async def tell(self, notification: Notification) -> None:
        """Return once somebody else has taken it on.

        Raises:
            NotTold: nobody has.
        """
        ...

    async def warn(self, address: str, subject: str, about: str) -> None:
        """Tell whoever runs the cloud of something that is no patient's; return once somebody else has taken it on.

        Raises:
            NotTold: nobody has.
        """
        ...


@dataclass(frozen=True, slots=True)
class SmtpNotifier:
    """E-mail by an SMTP server. security: "tls" from the first byte, "starttls" required, or "none" (a relay on this machine).

    dashboard: where the reader signs in to see it. user, password: None where the server asks for none.
    """

    host: str
    port: int
    security: str
    sender: str
    dashboard: str
    user: str | None = None
    password: str | None = None

    async def tell(self, notification: Notification) -> None:
        """Send one e-mail.

        Raises:
            NotTold: the server was not there, or did not take it.
        """
        message = EmailMessage()
        message["From"], message["To"] = self.sender, notification.address
        message["Subject"] = _SUBJECTS[notification.priority]
        message["Message-ID"] = f"<{notification.id.hex}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Priority"] = "1" if notification.priority is Priority.HIGH else "3"
        again = "" if notification.level == 0 else "Nobody has taken this alert yet, so you are the next to be asked.\n\n"
        message.set_content(f"{again}Sign in and take it:\n{self.dashboard}/alerts/{notification.alert}\n")
        await self._send(message)

    async def warn(self, address: str, subject: str, about: str) -> None:
        """Send one e-mail.

        Raises:
            NotTold: the server was not there, or did not take it.
        """
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, address, subject
        message["Auto-Submitted"], message["X-Priority"] = "auto-generated", "1"
        message.set_content(f"{about}\n")
        await self._send(message)

    async def _send(self, message: EmailMessage) -> None:
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password,
                use_tls=self.security == "tls",
                start_tls=self.security == "starttls",
                timeout=_PATIENCE,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotTold(type(error).__name__) from error
