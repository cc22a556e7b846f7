"""Pulling from Business Central: open documents or ledger entries, customers, our bank accounts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from integrations.erp.businesscentral.client import BusinessCentralClient
from integrations.erp.businesscentral.config import Settings
from integrations.erp.businesscentral.receivables import INVOICE, Collection, collections
from integrations.erp.errors import ConfigError, VersionMismatch
from integrations.erp.odata import Row, day_of, enum_text, moment_literal, moment_of, text_literal
from integrations.erp.protocol import Page, QuarantinedRow
from matching.model.money import AmountError
from matching.model.open_item import Customer, HouseAccount, OpenItem


class BusinessCentralReader:
    """What can be read of one company."""

    def __init__(self, settings: Settings, client: BusinessCentralClient) -> None:
        self._settings = settings
        self._client = client
        self._collections = collections(settings)
        self._setup: Row | None = None
        self._journals: dict[str, Row] | None = None

    # -- open items ------------------------------------------------------------------------------------------------

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Everything open, or what changed since the cursor (moments of the service)."""
        moment = moment_of(cursor) if cursor and self._settings.pulls_changes else None
        since = moment - timedelta(minutes=self._settings.overlap_minutes) if moment else None
        # The mark is read before the rows, so that what changes meanwhile comes again.
        mark = (self._newest() or cursor or "") if self._settings.pulls_changes else ""
        for collection in self._collections:
            wanted = collection.is_open
            if since is not None:
                changed = f"{collection.modified} ge {moment_literal(since, 4)}"
                wanted = f"{changed} and {collection.exists}" if collection.exists else changed
            for page in self._client.pages(
                collection.entities, api=collection.api, complete=True, filter=wanted, select=collection.select
            ):
                last = page.last and collection is self._collections[-1]
                yield self._page(collection, page.rows, mark, snapshot=since is None, last=last)

    def _newest(self) -> str:
        found = []
        for each in self._collections:
            query = {"select": each.modified, "orderby": f"{each.modified} desc", "top": "1"}
            found += [str(row[each.modified]) for row in self._client.rows(each.entities, api=each.api, **query)][:1]
        return max(found, key=lambda text: moment_of(text) or text, default="") if found else ""

    def _page(
        self, collection: Collection, rows: Sequence[Row], mark: str, *, snapshot: bool, last: bool
    ) -> Page[OpenItem]:
        items: list[OpenItem] = []
        gone: list[str] = []
        aside: list[QuarantinedRow] = []
        for row in rows:
            try:
                item = collection.read(row)
            except (AmountError, ValueError) as error:
                aside.append(_set_aside(collection, row, error))
                continue
            if item.open_amount:
                items.append(item)
            else:
                gone.append(item.item_id)
        return Page(
            rows=tuple(items),
            gone=() if snapshot else tuple(gone),
            quarantined=tuple(aside),
            cursor=mark,
            snapshot=snapshot,
            last=last,
        )

    def open_keys(self) -> Iterator[str]:
        """The ids of all that is open."""
        for each in self._collections:
            for page in self._client.pages(
                each.entities, api=each.api, complete=True, filter=each.is_open, select=self._key_fields(each)
            ):
                yield from (each.item_id(row) for row in page.rows)

    def _key_fields(self, collection: Collection) -> str:
        page = self._settings.ledger_page
        return "id" if page is None else f"{page.field('entry')},{page.field('type')}"

    def items(self, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """The items as they are now; cancelled documents have nothing open. Raises VersionMismatch when unreadable."""
        found: dict[str, OpenItem] = {}
        for each in self._collections:
            conditions = [condition for item_id in item_ids if (condition := each.condition(item_id))]
            for row in self._client.rows_where(each.entities, conditions, api=each.api, select=each.select):
                try:
                    item = each.read(row)
                except (AmountError, ValueError) as error:
                    raise VersionMismatch(_set_aside(each, row, error).message) from None
                found[item.item_id] = item
        return {item_id: found[item_id] for item_id in item_ids if item_id in found}

    def invoice_ids(self, numbers: Sequence[str]) -> dict[str, str]:
        """The item id of each invoice number."""
        page = self._settings.ledger_page
        if page is None:
            conditions = [f"number eq {text_literal(each)}" for each in numbers]
            rows = self._client.rows_where("salesInvoices", conditions, select="id,number")
            return {str(row["number"]): INVOICE + str(row["id"]) for row in rows}
        (entries,) = self._collections
        number, kind = page.field("number"), page.field("type")
        conditions = [f"({number} eq {text_literal(each)} and {kind} eq 'Invoice')" for each in numbers]
        select = f"{page.field('entry')},{kind},{number}"
        rows = self._client.rows_where(entries.entities, conditions, api=entries.api, select=select)
        return {str(row[number]): entries.item_id(row) for row in rows}

    def settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """Paid documents; when they were paid is not told, so their last change stands for it."""
        for each in self._collections:
            wanted = f"{each.is_settled} and {each.posted_on} ge {since.isoformat()}" if since else each.is_settled
            for page in self._client.pages(each.entities, api=each.api, filter=wanted, select=each.select):
                last = page.last and each is self._collections[-1]
                items = [_settled(each, row) for row in page.rows]
                yield Page(rows=tuple(each for each in items if each is not None), snapshot=False, last=last)

    # -- customers and accounts ------------------------------------------------------------------------------------

    def customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """All customers whatever the cursor, with bank accounts where a custom page tells them."""
        accounts = self._customer_accounts()
        select = "id,number,displayName,country"
        for page in self._client.pages("customers", complete=True, select=select):
            found = tuple(
                Customer(
                    customer_id=str(row["number"]),
                    name=str(row.get("displayName") or row["number"]),
                    ibans=tuple(accounts.get(str(row["number"]), ())),
                    country=_country(row.get("country")),
                )
                for row in page.rows
            )
            yield Page(rows=found, last=page.last)

    def _customer_accounts(self) -> dict[str, list[str]]:
        accounts: dict[str, list[str]] = {}
        if self._settings.bank_account_page:
            api, _, entities = self._settings.bank_account_page.rpartition("/")
            for row in self._client.rows(entities, api=api, select="customerNumber,iban"):
                number = "".join(str(row.get("iban") or "").split()).upper()
                if number:
                    accounts.setdefault(str(row.get("customerNumber") or ""), []).append(number)
        return accounts

    def customer_id(self, number: str) -> str:
        """The service's own id of a customer; empty when there is none."""
        rows = self._client.rows("customers", filter=f"number eq {text_literal(number)}", select="id,number")
        return next((str(row["id"]) for row in rows), "")

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our bank accounts: those the company has, and those that are mapped to a journal."""
        found: dict[str, HouseAccount] = {}
        for row in self._client.rows(
            "bankAccounts", select="id,number,displayName,iban,bankAccountNumber,currencyCode"
        ):
            number = "".join(str(row.get("iban") or row.get("bankAccountNumber") or "").split()).upper()
            if number:
                currency = str(row.get("currencyCode") or self._settings.currency)
                found[number] = HouseAccount(account=number, currency=currency, name=str(row.get("displayName") or ""))
        for account in self._settings.journals:
            number = "".join(account.split()).upper()
            found.setdefault(number, HouseAccount(account=number, currency=self._settings.currency))
        return tuple(found.values())

    # -- what posting needs ----------------------------------------------------------------------------------------

    @property
    def setup(self) -> Row:
        """The general ledger setup: own currency, and from when to when posting is allowed."""
        if self._setup is None:
            select = "id,allowPostingFrom,allowPostingTo,localCurrencyCode"
            self._setup = next(iter(self._client.rows("generalLedgerSetup", select=select)), {})
        return self._setup

    def posting_range(self) -> tuple[date | None, date | None]:
        """The first and the last day on which posting is allowed; None where there is no limit."""
        return day_of(self.setup.get("allowPostingFrom")), day_of(self.setup.get("allowPostingTo"))

    def journals(self) -> dict[str, Row]:
        """The customer payment journals by code."""
        if self._journals is None:
            select = "id,code,displayName,balancingAccountId,balancingAccountNumber"
            rows = self._client.rows("customerPaymentJournals", select=select)
            self._journals = {str(row["code"]): row for row in rows}
        return self._journals

    def journal(self, code: str) -> Row:
        """One journal. Raises ConfigError when it is not there or books against nothing."""
        found = self.journals().get(code)
        if found is None:
            known = ", ".join(sorted(self.journals())) or "none"
            message = f"there is no customer payment journal {code} in Business Central; there are: {known}"
            raise ConfigError(message)
        if not found.get("balancingAccountNumber"):
            message = f"journal {code} has no balancing account; set the bank there, or the cash would book nowhere"
            raise ConfigError(message)
        return found


def _set_aside(collection: Collection, row: Row, error: Exception) -> QuarantinedRow:
    name = row.get("number") or row.get("documentNumber") or collection.item_id(row)
    where = f"{collection.entities} {name}"
    return QuarantinedRow(where=where, message=f"{where}: {error}", raw=str(dict(row)), item_id=collection.item_id(row))


def _settled(collection: Collection, row: Row) -> OpenItem | None:
    """A settled item; what cannot be read teaches nothing, and money on account was never owed."""
    try:
        item = collection.read(row)
    except (AmountError, ValueError):
        return None
    if item.kind == "on_account":
        return None
    return replace(item, open_amount=0, settled_on=day_of(row.get(collection.modified)))


def _country(value: object) -> str:
    """Business Central's country codes are the company's own; two letters are taken for ISO 3166."""
    text = enum_text(value).upper()
    return text if len(text) == 2 and text.isalpha() else ""
