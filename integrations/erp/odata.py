"""OData as ERPs speak it: one way to page through an answer, and how values are written, in versions 2 and 4.

The server cuts its answers into pages and names the next one by a link; the client only follows. So rows with equal
timestamps at the edge of a page are the server's business, and nothing is counted here. A link is followed only on the
server that was asked: the next request carries our sign-in.
Source: OData 4.01 protocol, 11.2.6.7 (server-driven paging); OData 2.0 JSON format, "__next" and dates.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from integrations.erp.errors import ProtocolError, SnapshotRefused
from integrations.erp.http import Http

Version = Literal[2, 4]
Row = Mapping[str, Any]
_TICKS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPage:
    """Rows of one answer. ``total`` is how many the server says there are in all, None where it does not say."""

    rows: tuple[Row, ...]
    last: bool
    total: int | None


def pages(http: Http, path: str, query: Mapping[str, str], version: Version) -> Iterator[DataPage]:
    """All pages of a collection, one in memory at a time. Raises ProtocolError besides what a read may raise."""
    reply = http.read("GET", path, params=dict(query))
    seen: set[str] = set()
    total: int | None = None
    while True:
        rows, link, counted = _taken_apart(reply.body, version, path)
        total = counted if counted is not None else total
        yield DataPage(rows=rows, last=not link, total=total)
        if not link:
            return
        if link in seen:
            message = f"the list of {path} leads back to a page that was read already; nothing of it is believed"
            raise ProtocolError(message)
        seen.add(link)
        _same_server(http, link, path)
        reply = http.read("GET", link)


def all_pages(http: Http, path: str, query: Mapping[str, str], version: Version) -> Iterator[DataPage]:
    """`pages` of a list that must be complete: fewer rows than the server counted are refused.

    Raises SnapshotRefused at the end, when rows are missing that are still there.
    """
    counting = {"$count": "true"} if version == 4 else {"$inlinecount": "allpages"}
    received = 0
    for page in pages(http, path, {**query, **counting}, version):
        received += len(page.rows)
        if page.last and page.total is not None and received < page.total:
            # Rows may have left the list while it was read; what counts is what is there now.
            again = next(pages(http, path, {**query, **counting, "$top": "1"}, version)).total
            if again is not None and received < again:
                message = (
                    f"the list of {path} has {again} rows, {received} came; it was cut short on its way, pull again"
                )
                raise SnapshotRefused(message)
        yield page


def _taken_apart(body: Any, version: Version, path: str) -> tuple[tuple[Row, ...], str, int | None]:
    """Rows, the next page's link and the server's count; a version 2 list may come with or without "results"."""
    if version == 4:
        found = body if isinstance(body, dict) else {}
        rows, link, counted = found.get("value"), found.get("@odata.nextLink"), found.get("@odata.count")
    else:
        inner = body.get("d") if isinstance(body, dict) else None
        found = inner if isinstance(inner, dict) else {"results": inner}
        rows, link, counted = found.get("results"), found.get("__next"), found.get("__count")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        message = f"the answer for {path} holds no list of rows; check the address"
        raise ProtocolError(message)
    return tuple(rows), str(link or ""), int(counted) if counted is not None else None


def _same_server(http: Http, link: str, path: str) -> None:
    theirs, ours = urlsplit(link), urlsplit(http.base_url)
    if theirs.netloc and (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
        message = f"the list of {path} goes on at another server ({theirs.netloc}); our sign-in is not sent there"
        raise ProtocolError(message)


# -- Values --------------------------------------------------------------------------------------------------------


def text_literal(value: str) -> str:
    """A text in a filter.

    >>> text_literal("O'Neill")
    "'O''Neill'"
    """
    return "'" + value.replace("'", "''") + "'"


def moment_literal(moment: datetime, version: Version) -> str:
    """A moment in a filter, in UTC.

    >>> moment_literal(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), 4)
    '2026-11-20T09:30:00Z'
    >>> moment_literal(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), 2)
    "datetime'2026-11-20T09:30:00'"
    """
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if version == 2:
        return f"datetime'{text}'"
    return f"{text}.{moment.microsecond // 1000:03}Z" if moment.microsecond else f"{text}Z"


def moment_of(value: Any) -> datetime | None:
    """A moment as version 4 (ISO) or version 2 (milliseconds since 1970) writes it; None for what is none.

    >>> moment_of("2026-11-20T09:30:00.123Z"), moment_of("/Date(1763631000000)/")
    (datetime.datetime(2026, 11, 20, 9, 30, 0, 123000, tzinfo=datetime.timezone.utc), datetime.datetime(2025, 11, 20, \
9, 30, tzinfo=datetime.timezone.utc))
    """
    if not isinstance(value, str):
        return None
    ticks = _TICKS.fullmatch(value)
    if ticks:
        return _EPOCH + timedelta(milliseconds=int(ticks[1]))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# A receivables ledger has few different days, and named values are few by nature.
@lru_cache(maxsize=4_096)
def day_of(value: Any) -> date | None:
    """A calendar date in either version; None for what stands for no date.

    >>> day_of("/Date(1793404800000)/"), day_of("2026-10-31"), day_of("0001-01-01"), day_of(None)
    (datetime.date(2026, 10, 31), datetime.date(2026, 10, 31), None, None)
    """
    moment = moment_of(value)
    return None if moment is None or moment.year == 1 else moment.date()


def ticks_of(day: date) -> str:
    """A calendar date as version 2 takes it in JSON.

    >>> ticks_of(date(2026, 10, 31))
    '/Date(1793404800000)/'
    """
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})/"


@lru_cache(maxsize=4_096)
def enum_text(value: Any) -> str:
    """A named value with its escaped characters as they are.

    >>> enum_text("Credit_x0020_Memo"), enum_text("_x0020_"), enum_text("Open")
    ('Credit Memo', '', 'Open')
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value or "")).strip()


def entity_tag(row: Row) -> str:
    """What a change must name so that it is refused when somebody changed the record meanwhile."""
    return str(row.get("@odata.etag") or "*")
