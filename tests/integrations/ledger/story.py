"""Invented customers, items, payments and files for the tests of the ledger, with as few words as possible."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from integrations.ledger.port import Ledger, StatementRow
from integrations.ledger.records import (
    ArrivedFile,
    Change,
    KnownFile,
    PostingResult,
    PreparedEntry,
    RecordedDecision,
    StandingEntry,
)
from matching.model.bank_statement import (
    BankEntry,
    EntryDetail,
    FileFacts,
    Finding,
    Quarantined,
    StatementEnd,
    StatementHeader,
    StatementStart,
)
from matching.model.decision import Allocation, Decision, Evidence, ExceptionCase, ExceptionKind, Suggestion
from matching.model.open_item import Customer, LearnedFact, OpenItem
from matching.model.payment import Payment
from matching.model.posting import PostedAllocation, Posting

ACME = "acme"
DAY = date(2026, 11, 20)
MIDNIGHT = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
ACCOUNT = "DE89370400440532013000"


def rule(minutes: int = 0, *, run_id: str = "run-1") -> Change:
    return Change(
        actor_kind="rule", actor="by_document_number", at=MIDNIGHT + timedelta(minutes=minutes), run_id=run_id
    )


def person(name: str = "anna", minutes: int = 60, *, reason: str = "") -> Change:
    return Change(actor_kind="person", actor=name, at=MIDNIGHT + timedelta(minutes=minutes), reason=reason)


def connector(minutes: int = 120) -> Change:
    return Change(actor_kind="connector", actor="flatfile", at=MIDNIGHT + timedelta(minutes=minutes), run_id="push-1")


# -- What arrives -------------------------------------------------------------------------------------------------


def item(item_id: str, amount: int = 11900, *, open_amount: int | None = None, currency: str = "EUR") -> OpenItem:
    return OpenItem(
        item_id=item_id,
        number=f"R-{item_id}",
        kind="invoice" if amount >= 0 else "credit_note",
        customer_id="C1",
        currency=currency,
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        original_amount=amount,
        open_amount=amount if open_amount is None else open_amount,
        other_references=("PO-7",),
    )


def customer(customer_id: str = "C1", name: str = "Muster GmbH") -> Customer:
    if customer_id != "C1":
        return Customer(customer_id=customer_id, name=name)
    return Customer(customer_id=customer_id, name=name, ibans=("DE02120300000000202051",), aliases=("Muster",))


def payment(payment_id: str, amount: int = 11900, *, currency: str = "EUR", booked_on: date = DAY) -> Payment:
    return Payment(
        payment_id=payment_id,
        account=ACCOUNT,
        currency=currency,
        amount=amount,
        booked_on=booked_on,
        valued_on=booked_on,
        bank_reference=f"REF{payment_id}",
        payer_name="Muster GmbH",
        payer_account="DE02120300000000202051",
        remittance=f"Invoice for {payment_id}",
        remittance_lines=(f"Invoice for {payment_id}",),
    )


def entry(
    payments: Sequence[Payment], ordinal: int, *, status: str = "booked", total: int | None = None
) -> PreparedEntry:
    amount = sum(one.amount for one in payments) if total is None else total
    first = payments[0]
    return PreparedEntry(
        entry_key=first.payment_id.split(".")[0],
        entry=BankEntry(
            ordinal=ordinal,
            booking_date=first.booked_on,
            value_date=first.valued_on,
            amount=Decimal(amount).scaleb(-2),
            currency=first.currency,
            status=status,  # type: ignore[arg-type]
            reversal=False,
            bank_reference=first.bank_reference,
            entry_reference=None,
            transaction_code="NTRF",
            details=tuple(_detail(one) for one in payments),
            where=f"line {ordinal}",
        ),
        amount=amount,
        currency=first.currency,
        payments=tuple(payments) if status == "booked" else (),
    )


def _detail(one: Payment) -> EntryDetail:
    return EntryDetail(
        amount=Decimal(one.amount).scaleb(-2),
        currency=one.currency,
        bank_reference=one.bank_reference,
        end_to_end_id=None,
        mandate_id=None,
        counterparty_name=one.payer_name,
        counterparty_account=one.payer_account,
        counterparty_bic=None,
        ultimate_name=None,
        remittance=one.remittance,
        remittance_lines=one.remittance_lines,
        structured_references=(),
        documents=(),
        instructed_amount=None,
        instructed_currency=None,
        exchange_rate=None,
        charges=(),
        return_reason=None,
        original_end_to_end_id=None,
        purpose=None,
    )


def header(**changed: object) -> StatementHeader:
    values: dict[str, object] = {
        "account": ACCOUNT,
        "account_owner": None,
        "currency": "EUR",
        "kind": "final",
        "statement_id": "S1",
        "sequence": "5",
        "page": 1,
        "last_page": True,
        "from_date": DAY,
        "to_date": DAY,
        "opening": Decimal("100.00"),
        "closing": None,
    }
    return StatementHeader(**{**values, **changed})  # type: ignore[arg-type]


def rows(
    entries: Sequence[PreparedEntry], *, quarantined: int = 0, promised: int | None = None
) -> Iterator[StatementRow]:
    """What a reader yields for a file with one statement."""
    yield StatementStart(header=header())
    yield from entries
    for number in range(quarantined):
        yield Quarantined(where=f"line {900 + number}", raw=":61:???", code="bad_line", message="no amount")
    yield Finding(severity="info", code="note", where="line 1", message="something to know")
    booked = sum((one.entry.amount for one in entries if one.entry.status == "booked"), Decimal(0))
    yield StatementEnd(
        header=header(closing=Decimal("100.00") + booked),
        integrity="balanced",
        entry_count=len(entries),
        booked_total=booked,
    )
    in_file = len(entries) + quarantined if promised is None else promised
    yield FileFacts(format="mt940", version=None, encoding="utf-8", dialect="generic", entries_in_file=in_file)


def arrived(name: str) -> ArrivedFile:
    content = f"statement {name}".encode()
    return ArrivedFile(sha256=hashlib.sha256(content).hexdigest(), name=name, size=len(content), content=content)


def deliver(ledger: Ledger, *payments: Payment, name: str = "a.sta", company: str = ACME) -> KnownFile:
    """A file with one entry for each payment."""
    entries = [entry([one], number) for number, one in enumerate(payments, start=1)]
    return ledger.import_statement_file(company, arrived(name), rows(entries), change=rule())


def pull(ledger: Ledger, *items: OpenItem, minutes: int = 0, company: str = ACME) -> None:
    change = Change(actor_kind="connector", actor="flatfile", at=MIDNIGHT + timedelta(minutes=minutes))
    ledger.import_open_items(company, items, snapshot=True, change=change)


# -- What is decided ----------------------------------------------------------------------------------------------


def allocated(payment_id: str, *lines: tuple[str, int] | Allocation, on_account: int = 0) -> Decision:
    return Decision(
        payment_id=payment_id,
        allocations=tuple(
            one if isinstance(one, Allocation) else Allocation(item_id=one[0], cash=one[1]) for one in lines
        ),
        on_account=on_account,
        on_account_customer_id="C1" if on_account else "",
        confidence=0.999,
        rule="by_document_number",
        rule_version="1",
        explanation="The remittance quotes the number.",
        evidence=(Evidence(kind="number", seen="R-1", against="R-1"),),
    )


def unexplained(
    payment_id: str, amount: int = 11900, *lines: tuple[str, int], kind: ExceptionKind = "no_match"
) -> Decision:
    return Decision(
        payment_id=payment_id,
        allocations=tuple(Allocation(item_id=item_id, cash=cash) for item_id, cash in lines),
        exception=ExceptionCase(
            kind=kind,
            unallocated=amount,
            why="Nothing fits.",
            suggestions=(
                Suggestion(allocations=(Allocation(item_id="1", cash=amount),), confidence=0.5, why="Maybe."),
            ),
        ),
        rule="nothing_fits",
        rule_version="1",
    )


def set_aside(payment_id: str) -> Decision:
    return Decision(payment_id=payment_id, ignored="bank_fee", rule="bank_fee", rule_version="1", explanation="A fee.")


def posting_of(recorded: RecordedDecision, one: Payment, *, company: str = ACME) -> Posting:
    decision = recorded.decision
    return Posting(
        key=hashlib.sha256(f"{company} {one.payment_id} {recorded.revision}".encode()).hexdigest()[:16].upper(),
        revision=recorded.revision,
        company=company,
        payment_id=one.payment_id,
        account=one.account,
        bank_reference=one.bank_reference,
        end_to_end_id="",
        booking_date=one.booked_on,
        value_date=one.valued_on,
        currency=one.currency,
        amount=one.amount,
        unallocated=decision.exception.unallocated if decision.exception else 0,
        payer_name=one.payer_name,
        payer_account=one.payer_account,
        remittance=one.remittance,
        allocations=tuple(
            PostedAllocation(
                item_id=line.item_id,
                number=f"R-{line.item_id}",
                customer_id="C1",
                cash=line.cash,
                discount=line.discount,
                write_off=line.write_off,
                write_off_reason="",
                expected_open=0,
            )
            for line in decision.allocations
        ),
        on_account=decision.on_account,
        on_account_customer_id=decision.on_account_customer_id,
        status="cleared" if recorded.actor_kind == "person" else "posted",
        confidence=decision.confidence,
        rule=decision.rule,
        explanation=decision.explanation,
    )


def post_all(ledger: Ledger, *, approved: bool = True, company: str = ACME) -> int:
    """A posting for every decision that has none yet."""
    waiting = list(ledger.decisions_to_post(company))
    postings = [posting_of(one, ledger.payment(company, one.decision.payment_id).payment) for one in waiting]
    return ledger.plan_postings(company, postings, approved=approved, change=rule(1))


def lived_in(ledger: Ledger) -> None:
    """A ledger in which everything has happened once.

    p1 allocated and confirmed in the ERP; p2 cleared by anna, approved by bert; p3 a bank fee; p4 an exception, part
    of it allocated; p5 posted, then returned by the bank; p6 and p7 one entry with two payments, one on account.
    """
    pull(ledger, item("1"), item("2", 5000), item("3", 20000), item("4", 7000), item("9", -1000))
    ledger.import_customers(ACME, [customer(), customer("C2", "Beispiel AG")], snapshot=True, change=rule())
    entries = [
        entry([payment(f"p{number}", amount)], number)
        for number, amount in [(1, 11900), (2, 5000), (3, -300), (4, 15000), (5, 7000)]
    ]
    batch = [payment("p6.1", 2000), payment("p6.2", 1000)]
    ledger.import_statement_file(
        ACME, arrived("a.sta"), rows([*entries, entry(batch, 6)], quarantined=1), change=rule()
    )
    decided = [
        allocated("p1", ("1", 11900)),
        unexplained("p2", 5000),
        set_aside("p3"),
        unexplained("p4", 5000, ("3", 10000), kind="short_payment"),
        allocated("p5", ("4", 7000)),
        allocated("p6.1", on_account=2000),
        allocated("p6.2", ("3", 2000), ("9", -1000)),
    ]
    assert ledger.record_decisions(ACME, decided, change=rule()).refused == ()
    post_all(ledger)
    push(ledger)
    clear_p2(ledger)
    post_all(ledger)
    give_back_p5(ledger)


def tell_again(ledger: Ledger) -> None:
    """A second file breaks the collective p8 down into p8.1 and p8.2, and tells more of p9, which was set aside."""
    deliver(ledger, payment("p8", 3000), payment("p9", -100), name="b.sta")
    ledger.record_decisions(ACME, [set_aside("p9")], change=rule())
    parts = entry([payment("p8.1", 1000), payment("p8.2", 2000)], 1)
    more = replace(entry([payment("p9", -100)], 2), payments=(replace(payment("p9", -100), payer_name="The bank"),))

    def combine(_standing: StandingEntry, arriving: PreparedEntry, _header: StatementHeader) -> PreparedEntry:
        said = replace(arriving.entry, transaction_code="NMSC")
        return replace(arriving, entry=said)

    ledger.import_statement_file(ACME, arrived("c.sta"), rows([parts, more]), change=rule(400), combine=combine)


def clear_p2(ledger: Ledger) -> None:
    case_id = ledger.payment(ACME, "p2").case
    assert case_id is not None
    asked = ledger.propose(
        ACME,
        case_id.case_id,
        allocated("p2", ("2", 5000)),
        resolution="allocate",
        needs_approval=True,
        expected_version=case_id.version,
        change=person(reason="telephone"),
    )
    with ledger.transaction(ACME) as tx:
        approved = tx.give_verdict(ACME, asked.clearing_id, approves=True, change=person("bert", 70))
        version = tx.payment(ACME, "p2").version
        tx.decide(
            ACME,
            approved.decision,
            expected_version=version,
            clearing_id=asked.clearing_id,
            change=person(minutes=70),
        )
    ledger.learn(
        ACME,
        [
            LearnedFact(
                kind="payer_account",
                subject="DE02120300000000202051",
                customer_id="C1",
                confirmations=1,
                learned_on=DAY,
                source="p2",
            )
        ],
        change=person(minutes=71),
    )


def give_back_p5(ledger: Ledger) -> None:
    version = ledger.payment(ACME, "p5").version
    ledger.decide(
        ACME,
        unexplained("p5", 7000, kind="returned_payment"),
        expected_version=version,
        change=person(minutes=300, reason="returned by the bank"),
    )


def push(ledger: Ledger, *, minutes: int = 120) -> int:
    """Everything that waits is sent and confirmed."""
    change = connector(minutes)
    claimed = ledger.claim_postings(ACME, worker="w1", limit=1000, lease=timedelta(minutes=5), change=change)
    for number, row in enumerate(claimed):
        result = PostingResult(state="confirmed", native_ids=(f"RE-{row.outbox_id}-{number}",))
        ledger.record_result(ACME, row.outbox_id, result, worker="w1", change=change)
    ledger.release_lease(ACME, worker="w1")
    return len(claimed)
