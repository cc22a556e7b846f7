"""Pulling from Odoo: receivable lines, partners, settled lines, bank journals.

The open item is the receivable *line*, because an invoice with instalments has several. Lines are paged by id, so
neither equal timestamps nor changes while paging lose one; changes since the last pull are found by Odoo's own
write_date, with an overlap, because it is the start of a transaction that may commit later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.errors import ConfigError, ProtocolError, ValidationFailed
from integrations.erp.lean import new_open_item
from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.rpc import OdooRpc
from integrations.erp.protocol import Page, QuarantinedRow
from matching.model.money import AmountError
from matching.model.open_item import Customer, HouseAccount, ItemKind, OpenItem

PAGE_ROWS = 1_000
LINE = "account.move.line"
_LINE_FIELDS = (
    "move_id",
    "move_name",
    "move_type",
    "partner_id",
    "currency_id",
    "amount_currency",
    "amount_residual_currency",
    "date",
    "invoice_date",
    "date_maturity",
    "discount_date",
    "discount_amount_currency",
    "parent_state",
    "reconciled",
)
_LOCKS = (
    "fiscalyear_lock_date",
    "period_lock_date",
    "hard_lock_date",
    "user_fiscalyear_lock_date",
    "user_hard_lock_date",
)
_WITH_ARCHIVED = {"active_test": False}
_INVOICES = {"out_invoice", "out_receipt"}
Record = Mapping[str, Any]


class OdooReader:
    """What can be read of one company."""

    def __init__(self, settings: Settings, rpc: OdooRpc) -> None:
        self._settings = settings
        self._rpc = rpc
        self._currencies: dict[int, str] = {}
        self._company: dict[str, Any] | None = None
        self._company_id: int | None = None
        self._move_fields: list[str] | None = None

    @property
    def company(self) -> dict[str, Any]:
        """The company's record; from the first use on every call is made as this company."""
        if self._company is None:
            wanted = ("name", "currency_id", *_LOCKS, "account_journal_early_pay_discount_loss_account_id")
            company_id = self._company_id or self._settings.company_id
            if company_id is None:
                user = self._rpc.search_read("res.users", [["id", "=", self._rpc.sign_in()]], ["company_id"])
                company_id = int(user[0]["company_id"])
            self._company_id = company_id
            self._rpc.context["allowed_company_ids"] = [company_id]
            fields = self._rpc.fields("res.company", wanted)
            (self._company,) = self._rpc.search_read("res.company", [["id", "=", company_id]], sorted(fields))
        return self._company

    def forget_company(self) -> None:
        """Read the company anew at the next use: its lock dates may have moved."""
        self._company = None

    def locked_until(self) -> date | None:
        """The last day on which our user can book no cash any more; None where nothing is locked.

        From Odoo 18 on the company says it for our user, with exceptions and parent companies counted in. Before,
        the lock for everybody and the one for all but the head of accounting are taken, whoever our user is.
        """
        company = self.company
        names = [name for name in _LOCKS if name.startswith("user_") and name in company] or _LOCKS
        return max((locked for name in names if (locked := day(company.get(name)))), default=None)

    def currency(self, currency_id: int) -> str:
        """The ISO code of a currency id."""
        if currency_id not in self._currencies:
            found = self._rpc.search_read("res.currency", [], ["name"], context=_WITH_ARCHIVED)
            self._currencies = {row["id"]: row["name"] for row in found}
        return self._currencies[currency_id]

    # -- items -------------------------------------------------------------------------------------------------------

    def _receivable(self) -> list[Any]:
        return [
            ["account_type", "=", "asset_receivable"],
            ["company_id", "=", self.company["id"]],
            *self._settings.item_filter,
        ]

    def _open(self) -> list[Any]:
        return [*self._receivable(), ["parent_state", "=", "posted"], ["reconciled", "=", False]]

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """All open lines, or what changed since the cursor."""
        domain = self._open()
        since = _since(cursor, self._settings.overlap_minutes) if cursor else None
        if since:
            # Without the filter on open ones, so that closed, cancelled and redrafted lines are seen; and with the
            # invoice's own write_date, because its payment reference changes without touching the line.
            domain = [*self._receivable(), "|", ["write_date", ">=", since], ["move_id.write_date", ">=", since]]
        newest = self._rpc.search_read(LINE, self._receivable(), ["write_date"], order="write_date desc", limit=1)
        watermark = str(newest[0]["write_date"]) if newest else (cursor or "")
        yield from self._pages(domain, watermark=watermark, snapshot=since is None)

    def _pages(self, domain: list[Any], *, watermark: str, snapshot: bool) -> Iterator[Page[OpenItem]]:
        last_id = 0
        while True:
            lines = self._rpc.search_read(
                LINE, [*domain, ["id", ">", last_id]], _LINE_FIELDS, limit=PAGE_ROWS, order="id"
            )
            last = len(lines) < PAGE_ROWS
            is_open = lines if snapshot else [line for line in lines if _is_open(line)]
            gone = () if snapshot else tuple(str(line["id"]) for line in lines if not _is_open(line))
            rows, aside = self._items(is_open)
            yield Page(
                rows=tuple(rows), gone=gone, quarantined=tuple(aside), cursor=watermark, snapshot=snapshot, last=last
            )
            if last:
                return
            last_id = lines[-1]["id"]

    def check_items(self) -> str:
        """What a pull would ask, for one row. Raises ConfigError where filter or reference fields are not Odoo's."""
        unknown = set(self._settings.reference_fields) - self._rpc.fields(
            "account.move", self._settings.reference_fields
        )
        if unknown:
            message = f"invoices in Odoo have no field {', '.join(sorted(unknown))}; correct `reference_fields`"
            raise ConfigError(message)
        try:
            found = self._rpc.search_read(LINE, self._open(), ["id"], limit=1)
        except (ProtocolError, ValidationFailed) as error:
            if not self._settings.item_filter:
                raise
            message = f"Odoo does not understand `item_filter`: {error}"
            raise ConfigError(message) from error
        return "there are open items to pull" if found else "nothing is open, or `item_filter` lets nothing through"

    def settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """Reconciled invoice lines, with the day of their last match."""
        domain = [*self._receivable(), ["parent_state", "=", "posted"], ["reconciled", "=", True],
                  ["move_type", "in", ["out_invoice", "out_refund", "out_receipt"]]]  # fmt: skip
        if since:
            domain.append(["write_date", ">=", f"{since.isoformat()} 00:00:00"])
        last_id = 0
        while True:
            lines = self._rpc.search_read(
                LINE, [*domain, ["id", ">", last_id]], _LINE_FIELDS, limit=PAGE_ROWS, order="id"
            )
            rows, aside = self._items(lines, settled_on=self._settled_on([line["id"] for line in lines]))
            last = len(lines) < PAGE_ROWS
            yield Page(rows=tuple(rows), quarantined=tuple(aside), snapshot=False, last=last)
            if last:
                return
            last_id = lines[-1]["id"]

    def open_keys(self) -> Iterator[str]:
        """Ids only, some ten thousand at a time."""
        last_id = 0
        while True:
            ids = self._rpc.call(
                LINE, "search", writing=False, domain=[*self._open(), ["id", ">", last_id]], limit=20_000, order="id"
            )
            yield from (str(each) for each in ids)
            if len(ids) < 20_000:
                return
            last_id = ids[-1]

    def lines(self, item_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The receivable lines with these ids, whatever their state."""
        ids = [int(each) for each in item_ids if each.isdigit()]
        if not ids:
            return []
        return self._rpc.search_read(LINE, [*self._receivable(), ["id", "in", ids]], (*_LINE_FIELDS, "account_id"))

    def items(self, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """The items as they are; cancelled and draft ones are left out, settled ones have nothing open."""
        posted = [line for line in self.lines(item_ids) if line["parent_state"] == "posted"]
        rows, _ = self._items(posted)
        return {row.item_id: row for row in rows}

    def _settled_on(self, ids: Sequence[int]) -> dict[int, date]:
        """The day on which each line was matched last."""
        if not ids:
            return {}
        domain = ["|", ["debit_move_id", "in", list(ids)], ["credit_move_id", "in", list(ids)]]
        matches = self._rpc.search_read(
            "account.partial.reconcile", domain, ["debit_move_id", "credit_move_id", "max_date"]
        )
        found: dict[int, date] = {}
        for match in matches:
            on = day(match["max_date"])
            for line in (match["debit_move_id"], match["credit_move_id"]):
                if on and on > found.get(line, date.min):
                    found[line] = on
        return found

    def _items(
        self, lines: Sequence[Record], settled_on: Mapping[int, date] | None = None
    ) -> tuple[list[OpenItem], list[QuarantinedRow]]:
        moves = self._moves(sorted({line["move_id"] for line in lines}))
        rows, aside = [], []
        for line in lines:
            try:
                item = self._item(line, moves.get(line["move_id"], {}), settled_on)
            except (AmountError, KeyError, ValueError) as error:
                where = f"receivable line {line.get('id')} of {line.get('move_name')}"
                message = f"{where}: {error}"
                aside.append(
                    QuarantinedRow(where=where, message=message, raw=str(dict(line)), item_id=str(line.get("id")))
                )
            else:
                rows.append(item)
        return rows, aside

    def _moves(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        if not ids:
            return {}
        if self._move_fields is None:
            wanted = ("name", "payment_reference", "payment_state", *self._settings.reference_fields)
            self._move_fields = sorted(self._rpc.fields("account.move", wanted))
        found = self._rpc.search_read("account.move", [["id", "in", list(ids)]], self._move_fields)
        return {move["id"]: move for move in found}

    def _item(self, line: Record, move: Record, settled_on: Mapping[int, date] | None) -> OpenItem:
        # A pull does this a hundred thousand times: what is mostly so is looked at first.
        currency = self._currencies.get(line["currency_id"]) or self.currency(line["currency_id"])
        original = minor(line["amount_currency"], currency)
        untouched = line["amount_residual_currency"] == line["amount_currency"]
        number = _text(line["move_name"] or move.get("name"))
        issued_on = day(line["invoice_date"] or line["date"])
        if issued_on is None:
            message = "the line has no date"
            raise ValueError(message)
        reference = _text(move.get("payment_reference"))
        until, discount = self._discount(line, currency, original) if untouched and line["discount_date"] else (None, 0)
        return new_open_item(
            str(line["id"]),
            number,
            _kind(line["move_type"], original),
            str(line["partner_id"] or ""),
            currency,
            issued_on,
            day(line["date_maturity"]) or issued_on,
            original,
            original if untouched else minor(line["amount_residual_currency"], currency),
            "" if reference == number else reference,
            until,
            discount,
            move.get("payment_state") == "blocked",
            settled_on.get(line["id"]) if settled_on is not None else None,
            self._others(move, number, reference),
        )

    @staticmethod
    def _discount(line: Record, currency: str, original: int) -> tuple[date | None, int]:
        """Until when how much may be taken off; Odoo grants it on untouched items only."""
        until = day(line["discount_date"])
        discounted = minor(line["discount_amount_currency"], currency) if until else 0
        return (until, original - discounted) if discounted else (None, 0)

    def _others(self, move: Record, number: str, reference: str) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        for field in self._settings.reference_fields:
            if (value := move.get(field)) and (text := _text(value)) and text not in (number, reference, *found):
                found = (*found, text)
        return found

    # -- customers and accounts ----------------------------------------------------------------------------------

    def customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """Partners that can owe: companies and persons of their own, with their bank accounts."""
        domain: list[Any] = ["|", ["is_company", "=", True], ["parent_id", "=", False]]
        # Archived ones are mostly duplicates of others; those that still owe are wanted all the same.
        domain += ["|", ["active", "=", True], ["id", "in", self._owing_archived()]]
        since = _since(cursor, self._settings.overlap_minutes) if cursor else None
        if since:
            changed = self._rpc.search_read("res.partner.bank", [["write_date", ">=", since]], ["partner_id"])
            owners = sorted(set(self._heads({row["partner_id"] for row in changed if row["partner_id"]}).values()))
            domain += ["|", ["write_date", ">=", since], ["id", "in", owners]]
        marks = [
            self._rpc.search_read(model, [], ["write_date"], order="write_date desc", limit=1)
            for model in ("res.partner", "res.partner.bank")
        ]
        watermark = max((str(rows[0]["write_date"]) for rows in marks if rows), default=cursor or "")
        fields = sorted(self._rpc.fields("res.partner", ("name", "parent_id", "country_code")))
        last_id = 0
        while True:
            partners = self._rpc.search_read(
                "res.partner",
                [*domain, ["id", ">", last_id]],
                ["id", *fields],
                limit=PAGE_ROWS,
                order="id",
                context=_WITH_ARCHIVED,
            )
            last = len(partners) < PAGE_ROWS
            accounts = self._bank_accounts([row["id"] for row in partners])
            rows = tuple(
                Customer(
                    customer_id=str(row["id"]),
                    name=_text(row["name"]),
                    ibans=tuple(accounts.get(row["id"], ())),
                    country=_text(row.get("country_code")),
                    parent_id=str(row["parent_id"] or ""),
                )
                for row in partners
            )
            yield Page(rows=rows, cursor=watermark, snapshot=since is None, last=last)
            if last:
                return
            last_id = partners[-1]["id"]

    def _owing_archived(self) -> list[int]:
        """Partners with open items that somebody archived."""
        rows = self._rpc.search_read(LINE, [*self._open(), ["partner_id.active", "=", False]], ["partner_id"])
        return sorted({row["partner_id"] for row in rows})

    def _heads(self, partner_ids: Iterable[int]) -> dict[int, int]:
        """The company to which each contact belongs: it owes what its contacts are billed. Its own head otherwise."""
        ids = sorted(partner_ids)
        domain = [["id", "in", ids], ["commercial_partner_id", "not in", ids]]
        contacts = (
            self._rpc.search_read("res.partner", domain, ["commercial_partner_id"], context=_WITH_ARCHIVED)
            if ids
            else []
        )
        return {each: each for each in ids} | {row["id"]: row["commercial_partner_id"] for row in contacts}

    def _bank_accounts(self, partner_ids: Sequence[int]) -> dict[int, list[str]]:
        """The account numbers of companies, those of their contacts among them."""
        if not partner_ids:
            return {}
        domain = [["partner_id.commercial_partner_id", "in", list(partner_ids)]]
        rows = self._rpc.search_read("res.partner.bank", domain, ["partner_id", "sanitized_acc_number"], order="id")
        contacts = {row["partner_id"] for row in rows} - set(partner_ids)
        heads = self._heads(contacts)
        found: dict[int, list[str]] = {}
        for row in rows:
            owner = heads.get(row["partner_id"], row["partner_id"])
            found.setdefault(owner, []).append(_text(row["sanitized_acc_number"]))
        return found

    def sealed_journals(self, journal_ids: Sequence[int]) -> list[str]:
        """Which of these journals seal what is posted with a hash, by their code."""
        if not self._rpc.fields("account.journal", ["restrict_mode_hash_table"]):
            return []
        domain = [["id", "in", list(journal_ids)], ["restrict_mode_hash_table", "=", True]]
        rows = self._rpc.search_read("account.journal", domain, ["code"], order="id", context=_WITH_ARCHIVED)
        return [row["code"] for row in rows]

    def journals(self) -> list[dict[str, Any]]:
        """The company's bank journals with the number of their bank account."""
        fields = ["name", "code", "currency_id", "default_account_id", "bank_account_id", "suspense_account_id"]
        # A branch books in the journals of the company above it, too.
        domain = [["type", "=", "bank"], ["company_id", "parent_of", self.company["id"]]]
        journals = self._rpc.search_read("account.journal", domain, fields, order="id")
        ids = [row["bank_account_id"] for row in journals if row["bank_account_id"]]
        accounts = {
            row["id"]: _text(row["sanitized_acc_number"])
            for row in self._rpc.search_read("res.partner.bank", [["id", "in", ids]], ["sanitized_acc_number"])
        }
        for row in journals:
            row["account"] = accounts.get(row["bank_account_id"], "")
            row["currency"] = self.currency(row["currency_id"] or self.company["currency_id"])
        return journals

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """The numbers of the bank journals, where they are known or configured."""
        configured = {code: account for account, code in self._settings.journals.items()}
        found = []
        for row in self.journals():
            account = row["account"] or configured.get(row["code"], "")
            if account:
                found.append(HouseAccount(account=account, currency=row["currency"], name=_text(row["name"])))
        return tuple(found)


def _is_open(line: Record) -> bool:
    return line["parent_state"] == "posted" and not line["reconciled"]


def _since(cursor: str, overlap_minutes: int) -> str:
    moment = datetime.fromisoformat(cursor) - timedelta(minutes=overlap_minutes)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _kind(move_type: str, amount: int) -> ItemKind:
    if amount < 0:
        return "credit_note" if move_type == "out_refund" else "on_account"
    return "invoice" if move_type in _INVOICES else "debit_note"


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
