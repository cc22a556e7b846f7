"""The model's frozen data as JSON text in the database, and back, without loss.

Dates are ISO text, decimals their exact text. What is empty (None, "", no elements, False) is left out: most of what
a bank could say it does not say. Reading needs no defaults in the model, only its types.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")
Convert = Callable[[Any], Any]

_PLAIN = (str, int, float, bool)


def to_text(value: object) -> str:
    """A model object (or plain data) as compact JSON.

    >>> from matching.model.open_item import HouseAccount
    >>> to_text(HouseAccount(account="DE89", currency="EUR"))
    '{"account":"DE89","currency":"EUR"}'
    """
    plain = writer(type(value))(value) if dataclasses.is_dataclass(value) else value
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def plain(value: object) -> dict[str, Any]:
    """A model object as plain data, ready for JSON."""
    made: dict[str, Any] = writer(type(value))(value)
    return made


def from_text(kind: type[T], text: str) -> T:
    """The object that `to_text` wrote.

    >>> from matching.model.open_item import HouseAccount
    >>> from_text(HouseAccount, '{"account":"DE89","currency":"EUR"}')
    HouseAccount(account='DE89', currency='EUR', name='')
    """
    made: T = reader(kind)(json.loads(text))
    return made


_known: dict[tuple[Any, Any], Convert] = {}


def _made(kind: Any, make: Callable[[Any], Convert]) -> Convert:
    """Made once per dataclass, because looking at types takes longer than writing a thousand rows."""
    if (kind, make) not in _known:
        _known[kind, make] = make(kind)
    return _known[kind, make]


def writer(kind: Any) -> Convert:
    """Turns objects of one dataclass into dicts of plain data."""
    return _made(kind, _writer)


def _writer(kind: Any) -> Convert:
    hints = typing.get_type_hints(kind)
    names = tuple(field.name for field in dataclasses.fields(kind))
    values = attrgetter(*names) if len(names) > 1 else (lambda one, only=attrgetter(*names): (only(one),))
    steps = tuple((name, _empty(hints[name]), _write(hints[name])) for name in names)

    def write(one: object) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for value, (name, empty, convert) in zip(values(one), steps, strict=True):
            if value is None or value == empty:
                if value is None and empty is not None:
                    plain[name] = None
                continue
            plain[name] = value if convert is None else convert(value)
        return plain

    return write


def reader(kind: Any) -> Convert:
    """Makes objects of one dataclass from what its writer wrote."""
    return _made(kind, _reader)


def _reader(kind: Any) -> Convert:
    hints = typing.get_type_hints(kind)
    steps = tuple(
        (field.name, _empty(hints[field.name]), _read(hints[field.name])) for field in dataclasses.fields(kind)
    )

    def read(plain: dict[str, Any]) -> Any:
        values = {}
        for name, empty, convert in steps:
            value = plain.get(name, empty)
            values[name] = value if convert is None or value is None or value is empty else convert(value)
        return kind(**values)

    return read


def _optional(hint: Any) -> tuple[Any, bool]:
    """The hint without None, and whether None was allowed."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        others = [one for one in typing.get_args(hint) if one is not type(None)]
        assert len(others) == 1, f"the ledger stores no union of {others}"
        return others[0], True
    return hint, False


def _empty(hint: Any) -> Any:
    inner, optional = _optional(hint)
    if optional:
        return None
    if typing.get_origin(inner) is tuple:
        return ()
    return {str: "", bool: False}.get(inner)


def _write(hint: Any) -> Convert | None:
    inner, _ = _optional(hint)
    if inner is Decimal:
        return str
    if inner is date:
        return date.isoformat
    if dataclasses.is_dataclass(inner):
        return writer(inner)
    if typing.get_origin(inner) is tuple:
        each = _write(typing.get_args(inner)[0])
        return list if each is None else lambda many: [each(one) for one in many]
    assert inner in _PLAIN or typing.get_origin(inner) is typing.Literal, f"the ledger cannot store {inner}"
    return None


def _read(hint: Any) -> Convert | None:
    inner, _ = _optional(hint)
    if inner is Decimal:
        return Decimal
    if inner is date:
        return date.fromisoformat
    if dataclasses.is_dataclass(inner):
        return reader(inner)
    if typing.get_origin(inner) is tuple:
        each = _read(typing.get_args(inner)[0])
        return tuple if each is None else lambda many: tuple(each(one) for one in many)
    return None
