"""The balance chain: what blocks the night, and what does not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dagster_project.chain import breaks
from integrations.config.settings import CompanySettings
from integrations.ledger.records import StatementOnFile
from matching.model.bank_statement import StatementHeader


def company(**account: Any) -> CompanySettings:
    bank = {"inbox": "bank", "accounts": {"NL1": account} if account else {}}
    erp = {"kind": "flatfile", "inbox": "in", "outbox": "out"}
    return CompanySettings.model_validate({"name": "acme", "erp": erp, "banks": [bank]})


def statement(
    day: int, opening: str | None, closing: str | None, *, number: int = 0, **changes: Any
) -> StatementOnFile:
    header = StatementHeader(
        account="NL1", account_owner=None, currency="EUR", kind=changes.pop("kind", "final"), statement_id=None,
        sequence=str(number or day), page=changes.pop("page", None), last_page=None, from_date=date(2026, 11, day),
        to_date=date(2026, 11, day), opening=Decimal(opening) if opening else None,
        closing=Decimal(closing) if closing else None,
    )  # fmt: skip
    return StatementOnFile(
        statement_no=changes.pop("no", day), file_name=f"f{day}", account="NL1", header=header,
        integrity=changes.pop("integrity", "balanced"), entry_count=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([statement(9, "0", "5"), statement(10, "5", "7")], []),
        ([statement(9, "0", "5"), statement(10, "6", "7")], ["f10"]),
        ([statement(13, "0", "5"), statement(16, "6", "7", number=14)], ["f16"]),
        ([statement(9, "0", "5"), statement(11, "6", "7")], []),
        ([statement(9, None, "5"), statement(10, None, "7")], []),
        ([statement(9, "0", "5", integrity="unbalanced")], ["f9"]),
        ([statement(9, "0", "5", integrity="unbalanced", no=1), statement(9, "0", "5", no=2)], []),
        ([statement(9, "0", "5"), statement(10, "9", "7", kind="interim")], []),
        ([statement(9, "3", "5", number=2), statement(9, "0", "3", number=1)], []),
        ([statement(9, "0", "3", page=1), statement(9, "3", "5", page=2)], []),
    ],
    ids=["meets", "apart", "apart-over-weekend", "day-missing-between", "ofx", "unbalanced", "replaced", "interim",
         "two-a-day", "pages"],
)  # fmt: skip
def test_breaks(statements: list[StatementOnFile], found: list[str]) -> None:
    assert [one.message.split(":")[0] for one in breaks(statements, company())] == found


def test_an_account_whose_imbalance_was_accepted_blocks_nothing() -> None:
    unbalanced = [statement(9, "0", "5", integrity="unbalanced"), statement(10, "6", "7")]
    assert list(breaks(unbalanced, company(findings={"unbalanced_statement": "info"}))) == []
