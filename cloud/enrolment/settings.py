"""Settings of the enrolment process, read from the environment by its assembly alone."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class EnrolmentSettings(BaseSettings):
    """The enrolment process's settings.

    database_url: libpq address of the role mediassist_enrolment. authority: the authority's folder. identity: folder for the server's own
    key and certificate, made here and renewed here. names: host names and addresses that devices call, separated by commas.
    wrongs: so many wrong tries in 5 minutes are answered, by address and by claim.
    """

    model_config = SettingsConfigDict(env_prefix="ENROLMENT_", frozen=True, extra="forbid")

    database_url: str = Field(min_length=1)
    authority: Path
    identity: Path
    names: str = "localhost,127.0.0.1"
    host: str = "127.0.0.1"
    port: int = Field(default=8443, ge=0, le=65535)
    wrongs: int = Field(default=10, ge=1)

    def server_names(self) -> tuple[str, ...]:
        """Return the names for the server's certificate."""
        return tuple(name.strip() for name in self.names.split(",") if name.strip())
