"""The fifth world's office: its firms, its nine ways to number, and how words become a line of a statement."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from anyascii import anyascii

from benchmarks.matching.world import TrueItem, Truth
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

TODAY = date(2026, 11, 20)
HOUSES = {
    "EUR": "ES9121000418450200051332",
    "SEK": "SE4550000000058398257466",
    "PLN": "PL61109010140000071219812874",
}
OWN_NAME = "Suministros Generales Europa S.L."
_CHECK_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"

BILL = {
    "ES": ("Factura {}", "Fra. {}", "Pago fra {}", "N/factura núm. {}", "{}", "Abono factura {}"),
    "IT": ("Fattura n. {}", "Saldo fatt. {}", "FT {}", "Pagamento fattura {}", "{}", "Fatt.nr.{}"),
    "PL": ("Faktura {}", "FV {}", "Zapłata za fakturę nr {}", "{}", "za fv {}", "płatność {}"),
    "SE": ("Faktura {}", "Fakturanr {}", "Betalning faktura {}", "{}", "Avser {}"),
    "FR": ("Facture {}", "Règlement facture n° {}", "{}", "Fact {}", "Votre facture {}", "RGLT {}"),
}
BILLS = {
    "ES": ("Facturas {}", "Fras. {}", "{}"),
    "IT": ("Fatture {}", "Saldo fatt. {}", "{}"),
    "PL": ("Faktury {}", "za FV {}", "{}"),
    "SE": ("Fakturor {}", "Betalning {}", "{}"),
    "FR": ("Factures {}", "Règlement factures {}", "{}"),
}
SMALL_TALK = {
    "ES": ("CIF B{p}", "tlf {p}", "de fecha {d}", "cliente {k}", "{z} Madrid", "importe {a} EUR", "contrato {r}"),
    "IT": ("P.IVA 0{p}91", "del {d}", "CIG Z{r}2F", "CUP C{p}", "cod. cliente {k}", "{z} Torino", "euro {a}"),
    "PL": ("NIP 52{p}", "z dnia {d}", "/VAT/{a}/IDC/52{p}", "klient {k}", "umowa {r}", "tel. {p}"),
    "SE": ("org.nr 55{p}", "kundnr {k}", "datum {d}", "{z} Lund", "avtal {r}", "moms 25%"),
    "FR": ("SIRET 4{p}00", "du {d}", "client {k}", "marché {r}", "{z} Lyon", "montant {a} EUR", "tél 04{p}"),
}
SILENCE = {
    "ES": ("", "transferencia", "pago", "liquidación", "gracias"),
    "IT": ("", "bonifico", "saldo", "pagamento", "come da accordi"),
    "PL": ("", "przelew", "zapłata", "rozliczenie"),
    "SE": ("", "överföring", "betalning", "enligt avtal"),
    "FR": ("", "virement", "règlement", "solde", "merci"),
}
MONTHS = {
    "ES": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "IT": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "PL": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "SE": "januari februari mars april maj juni juli augusti september oktober november december",
    "FR": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}


@dataclass(slots=True)
class Firm:
    """A customer, with what the ERP does not know: how it is billed, how its bank writes, and its other accounts."""

    key: str
    name: str
    country: str
    iban: str
    known: bool
    scheme: int
    currency: str
    prices: tuple[int, ...]
    days: int
    head: str
    factor: str
    owner: tuple[str, str]
    open: list[OpenItem] = field(default_factory=list)
    gone: list[OpenItem] = field(default_factory=list)


def check_letter(digits: str) -> str:
    """The letter of a Spanish identity number: 23 letters, by the remainder.

    >>> check_letter("12345678")
    'Z'
    """
    return _CHECK_LETTERS[int(digits) % 23]


def number(firm: Firm, day: date, counts: dict[str, int], *, credit: bool) -> str:
    """The next number of the firm's series. In the first four, credit notes take the next number like any invoice."""
    scheme = firm.scheme
    shop, till = int(firm.key[-2:]) % 12 + 401, int(firm.key[-1]) + 1
    own_series = credit and scheme > 3
    span = f"{scheme}{own_series}{day.year if scheme in {0, 1, 4, 8} else ''}"
    span += {1: firm.key[-1], 2: f"{day}{shop}{till}", 5: f"{day:%m}"}.get(scheme, "")
    counts[span] += 1
    count = counts[span]
    if scheme == 0:
        return f"RE/{day:%y}-{count + 600:05d}"
    if scheme == 1:
        return f"{day.year}.{int(firm.key[-1]) % 4 + 1}.{count * 10 + int(firm.key[-1]) // 4 + 90:06d}"
    if scheme == 2:
        return f"{shop:04d}-{day:%Y%m%d}-{till:02d}-{count:04d}"
    if scheme == 3:
        digits = f"{4_810_000 + count * 3:08d}"
        return digits + check_letter(digits)
    if scheme == 4:
        return f"{'NC' if credit else 'FPR'} {count}/{day:%y}"
    if scheme == 5:
        return f"{'AV' if credit else 'FA'}{day:%y%m}-{count:04d}"
    if scheme == 6:
        # Six digits that read like a date.
        return str((990_101 if credit else 260_801) + count)
    if scheme == 7:
        # Five digits that read like a postcode or a round amount.
        return str((70_000 if credit else 12_000) + count)
    return f"{day.year}/{'R' if credit else 'F'}/{count:06d}"


class Office:
    """Writes payments with their truth; an open item is settled by one payment at most, but for instalments."""

    def __init__(self, luck: random.Random, firms: list[Firm]) -> None:
        self.luck, self.firms = luck, firms
        self.by_key = {firm.key: firm for firm in firms}
        self.taken: set[str] = set()
        self.rows: list[tuple[Payment, Truth]] = []
        self.bearers: dict[str, list[OpenItem]] = defaultdict(list)
        self.sisters: dict[str, list[Firm]] = defaultdict(list)
        for firm in firms:
            self.sisters[firm.head or firm.key].append(firm)
            for item in (*firm.open, *firm.gone):
                self.bearers[item.number].append(item)

    def family(self, firm: Firm) -> list[Firm]:
        """The firm and everybody of its group."""
        return self.sisters[firm.head or firm.key]

    def debts(self, firm: Firm) -> list[OpenItem]:
        """What the firm owes and nobody has paid yet, disputed items apart."""
        return [one for one in firm.open if one.open_amount > 0 and one.item_id not in self.taken and not one.disputed]

    def fits(self, firm: Firm, amount: int, apart: OpenItem | None = None) -> bool:
        """Whether some open item of the firm or its group could be paid with the amount, with or without discount."""
        items = (one for member in self.family(firm) for one in member.open if one is not apart)
        return any(amount in {one.open_amount, one.open_amount - one.discount_amount} for one in items)

    def only(self, firm: Firm, item: OpenItem) -> bool:
        """Whether no other open item of the group has this amount."""
        return not self.fits(firm, item.open_amount, apart=item)

    def strange_amount(self, firm: Firm) -> int:
        """An amount that pays nothing of the firm."""
        while True:
            amount = self.luck.randrange(4_007, 512_345)
            if not self.fits(firm, amount):
                return amount

    def bill(self, firm: Firm, words: str, *, many: bool = False) -> str:
        return self.luck.choice((BILLS if many else BILL)[firm.country]).format(words)

    def talk(self, firm: Firm, item: OpenItem, count: int) -> list[str]:
        """What else people write: tax numbers, telephones, towns, contracts, dates, the amount itself."""
        luck = self.luck
        return [
            form.format(
                p=luck.randrange(10**6, 10**7), k=firm.key, z=luck.randrange(20_000, 60_000), r=luck.randrange(10**4),
                a=f"{item.open_amount // 100},{item.open_amount % 100:02d}", d=f"{item.issued_on:%d/%m/%Y}",
            )
            for form in luck.sample(SMALL_TALK[firm.country], count)
        ]  # fmt: skip

    def day(self, item: OpenItem) -> date:
        """One of the last days, and not before the item was there."""
        return max(item.issued_on, TODAY - timedelta(days=self.luck.choice((0, 0, 0, 1, 2))))

    def write(
        self,
        kind: str,
        firm: Firm,
        amount: int,
        text: str,
        items: tuple[TrueItem, ...] = (),
        *,
        outcome: Any = "settle",
        kinds: tuple[str, ...] = (),
        **fields: Any,
    ) -> bool:
        """One payment as the bank delivers it; what is given in ``fields`` stands as it is."""
        luck = self.luck
        self.taken.update(one.item_id for one in items)
        key = f"v{luck.getrandbits(52):013x}{len(self.rows)}"
        lines = _lines(luck, text)
        row: dict[str, Any] = {
            "payment_id": key,
            "account": HOUSES[fields.get("currency", firm.currency)],
            "currency": firm.currency,
            "amount": amount,
            "booked_on": TODAY,
            "valued_on": None,
            "bank_reference": f"{luck.getrandbits(48):012X}",
            "end_to_end_id": luck.choice(("", "NOTPROVIDED", f"{luck.randrange(10**9):09d}")),
            "payer_name": _written(luck, firm.name),
            "payer_account": firm.iban if luck.random() < 0.9 else "",
            "remittance": luck.choice(("", " ")).join(lines),
            "remittance_lines": lines,
        }
        row.update(fields)
        truth = Truth(
            payment_id=key,
            kind=kind,
            outcome=outcome,
            customer_id=firm.key if items else "",
            items=items,
            exception_kinds=kinds,
        )
        self.rows.append((Payment(**row), truth))
        return True


def _lines(luck: random.Random, text: str) -> tuple[str, ...]:
    """Four ways a bank cuts: 27 and 35 columns in capitals, Elixir's four lines, and one line of 140."""
    width, most = luck.choice(((27, 6), (35, 4), (35, 4), (65, 2), (140, 1), (140, 1), (140, 1)))
    if width <= 35 or luck.random() < 0.2:
        text = anyascii(text).upper()
    text = text[: width * most]
    return tuple(text[at : at + width] for at in range(0, len(text), width))


def _written(luck: random.Random, name: str) -> str:
    roll = luck.random()
    if roll < 0.45:
        name = anyascii(name).upper()
    if roll > 0.9:
        name = name.rsplit(" ", 1)[0]
    return name[: luck.choice((27, 35, 70, 70))].strip()


def paid(*items: OpenItem) -> tuple[TrueItem, ...]:
    """The items settled in full with cash."""
    return tuple(TrueItem(item_id=one.item_id, cash=one.open_amount) for one in items)
