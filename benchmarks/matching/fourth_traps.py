"""What happens in the fourth world that no engine may post: every row here looks like something that fits."""

from datetime import timedelta

from benchmarks.matching.fourth_desk import AS_OF, Counter, Trader, whole
from benchmarks.matching.fourth_plays import Play
from matching.model.open_item import OpenItem

_QUEUE = ("no_match", "ambiguous", "wrong_reference", "unknown_payer", "duplicate_payment", "payer_mismatch")


def _odd(c: Counter, trader: Trader) -> int:
    """An amount that pays no open item of the trader."""
    while True:
        amount = c.dice.randrange(5_003, 399_999)
        if not c.has_amount(trader, amount):
            return amount


def _trap(c: Counter, kind: str, trader: Trader, amount: int, text: str, **fields: object) -> bool:
    return c.pay(kind, trader, amount, text, outcome="abstain", kinds=_QUEUE, **fields)


def _again(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A settled invoice once more, its number in full; another open item may have the very amount."""
    done = [
        x for x in trader.done if x.original_amount > 0 and x.settled_on and x.settled_on > AS_OF - timedelta(days=60)
    ]
    if not done:
        return False
    old = c.dice.choice(done)
    if len(c.by_number[old.number]) > 1:
        return False
    return _trap(c, "again", trader, old.original_amount, f"{c.word(trader)} {old.number}", booked_on=AS_OF)


def _again_without_year(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """The running number alone, which stood on a settled invoice of the same amount and stands on an open one."""
    if trader.style != 8:
        return False
    running = one.number.split("/", maxsplit=1)[0]
    old = [x for x in trader.done if x.number.split("/")[0] == running and x.original_amount != one.open_amount]
    if not old or c.has_amount(trader, old[0].original_amount):
        return False
    return _trap(c, "again_no_year", trader, old[0].original_amount, f"{c.word(trader)} {running}", booked_on=AS_OF)


def _proforma(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A quotation, an order or a delivery note whose number an open invoice of the payer happens to have."""
    word = c.dice.choice(
        ("proforma", "tilbud", "offert", "tarjous", "oferta", "nabídka", "orçamento", "presupuesto", "proforma faktura",
         "delivery note", "følgeseddel", "packslip", "WZ", "dodací list", "guia", "albarán")
    )  # fmt: skip
    amount = _odd(c, trader) if c.dice.random() < 0.5 else one.open_amount * c.dice.choice((30, 50)) // 100
    if c.has_amount(trader, amount):
        return False
    return _trap(c, "proforma", trader, amount, f"{word} {one.number}")


def _advance(c: Counter, trader: Trader, one: OpenItem) -> bool:
    text = c.dice.choice(("forskudd ny ordre", "förskott", "ennakkomaksu", "zaliczka", "sinal", "anticipo"))
    return _trap(c, "advance", trader, _odd(c, trader), f"{text} {c.dice.randrange(1_000, 99_999)}")


def _anothers_number(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A known payer with a number of somebody else: a slip, or meant for another supplier."""
    other = c.dice.choice(c.traders)
    items = c.debts(other)
    if not items or not trader.known or {trader.parent or trader.key} & {other.parent or other.key}:
        return False
    amount = items[0].open_amount if c.dice.random() < 0.4 else _odd(c, trader)
    if any(x.customer_id in {trader.key} for x in c.by_number[items[0].number]) or c.has_amount(trader, amount):
        return False
    return _trap(
        c, "anothers_number", trader, amount, f"{c.word(trader)} {items[0].number}",
        payer_account=trader.iban, payer_name=trader.name,
    )  # fmt: skip


def _number_by_chance(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """The invoice's digits as a telephone, postcode, meter, contract or policy, with an amount that pays nothing."""
    digits = "".join(filter(str.isdigit, one.number))[-8:]
    form = c.dice.choice(
        ("tlf {}", "tel {}", "avtale {}", "contrato n.º {}", "sopimus {}", "forsikring {}", "polisa {}", "måler {}",
         "{} Bergen", "plassnr {}", "box {}", "reg.nr {}", "smlouva {}", "leasing {}", "member no {}")
    )  # fmt: skip
    return _trap(c, "by_chance", trader, _odd(c, trader), form.format(digits))


def _stranger_by_amount(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """Somebody with a name like a customer's pays, without a word, exactly what that customer owes."""
    name = c.dice.choice(
        (f"{trader.name.split()[0]} {c.dice.choice(('Invest', 'Kapital', 'Gruppen', 'Fonden'))}", "Ola Nordmann")
    )  # fmt: skip
    if any(x.name.startswith(name) for x in c.traders):
        return False
    account = f"SE{c.dice.randrange(10**21, 10**22)}"
    return _trap(c, "like_named", trader, one.open_amount, "", payer_name=name, payer_account=account)


def _stranger_with_short_number(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A payer nobody knows names four digits for a supplier of his own; here they are somebody's invoice."""
    if trader.style not in {3, 2, 8}:
        return False
    amount = _odd(c, trader)
    account = f"PL{c.dice.randrange(10**25, 10**26)}"
    return _trap(
        c, "short_stranger", trader, amount, f"faktura {one.number}", payer_name="Kawiarnia Pod Lipą",
        payer_account=account,
    )  # fmt: skip


def _refund(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A supplier, an insurer or the tax office gives money back; their number may be one of ours."""
    name, text = c.dice.choice(
        (("Skatteverket", "skattekonto"), ("Skatteetaten", "mva 3. termin"), ("Finanční úřad", "DPH 3Q"),
         ("Agencia Tributaria", "devolución IVA"), ("Telenor ASA", f"kreditnota {one.number}"),
         ("Posten Logistik", f"retur fakt {one.number}"), ("If Skadeförsäkring", "skadenr 4711"))
    )  # fmt: skip
    amount = one.open_amount if one.number not in text and c.dice.random() < 0.5 else _odd(c, trader)
    account = f"DK{c.dice.randrange(10**15, 10**16)}"
    return _trap(c, "refund", trader, amount, text, payer_name=name, payer_account=account)


def _twice(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """The invoice paid in the morning by transfer and two days later by card portal, in other words."""
    if one.issued_on > AS_OF - timedelta(days=5) or len(c.by_number[one.number]) > 1:
        return False
    if sum(x.open_amount == one.open_amount for x in trader.open) > 1:
        return False
    first, later = AS_OF - timedelta(days=2), AS_OF
    c.pay("plain", trader, one.open_amount, f"{c.word(trader)} {one.number}", [whole(one)], booked_on=first)
    return _trap(c, "twice", trader, one.open_amount, f"Betaling {one.number} portal", booked_on=later)


def _old_slip(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """Last month's payment order changed in its amount only: old number, and what is due now. A person must look."""
    old = [x for x in trader.done if x.original_amount > 0 and x.original_amount != one.open_amount]
    if not old or not trader.known or len(c.by_number[old[0].number]) > 1:
        return False
    return _trap(
        c, "old_slip", trader, one.open_amount, f"{c.word(trader)} {old[0].number}", payer_account=trader.iban
    )  # fmt: skip


def _cut_list(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A list of which the bank kept the first number or two; the rest of the money is for what was cut off."""
    debts = [x for x in c.debts(trader) if x is not one]
    if len(debts) < 3:
        return False
    chosen = [one, *c.dice.sample(debts, 3)]
    c.used.update(x.item_id for x in chosen)
    text = ", ".join(x.number for x in chosen)[: len(one.number) + c.dice.choice((1, 4, len(one.number)))]
    return _trap(
        c, "cut_list", trader, sum(x.open_amount for x in chosen), text, remittance=text, remittance_lines=(text,)
    )  # fmt: skip


def _settlement(c: Counter, trader: Trader, one: OpenItem) -> bool:
    name = c.dice.choice(
        ("Nets Denmark A/S", "Klarna Bank AB", "Vipps MobilePay AS", "SIBS FPS", "Redsys", "PayU S.A.")
    )
    text = c.dice.choice(("settlement {}", "oppgjør {}", "utbetalning {}", "batch {}")).format(
        c.dice.randrange(10**6, 10**7)
    )
    kinds = ("bulk_without_remittance", "unknown_payer", "no_match")
    return c.pay(
        "settlement", trader, c.dice.randrange(40_000, 2_000_000), text, outcome="abstain", kinds=kinds,
        payer_name=name, payer_account="",
    )  # fmt: skip


def _outgoing(c: Counter, trader: Trader, one: OpenItem) -> bool:
    amount, text, code, name = c.dice.choice(
        ((-1_450, "gebyr", "PMNT/ACMT/CHRG", ""), (-388_000, "lønn 11/2026", "PMNT/ICDT/SALA", "Kari Normann"),
         (212, "renter", "ACMT/MCOP/INTR", ""), (-45_250, "faktura 2210", "PMNT/ICDT/ESCT", "Telenor ASA"))
    )  # fmt: skip
    return c.pay(
        "bank", trader, amount, text, outcome="ignore", kinds=_QUEUE, payer_name=name, payer_account="",
        transaction_code=code,
    )  # fmt: skip


TRAPS: tuple[tuple[Play, float], ...] = (
    (_again, 1.5), (_again_without_year, 0.5), (_proforma, 1.5), (_advance, 0.7), (_anothers_number, 1.2),
    (_number_by_chance, 1.2), (_stranger_by_amount, 0.7), (_stranger_with_short_number, 0.6), (_refund, 0.8),
    (_twice, 0.8), (_old_slip, 0.8), (_cut_list, 0.8), (_settlement, 0.5), (_outgoing, 1.5),
)  # fmt: skip
