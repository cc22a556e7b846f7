"""Taking over what the ERP says is open: a million items in bounded memory, and only what differs is written.

The items come in any order. They are cut into chunks where an item's own id says so, which makes the cut independent
of what stands before it; a chunk whose content is known word for word is skipped without asking the database for its
rows. Which items were seen is one bit each, so that what is missing from a whole snapshot can be told at the end.
"""

import json
import marshal
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from integrations.ledger import schema
from integrations.ledger.database import BATCH, batches, storable
from integrations.ledger.records import Change, ImportCounts
from integrations.ledger.reflection import Movement, movements_of, reflect
from integrations.ledger.unit import Unit
from matching.model.open_item import OpenItem

# What the ERP says about an item, in the order of `_SAID` below and of the table's columns.
_NAMES = (
    *("item_id", "number", "kind", "customer_id", "currency", "issued_on", "due_on", "original_amount", "open_amount"),
    *("payment_reference", "discount_until", "discount_amount", "disputed", "settled_on", "other_references"),
)
_said = attrgetter(*_NAMES)
_INSERTED = ("company_id", "item_no", *_NAMES, "gone", "direction", "overdrawn")
_CUT = 0x3FF
_CHUNK_MAX = 4 * (_CUT + 1)

# Stands before each of an item's other references in the column that holds them all.
REFERENCE_MARK = "\x1f"
_DAYS = tuple(_NAMES.index(one) for one in ("issued_on", "due_on", "discount_until", "settled_on"))
_texts = itemgetter(
    *(_NAMES.index(one) for one in ("item_id", "number", "kind", "customer_id", "currency", "payment_reference"))
)

Said = tuple[Any, ...]
_ITEM_ID, _CURRENCY, _ORIGINAL, _OPEN = (
    _NAMES.index(one) for one in ("item_id", "currency", "original_amount", "open_amount")
)


class _Standing(NamedTuple):
    """An item as the ledger holds it."""

    item_no: int
    said: Said
    gone: bool
    direction: int
    settled: int
    reflected: int
    overdrawn: int


def import_items(
    unit: Unit,
    items: Iterable[OpenItem],
    *,
    kind: Literal["open", "settled"],
    snapshot: bool,
    gone: Iterable[str],
    source_hash: str,
    change: Change,
    keep: Iterable[str] = (),
) -> ImportCounts:
    """Take over open or settled items; see the port."""
    intake = _Intake(unit, kind, change)
    if source_hash and intake.source_before() == source_hash:
        return ImportCounts(read=0, added=0, changed=0, skipped=True)
    for chunk in _chunks(items):
        intake.take(chunk)
    if snapshot and kind == "open":
        for ids in batches(keep):
            intake.keep(ids)
        intake.close_unseen()
    for ids in batches(gone):
        intake.close_named(ids)
    intake.finish(source_hash, whole=snapshot)
    counts = intake.counts()
    if counts.added or counts.changed or counts.gone:
        summary = {"read": counts.read, "added": counts.added, "changed": counts.changed, "gone": counts.gone}
        unit.note(change, f"{kind}_items", "", summary)
    return counts


def _chunks(items: Iterable[OpenItem]) -> Iterator[list[Said]]:
    """The items in chunks of about a thousand, cut where an id's checksum says so."""
    chunk: list[Said] = []
    for item in items:
        said = _said(item)
        chunk.append(said)
        if not zlib.crc32(said[0].encode("utf-8", "surrogatepass")) & _CUT or len(chunk) >= _CHUNK_MAX:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _digest(chunk: list[Said]) -> str:
    columns = list(zip(*chunk, strict=True))
    for place in _DAYS:
        columns[place] = tuple([day and day.toordinal() for day in columns[place]])
    # Version 2 writes values alone: equal rows give equal bytes, whoever made their strings.
    return blake2b(marshal.dumps(columns, 2), digest_size=16).hexdigest()


def _stored(said: Said) -> Said:
    """What is said, as the tables hold it."""
    references = "".join([REFERENCE_MARK + one for one in said[-1]])
    together = "".join(_texts(said)) + references
    if together.isascii() and "\x00" not in together:
        return (*said[:-1], references)
    texts = [storable(one) if isinstance(one, str) else one for one in said[:-1]]
    return (*texts, storable(references))


@dataclass(slots=True)
class _Intake:
    """One import on its way."""

    unit: Unit
    kind: Literal["open", "settled"]
    change: Change
    read: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    repeated: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    # Chunks that were recognised, whose items' bits are not set yet: needless when everything is recognised.
    unmarked: set[str] = field(default_factory=set)
    passed_over: int = 0
    kept: int = 0
    returned: int = 0
    known_chunks: set[str] = field(default_factory=set)
    used_chunks: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.seen = bytearray((self.unit.last_item_no >> 3) + 1)
        table = schema.item_chunks.c
        found = self.unit.connection.execute(
            select(table.digest).where(table.company_id == self.unit.company_id, table.kind == self.kind)
        )
        self.known_chunks = set(found.scalars())

    def counts(self) -> ImportCounts:
        return ImportCounts(
            read=self.read,
            added=self.added,
            changed=self.changed,
            gone=self.gone,
            repeated=tuple(self.repeated),
            refused=tuple(self.refused),
        )

    # -- What came ------------------------------------------------------------------------------------------------

    def take(self, chunk: list[Said]) -> None:
        self.read += len(chunk)
        digest = _digest(chunk)
        if digest in self.known_chunks:
            self.unmarked.add(digest)
            self.used_chunks.add(digest)
            return
        self._mark_unmarked()
        before = self._not_taken()
        numbers = self._compare([_stored(said) for said in chunk])
        if before == self._not_taken():
            self._remember(digest, numbers)

    def _not_taken(self) -> int:
        """Rows that the tables do not hold as they came, so that their chunk must be looked at again."""
        return len(self.repeated) + len(self.refused) + self.passed_over

    def _compare(self, chunk: list[Said]) -> list[int]:
        """Write what is new or different; returns the numbers of all items in the chunk."""
        standing = self._standing(schema.items.c.item_id, [said[_ITEM_ID] for said in chunk])
        by_id = {one.said[_ITEM_ID]: one for one in standing}
        numbers, fresh, differing = [], [], []
        for said in chunk:
            item_id = said[_ITEM_ID]
            known = by_id.get(item_id)
            if known is None:
                self.unit.last_item_no += 1
                known = _Standing(self.unit.last_item_no, said, self.kind == "settled", _direction(said), 0, 0, 0)
                by_id[item_id] = known
                fresh.append(known)
            elif self._was_seen(known.item_no):
                self.repeated.append(item_id)
                continue
            elif self._differs(known, said):
                differing.append((known, said))
            numbers.append(known.item_no)
            self._mark([known.item_no])
        self._add(fresh)
        self._update(differing, gone=self.kind == "settled")
        return numbers

    def _differs(self, known: _Standing, said: Said) -> bool:
        if self.kind == "settled" and not known.gone:
            # Still among the open items: what the ERP says there counts until it is gone from there.
            self.passed_over += 1
            return False
        if known.said == said and known.gone == (self.kind == "settled"):
            return False
        if known.said[_CURRENCY] != said[_CURRENCY] and known.settled:
            self.refused.append(
                f"item {said[_ITEM_ID]} was in {known.said[_CURRENCY]} and is settled by us in part; the ERP says "
                f"{said[_CURRENCY]} now. Reopen the payments on it, then pull again"
            )
            return False
        return True

    def _add(self, fresh: Sequence[_Standing]) -> None:
        rows = [
            (self.unit.company_id, one.item_no, *one.said, one.gone, one.direction, _overdrawn(one, one.said[_OPEN], 0))
            for one in fresh
        ]
        self.unit.database.insert(self.unit.connection, schema.items, _INSERTED, rows)
        self.added += len(rows)

    # -- What differs -----------------------------------------------------------------------------------------------

    def _update(self, differing: Sequence[tuple[_Standing, Said]], *, gone: bool) -> None:
        if not differing:
            return
        movements = movements_of(self.unit, [known.item_no for known, _ in differing])
        turned: list[Movement] = []
        changes, history = [], []
        self.returned += sum(known.gone and not gone for known, _ in differing)
        for known, said in differing:
            direction = known.direction if known.settled or known.reflected else _direction(said)
            turning = reflect(
                movements.get(known.item_no, []),
                direction=direction,
                before=known.said[_OPEN],
                after=said[_OPEN],
                gone=gone,
            )
            turned += turning
            reflected = known.reflected + sum(-one.settled if one.reflected else one.settled for one in turning)
            shown = known._replace(direction=direction, reflected=reflected)
            changes.append(
                {
                    "no": known.item_no,
                    **dict(zip(_NAMES, said, strict=True)),
                    "gone": gone,
                    "direction": direction,
                    "reflected": reflected,
                    "overdrawn": _overdrawn(shown, said[_OPEN], known.settled),
                }
            )
            history.append(self._history(known, said, gone=gone))
        self._write(changes, history, turned)

    def _write(self, changes: list[dict[str, Any]], history: list[dict[str, Any]], turned: list[Movement]) -> None:
        unit, items, allocations = self.unit, schema.items.c, schema.allocations.c
        unit.connection.execute(
            update(schema.items).where(items.company_id == unit.company_id, items.item_no == bindparam("no")), changes
        )
        unit.connection.execute(insert(schema.item_history), history)
        for one in turned:
            unit.connection.execute(
                update(schema.allocations)
                .where(
                    allocations.company_id == unit.company_id,
                    allocations.decision_id == one.decision_id,
                    allocations.item_no == one.item_no,
                )
                .values(reflected=not one.reflected)
            )
        self.changed += len(changes)

    def _history(self, known: _Standing, said: Said, *, gone: bool) -> dict[str, Any]:
        before, after = dict(zip(_NAMES, known.said, strict=True)), dict(zip(_NAMES, said, strict=True))
        before["gone"], after["gone"] = known.gone, gone
        names = [name for name in before if before[name] != after[name]]
        return {
            "company_id": self.unit.company_id,
            "item_no": known.item_no,
            "at": self.change.at,
            "actor_kind": self.change.actor_kind,
            "actor": self.change.actor,
            "run_id": self.change.run_id,
            "before": json.dumps({name: before[name] for name in names}, default=str, ensure_ascii=False),
            "after": json.dumps({name: after[name] for name in names}, default=str, ensure_ascii=False),
        }

    # -- What is no longer there ------------------------------------------------------------------------------------

    def keep(self, ids: Sequence[str]) -> None:
        """Items that are in the snapshot but could not be read: nothing new is known of them, so they stay."""
        self._mark_unmarked()
        self._mark([one.item_no for one in self._standing(schema.items.c.item_id, [storable(each) for each in ids])])
        self.kept += len(ids)

    def close_unseen(self) -> None:
        """Items the ERP no longer lists are no longer open."""
        if self.unmarked == self.known_chunks and self.used_chunks == self.known_chunks:
            return
        self._mark_unmarked()
        items = schema.items.c
        last = 0
        while True:
            page = self.unit.connection.execute(
                select(items.item_no)
                .where(items.company_id == self.unit.company_id, items.item_no > last, ~items.gone)
                .order_by(items.item_no)
                .limit(4 * BATCH)
            )
            numbers = list(page.scalars())
            if not numbers:
                return
            last = numbers[-1]
            missing = [number for number in numbers if not self._was_seen(number)]
            for some in batches(missing, _CHUNK_MAX):
                self._close(self._standing(items.item_no, some))

    def close_named(self, item_ids: Sequence[str]) -> None:
        """Items the ERP names as no longer open."""
        standing = self._standing(schema.items.c.item_id, [storable(one) for one in item_ids])
        self._close([one for one in standing if not one.gone])

    def _close(self, standing: Sequence[_Standing]) -> None:
        closing = []
        for one in standing:
            said = list(one.said)
            said[_OPEN] = 0
            closing.append((one, tuple(said)))
        changed = self.changed
        self._update(closing, gone=True)
        self.changed = changed
        self.gone += len(closing)

    # -- Chunks and bits ----------------------------------------------------------------------------------------------

    def _standing(self, key: Any, keys: Sequence[Any]) -> list[_Standing]:
        items = schema.items.c
        columns = [items[name] for name in _NAMES]
        found = self.unit.connection.execute(
            select(
                items.item_no, *columns, items.gone, items.direction, items.settled, items.reflected, items.overdrawn
            ).where(items.company_id == self.unit.company_id, key.in_(keys))
        )
        return [_Standing(row[0], tuple(row[1:-5]), *row[-5:]) for row in found]

    def _mark(self, numbers: Iterable[int]) -> None:
        seen = self.seen
        top = (self.unit.last_item_no >> 3) + 1
        if len(seen) < top:
            seen.extend(bytes(top - len(seen) + BATCH))
        for number in numbers:
            seen[number >> 3] |= 1 << (number & 7)

    def _mark_unmarked(self) -> None:
        for digest in self.unmarked:
            self._mark(self._numbers_of(digest))
        self.unmarked.clear()

    def _was_seen(self, number: int) -> bool:
        return number >> 3 < len(self.seen) and bool(self.seen[number >> 3] & 1 << (number & 7))

    def _numbers_of(self, digest: str) -> "array[int]":
        table = schema.item_chunks.c
        packed = self.unit.connection.execute(
            select(table.item_nos).where(
                table.company_id == self.unit.company_id, table.kind == self.kind, table.digest == digest
            )
        ).scalar_one()
        return array("Q", zlib.decompress(packed))

    def _remember(self, digest: str, numbers: Sequence[int]) -> None:
        if digest in self.used_chunks:
            return
        self.used_chunks.add(digest)
        self.unit.connection.execute(
            insert(schema.item_chunks).values(
                company_id=self.unit.company_id,
                kind=self.kind,
                digest=digest,
                item_nos=zlib.compress(array("Q", numbers).tobytes(), 1),
            )
        )

    def finish(self, source_hash: str, *, whole: bool) -> None:
        """Forget what does not describe the rows any more; remember the source as a whole."""
        table = schema.item_chunks.c
        own = [table.company_id == self.unit.company_id, table.kind == self.kind]
        if whole or self.changed or self.gone:
            stale = self.known_chunks - self.used_chunks
            if self.kept:
                # Items stand that no chunk holds: the next snapshot must not be taken for this one.
                stale |= set(sorted(self.used_chunks)[:1])
            for digests in batches(sorted(stale)):
                self.unit.connection.execute(delete(schema.item_chunks).where(*own, table.digest.in_(digests)))
        self._forget_source(self.kind)
        if self.returned:
            # Open again: the list of settled items must be read once more when they are gone again.
            others = [table.company_id == self.unit.company_id, table.kind != self.kind]
            self.unit.connection.execute(delete(schema.item_chunks).where(*others))
            self._forget_source("settled")
        if source_hash and not self.refused and not self.passed_over:
            self.unit.connection.execute(
                insert(schema.cursors).values(
                    company_id=self.unit.company_id,
                    name=_source_name(self.kind),
                    value=source_hash,
                    at=self.change.at,
                )
            )

    def _forget_source(self, kind: str) -> None:
        table = schema.cursors.c
        self.unit.connection.execute(
            delete(schema.cursors).where(table.company_id == self.unit.company_id, table.name == _source_name(kind))
        )

    def source_before(self) -> str:
        """The hash of the source that was imported last without anything else changing items since."""
        table = schema.cursors.c
        return (
            self.unit.connection.execute(
                select(table.value).where(
                    table.company_id == self.unit.company_id, table.name == _source_name(self.kind)
                )
            ).scalar_one_or_none()
            or ""
        )


def _source_name(kind: str) -> str:
    return f"source of {kind} items"


def _direction(said: Said) -> int:
    """1 for what is owed, -1 for credit."""
    size = said[_ORIGINAL] or said[_OPEN]
    return -1 if size < 0 else 1


def _overdrawn(item: _Standing, open_amount: int, settled: int) -> int:
    """By how much the ERP's open amount fell short of what our postings it does not show yet will take."""
    return max(0, item.direction * (settled - item.reflected) - item.direction * open_amount)
