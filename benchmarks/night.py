"""A whole night over files: a generated world as CSV and CAMT.053, `lettrage sync` on it, and its outbox judged.

What the engine alone reaches must survive the way through statement, ledger and outbox: `python -m benchmarks.night`.
"""

import argparse
import csv
import io
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks.matching.generator import generate
from benchmarks.matching.second_world import generate_second
from benchmarks.matching.world import Truth, World
from integrations.config.policy import PolicySettings
from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.services.context import Run
from integrations.services.sync import sync
from matching.model.money import to_decimal, to_minor
from matching.model.open_item import OpenItem
from matching.model.payment import Payment


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def item_row(item: OpenItem) -> list[object]:
    def amount(minor: int) -> str:
        return f"{to_decimal(minor, item.currency):f}"

    return [
        item.item_id, item.number, item.kind, item.customer_id, item.currency, item.issued_on, item.due_on,
        amount(item.original_amount), amount(item.open_amount), item.payment_reference, item.discount_until or "",
        amount(item.discount_amount) if item.discount_until else "", "1" if item.disputed else "",
        item.settled_on or "", ";".join(item.other_references),
    ]  # fmt: skip


ITEM_COLUMNS = (
    "item_id,number,kind,customer_id,currency,issue_date,due_date,original_amount,open_amount,payment_reference,"
    "discount_date,discount_amount,disputed,settled_on,other_references"
).split(",")


def entry(payment: Payment) -> str:
    sign = "CRDT" if payment.amount >= 0 else "DBIT"
    party = "Dbtr" if (payment.amount >= 0) != bool(payment.return_reason) else "Cdtr"
    lines = payment.remittance_lines or ((payment.remittance,) if payment.remittance else ())
    structured = "".join(
        f"<Strd><CdtrRefInf><Tp><CdOrPrtry><Prtry>{escape(one.type)}</Prtry></CdOrPrtry></Tp>"
        f"<Ref>{escape(one.reference)}</Ref></CdtrRefInf></Strd>"
        for one in payment.references
    )
    for one in payment.documents:
        remitted = ""
        if one.remitted is not None:
            amount = to_decimal(one.remitted, payment.currency)
            remitted = f'<RfrdDocAmt><RmtdAmt Ccy="{payment.currency}">{amount}</RmtdAmt></RfrdDocAmt>'
        structured += (
            f"<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp><Nb>{escape(one.number)}</Nb></RfrdDocInf>"
            f"{remitted}</Strd>"
        )
    instructed = ""
    if payment.instructed_amount is not None:
        amount = to_decimal(payment.instructed_amount, payment.instructed_currency)
        instructed = f'<AmtDtls><InstdAmt><Amt Ccy="{payment.instructed_currency}">{amount}</Amt></InstdAmt></AmtDtls>'
    charges = ""
    if payment.charges:
        fee = to_decimal(payment.charges, payment.currency)
        charges = (
            f'<Chrgs><Rcrd><Amt Ccy="{payment.currency}">{fee}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
            f"<Br>{payment.charge_bearer or 'SHAR'}</Br></Rcrd></Chrgs>"
        )
    bank_code = (
        f"<BkTxCd><Prtry><Cd>{escape(payment.transaction_code)}</Cd></Prtry></BkTxCd>"
        if payment.transaction_code
        else ""
    )
    who = (
        f"<RltdPties><{party}><Nm>{escape(payment.payer_name)}</Nm></{party}><{party}Acct><Id><IBAN>"
        f"{escape(payment.payer_account)}</IBAN></Id></{party}Acct>"
        + (f"<UltmtDbtr><Nm>{escape(payment.ultimate_name)}</Nm></UltmtDbtr>" if payment.ultimate_name else "")
        + "</RltdPties>"
    )
    returned = ""
    if payment.return_reason:
        returned = f"<RtrInf><Rsn><Cd>{escape(payment.return_reason)}</Cd></Rsn></RtrInf>"
    value = f"<ValDt><Dt>{payment.valued_on or payment.booked_on}</Dt></ValDt>"
    amount = f'<Amt Ccy="{payment.currency}">{abs(to_decimal(payment.amount, payment.currency))}</Amt>'
    return (
        f"<Ntry>{amount}<CdtDbtInd>{sign}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>{payment.booked_on}</Dt></BookgDt>{value}"
        f"<AcctSvcrRef>{escape(payment.payment_id)}</AcctSvcrRef>{bank_code}<NtryDtls><TxDtls><Refs><EndToEndId>"
        f"{escape(payment.end_to_end_id or 'NOTPROVIDED')}</EndToEndId></Refs>{amount}<CdtDbtInd>{sign}</CdtDbtInd>"
        f"{instructed}{charges}{who}<RmtInf>{''.join(f'<Ustrd>{escape(line)}</Ustrd>' for line in lines)}{structured}"
        f"</RmtInf>{returned}</TxDtls></NtryDtls></Ntry>"
    )


def write_world(world: World, folder: Path) -> None:
    inbox, bank = folder / "in", folder / "bank"
    inbox.mkdir(parents=True)
    bank.mkdir()
    write_csv(
        inbox / "customers.csv",
        ("customer_id", "name", "ibans", "country", "parent_id", "aliases", "payer_ids"),
        ((c.customer_id, c.name, ";".join(c.ibans), c.country, c.parent_id, ";".join(c.aliases), ";".join(c.payer_ids))
         for c in world.customers),
    )  # fmt: skip
    write_csv(inbox / "open_items.csv", ITEM_COLUMNS, map(item_row, world.open_items))
    write_csv(inbox / "settled_items.csv", ITEM_COLUMNS, map(item_row, world.history.settled_items))
    write_csv(
        inbox / "house_accounts.csv",
        ("account", "currency", "name"),
        ((one.account, one.currency, one.name) for one in world.policy.house_accounts),
    )
    accounts: dict[tuple[str, str], list[Payment]] = {}
    for payment in world.payments:
        accounts.setdefault((payment.account, payment.currency), []).append(payment)
    for number, ((account, currency), payments) in enumerate(sorted(accounts.items()), start=1):
        text = io.StringIO()
        text.write(
            '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
            f"<BkToCstmrStmt><GrpHdr><MsgId>N{number}</MsgId></GrpHdr><Stmt><Id>S{number}</Id><Acct><Id><IBAN>{account}"
            f"</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        )
        for payment in payments:
            text.write(entry(payment))
        text.write("</Stmt></BkToCstmrStmt></Document>")
        (bank / f"{number}.xml").write_text(text.getvalue(), encoding="utf-8")


def judge(world: World, outbox: Path) -> Counter[str]:
    """What became of the payments, by their truth: right, wrong, exception, ignored, and posted though it must not."""
    posted: dict[str, dict[str, int]] = {}
    with (outbox / "allocations.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            cash = to_minor(Decimal(row["allocated_amount"]), row["currency"])
            posted.setdefault(row["bank_reference"], {})[row["item_id"]] = cash
    told: Counter[str] = Counter()
    for payment in world.payments:
        truth = world.truth[payment.payment_id]
        told["payments"] += 1
        mine = posted.get(payment.payment_id)
        if mine is None:
            told["not posted"] += 1
        elif truth.must_not_be_posted:
            told["posted though it must not"] += 1
        else:
            told["right" if mine == _cash(truth) else "wrong"] += 1
    return told


def _cash(truth: Truth) -> dict[str, int]:
    return {one.item_id: one.cash for one in truth.items}


def run(payments: int = 20_000, items: int = 50_000, seed: int = 1) -> list[dict[str, object]]:
    """One night over the files of the first world; a row per figure."""
    return night_over(generate("hard", payments, items, seed))


def night_over(world: World) -> list[dict[str, object]]:
    """One night over the world's files; a row per figure."""
    with tempfile.TemporaryDirectory(prefix="lettrage-night-") as name:
        folder = Path(name)
        write_world(world, folder)
        policy = PolicySettings.model_validate(
            {"tolerance": {"EUR": {"amount": "1.00", "share": "0.005"}}, "charges_limit": {"EUR": "15.00"}}
        )
        erp = {"kind": "flatfile", "inbox": str(folder / "in"), "outbox": str(folder / "out")}
        banks = [{"inbox": str(folder / "bank")}]
        company = CompanySettings.model_validate({"name": "night", "erp": erp, "banks": banks, "policy": policy})
        moment = datetime.combine(world.as_of, datetime.min.time(), tzinfo=UTC)
        clock = Run(as_of=world.as_of, clock=lambda: moment)
        rows: list[dict[str, object]] = []
        for label in ("first run", "second run, nothing changed"):
            ledger = open_ledger(f"sqlite:///{folder / 'lettrage.db'}")
            wall, cpu = time.perf_counter(), time.process_time()
            sync(company, ledger, clock)
            rows.append(
                {
                    "what": label,
                    "wall s": round(time.perf_counter() - wall, 1),
                    "cpu s": round(time.process_time() - cpu, 1),
                }
            )
            ledger.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rows.append({"what": "peak memory, world included, MB", "value": peak})
        rows += [{"what": what, "value": count} for what, count in judge(world, folder / "out").items()]
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", choices=("first", "second"), default="first")
    wanted = parser.parse_args()
    if wanted.world == "first":
        world = generate("hard", wanted.payments, wanted.items, wanted.seed)
    else:
        world = generate_second(wanted.payments, wanted.items, wanted.seed)
    for row in night_over(world):
        print("  ".join(f"{key}: {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
