"""Every statement file that others published and may be handed on: nothing lost, no sign changed, twice the same.

The files lie beside the project, not in it. Where the folder is missing, the test says so loudly and passes over them.
"""

import csv
import io
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from integrations.bank.read import ReadOptions, read_file
from integrations.bank.render import file_as_json, file_as_object
from tests.integrations.bank.test_contract import key_orders, published

STATEMENTS = Path(__file__).parents[4] / "shared/statements"
FILES = sorted(path for path in STATEMENTS.glob("*/**/*") if path.is_file())
ALONE = ReadOptions(second_opinion_entries=0)

pytestmark = pytest.mark.skipif(not FILES, reason="322 PUBLISHED STATEMENT FILES NOT CHECKED: no ../shared/statements")


def inventory():
    with (STATEMENTS / "inventory.csv").open(encoding="utf-8") as rows:
        return {row["path"]: row for row in csv.DictReader(rows)}


# -- plain scans that know nothing of our readers ------------------------------------------------------------------

_MT_LINE = re.compile(rb"(?:^|[\r\n])[ \t]*:61:")
_OFX_ELEMENT = re.compile(rb"<STMTTRN\s*>", re.IGNORECASE)
_OFX_AMOUNT = re.compile(
    rb"<STMTTRN\s*>(?:(?!</?STMTTRN).)*?<TRNAMT>\s*([-+]?[\d.,]+)\s*(?=[<\r\n])", re.IGNORECASE | re.DOTALL
)
_MT_AMOUNT = re.compile(
    rb"(?:^|[\r\n])[ \t]*:61:\d{6}(?:\d{4}|[ ]{4})?(E?R?[CDcd]|[rR][cdCD])[A-Z]?[ \n]?(\d[\d]*[,.]?\d*)"
)


def scanned_entries(path, raw):
    if path.relative_to(STATEMENTS).parts[0] == "mt94x":
        return len(_MT_LINE.findall(raw))
    if path.relative_to(STATEMENTS).parts[0] == "ofx":
        return len(_OFX_ELEMENT.findall(raw))
    parser = etree.XMLParser(resolve_entities=False, huge_tree=True, recover=True)
    root = etree.parse(io.BytesIO(raw), parser)
    return int(root.xpath("count(//*[local-name()='Ntry'])"))


def scanned_amounts(path, raw):
    """Signed amounts as a plain scan sees them."""
    family = path.relative_to(STATEMENTS).parts[0]
    if family == "ofx":
        return Counter(
            _ofx_decimal(text.decode("ascii")) for text in _OFX_AMOUNT.findall(raw) if re.search(rb"\d", text)
        )
    if family == "mt94x":
        return Counter(
            _mt_decimal(mark.decode("ascii").upper(), text.decode()) for mark, text in _MT_AMOUNT.findall(raw)
        )
    root = etree.parse(io.BytesIO(raw), etree.XMLParser(resolve_entities=False, huge_tree=True))
    amounts = Counter()
    for entry in root.xpath("//*[local-name()='Ntry']"):
        text = entry.xpath("string(*[local-name()='Amt'])").strip()
        if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
            continue  # one that has to be set aside
        amount = Decimal(text)
        debit = entry.xpath("string(*[local-name()='CdtDbtInd'])").strip() == "DBIT"
        amounts[-amount if debit else amount] += 1
    return amounts


def _ofx_decimal(text):
    if "," in text and "." in text:
        text = text.replace("." if text.rfind(",") > text.rfind(".") else ",", "")
    return Decimal(text.replace(",", "."))


def _mt_decimal(mark, text):
    """C and RD are credits, D and RC debits; an E (expected) changes nothing."""
    amount = Decimal(text.replace(",", ".") if not text.endswith(",") else text[:-1])
    return amount if mark.lstrip("E") in {"C", "RD"} else -amount


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(STATEMENTS)) for path in FILES])
def test_nothing_is_lost_and_no_sign_changes(path):
    raw = path.read_bytes()
    file = read_file(path, options=ALONE)
    entries = [entry for statement in file.statements for entry in statement.entries]
    assert file.facts.entries_in_file == len(entries) + len(file.quarantined) == scanned_entries(path, raw)
    ours = Counter(entry.amount for entry in entries)
    scanned = scanned_amounts(path, raw)
    assert not ours - scanned, "an amount that the bytes do not hold"
    assert (scanned - ours).total() <= len(file.quarantined), "an amount neither read nor set aside"
    rendered = file_as_object(file)
    wanted = dict(key_orders(published()))
    assert {where: keys for where, keys in key_orders(rendered) if wanted[where] != keys} == {}
    assert file_as_json(read_file(path, options=ALONE)) == json.dumps(rendered, ensure_ascii=False)


def test_every_statement_that_balances_is_reported_balanced():
    """Against the inventory's own arithmetic: at least as many balance as it found, file by file."""
    known, worse = inventory(), []
    for path in FILES:
        name = str(path.relative_to(STATEMENTS))
        wanted = int(known[name]["balanced"] or 0)
        balanced = sum(one.integrity == "balanced" for one in read_file(path, options=ALONE).statements)
        if balanced < wanted:
            worse.append(f"{name}: {balanced} of {wanted}")
    assert worse == []


def test_the_other_parsers_are_asked_about_every_file_of_mt940_and_ofx():
    """Where they differ or fail, the file says so; which files those are is written down here."""
    told = {
        path.name: finding.code
        for path in FILES
        if path.relative_to(STATEMENTS).parts[0] != "camt"
        for finding in read_file(path).findings
        if finding.code.startswith("second_opinion")
    }
    assert Counter(told.values()) == {"second_opinion_failed": 9, "second_opinion_differs": 3}
    assert {name for name, code in told.items() if code == "second_opinion_differs"} == {
        "Rabo__sample",  # decimal points: 10 of 39 entries
        "statement_details.sta",  # a fragment without :20: is dropped whole
        "ofx-v102-empty-tags.ofx",  # the only entry has an empty FITID
    }
