"""Accounts and who is calling: a person of one organisation, in one role."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person is in their organisation."""

    NURSE = "nurse"
    DOCTOR = "doctor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A clinic or practice; all health data belongs to exactly one."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in. email: lower case."""

    id: UUID
    name: str
    email: str
    role: Role
    organisation: Organisation
