"""What no engine may post in the fifth world: each of these looks like something that fits."""

from datetime import timedelta

from rapidfuzz.distance import OSA

from benchmarks.matching.fifth_office import HOUSES, OWN_NAME, SILENCE, TODAY, Firm, Office, paid
from benchmarks.matching.fifth_plays import Play
from matching.model.open_item import OpenItem

_QUEUE = ("no_match", "ambiguous", "wrong_reference", "unknown_payer", "duplicate_payment", "payer_mismatch")


def _tangle(o: Office, kind: str, firm: Firm, amount: int, text: str, **fields: object) -> bool:
    return o.write(kind, firm, amount, text, outcome="abstain", kinds=_QUEUE, **fields)


def _closed(o: Office, firm: Firm, days: int = 400) -> list[OpenItem]:
    """Settled invoices of the firm whose number nothing else bears."""
    since = TODAY - timedelta(days=days)
    return [
        x
        for x in firm.gone
        if x.original_amount > 0 and len(o.bearers[x.number]) == 1 and x.settled_on and x.settled_on > since
    ]


def _twice(o: Office, firm: Firm, one: OpenItem) -> bool:
    """An invoice that was paid last month is paid once more."""
    old = _closed(o, firm, 50)
    return bool(old) and _tangle(o, "twice", firm, old[0].original_amount, o.bill(firm, old[0].number))


def _twice_in_batch(o: Office, firm: Firm, one: OpenItem) -> bool:
    """By transfer two days ago, and again today by the standing instruction nobody stopped."""
    if one.issued_on > TODAY - timedelta(days=6) or len(o.bearers[one.number]) > 1 or not o.only(firm, one):
        return False
    o.write(
        "plain", firm, one.open_amount, o.bill(firm, one.number), paid(one), booked_on=TODAY - timedelta(days=2)
    )  # fmt: skip
    return _tangle(o, "twice_in_batch", firm, one.open_amount, o.bill(firm, one.number))


def _stale_order(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A standing order with the number of the first month, while another month of the same rent is open."""
    old = [x for x in _closed(o, firm) if x.original_amount == one.open_amount]
    return bool(old) and _tangle(o, "stale_order", firm, one.open_amount, o.bill(firm, old[0].number))


def _old_number(o: Office, firm: Firm, one: OpenItem) -> bool:
    """An old slip with a new amount, which is exactly what another invoice of the firm amounts to."""
    old = [x for x in _closed(o, firm) if x.original_amount != one.open_amount]
    return bool(old) and _tangle(
        o, "old_number", firm, one.open_amount, o.bill(firm, old[-1].number), payer_account=firm.iban
    )


def _own_other_number(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The text names one open invoice, the amount is another's to the cent, and no slip leads from one to the other."""
    other = [x for x in o.debts(firm) if x.open_amount != one.open_amount and OSA.distance(x.number, one.number) > 1]
    if not other or not o.only(firm, one) or other[0].open_amount - other[0].discount_amount == one.open_amount:
        return False
    return _tangle(o, "own_other_number", firm, one.open_amount, o.bill(firm, other[0].number))


def _foreign(o: Office, firm: Firm) -> OpenItem | None:
    """An open invoice of somebody who has nothing to do with the firm."""
    other = o.luck.choice(o.firms)
    debts = o.debts(other)
    if not debts or (other.head or other.key) == (firm.head or firm.key) or other.currency != firm.currency:
        return None
    return debts[0] if len(o.bearers[debts[0].number]) == 1 else None


def _anothers(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A firm we know quotes an invoice that is none of its own, with its amount or with another."""
    foreign = _foreign(o, firm)
    if foreign is None or not firm.known or o.fits(firm, foreign.open_amount):
        return False
    amount = foreign.open_amount if o.luck.random() < 0.4 else o.strange_amount(firm)
    return _tangle(
        o, "anothers", firm, amount, o.bill(firm, foreign.number), payer_account=firm.iban, payer_name=firm.name
    )  # fmt: skip


def _part_of_wrong(o: Office, firm: Firm, one: OpenItem) -> bool:
    """An instalment that names what is settled, or what somebody else owes."""
    foreign, old = _foreign(o, firm), _closed(o, firm)
    named = foreign if o.luck.random() < 0.5 else (old[0] if old else None)
    if named is None or not firm.known:
        return False
    word = {"ES": "pago a cuenta", "IT": "acconto fatt.", "PL": "rata", "SE": "delbetalning", "FR": "acompte facture"}
    amount = abs(named.original_amount) * 3 // 10
    if o.fits(firm, amount):
        return False
    return _tangle(
        o, "part_of_wrong", firm, amount, f"{word[firm.country]} {named.number}", payer_account=firm.iban,
        payer_name=firm.name,
    )  # fmt: skip


def _number_means_else(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The digits of an open invoice as an order, a customer number, a quotation, a postcode, an amount or a date."""
    digits = "".join(filter(str.isdigit, one.number))
    if firm.scheme in {6, 7} and o.luck.random() < 0.5:
        form = o.luck.choice(("{} Valencia", "CAP {}", "kod {}", "{} Malmö", "importe {}", "euro {},00", "CP {}"))
    else:
        form = o.luck.choice(
            ("pedido {}", "presupuesto {}", "preventivo n. {}", "DDT {}", "oferta {}", "zamówienie {}", "offert {}",
             "följesedel {}", "devis {}", "bon de livraison {}", "cliente {}", "kundnr {}", "albarán {}", "umowa {}",
             "proforma {}", "commande {}", "CUP {}", "póliza {}", "contratto {}", "NIP {}")
        )  # fmt: skip
    return _tangle(o, "means_else", firm, o.strange_amount(firm), form.format(digits[-8:]))


def _date_is_number(o: Office, firm: Firm, one: OpenItem) -> bool:
    """Six digits of a day, year first, which are an open invoice of the sixth series."""
    if firm.scheme != 6 or not ("01" <= one.number[2:4] <= "12" and "01" <= one.number[4:] <= "28"):
        return False
    text = o.luck.choice(("fecha {}", "del {}", "z dnia {}", "datum {}", "date {}", "avtal av {}"))
    return _tangle(o, "date_is_number", firm, o.strange_amount(firm), text.format(one.number))


def _account_in_text(o: Office, firm: Firm, one: OpenItem) -> bool:
    """An account number in the text, whose end is an open invoice."""
    tail = "".join(filter(str.isdigit, one.number))[-9:]
    head = "".join(o.luck.choice("0123456789") for _ in range(22 - len(tail)))
    account = f"{firm.country}{head}{tail}"
    spaced = " ".join(account[at : at + 4] for at in range(0, len(account), 4))
    text = o.luck.choice(("desde {}", "ordinante {}", "rach. {}", "från {}", "compte {}"))
    return _tangle(
        o, "account_in_text", firm, o.strange_amount(firm), text.format(o.luck.choice((account, spaced)))
    )  # fmt: skip


def _credit_paid(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A credit note that somebody took for an invoice and paid: its number and its amount, the wrong way round."""
    notes = [x for x in firm.open if x.open_amount < 0 and x.item_id not in o.taken]
    if not notes or o.fits(firm, -notes[0].open_amount):
        return False
    return _tangle(o, "credit_paid", firm, -notes[0].open_amount, o.bill(firm, notes[0].number))


def _sisters(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The head of a group pays, without a word, what two of its companies owe alike."""
    head = o.by_key.get(firm.head or firm.key)
    alike = [x for x in o.family(firm) for y in o.debts(x) if y.open_amount == one.open_amount]
    if head is None or len({x.key for x in alike}) < 2:
        return False
    return _tangle(
        o, "sisters", firm, one.open_amount, o.luck.choice(SILENCE[firm.country]), payer_account=head.iban,
        payer_name=head.name,
    )  # fmt: skip


def _namesake(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A private person with the first word of a firm's name pays its amount without a word."""
    word = firm.name.split()[0]
    name = f"{word} {o.luck.choice(('Patrimonio', 'Sport Club', 'Fondazione', 'Kolegium', 'Ateljé'))}"
    if any(x.name.startswith(name) for x in o.firms):
        return False
    account = f"FR76{o.luck.randrange(10**22, 10**23)}"
    return _tangle(o, "namesake", firm, one.open_amount, "", payer_name=name, payer_account=account)


def _prepayment(o: Office, firm: Firm, one: OpenItem) -> bool:
    """Money for goods that are not invoiced yet."""
    text = o.luck.choice(("anticipo pedido", "acconto ordine", "przedpłata zam.", "förskott order", "acompte commande"))
    return _tangle(o, "prepayment", firm, o.strange_amount(firm), f"{text} {o.luck.randrange(100, 99_999)}")


def _disputed(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The invoice has been disputed, and now something of it, or all, is paid."""
    blocked = [x for x in firm.open if x.disputed and x.item_id not in o.taken and x.open_amount > 0]
    if not blocked:
        return False
    amount = blocked[0].open_amount * o.luck.choice((100, 100, 80)) // 100
    kinds = ("disputed_item", "short_payment", "ambiguous")
    return o.write(
        "disputed", firm, amount, o.bill(firm, blocked[0].number), paid(blocked[0]), outcome="abstain", kinds=kinds
    )  # fmt: skip


def _same_figure(o: Office, firm: Firm, one: OpenItem) -> bool:
    """Crowns or złoty owed, and the very figure paid in euros."""
    if firm.currency == "EUR":
        return False
    kinds = ("currency_mismatch", "ambiguous", "no_match")
    return o.write(
        "same_figure", firm, one.open_amount, o.bill(firm, one.number), outcome="abstain", kinds=kinds, currency="EUR"
    )  # fmt: skip


def _cut_list(o: Office, firm: Firm, one: OpenItem) -> bool:
    """Of a list the bank kept the first number."""
    debts = [x for x in o.debts(firm) if x is not one][:3]
    if len(debts) < 3:
        return False
    chosen = (one, *debts)
    text = ", ".join(x.number for x in chosen)[: len(one.number) + o.luck.choice((2, 5))]
    total = sum(x.open_amount for x in chosen)
    o.taken.update(x.item_id for x in chosen)
    return _tangle(o, "cut_list", firm, total, text, remittance=text, remittance_lines=(text,))


def _supplier_refund(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A supplier, an insurer or the tax office gives money back, and its number is one of ours."""
    name, text = o.luck.choice(
        (("Iberdrola Clientes", f"abono factura {one.number}"), ("Agenzia delle Entrate", "rimborso IVA"),
         ("Urząd Skarbowy", "zwrot VAT"), ("Skatteverket", "skattekonto"), ("DGFIP", "remboursement TVA"),
         ("EDF Entreprises", f"avoir {one.number}"), ("Enel Energia", f"nota credito {one.number}"))
    )  # fmt: skip
    account = f"IT60X{o.luck.randrange(10**21, 10**22)}"
    amount = one.open_amount if one.number not in text and o.luck.random() < 0.5 else o.strange_amount(firm)
    # Money of a tax office may be told apart as no customer's; both ways it must not be posted.
    outcome = "abstain" if one.number in text else "ignore"
    return o.write(
        "supplier_refund", firm, amount, text, outcome=outcome, kinds=_QUEUE, payer_name=name, payer_account=account
    )  # fmt: skip


def _stranger(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A payer nobody knows means another supplier, whose short number is one of ours; the amount fits nothing."""
    if firm.scheme not in {4, 6, 7}:
        return False
    account = f"ES{o.luck.randrange(10**21, 10**22)}"
    return _tangle(
        o, "stranger", firm, o.strange_amount(firm), o.bill(firm, one.number), payer_name="Bar La Esquina",
        payer_account=account,
    )  # fmt: skip


def _settlement(o: Office, firm: Firm, one: OpenItem) -> bool:
    name = o.luck.choice(("Redsys Servicios", "Nexi Payments SpA", "PayU SA", "Swish", "Worldline", "PayPal Europe"))
    kinds = ("bulk_without_remittance", "unknown_payer", "no_match")
    text = f"{o.luck.choice(('liquidación', 'accredito POS', 'rozliczenie', 'remise CB'))} {o.luck.randrange(10**7)}"
    return o.write(
        "settlement", firm, o.luck.randrange(30_000, 3_000_000), text, outcome="abstain", kinds=kinds, payer_name=name,
        payer_account="",
    )  # fmt: skip


def _refund_to_customer(o: Office, firm: Firm, one: OpenItem) -> bool:
    """We pay a credit note out."""
    notes = [x for x in firm.open if x.open_amount < 0 and x.item_id not in o.taken]
    kinds = ("outgoing_unexplained", "returned_payment", "no_match")
    return bool(notes) and o.write(
        "refund", firm, notes[0].open_amount, notes[0].number, outcome="abstain", kinds=kinds,
        transaction_code="PMNT/ICDT/ESCT",
    )  # fmt: skip


def _bank_and_house(o: Office, firm: Firm, one: OpenItem) -> bool:
    """Fees, interest, wages, and our own money going from one of our accounts to another."""
    amount, text, code, name, account = o.luck.choice(
        ((-1_210, "comisión mantenimiento", "PMNT/ACMT/CHRG", "", ""),
         (431, "intereses acreedores", "ACMT/MCOP/INTR", "", ""),
         (-412_300, "nómina noviembre", "PMNT/ICDT/SALA", "Lucía Marín", "ES7620770024003102575766"),
         (one.open_amount, "traspaso", "PMNT/RCDT/BOOK", OWN_NAME, HOUSES["SEK"]),
         (-one.open_amount, "traspaso", "PMNT/ICDT/BOOK", OWN_NAME, HOUSES["PLN"]))
    )  # fmt: skip
    return o.write(
        "house", firm, amount, text, outcome="ignore", kinds=_QUEUE, payer_name=name, payer_account=account,
        transaction_code=code, currency="EUR",
    )  # fmt: skip


TANGLES: tuple[tuple[Play, float], ...] = (
    (_twice, 1.2), (_twice_in_batch, 0.7), (_stale_order, 1), (_old_number, 0.8), (_own_other_number, 0.8),
    (_anothers, 1.2), (_part_of_wrong, 0.9), (_number_means_else, 2), (_date_is_number, 0.6), (_account_in_text, 0.7),
    (_credit_paid, 0.7), (_sisters, 0.6), (_namesake, 0.7), (_prepayment, 0.7), (_disputed, 0.6), (_same_figure, 0.5),
    (_cut_list, 0.6), (_supplier_refund, 0.8), (_stranger, 0.5), (_settlement, 0.4), (_refund_to_customer, 0.4),
    (_bank_and_house, 1.2),
)  # fmt: skip
