"""How the demo company's customers pay: every case that a receivables clerk meets, with what should become of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from demo_company import wording
from demo_company.numbers import invented_account
from demo_company.world import BANK_DAYS, GROUPS, HOUSES, Customer, Item, World


@dataclass(kw_only=True)
class Settles:
    """What one payment rightly does to one item: cash, and what is settled without cash."""

    item: Item
    cash: int
    discount: int = 0
    write_off: int = 0


@dataclass(kw_only=True)
class Entry:
    """A booking on one of our accounts, and the truth about it.

    ``expected``: ``posted`` (no person needed), ``person`` (a person must decide), ``either`` (a careful machine may
    post exactly this or ask), ``ignored`` (no customer payment).
    """

    house: str
    day: date
    amount: int
    case: str
    expected: str
    payer: str = ""
    account: str = ""
    text: str = ""
    end_to_end: str = ""
    reference: str = ""
    code: str = "transfer"
    mandate: str = ""
    original_end_to_end: str = ""
    return_reason: str = ""
    documents: list[Settles] = field(default_factory=list)
    details: list["Entry"] = field(default_factory=list)
    settles: list[Settles] = field(default_factory=list)
    note: str = ""
    bank_reference: str = ""


# How often each case happens on the Dutch, German, Belgian and British account.
PLAN: dict[str, tuple[int, int, int, int]] = {
    "number": (18, 12, 10, 9),
    "structured_reference": (6, 4, 12, 2),
    "mangled_number": (7, 5, 4, 3),
    "several_invoices": (4, 4, 3, 2),
    "shorthand_list": (2, 1, 1, 1),
    "remittance_documents": (0, 0, 2, 0),
    "discount_in_time": (3, 4, 1, 1),
    "discount_too_late": (1, 1, 1, 0),
    "short_with_reason": (2, 1, 1, 1),
    "instalment": (1, 1, 1, 1),
    "over_payment": (1, 1, 1, 1),
    "paid_before": (1, 1, 0, 1),
    "paid_twice": (1, 1, 1, 0),
    "credit_note_netted": (2, 2, 1, 1),
    "third_party": (2, 1, 1, 0),
    "group_payer": (2, 2, 1, 0),
    "no_reference": (3, 2, 2, 1),
    "no_reference_ambiguous": (1, 1, 1, 0),
    "everything_due": (1, 0, 1, 0),
    "mistyped_number": (1, 1, 1, 0),
    "customer_number_only": (1, 1, 0, 1),
    "bank_charges_deducted": (0, 1, 0, 1),
    "one_cent_short": (1, 1, 0, 0),
    "unknown_payer": (1, 1, 1, 1),
    "disputed": (1, 1, 1, 0),
    "wrong_currency": (0, 0, 0, 2),
}


class Payments:
    """Draws the cases. Items come first and get their numbers together; what people write about them comes after."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance: random.Random = world.chance
        self._later: list[Callable[[], Entry]] = []

    def plan(self) -> None:
        """Create the items that each case needs and note how it will be paid."""
        for case, counts in PLAN.items():
            for house, count in zip(HOUSES, counts, strict=True):
                for _ in range(count):
                    getattr(self, f"_{case}")(house)
        self._direct_debits()
        self._not_from_customers()

    def write(self) -> list[Entry]:
        """All bookings, once the items have their numbers."""
        return [write() for write in self._later]

    # -- building blocks ---------------------------------------------------------------------------------------

    def _customer(self, house: str, *, known_account: bool = False) -> Customer:
        candidates = self.world.paying_into(house, known_account=known_account)
        return self.chance.choice([one for one in candidates if one.name not in PAYS_BALANCE.values()])

    def _day(self, first: int = 0) -> date:
        return self.chance.choice(BANK_DAYS[first:])

    def _pay(
        self,
        customer: Customer,
        case: str,
        expected: str,
        text: Callable[[], str],
        settles: list[Settles],
        *,
        amount: int | None = None,
        day: date | None = None,
        payer: str | None = None,
        account: str | None = None,
        house: str | None = None,
        reference: Callable[[], str] = str,
        documents: bool = False,
        note: str = "",
    ) -> None:
        paid = sum(part.cash for part in settles) if amount is None else amount
        booked = day or self._day()
        ours = house or customer.house.key

        def entry() -> Entry:
            return Entry(
                house=ours,
                day=booked,
                amount=paid,
                case=case,
                expected=expected,
                note=note,
                settles=settles,
                payer=customer.name if payer is None else payer,
                account=account or customer.account,
                text=text(),
                reference=reference(),
                end_to_end=wording.end_to_end(self.chance),
                documents=settles if documents else [],
            )

        self._later.append(entry)

    def _say(self, customer: Customer, item: Item) -> Callable[[], str]:
        return lambda: wording.quote(self.chance, customer, item)

    # -- the cases ---------------------------------------------------------------------------------------------

    def _number(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        self._pay(customer, "number", "posted", self._say(customer, item), [Settles(item=item, cash=item.amount)])

    def _structured_reference(self, house: str) -> None:
        customer = self._customer(house)
        scheme = {"BE": "OGM", "FI": "viite"}.get(customer.country, "RF")
        item = self.world.invoice(customer, scheme=scheme)
        self._pay(
            customer,
            "structured_reference",
            "posted",
            str,
            [Settles(item=item, cash=item.amount)],
            reference=lambda: item.payment_reference,
        )

    def _mangled_number(self, house: str) -> None:
        customer = self._customer(house, known_account=True)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "mangled_number",
            "posted",
            lambda: wording.mangled(self.chance, customer, item),
            [Settles(item=item, cash=item.amount)],
            note="The number is written badly; payer and amount agree.",
        )

    def _several_invoices(self, house: str) -> None:
        customer = self._customer(house)
        items = [self.world.invoice(customer) for _ in range(self.chance.choice([2, 2, 3, 4]))]
        self._pay(
            customer,
            "several_invoices",
            "posted",
            lambda: wording.listed(self.chance, customer, items),
            [Settles(item=item, cash=item.amount) for item in items],
        )

    def _shorthand_list(self, house: str) -> None:
        customer = self._customer(house, known_account=True)
        issued = BANK_DAYS[0] - timedelta(days=self.chance.randrange(15, 40))
        items = [self.world.invoice(customer, issued=issued) for _ in range(3)]
        self._pay(
            customer,
            "shorthand_list",
            "posted",
            lambda: wording.shorthand(items),
            [Settles(item=item, cash=item.amount) for item in items],
            note="The first number in full, of the others the last digits only.",
        )

    def _remittance_documents(self, house: str) -> None:
        customer = self._customer(house)
        items = [self.world.invoice(customer) for _ in range(3)]
        self._pay(
            customer,
            "remittance_documents",
            "posted",
            str,
            [Settles(item=item, cash=item.amount) for item in items],
            documents=True,
            note="The payer names each invoice with its amount in structured form.",
        )

    def _with_discount(self, house: str, *, days_late: int) -> tuple[Customer, Item, date]:
        customer = self._customer(house, known_account=True)
        item = self.world.invoice(customer, issued=BANK_DAYS[0] - timedelta(days=16))
        day = self._day(first=5 if days_late > 0 else 0)
        item.discount_date = day - timedelta(days=days_late)
        item.discount = item.amount * self.chance.choice([2, 2, 3]) // 100
        return customer, item, day

    def _discount_in_time(self, house: str) -> None:
        customer, item, day = self._with_discount(house, days_late=-self.chance.randrange(0, 5))
        text = lambda: wording.discounted(self.chance, customer, item)  # noqa: E731
        self._pay(
            customer,
            "discount_in_time",
            "posted",
            text,
            [Settles(item=item, cash=item.amount - item.discount, discount=item.discount)],
            day=day,
        )

    def _discount_too_late(self, house: str) -> None:
        customer, item, day = self._with_discount(house, days_late=self.chance.randrange(8, 12))
        text = lambda: wording.discounted(self.chance, customer, item)  # noqa: E731
        self._pay(
            customer,
            "discount_too_late",
            "either",
            text,
            [Settles(item=item, cash=item.amount - item.discount)],
            day=day,
            note="Discount taken more than a week after its last day: it stays open, to be claimed or allowed.",
        )

    def _short_with_reason(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer, amount=self.world.amount(customer, (40_000, 300_000)))
        short = item.amount * self.chance.choice([5, 8, 12]) // 100
        self._pay(
            customer,
            "short_with_reason",
            "either",
            lambda: wording.deducted(self.chance, customer, item, short),
            [Settles(item=item, cash=item.amount - short)],
            note="The customer deducts and says why: what is deducted stays open until that is settled.",
        )

    def _instalment(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer, amount=self.world.amount(customer, (200_000, 800_000)))
        self._pay(
            customer,
            "instalment",
            "either",
            lambda: wording.instalment(customer, item),
            [Settles(item=item, cash=item.amount // 3)],
            note="Announced as part payment; the rest stays open.",
        )

    def _over_payment(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "over_payment",
            "person",
            self._say(customer, item),
            [Settles(item=item, cash=item.amount)],
            amount=item.amount + self.chance.choice([1_000, 10_000, 25_000]),
            note="More than the invoice: refund the rest or keep it on account?",
        )

    def _paid_before(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.settled(customer, days_ago=self.chance.randrange(5, 30))
        self._pay(
            customer,
            "paid_before",
            "person",
            self._say(customer, item),
            [],
            amount=item.amount,
            note="This invoice was paid before: a double payment.",
        )

    def _paid_twice(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "paid_twice_first",
            "posted",
            self._say(customer, item),
            [Settles(item=item, cash=item.amount)],
            day=self.chance.choice(BANK_DAYS[:3]),
        )
        self._pay(
            customer,
            "paid_twice_second",
            "person",
            self._say(customer, item),
            [],
            amount=item.amount,
            day=self.chance.choice(BANK_DAYS[5:]),
            note="The same invoice again, some days later.",
        )

    def _credit_note_netted(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer, amount=self.world.amount(customer, (60_000, 400_000)))
        credit = self.world.credit_note(customer, item.amount * self.chance.choice([8, 15, 22]) // 100)
        self._pay(
            customer,
            "credit_note_netted",
            "posted",
            lambda: wording.netted(customer, item, credit),
            [Settles(item=item, cash=item.amount), Settles(item=credit, cash=credit.amount)],
        )

    def _third_party(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        payer = self.chance.choice(wording.THIRD_PARTIES[customer.language])
        self._pay(
            customer,
            "third_party",
            "either",
            lambda: wording.on_behalf(customer, item),
            [Settles(item=item, cash=item.amount)],
            payer=payer,
            account=invented_account(customer.country, self.chance),
            note="Somebody else pays for the customer and says so.",
        )

    def _group_payer(self, house: str) -> None:
        heads = {"NL": "Waterland Holding B.V.", "DE": "Ostwald Gruppe GmbH", "BE": "Groupe Ardoise SA"}
        head = self.world.by_name(heads[house])
        members = [self.world.by_name(name) for name, parent in GROUPS.items() if parent == head.name]
        items = [self.world.invoice(member) for member in self.chance.sample(members, k=min(2, len(members)))]
        self._pay(
            head,
            "group_payer",
            "posted",
            lambda: wording.listed(self.chance, head, items),
            [Settles(item=item, cash=item.amount) for item in items],
            note="The group head pays for its members.",
        )

    def _no_reference(self, house: str) -> None:
        customer = self._customer(house, known_account=True)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "no_reference",
            "either",
            lambda: self.chance.choice(wording.THANKS[customer.language]),
            [Settles(item=item, cash=item.amount)],
            note="Known account, and only one open item has this amount.",
        )

    def _no_reference_ambiguous(self, house: str) -> None:
        customer = self._customer(house, known_account=True)
        amount = self.world.amount(customer)
        for weeks in (3, 7):
            self.world.invoice(customer, amount=amount, issued=BANK_DAYS[0] - timedelta(weeks=weeks))
        self._pay(
            customer,
            "no_reference_ambiguous",
            "person",
            lambda: self.chance.choice(wording.THANKS[customer.language]),
            [],
            amount=amount,
            note="Two open items have this very amount and nothing says which is meant.",
        )

    def _everything_due(self, house: str) -> None:
        customer = self.world.by_name(PAYS_BALANCE[house])
        items = [self.world.invoice(customer) for _ in range(4)]
        self._pay(
            customer,
            "everything_due",
            "either",
            lambda: wording.balance(customer),
            [Settles(item=item, cash=item.amount) for item in items],
            note="Pays the balance of the account, without numbers.",
        )

    def _mistyped_number(self, house: str) -> None:
        customer = self._customer(house, known_account=True)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "mistyped_number",
            "either",
            lambda: wording.mistyped(self.chance, customer, item),
            [Settles(item=item, cash=item.amount)],
            note="One digit of the number is wrong; payer and amount point to this item.",
        )

    def _customer_number_only(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "customer_number_only",
            "either",
            lambda: wording.customer_number(customer),
            [Settles(item=item, cash=item.amount)],
        )

    def _bank_charges_deducted(self, house: str) -> None:
        customer = self.world.by_name("Zürcher Feinmechanik AG") if house == "DE" else self._customer(house)
        item = self.world.invoice(customer, amount=self.world.amount(customer, (150_000, 500_000)))
        self._pay(
            customer,
            "bank_charges_deducted",
            "either",
            self._say(customer, item),
            [Settles(item=item, cash=item.amount - 1_250, write_off=1_250)],
            note="A correspondent bank kept 12.50 for itself.",
        )

    def _one_cent_short(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "one_cent_short",
            "either",
            self._say(customer, item),
            [Settles(item=item, cash=item.amount - 1, write_off=1)],
        )

    def _unknown_payer(self, house: str) -> None:
        country = {"NL": "NL", "DE": "DE", "BE": "FR", "GB": "GB"}[house]
        payer, text = wording.STRANGERS[country]
        customer = self._customer(house)  # only lends the account of ours; nothing of theirs is paid
        self._pay(
            customer,
            "unknown_payer",
            "person",
            lambda: text,
            [],
            payer=payer,
            account=invented_account(country, self.chance),
            amount=self.chance.randrange(2_000, 90_000),
            note="Nobody we know, and nothing says what for.",
        )

    def _disputed(self, house: str) -> None:
        customer = self._customer(house)
        item = self.world.invoice(customer)
        item.disputed = True
        self._pay(
            customer,
            "disputed",
            "person",
            self._say(customer, item),
            [Settles(item=item, cash=item.amount)],
            note="The item is in dispute: is it settled with this?",
        )

    def _wrong_currency(self, house: str) -> None:
        customer = self._customer("DE" if self.chance.random() < 0.5 else "NL")
        item = self.world.invoice(customer)
        self._pay(
            customer,
            "wrong_currency",
            "person",
            lambda: f"Payment {item.number}",
            [],
            amount=item.amount,
            house=house,
            note="An invoice in euros, paid with the same figure in pounds.",
        )

    # -- what does not come one by one from customers ----------------------------------------------------------

    def _direct_debits(self) -> None:
        """A collection of four direct debits; one comes back. And one comes back that was collected last month."""
        customers = self.chance.sample(self.world.paying_into("BE", known_account=True), k=4)
        items = [self.world.invoice(customer) for customer in customers]

        def collection() -> Entry:
            details = [
                Entry(
                    house="BE",
                    day=BANK_DAYS[1],
                    amount=item.amount,
                    case="direct_debit",
                    expected="posted",
                    payer=customer.name,
                    account=customer.account,
                    text=item.number,
                    end_to_end=item.number,
                    mandate=f"M{customer.customer_id}",
                    code="collection",
                    settles=[Settles(item=item, cash=item.amount)],
                )
                for customer, item in zip(customers, items, strict=True)
            ]
            return Entry(
                house="BE",
                day=BANK_DAYS[1],
                amount=sum(item.amount for item in items),
                case="direct_debit",
                expected="posted",
                code="collection",
                details=details,
            )

        def returned() -> Entry:
            return Entry(
                house="BE",
                day=BANK_DAYS[4],
                amount=-items[2].amount,
                case="returned_direct_debit",
                expected="person",
                payer=customers[2].name,
                account=customers[2].account,
                text=items[2].number,
                code="return",
                mandate=f"M{customers[2].customer_id}",
                original_end_to_end=items[2].number,
                return_reason="AM04",
                note="Collected on 10 November, returned for lack of funds: open again.",
            )

        self._later += [collection, returned]
        late = self._customer("DE", known_account=True)
        old = self.world.settled(late, days_ago=18)
        self._later.append(
            lambda: Entry(
                house="DE",
                day=BANK_DAYS[3],
                amount=-old.amount,
                case="returned_direct_debit",
                expected="person",
                payer=late.name,
                account=late.account,
                text=f"RUECKLASTSCHRIFT {old.number} WIDERSPRUCH",
                code="return",
                mandate=f"M{late.customer_id}",
                original_end_to_end=old.number,
                return_reason="MD06",
                note="Collected last month, the customer objected: open again.",
            )
        )

    def _not_from_customers(self) -> None:
        """Fees, interest, transfers between our own accounts, and what we pay others."""
        draw = self.chance.randrange
        for house in HOUSES:
            for _ in range(2):
                self._other(house, "bank_fee", -draw(350, 4_500), text=wording.FEES[house], code="fee")
        for house, text in wording.INTEREST.items():
            self._other(house, "interest", draw(900, 9_000), text=text, code="interest")
        for giver, taker, amount in (("NL", "BE", 2_500_000), ("DE", "NL", 4_000_000)):
            day = self._day()
            for house, partner, signed in ((giver, taker, -amount), (taker, giver, amount)):
                text, account = wording.OWN_TRANSFER[house], HOUSES[partner].account
                self._other(house, "own_transfer", signed, payer=wording.US, text=text, account=account, day=day)
        for house, payee, text in wording.SUPPLIERS:
            account = invented_account(HOUSES[house].account[:2], self.chance)
            amount = -draw(9_000, 1_400_000)
            self._other(house, "supplier_payment", amount, payer=payee, text=text, code="supplier", account=account)

    def _other(
        self,
        house: str,
        case: str,
        amount: int,
        *,
        text: str,
        payer: str = "",
        code: str = "transfer",
        account: str = "",
        day: date | None = None,
    ) -> None:
        booked = day or self._day()

        def entry() -> Entry:
            return Entry(
                house=house,
                day=booked,
                amount=amount,
                case=case,
                expected="ignored",
                payer=payer,
                account=account,
                text=text,
                code=code,
            )

        self._later.append(entry)


# These two pay the balance of their account now and then; nothing else happens with them.
PAYS_BALANCE = {"NL": "Visgroothandel Urkerland B.V.", "BE": "Transports Garonne SAS"}
