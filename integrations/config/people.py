"""Who may clear what, and up to which amount."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Right = Literal["clear", "write_off", "approve", "reopen"]


class Person(BaseModel):
    """One person as the proxy names them, with their rights and limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="as in the header that the authenticating proxy sets, for example an e-mail address")
    may: frozenset[Right] = Field(frozenset({"clear", "reopen"}), description="what this person may do")
    limit: dict[str, Decimal] = Field(
        default_factory=dict, description="per currency: the largest payment this person may clear; absent = no limit"
    )
    write_off_limit: dict[str, Decimal] = Field(
        default_factory=dict,
        description="per currency: the most this person may write off in one case; absent = nothing",
    )


class Rights(BaseModel):
    """The rights table of a company. Without any person listed, everybody who can reach Lettrage may clear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: tuple[Person, ...] = ()
    four_eyes_above: dict[str, Decimal] = Field(
        default_factory=dict, description="per currency: a cleared payment above this needs a second person"
    )

    def person(self, name: str) -> Person | None:
        """The person of that name, or None when the table lists others only."""
        if not self.people:
            return Person(name=name, may=frozenset({"clear", "write_off", "approve", "reopen"}))
        return next((person for person in self.people if person.name.casefold() == name.casefold()), None)
