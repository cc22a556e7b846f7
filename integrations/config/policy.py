"""How a company wants its payments matched, as written in YAML, and the engine's form of it."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from matching.model.currencies import MINOR_DIGITS
from matching.model.money import AmountError, to_minor
from matching.model.open_item import HouseAccount
from matching.model.policy import Policy, Tolerance

Share = Annotated[Decimal, Field(ge=0, le=1)]


def _known_currency(currency: str) -> str:
    if currency not in MINOR_DIGITS:
        message = f"{currency!r} is no currency of ISO 4217; write a code such as EUR"
        raise ValueError(message)
    return currency


def _per_ten_thousand(share: Decimal) -> int:
    return int((share * 10_000).to_integral_value())


class ToleranceSettings(BaseModel):
    """A difference that may be written off without a person: an amount, and a share of the item; both must hold."""

    model_config = ConfigDict(extra="forbid")

    amount: Decimal = Field(Decimal(0), ge=0, description="the most per item, in the currency")
    share: Share = Field(Decimal("0.01"), description="the most as a share of the item's open amount, 0.01 = 1 %")

    def tolerance(self, currency: str) -> Tolerance:
        """The engine's form, in minor units of the currency."""
        return Tolerance(amount=to_minor(self.amount, currency), per_ten_thousand=_per_ten_thousand(self.share))


class PolicySettings(BaseModel):
    """Thresholds, tolerances and limits of matching; what is not written keeps the careful default."""

    model_config = ConfigDict(extra="forbid")

    post_from: Share = Field(Decimal("0.995"), description="confidence from which a match is posted without a person")
    propose_from: Share = Field(Decimal("0.1"), description="confidence from which a match is shown as a suggestion")
    grace_days: int = Field(3, ge=0, le=60, description="days after the discount date that still count as in time")
    accept_late_discount: bool = Field(default=False, description="settle in full what took its discount too late")
    tolerance: dict[str, ToleranceSettings] = Field(default_factory=dict, description="per currency")
    tolerance_per_customer: dict[str, dict[str, ToleranceSettings]] = Field(
        default_factory=dict, description="per customer id, then per currency"
    )
    charges_limit: dict[str, Decimal] = Field(
        default_factory=dict, description="per currency: the most that is believed to be a bank charge"
    )
    ignored_number_ranges: list[tuple[str, str]] = Field(
        default_factory=list, description="number ranges [from, to] in remittance text that never name a document"
    )
    version: str = Field("1", description="changes when these rules change; every decision carries it")

    @field_validator("tolerance", "charges_limit")
    @classmethod
    def _currencies_exist(cls, value: dict[str, object]) -> dict[str, object]:
        for currency in value:
            _known_currency(currency)
        return value

    def policy(self, house_accounts: tuple[HouseAccount, ...]) -> Policy:
        """The engine's form. Raises AmountError when an amount has more decimals than its currency."""
        return Policy(
            post_from=_per_ten_thousand(self.post_from),
            propose_from=_per_ten_thousand(self.propose_from),
            grace_days=self.grace_days,
            accept_late_discount=self.accept_late_discount,
            tolerance=tuple((currency, one.tolerance(currency)) for currency, one in sorted(self.tolerance.items())),
            tolerance_per_customer=tuple(
                (f"{customer}/{currency}", one.tolerance(currency))
                for customer, per_currency in sorted(self.tolerance_per_customer.items())
                for currency, one in sorted(per_currency.items())
            ),
            charges_limit=tuple(
                (currency, to_minor(amount, currency)) for currency, amount in sorted(self.charges_limit.items())
            ),
            house_accounts=house_accounts,
            ignored_number_ranges=tuple(self.ignored_number_ranges),
            version=self.version,
        )


def careful_policy() -> PolicySettings:
    """What `lettrage sync` uses without a configuration file: post only what is certain, write nothing off.

    >>> careful_policy().policy(()).post_from
    9950
    """
    return PolicySettings()


__all__ = ["AmountError", "PolicySettings", "ToleranceSettings", "careful_policy"]
