"""What the OData stand-ins share: filters read as the specification writes them, property names held to metadata."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from lxml import etree

_TOKENS = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<typed>(?:datetime|guid)'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+Z)|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<day>\d{4}-\d\d-\d\d)|(?P<number>-?\d+(?:\.\d+)?L?)|(?P<word>[A-Za-z_][A-Za-z0-9_/]*))"
)
_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


class UnknownProperty(Exception):  # noqa: N818
    """A property that the metadata does not have."""


@dataclass
class Condition:
    """A parsed filter: which properties it names, and whether a row meets it."""

    names: set
    meets: object


def parse_filter(text):
    if not text:
        return Condition(set(), lambda _row: True)
    tokens = [(match.lastgroup, match[match.lastgroup]) for match in _TOKENS.finditer(text)]
    assert "".join(text.split()) == "".join("".join(value.split()) for _, value in tokens), f"cannot read {text!r}"
    names = set()

    def value(kind, raw):
        if kind == "text":
            return raw[1:-1].replace("''", "'")
        if kind == "typed":
            inner = raw.split("'")[1]
            return datetime.fromisoformat(inner).replace(tzinfo=UTC) if raw.startswith("datetime") else inner.lower()
        if kind == "moment":
            return datetime.fromisoformat(raw)
        if kind == "day":
            return date.fromisoformat(raw)
        if kind == "guid":
            return raw.lower()
        if kind == "number":
            return Decimal(raw.rstrip("L"))
        return {"true": True, "false": False, "null": None}[raw]

    def term():
        kind, raw = tokens.pop(0)
        if kind == "open":
            inner = alternatives()
            assert tokens.pop(0)[0] == "close"
            return inner
        operator = tokens.pop(0)[1]
        wanted = value(*tokens.pop(0))
        names.add(raw)
        return lambda row: _compare(row.get(raw), operator, wanted)

    def all_of():
        parts = [term()]
        while tokens and tokens[0] == ("word", "and"):
            tokens.pop(0)
            parts.append(term())
        return lambda row: all(part(row) for part in parts)

    def alternatives():
        parts = [all_of()]
        while tokens and tokens[0] == ("word", "or"):
            tokens.pop(0)
            parts.append(all_of())
        return lambda row: any(part(row) for part in parts)

    meets = alternatives()
    assert not tokens, f"cannot read {text!r}"
    return Condition(names, meets)


def _compare(have, operator, wanted):
    if isinstance(have, date) and not isinstance(have, datetime) and isinstance(wanted, datetime):
        have = datetime(have.year, have.month, have.day, tzinfo=UTC)
    if isinstance(have, str) and isinstance(wanted, str) and len(wanted) == 36:
        have = have.lower()
    if operator == "eq":
        return have == wanted
    if operator == "ne":
        return have != wanted
    if have is None:
        return False
    return {"gt": have > wanted, "ge": have >= wanted, "lt": have < wanted, "le": have <= wanted}[operator]


class Metadata:
    """Properties, lengths and enumerations per entity set, from a vendor's $metadata."""

    def __init__(self, path):
        tree = etree.parse(str(path))
        types = {each.get("Name"): each for each in tree.iter(f"{_EDM}EntityType")}
        self.sets = {
            each.get("Name"): {
                prop.get("Name"): (prop.get("Type"), int(prop.get("MaxLength") or 0))
                for prop in types[each.get("EntityType").rpartition(".")[2]].iter(f"{_EDM}Property")
            }
            for each in tree.iter(f"{_EDM}EntitySet")
        }
        self.members = {
            each.get("Name"): {member.get("Name") for member in each.iter(f"{_EDM}Member")}
            for each in tree.iter(f"{_EDM}EnumType")
        }
        self.actions = {
            (each.find(f"{_EDM}Parameter").get("Type").rpartition(".")[2], each.get("Name"))
            for each in tree.iter(f"{_EDM}Action")
        }

    def require(self, entities, names):
        unknown = sorted(set(names) - set(self.sets[entities]))
        if unknown:
            raise UnknownProperty(f"Could not find a property named '{unknown[0]}' on type of '{entities}'.")
