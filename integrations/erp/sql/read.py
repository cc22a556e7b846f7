"""Reading the views: one consistent snapshot per pull, streamed, under the rules that files are read by."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

import sqlalchemy as sa

from integrations.erp.errors import ConfigError
from integrations.erp.protocol import Page, QuarantinedRow
from integrations.erp.rows import BadValueError, Fields, Places
from integrations.erp.sql.tables import split_name

PAGE_ROWS = 5_000
Row = TypeVar("Row")


class View:
    """A view with its contract columns found under their own or their configured names.

    Raises ConfigError when the view or a required column is not there.
    """

    def __init__(
        self, engine: sa.Engine, name: str, required: Sequence[str], optional: Sequence[str], renamed: Mapping[str, str]
    ) -> None:
        self.name = name
        schema, bare = split_name(name)
        try:
            present = {column["name"] for column in sa.inspect(engine).get_columns(bare, schema=schema)}
        except sa.exc.NoSuchTableError:
            message = f"there is no view {name} in the database, or no right to read it"
            raise ConfigError(message) from None
        self.columns: list[str] = []
        native: list[sa.ColumnElement[object]] = []
        for column in (*required, *optional):
            theirs = renamed.get(column, column)
            if theirs in present:
                self.columns.append(column)
                native.append(sa.column(theirs))
            elif column in required:
                message = f"view {name} lacks the required column {theirs!r}; add it, or map it under columns"
                raise ConfigError(message)
        self.places: Places = {column: place for place, column in enumerate(self.columns)}
        self._native = native
        self._select = sa.select(*native).select_from(sa.table(bare, schema=schema))

    def texts(
        self, connection: sa.Connection, only: tuple[str, Sequence[str]] | None = None
    ) -> Generator[list[Fields]]:
        """The rows as text, some thousand at a time; ``only`` = a column and the values it may have."""
        query = self._select
        if only is not None:
            column, values = only
            query = query.where(sa.cast(self._native[self.places[column]], sa.String).in_(values))
        # The cursor on the server is closed before its connection, also when a pull is stopped after some pages.
        streamed = connection.execution_options(stream_results=True, max_row_buffer=PAGE_ROWS)
        with closing(streamed.execute(query)) as result:
            for rows in result.partitions(PAGE_ROWS):
                yield [[as_text(value) for value in row] for row in rows]


def pages(
    engine: sa.Engine, view: View, parser: Callable[[Places], Callable[[Fields], Row]], key_column: str
) -> Iterator[Page[Row]]:
    """The whole view as of one moment; a bad row is set aside with view, key and column."""
    parse = parser(view.places)
    key_place = view.places[key_column]
    seen: set[str] = set()
    with snapshot(engine) as connection, closing(view.texts(connection)) as found:
        for texts in found:
            rows, aside = [], []
            for fields in texts:
                key = fields[key_place].strip()
                try:
                    _first_time(key, seen, key_column)
                    rows.append(parse(fields))
                    seen.add(key)
                except BadValueError as bad:
                    aside.append(_set_aside(view, fields, bad, key))
            yield Page(rows=tuple(rows), quarantined=tuple(aside))
    yield Page(rows=(), last=True)


def snapshot(engine: sa.Engine) -> sa.Connection:
    """A connection that sees one moment, so that rows changed while paging are neither missed nor seen twice."""
    connection = engine.connect()
    if engine.dialect.name in {"postgresql", "mysql", "mariadb"}:
        return connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def as_text(value: object) -> str:
    """A database value as the file contract writes it.

    >>> as_text(None), as_text(Decimal("1.50")), as_text(date(2026, 1, 2)), as_text(True), as_text(119.1)
    ('', '1.50', '2026-01-02', '1', '119.1')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if isinstance(value, float | Decimal):
        # SQLite keeps decimals as binary numbers; their shortest text is what was put in.
        return f"{Decimal(str(value)):f}"
    return str(value)


def _first_time(key: str, seen: set[str], column: str) -> None:
    if key in seen:
        raise BadValueError(column, f"{key!r} is there twice; an id stands for one row only")


def _set_aside(view: View, fields: Fields, bad: BadValueError, key: str) -> QuarantinedRow:
    where = f"{view.name} {key or '(no key)'} column {bad.column}"
    return QuarantinedRow(where=where, message=f"{where}: {bad.trouble}", raw=",".join(fields), item_id=key)
