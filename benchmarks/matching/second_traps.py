"""Scenes of the second world that no engine may post, and lines that are no customer payment."""

from dataclasses import replace
from datetime import timedelta

from benchmarks.matching.second_people import Party
from benchmarks.matching.second_scenes import TYPES, all_of
from benchmarks.matching.second_stage import Stage
from matching.model.payment import PaymentReference


def paid_before(stage: Stage, party: Party) -> bool:
    """A settled document once more: by slip, by number, or by the standing order of a tenant who has left."""
    recent = [one for one in party.paid if one.settled_on and one.settled_on > stage.today - timedelta(days=60)]
    recent = [one for one in recent if one.open_amount == 0 and one.original_amount > 0]
    if not recent:
        return False
    item = stage.dice.choice(recent)
    if item.payment_reference and stage.dice.random() < 0.5:
        reference = PaymentReference(type=TYPES[party.country], reference=item.payment_reference)
        stage.write(
            "paid_before",
            party,
            item.original_amount,
            "",
            outcome="abstain",
            references=(reference,),
            when=stage.today,
            kinds=("duplicate_payment", "no_match"),
        )
        return True
    stage.write(
        "paid_before",
        party,
        item.original_amount,
        item.number,
        outcome="abstain",
        when=stage.today,
        kinds=("duplicate_payment", "no_match", "ambiguous", "wrong_reference"),
    )
    return True


def twice_today(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    if item is None or item.issued_on > stage.today - timedelta(days=5):
        return False
    text = f"{stage.word(party, 'bill')} {item.number}"
    stage.write("plain", party, item.open_amount, text, [all_of(item)], when=stage.today - timedelta(days=4))
    stage.write(
        "twice",
        party,
        item.open_amount,
        text,
        outcome="abstain",
        when=stage.today,
        kinds=("duplicate_payment", "no_match"),
    )
    return True


def old_slip_new_amount(stage: Stage, party: Party) -> bool:
    """The slip of one open document, the exact amount of another: which of the two is paid, a person must ask."""
    unpaid = stage.unpaid(party)
    slips = [one for one in unpaid if one.payment_reference]
    others = [
        one for one in unpaid if slips and abs(one.open_amount - slips[0].open_amount) > slips[0].open_amount // 3
    ]
    if not slips or not others:
        return False
    other = stage.dice.choice(others)
    stage.taken.add(slips[0].item_id)
    reference = PaymentReference(type=TYPES[party.country], reference=slips[0].payment_reference)
    stage.write(
        "old_slip",
        party,
        other.open_amount,
        "",
        [all_of(other)],
        outcome="abstain",
        references=(reference,),
        kinds=("ambiguous", "short_payment", "over_payment", "wrong_reference"),
    )
    return True


def before_the_invoice(stage: Stage, party: Party) -> bool:
    """A prepayment for an order that has no invoice yet."""
    amount = stage.dice.randrange(20_000, 900_000)
    if any(one.open_amount == amount for one in party.open) or not party.in_erp:
        return False
    text = f"{stage.word(party, 'order')} {stage.dice.choice('ABX')}{stage.dice.randrange(10**6, 10**7)} pro forma"
    stage.write("prepayment", party, amount, text, outcome="abstain", kinds=("no_match", "ambiguous", "over_payment"))
    return True


def neighbours_number(stage: Stage, party: Party) -> bool:
    """The number of another debtor's open document, the amount of nobody's."""
    other = stage.someone()
    item = stage.one(other)
    family = {party.key, party.head.key if party.head else party.key} & {
        other.key,
        other.head.key if other.head else other.key,
    }
    amount = stage.dice.randrange(5_000, 300_000)
    if item is None or family or not party.in_erp or amount in {one.open_amount for one in (*party.open, item)}:
        return False
    stage.write(
        "neighbour",
        party,
        amount,
        f"{stage.word(party, 'bill')} {item.number}",
        outcome="abstain",
        kinds=("wrong_reference", "payer_mismatch", "no_match", "ambiguous"),
        payer_account=party.account,
    )
    return True


def took_back(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    if item is None:
        return False
    stage.write(
        "took_back",
        party,
        -item.open_amount,
        f"RETURN {item.number}",
        outcome="abstain",
        reversal=True,
        return_reason="MS03",
        kinds=("returned_payment", "outgoing_unexplained"),
    )
    return True


def card_settlement(stage: Stage, party: Party) -> bool:
    sender = replace(party, printed="WORLDLINE SETTLEMENT", name="WORLDLINE SETTLEMENT", account="LU280019400644750000")
    stage.write(
        "cards",
        party,
        stage.dice.randrange(50_000, 2_000_000),
        f"TRX {stage.dice.randrange(10**8, 10**9)} NET OF FEE",
        outcome="abstain",
        payer=sender,
        kinds=("bulk_without_remittance", "unknown_payer", "no_match"),
    )
    return True


def not_ours(stage: Stage, party: Party) -> bool:
    """Fees, wages, taxes, rent we pay, and cash between our own accounts."""
    dice = stage.dice
    amount = dice.randrange(1_000, 500_000)
    stranger = replace(party, printed="", name="", account="")
    value, text, sender, code, purpose = dice.choice(
        (
            (-dice.randrange(150, 4_000), "kosten zakelijk betalingsverkeer", "", "PMNT/MCOP/CHRG", ""),
            (-amount, "salaris september", "A. Werknemer", "PMNT/ICDT/SALA", "SALA"),
            (-amount, "huur magazijn", "Vastgoed Fictief", "PMNT/ICDT/ESCT", ""),
            (-amount, "btw aangifte", "Belastingdienst", "PMNT/ICDT/ESCT", "TAXS"),
            (amount, "teruggaaf btw", "Belastingdienst", "PMNT/RCDT/ESCT", "TAXS"),
            (dice.randrange(1, 900), "creditrente", "", "ACMT/MCOP/INTR", "INTE"),
        )
    )
    stage.write(
        "not_ours",
        party,
        value,
        text,
        outcome="ignore",
        payer=replace(stranger, printed=sender, name=sender),
        transaction_code=code,
        purpose=purpose,
        kinds=("unknown_payer", "no_match", "outgoing_unexplained"),
    )
    return True
