"""An ERP behind SQL views and tables: reads two views, writes each posting in one transaction under its primary key.

The primary key is what makes a posting happen once: whoever writes second is told by the database, reads what the
first wrote and compares.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from integrations.erp.converge import assert_whole, refuse_other_content
from integrations.erp.errors import (
    AmbiguousOutcome,
    AuthError,
    ConfigError,
    ErpError,
    PermissionDenied,
    StaleItem,
    Transient,
    UnknownPosting,
    Unsupported,
    ValidationFailed,
)
from integrations.erp.protocol import (
    Capabilities,
    CheckResult,
    Note,
    NoteRef,
    NoteTarget,
    Page,
    PlanStep,
    PostingPlan,
    RemoteAllocation,
    RemotePosting,
    Tick,
)
from integrations.erp.rows import (
    CUSTOMER_COLUMNS,
    ITEM_COLUMNS,
    OPTIONAL_ITEM_COLUMNS,
    REFERENCE_COLUMNS,
    customer_parser,
    house_account_parser,
    item_parser,
)
from integrations.erp.settings import ErpSettings, resolve_secret
from integrations.erp.sql.config import Settings
from integrations.erp.sql.read import View, pages, snapshot
from integrations.erp.sql.tables import WriteTables
from matching.model.money import to_decimal, to_minor
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.posting import Posting

_CUSTOMER_EXTRAS = ("ibans", "country", "parent_id", "aliases", "payer_ids")
Values = dict[str, object]


class SqlConnector:
    """One company's views and tables in one database."""

    def __init__(self, settings: Settings, engine: sa.Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._tables = WriteTables(settings)

    @property
    def capabilities(self) -> Capabilities:
        """Everything a table can say; asynchronous where the ERP answers in a results table."""
        return Capabilities(
            push="table",
            multi_invoice=True,
            partial=True,
            discount=True,
            write_off=True,
            on_account=True,
            credit_notes=True,
            cross_customer=True,
            foreign_currency=True,
            outgoing=True,
            unallocate=True,
            idempotency="unique_key",
            stepwise=False,
            asynchronous=self._settings.results is not None,
            notes_on_item=False,
            notes_on_customer=False,
            dispute_flag=False,
            dunning_block=False,
            settled_detection="snapshot",
            customer_bank_accounts=True,
            discount_terms=True,
            structured_reference=True,
            key_length=32,
            parallel=4,
            undecided="told",
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    def check(self) -> tuple[CheckResult, ...]:
        """Whether the database answers, the views have their columns and the tables are there."""
        found: list[CheckResult] = []
        looks = [
            ("open items", self._items_view),
            ("customers", self._customers_view),
            ("tables", self._look_at_tables),
        ]
        for name, look in looks:
            try:
                with _named_errors(writing=False):
                    look()
                found.append(CheckResult(name=name, status="ok", message="is there with all it needs"))
            except ErpError as error:
                found.append(CheckResult(name=name, status="failed", message=str(error)))
        return tuple(found)

    def pull_open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """The whole view as of one moment, whatever the cursor."""
        with _named_errors(writing=False):
            yield from pages(self._engine, self._items_view(), lambda p: item_parser(p, settled=False), "item_id")

    def pull_customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """The whole view of customers."""
        with _named_errors(writing=False):
            yield from pages(self._engine, self._customers_view(), customer_parser, "customer_id")

    def pull_settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """What the view of settled items holds from ``since`` on; undated ones are kept."""
        if self._settings.settled_items is None:
            yield Page(rows=(), snapshot=False, last=True)
            return
        with _named_errors(writing=False):
            view = self._view(self._settings.settled_items, ITEM_COLUMNS, (*OPTIONAL_ITEM_COLUMNS, *REFERENCE_COLUMNS))
            for page in pages(self._engine, view, lambda p: item_parser(p, settled=True), "item_id"):
                rows = tuple(row for row in page.rows if not (since and row.settled_on and row.settled_on < since))
                yield Page(rows=rows, quarantined=page.quarantined, snapshot=False, last=page.last)

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts, where there is a view of them."""
        if self._settings.house_accounts is None:
            return ()
        with _named_errors(writing=False):
            view = self._view(self._settings.house_accounts, ("account",), ("currency", "name"))
            found = pages(self._engine, view, house_account_parser, "account")
            return tuple(row for page in found for row in page.rows)

    def list_open_keys(self) -> Iterator[str]:
        """The ids in the view of open items."""
        with _named_errors(writing=False), snapshot(self._engine) as connection:
            view = self._view(self._settings.open_items, ("item_id",), ())
            for texts in view.texts(connection):
                yield from (fields[0] for fields in texts)

    def get_items(self, item_ids: Sequence[str]) -> Mapping[str, OpenItem]:
        """The items as the views show them now."""
        with _named_errors(writing=False), snapshot(self._engine) as connection:
            return self._items(connection, item_ids)

    # -- writing ---------------------------------------------------------------------------------------------------

    def plan(self, posting: Posting) -> PostingPlan:
        """The rows that would be inserted, all in one transaction."""
        assert_whole(posting)
        header, lines = _rows(posting)
        steps = [
            PlanStep(
                name="posting",
                summary=f"{header['payment_amount']} {posting.currency} of {posting.payer_name or 'an unnamed payer'}",
                target=self._settings.postings,
                content=header,
            )
        ]
        steps += [
            PlanStep(
                name=f"line {line['line_number']}",
                summary=f"{line['allocated_amount']} {posting.currency} against {line['number']}",
                target=self._settings.posting_lines,
                content=line,
            )
            for line in lines
        ]
        return PostingPlan(posting=posting, route="allocate", steps=tuple(steps))

    def find(self, key: str) -> RemotePosting | None:
        """The posting as the tables show it, with the ERP's answer where it gives one."""
        with _named_errors(writing=False), self._engine.connect() as connection:
            return self._find(connection, key)

    def apply(self, plan: PostingPlan, prior: RemotePosting | None, tick: Tick) -> RemotePosting:
        """Insert the posting in one transaction.

        Raises AlreadyExists, StaleItem, ValidationFailed, AmbiguousOutcome.
        """
        posting = plan.posting
        header, lines = _rows(posting)
        with _named_errors(writing=False), self._engine.connect() as connection:
            there = self._find(connection, posting.key)
            if there is not None:
                return refuse_other_content(posting, there)
            self._refuse_stale(connection, posting)
        tick("posting")
        if not self._insert([(self._tables.postings, [header]), (self._tables.lines, lines)]) and not self.find(
            posting.key
        ):
            message = f"the database refuses posting {posting.key}, which is not there either; look at its constraints"
            raise ValidationFailed(message)
        found = self.find(posting.key)
        assert found is not None, "a posting that was committed can be read"
        return refuse_other_content(posting, found)

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Insert the reversal, once. Raises UnknownPosting, AmbiguousOutcome."""
        there = self.find(key)
        if there is None:
            message = f"{self._settings.postings} holds no posting {key}; there is nothing to take back"
            raise UnknownPosting(message)
        if there.state != "reversed":
            row: Values = {"posting_key": key, "reversed_on": on, "reason": reason}
            self._insert([(self._tables.reversals, [row])])  # Or another worker was first, with the same effect.
        found = self.find(key)
        assert found is not None, "a posting that was reversed can be read"
        return found

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """Not possible here. Raises Unsupported."""
        message = "the tables have no place for notes; the exceptions are in the worklist"
        raise Unsupported(message, capability="notes")

    def close(self) -> None:
        """Let the database connections go."""
        self._engine.dispose()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _view(self, name: str, required: Sequence[str], optional: Sequence[str]) -> View:
        return View(self._engine, name, required, optional, self._settings.columns)

    def _items_view(self) -> View:
        return self._view(self._settings.open_items, ITEM_COLUMNS, (*OPTIONAL_ITEM_COLUMNS, *REFERENCE_COLUMNS))

    def _customers_view(self) -> View:
        return self._view(self._settings.customers, CUSTOMER_COLUMNS, _CUSTOMER_EXTRAS)

    def _look_at_tables(self) -> None:
        if self._settings.create_tables:
            self._tables.metadata.create_all(self._engine)
        with self._engine.connect() as connection:
            for table in (self._tables.postings, self._tables.lines, self._tables.reversals, self._tables.results):
                if table is not None:
                    connection.execute(sa.select(table).limit(1)).all()

    def _insert(self, work: Sequence[tuple[sa.Table, list[Values]]]) -> bool:
        """All rows in one transaction; False when a key is there already. Raises AmbiguousOutcome."""
        try:
            with _named_errors(writing=True), self._engine.begin() as connection:
                for table, rows in work:
                    if rows:
                        connection.execute(table.insert(), rows)
        except sa.exc.IntegrityError:
            return False
        return True

    def _items(self, connection: sa.Connection, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        found: dict[str, OpenItem] = {}
        settled = self._settings.settled_items
        optional = (*OPTIONAL_ITEM_COLUMNS, *REFERENCE_COLUMNS)
        views = [(self._view(settled, ITEM_COLUMNS, optional), True)] if settled else []
        for view, is_settled in [*views, (self._items_view(), False)]:
            parse = item_parser(view.places, settled=is_settled)
            for start in range(0, len(item_ids), 500):
                for texts in view.texts(connection, ("item_id", item_ids[start : start + 500])):
                    found.update({item.item_id: item for item in map(parse, texts)})
        return found

    def _refuse_stale(self, connection: sa.Connection, posting: Posting) -> None:
        """An item may not be settled by more than the view shows open. Raises StaleItem."""
        ids = [each.item_id for each in posting.allocations]
        items = self._items(connection, ids)
        for each in posting.allocations:
            item = items.get(each.item_id)
            settled = each.cash + each.discount + each.write_off
            if posting.amount < 0 and settled < 0 and (item is None or item.original_amount > 0):
                continue  # Money that came back opens the item again.
            if item is None or abs(settled) > abs(item.open_amount):
                message = (
                    f"item {each.number} ({each.item_id}) is "
                    + ("no longer in the view of open items" if item is None else "open with less than this settles")
                    + "; match the payment again"
                )
                actual = None if item is None else item.open_amount
                raise StaleItem(message, item_id=each.item_id, expected=each.expected_open, actual=actual)

    def _find(self, connection: sa.Connection, key: str) -> RemotePosting | None:
        tables = self._tables
        row = (
            connection.execute(sa.select(tables.postings).where(tables.postings.c.posting_key == key))
            .mappings()
            .first()
        )
        if row is None:
            return None
        lines = connection.execute(
            sa.select(tables.lines).where(tables.lines.c.posting_key == key).order_by(tables.lines.c.line_number)
        ).mappings()
        currency = row["currency"]
        allocations = tuple(
            RemoteAllocation(
                item_id=line["item_id"],
                settled=sum(
                    to_minor(line[column], currency)
                    for column in ("allocated_amount", "discount_amount", "write_off_amount")
                ),
            )
            for line in lines
        )
        remote = RemotePosting(
            key=key,
            state="posted",
            native_ids=(key,),
            amount=to_minor(row["payment_amount"], currency),
            currency=currency,
            booked_on=row["booking_date"],
            allocations=allocations,
            on_account=to_minor(row["on_account_amount"], currency),
        )
        return self._with_answer(connection, remote)

    def _with_answer(self, connection: sa.Connection, remote: RemotePosting) -> RemotePosting:
        reversals, results = self._tables.reversals, self._tables.results
        taken_back = (
            connection.execute(sa.select(reversals).where(reversals.c.posting_key == remote.key)).mappings().first()
        )
        if taken_back is not None:
            detail = f"taken back on {taken_back['reversed_on']}: {taken_back['reason']}"
            return replace(remote, state="reversed", detail=detail)
        if results is None:
            return remote
        answer = connection.execute(sa.select(results).where(results.c.posting_key == remote.key)).mappings().first()
        if answer is None:
            return replace(remote, state="submitted", detail="the ERP has not answered yet")
        if answer["outcome"] == "booked":
            return replace(remote, native_ids=(remote.key, *filter(None, [answer["document"]])))
        message = f"the ERP rejected posting {remote.key}: {answer['message'] or 'no reason given'}"
        raise ValidationFailed(message, code=str(answer["outcome"]))


def connect(settings: ErpSettings, env: Mapping[str, str]) -> SqlConnector:
    """The connector for these settings. Raises ConfigError when the URL is missing or no URL."""
    assert isinstance(settings, Settings)
    secret = resolve_secret(settings.url_variable, env)
    try:
        engine = sa.create_engine(secret.reveal(), hide_parameters=True)
    except (sa.exc.ArgumentError, ImportError):
        message = f"{settings.url_variable} holds no usable database URL; write it like postgresql+psycopg://..."
        raise ConfigError(message) from None
    return SqlConnector(settings, engine)


def _rows(posting: Posting) -> tuple[Values, list[Values]]:
    def amount(minor: int) -> Decimal:
        return to_decimal(minor, posting.currency)

    header: Values = {
        "posting_key": posting.key,
        "revision": posting.revision,
        "company": posting.company,
        "account": posting.account,
        "bank_reference": posting.bank_reference,
        "end_to_end_id": posting.end_to_end_id,
        "value_date": posting.value_date,
        "booking_date": posting.booking_date,
        "currency": posting.currency,
        "payment_amount": amount(posting.amount),
        "on_account_amount": amount(posting.on_account),
        "on_account_customer_id": posting.on_account_customer_id,
        "payer_name": posting.payer_name.replace("\x00", ""),
        "payer_iban": posting.payer_account,
        "remittance": posting.remittance.replace("\x00", ""),
        "status": posting.status,
        "rule": posting.rule,
        "explanation": posting.explanation.replace("\x00", ""),
    }
    lines: list[Values] = [
        {
            "posting_key": posting.key,
            "line_number": number,
            "item_id": each.item_id,
            "number": each.number,
            "customer_id": each.customer_id,
            "allocated_amount": amount(each.cash),
            "discount_amount": amount(each.discount),
            "write_off_amount": amount(each.write_off),
            "write_off_reason": each.write_off_reason,
        }
        for number, each in enumerate(posting.allocations, start=1)
    ]
    return header, lines


def _reason(error: sa.exc.DBAPIError) -> str:
    """The database's first line, which names the constraint and never the connection."""
    return str(error.orig).strip().split("\n", maxsplit=1)[0][:200]


@contextmanager
def _named_errors(*, writing: bool) -> Iterator[None]:
    """The driver's errors by what to do next; the URL and the values stay out of the text."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.ProgrammingError as error:
        code = getattr(error.orig, "sqlstate", None)
        if code == "42501":
            message = f"the database user lacks a right: {_reason(error)}"
            raise PermissionDenied(message) from None
        message = f"the views or tables do not fit the settings: {_reason(error)}"
        raise ConfigError(message) from None
    except sa.exc.OperationalError as error:
        code = getattr(error.orig, "sqlstate", None) or ""
        reason = _reason(error)
        if code.startswith("28") or "authentication failed" in reason:
            message = "the database does not accept the user or the password"
            raise AuthError(message) from None
        if "no such table" in reason or "no such column" in reason:
            message = f"the views or tables do not fit the settings: {reason}"
            raise ConfigError(message) from None
        if writing:
            message = "the connection broke while writing; look whether the posting is there before going on"
            raise AmbiguousOutcome(message) from None
        message = "the database cannot be reached or is busy; try again later"
        raise Transient(message) from None
    except sa.exc.DBAPIError as error:
        message = f"the database refuses: {_reason(error)}"
        raise ValidationFailed(message) from None
