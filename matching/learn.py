"""Learning from what people confirmed: who pays, how each customer is used to pay, and what is never ours.

Pure functions from confirmed clears to learned facts. A fact keeps where it came from and how often it was confirmed;
it can be listed, revoked (leave it out of the history) and replayed (the same clears in any order give the same facts).
Nothing is learned from what the engine decided by itself: it would only confirm its own mistakes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from matching.habits import confirmed
from matching.model.decision import Allocation
from matching.model.open_item import Customer, LearnedFact, OpenItem
from matching.model.payment import Payment
from matching.text.names import name_key
from matching.text.normal import compact


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedClear:
    """A payment that a person has cleared: onto which items, or as money that is no customer's payment.

    ``items`` are the items as they were before the clear, ``allocations`` what each got, ``others`` what else was open
    of the customer then; ``on_account_of`` the customer whose account took the whole payment, where no item did.
    ``source`` is the decision's id, ``cleared_on`` the day.
    """

    payment: Payment
    items: tuple[OpenItem, ...]
    cleared_on: date
    source: str
    not_ours: bool = False
    on_account_of: str = ""
    allocations: tuple[Allocation, ...] = ()
    others: tuple[OpenItem, ...] = ()


def learn(
    clears: Iterable[ConfirmedClear], customers: Iterable[Customer], known: Sequence[LearnedFact] = ()
) -> tuple[LearnedFact, ...]:
    """The facts that these clears confirm, merged with those known before; the same for the same clears in any order.

    What the ERP's own master data says already is no news. An account or name that was cleared for two customers stays
    as two facts: it no longer says who pays, and the engine treats it so.
    """
    accounts, names = _master_data(customers)
    facts = {(fact.kind, fact.subject, fact.customer_id): fact for fact in known}
    seen = {(fact.kind, fact.subject, fact.customer_id): {fact.source} for fact in known}
    for clear in sorted(clears, key=lambda clear: (clear.cleared_on, clear.source, clear.payment.payment_id)):
        for fact in _facts_of(clear):
            if fact.customer_id in (accounts if fact.kind == "payer_account" else names).get(fact.subject, ()):
                continue
            key = (fact.kind, fact.subject, fact.customer_id)
            if clear.source in seen.get(key, ()):
                continue
            seen.setdefault(key, set()).add(clear.source)
            before = facts.get(key)
            facts[key] = (
                fact
                if before is None
                else replace(
                    before,
                    confirmations=before.confirmations + 1,
                    learned_on=max(before.learned_on, fact.learned_on),
                )
            )
    return tuple(facts[key] for key in sorted(facts))


def _facts_of(clear: ConfirmedClear) -> list[LearnedFact]:
    account, name = compact(clear.payment.payer_account), name_key(clear.payment.payer_name)
    found: list[LearnedFact] = []
    if clear.not_ours:
        subject = account or name
        if subject:
            found.append(_fact("not_ours", subject, "", clear))
        return found
    owners = {item.customer_id for item in clear.items} or ({clear.on_account_of} - {""})
    if clear.payment.amount <= 0:
        return found
    if account:
        # Who pays for several customers, at once or one by one, is their factor or agent: a fact for each of them.
        found.extend(_fact("payer_account", account, owner, clear) for owner in sorted(owners))
    if len(owners) != 1:
        return found
    customer_id = next(iter(owners))
    habits = confirmed(clear.payment, clear.items, clear.allocations, clear.others)
    found.extend(_fact(kind, subject, customer_id, clear) for kind, subject in habits)
    if name:
        found.append(_fact("payer_name", name, customer_id, clear))
    return found


def _fact(kind: str, subject: str, customer_id: str, clear: ConfirmedClear) -> LearnedFact:
    return LearnedFact(
        kind=kind,  # type: ignore[arg-type]
        subject=subject,
        customer_id=customer_id,
        confirmations=1,
        learned_on=clear.cleared_on,
        source=clear.source,
    )


def _master_data(customers: Iterable[Customer]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    accounts: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for customer in customers:
        for iban in customer.ibans:
            accounts.setdefault(compact(iban), set()).add(customer.customer_id)
        for name in (customer.name, *customer.aliases):
            names.setdefault(name_key(name), set()).add(customer.customer_id)
    return accounts, names
