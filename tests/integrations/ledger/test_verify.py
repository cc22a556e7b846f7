"""A sound ledger has no violation; each planted corruption is named."""

import pytest

from integrations.ledger.port import Ledger
from tests.integrations.ledger.story import ACME, tell_again
from tests.integrations.ledger.tampering import tamper


def test_a_ledger_in_which_everything_happened_is_sound(lived_in_ledger: Ledger) -> None:
    assert list(lived_in_ledger.verify()) == []
    assert list(lived_in_ledger.verify("nobody")) == []


P1 = "(SELECT decision_id FROM decisions WHERE payment_id = 'p1' AND live)"
CORRUPTIONS = {
    "a payment's amount": (
        "UPDATE payments SET amount = amount + 1 WHERE payment_id = 'p1'",
        "entries_become_payments",
    ),
    "a cent of a payment": ("UPDATE payments SET allocated = allocated - 1 WHERE payment_id = 'p1'", "days_add_up"),
    "a payment and its entry together": (
        "UPDATE entries SET amount = amount + 1 WHERE entry_key = 'p1'",
        "entries_as_delivered",
    ),
    "a payment deleted": ("DELETE FROM payments WHERE payment_id = 'p3'", "entries_become_payments"),
    "a payment added": (
        """INSERT INTO payments
        (company_id, payment_id, entry_key, file_id, account, currency, amount, booked_on, content)
        SELECT company_id, 'p99', entry_key, file_id, account, currency, 0, booked_on, content
        FROM payments WHERE payment_id = 'p1'""",
        "payments_on_record",
    ),
    "an entry lost": ("DELETE FROM deliveries WHERE entry_key = 'p2'", "entries_read_or_quarantined"),
    "a quarantined part lost": ("DELETE FROM quarantined", "entries_read_or_quarantined"),
    "a statement's closing": ("UPDATE statements SET closing = '1.00'", "statements_add_up"),
    "a raw file": (
        "UPDATE files SET sha256 = 'abc' WHERE file_id = 1",
        "raw_files_unchanged",
    ),
    "a payment's parts": ("UPDATE payments SET ignored = 0 WHERE payment_id = 'p3'", "payments_say_what_was_decided"),
    "an allocation raised": (
        f"UPDATE allocations SET cash = cash + 1, settled = settled + 1 WHERE decision_id = {P1}",
        "decisions_add_up",
    ),
    "an allocation turned to another item": (
        f"UPDATE allocations SET item_no = 2 WHERE decision_id = {P1}",
        "decisions_as_sealed",
    ),
    "an allocation to no item": (
        f"UPDATE allocations SET item_no = 77 WHERE decision_id = {P1}",
        "allocations_have_their_decision",
    ),
    "an item settled beyond what is open": (
        "UPDATE items SET open_amount = 1 WHERE item_id = '1'",
        "items_within_what_is_open",
    ),
    "an item's counter": ("UPDATE items SET settled = 0 WHERE item_id = '3'", "items_within_what_is_open"),
    "a second live decision": (
        "UPDATE decisions SET live = true WHERE payment_id = 'p5' AND kind = 'allocated'",
        "one_live_decision",
    ),
    "a live decision ended without a reversal": (
        "UPDATE decisions SET live = false WHERE payment_id = 'p1'",
        "one_live_decision",
    ),
    "a decision's author": (
        "UPDATE decisions SET actor = 'mallory' WHERE payment_id = 'p2' AND live",
        "decisions_as_sealed",
    ),
    "a decision without author": ("UPDATE decisions SET actor = '' WHERE payment_id = 'p1'", "somebody_decided"),
    "a decision's explanation": (
        "UPDATE decisions SET texts = '{\"explanation\":\"trust me\"}' WHERE payment_id = 'p1'",
        "decisions_as_sealed",
    ),
    "a decision deleted": ("DELETE FROM decisions WHERE payment_id = 'p1'", "decisions_on_record"),
    "a case closed by hand": ("UPDATE cases SET state = 'cleared' WHERE payment_id = 'p4'", "cases_follow_payments"),
    "a self-approval": ("UPDATE verdicts SET person = 'anna'", "four_eyes"),
    "a posting's amount": (
        "UPDATE outbox SET amount = amount + 1 WHERE payment_id = 'p1'",
        "postings_say_what_was_decided",
    ),
    "what a posting would send": (
        "UPDATE outbox SET posting = replace(posting, '\"cash\":11900', '\"cash\":11901') WHERE payment_id = 'p1'",
        "postings_say_what_was_decided",
    ),
    "a posting confirmed by hand": (
        "UPDATE outbox SET state = 'confirmed' WHERE payment_id = 'p2'",
        "outcomes_are_on_record",
    ),
    "a confirmed posting to be sent again": (
        "UPDATE outbox SET state = 'approved' WHERE payment_id = 'p1'",
        "outcomes_are_on_record",
    ),
    "a reversal lost": (
        "DELETE FROM outbox WHERE payment_id = 'p5' AND action = 'reverse'",
        "taken_back_everywhere",
    ),
    "what a later file said changed": (
        "UPDATE entry_history SET said = 'x' WHERE entry_key = 'p9'",
        "tellings_on_record",
    ),
    "what a later file said removed": ("DELETE FROM entry_history WHERE entry_key = 'p9'", "tellings_on_record"),
    "what a later file said made up": (
        """INSERT INTO entry_history (company_id, entry_key, file_id, applied, before, said, salt, content_hash)
        SELECT company_id, 'p1', 1, applied, before, said, salt, content_hash FROM entry_history
        WHERE entry_key = 'p9'""",
        "tellings_on_record",
    ),
    "a replaced payment brought back": (
        "UPDATE payments SET replaced_by = NULL WHERE payment_id = 'p8'",
        "entries_become_payments",
    ),
    "a payment made to count for nothing": (
        "UPDATE payments SET replaced_by = 1 WHERE payment_id = 'p8.1'",
        "days_add_up",
    ),
    "an audit entry changed": ("UPDATE audit SET actor = 'mallory' WHERE sequence = 2", "chain_unbroken"),
    "what an audit entry says": ("UPDATE audit SET content = '{}' WHERE event = 'learned'", "chain_unbroken"),
    "an audit entry removed": ("DELETE FROM audit WHERE sequence = 3", "chain_unbroken"),
    "the end of the audit trail cut off": (
        "DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)",
        "chain_unbroken",
    ),
}


@pytest.mark.parametrize(("statement", "law"), CORRUPTIONS.values(), ids=CORRUPTIONS.keys())
def test_a_planted_corruption_is_named(lived_in_ledger: Ledger, lived_in_url: str, statement: str, law: str) -> None:
    tell_again(lived_in_ledger)
    assert list(lived_in_ledger.verify()) == []
    tamper(lived_in_url, statement)
    found = list(lived_in_ledger.verify(ACME))
    assert law in {one.law for one in found}
    assert all(one.where and one.message for one in found)


def test_there_are_twenty_corruptions_and_more() -> None:
    assert len(CORRUPTIONS) >= 20
