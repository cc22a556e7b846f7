"""Reads the fields of an entry from its canonical XML text, learning each sequence of tags once.

The entries of one bank look alike: the same tags in the same order, only the texts between them change. So the way
from a sequence of tags to the fields of a record is worked out once per sequence and then serves every entry of that
shape; a shape that is met often becomes a regular expression that takes the texts out in one go. That is several times
faster than asking the tree for one field after another, and it reads by local name wherever a bank put its namespaces.

The canonical text of an element is its XML without comments, CDATA sections and processing instructions, with every
bracket in a text escaped. Cut at its brackets, it alternates between tags and texts.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

_MAX_SHAPES = 2_000
_FREQUENT = 100  # to make a regular expression takes as long as it saves on a hundred elements
_MAX_FREQUENT = 40
_TAKEN, _LEFT = "([^<]*)", "[^<]*"
_CURRENCY = re.compile(r"""\sCcy=["']([^"']*)["']""")
_LOCAL_NAME = re.compile(r"/?(?:[^:\s/]+:)?([^\s/]+)")

_NO_ELEMENT = re.compile(r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_TAG = re.compile(r"""<((?:[^<>"']|"[^"]*"|'[^']*')*)>""")
_DEEPEST = 40  # levels below an element that are looked at; CAMT has a dozen

Record = TypeVar("Record", bound=NamedTuple)


def canonical(xml: str) -> str:
    """The canonical text of well-formed XML.

    >>> canonical("<Nm a='>'>A<!-- <b> --><![CDATA[&<]]> -> C</Nm>")
    "<Nm a='&gt;'>A&amp;&lt; -&gt; C</Nm>"
    """
    plain = _NO_ELEMENT.sub(lambda found: html.escape(found.group(1) or "", quote=False), xml)
    parts = _TAG.split(plain)
    parts[::2] = [text.replace(">", "&gt;") for text in parts[::2]]
    parts[1::2] = ["<" + tag.replace(">", "&gt;") + ">" for tag in parts[1::2]]
    return "".join(parts)


@dataclass(frozen=True)
class Grammar(Generic[Record]):
    """What to read of one kind of element: where each field stands below it.

    ``fields`` maps a path of local names to a field of ``record``, a named tuple of texts; where several paths lead to
    one field (versions of the standard differ), the first one found in the document counts. ``lists`` are paths whose
    element may be repeated, ``groups`` those of repeated elements with a grammar of their own.
    """

    record: type[Record]
    fields: Mapping[str, str]
    lists: Mapping[str, str] = field(default_factory=dict)
    groups: "Mapping[str, tuple[str, Grammar[Any]]]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape(Generic[Record]):
    """A sequence of tags understood: which of the texts taken out of it is which field."""

    make: Callable[[Iterable[str]], Record]
    present: Callable[[Sequence[str]], Sequence[str]]
    spread: Callable[[Sequence[str]], Sequence[str]]
    currencies: Mapping[str, str]
    lists: Mapping[str, tuple[int, ...]]
    groups: "Mapping[str, tuple[Shape[Any], ...]]"

    def record(self, texts: Sequence[str]) -> Record:
        """The fields; what the element does not have is an empty text."""
        found = [*map(str.strip, self.present(texts)), ""]
        return self.make(self.spread(found))

    def texts(self, name: str, texts: Sequence[str]) -> list[str]:
        """The texts of a repeated element that are not empty."""
        return [text for at in self.lists.get(name, ()) if (text := texts[at].strip())]


@dataclass(slots=True)
class _Known(Generic[Record]):
    """A shape with the places of its texts among all texts, and how often it was met."""

    shape: Shape[Record]
    wanted: tuple[int, ...]
    take: Callable[[Sequence[str]], Sequence[str]]
    met: int = 0


class ShapeReader(Generic[Record]):
    """Reads elements of one kind, and remembers the shapes it has met."""

    def __init__(self, grammar: Grammar[Record]) -> None:
        self._grammar = grammar
        self._known: dict[tuple[str, ...], _Known[Record]] = {}
        # The shapes met often, by their number of tags.
        self._frequent: dict[int, list[tuple[re.Pattern[str], Shape[Record]]]] = {}
        self._frequent_count = 0

    def read(self, xml: str) -> tuple[Shape[Record], Sequence[str]]:
        """The shape of the canonical text, and the texts it makes its record from."""
        return self.read_frequent(xml) or self.read_seldom(xml)

    def read_frequent(self, xml: str) -> tuple[Shape[Record], Sequence[str]] | None:
        """The same if the shape was met often before; None if not."""
        for pattern, shape in self._frequent.get(xml.count("<"), ()):
            found = pattern.fullmatch(xml)
            if found is not None:
                texts = found.groups()
                return shape, _unescaped(texts) if "&" in xml else texts
        return None

    def read_seldom(self, xml: str) -> tuple[Shape[Record], Sequence[str]]:
        """The same for any shape."""
        tokens = xml.replace(">", "<").split("<")
        tags = tuple(tokens[1::2])
        known = self._known.get(tags)
        if known is None:
            if len(self._known) >= _MAX_SHAPES:
                self._known.clear()
            known = self._known[tags] = _understood(self._grammar, tags)
        known.met += 1
        if known.met == _FREQUENT and self._frequent_count < _MAX_FREQUENT:
            self._frequent_count += 1
            pattern = _pattern(tags, known.wanted, tokens[2::2])
            self._frequent.setdefault(len(tags), []).append((pattern, known.shape))
        texts = known.take(tokens[2::2])
        return known.shape, _unescaped(texts) if "&" in xml else texts


def _unescaped(texts: Sequence[str]) -> Sequence[str]:
    return [html.unescape(text) if "&" in text else text for text in texts]


def _understood(grammar: Grammar[Record], tags: Sequence[str]) -> _Known[Record]:
    wanted: list[int] = []
    shape = _Understanding(grammar, tags, wanted).shape()
    return _Known(shape, tuple(wanted), _items(wanted))


def _pattern(tags: Sequence[str], wanted: Sequence[int], texts: Sequence[str]) -> re.Pattern[str]:
    """Matches exactly the texts of this sequence of tags, with the wanted texts as groups.

    Between the elements a bank writes line ends and blanks or it does not: where this one, of which the ``texts``
    are, has none, the pattern allows none, which makes it shorter. An element that differs is read without it.

    >>> _pattern(["Ntry", "Amt", "/Amt", "/Ntry"], [1], ["", "7.00", "", ""]).pattern
    '<Ntry><Amt>([^<]*)</Amt></Ntry>'
    """
    places = set(wanted)
    parts = []
    for at, (tag, text) in enumerate(zip(tags, texts, strict=True)):
        leaf = not tag.startswith("/") and at + 1 < len(tags) and tags[at + 1].startswith("/")
        parts.append(f"<{re.escape(tag)}>{_TAKEN if at in places else _LEFT if leaf or text else ''}")
    return re.compile("".join(parts))


class _Understanding(Generic[Record]):
    """One walk over the tags of an element, noting where the fields of its grammar stand.

    ``wanted`` collects the places of the texts in document order; a field is known by its rank among them.
    """

    def __init__(self, grammar: Grammar[Record], tags: Sequence[str], wanted: list[int], at: int = 0) -> None:
        self.at = at
        self._grammar = grammar
        self._tags = tags
        self._wanted = wanted
        self._ranks: dict[str, int] = {}
        self._currencies: dict[str, str] = {}
        self._lists: dict[str, list[int]] = {}
        self._groups: dict[str, list[Shape[Any]]] = {}

    def shape(self) -> Shape[Record]:
        """Understand the element whose start tag is at hand; ``at`` is then the place of its end tag."""
        path: list[str] = []
        last = len(self._tags) - 1
        while self.at < last:
            self.at += 1
            tag = self._tags[self.at]
            if tag.startswith("/"):
                if not path:
                    break
                path.pop()
            else:
                path.append(_local_name(tag))
                if (len(path) <= _DEEPEST and self._element("/".join(path), tag)) or tag.endswith("/"):
                    path.pop()
        names = list(self._ranks)
        missing = len(names)
        return Shape(
            # What `_make` of a named tuple does, without its check: `spread` gives every field its text.
            make=partial(tuple.__new__, self._grammar.record),
            present=_items(list(self._ranks.values())),
            spread=_items([names.index(name) if name in names else missing for name in self._grammar.record._fields]),
            currencies=self._currencies,
            lists={name: tuple(found) for name, found in self._lists.items()},
            groups={name: tuple(found) for name, found in self._groups.items()},
        )

    def _element(self, path: str, tag: str) -> bool:
        """Note the element at hand if it is one of the grammar's; whether the walk is now at its end tag."""
        if tag.endswith("/"):
            return False
        group = self._grammar.groups.get(path)
        if group is not None:
            within = _Understanding(group[1], self._tags, self._wanted, self.at)
            self._groups.setdefault(group[0], []).append(within.shape())
            self.at = within.at
            return True
        if self._tags[self.at + 1].startswith("/"):
            self._leaf(path, tag)
        return False

    def _leaf(self, path: str, tag: str) -> None:
        listed, name = self._grammar.lists.get(path), self._grammar.fields.get(path)
        if listed is not None:
            self._lists.setdefault(listed, []).append(len(self._wanted))
        elif name is not None and name not in self._ranks:
            self._ranks[name] = len(self._wanted)
            currency = _CURRENCY.search(tag)
            if currency:
                self._currencies[name] = html.unescape(currency.group(1)).strip()
        else:
            return
        self._wanted.append(self.at)


def _items(positions: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """Picks the items at the positions, as a sequence however few they are.

    >>> _items([2, 0])("abc"), _items([1])("abc"), _items([])("abc")
    (('c', 'a'), ('b',), ())
    """
    if len(positions) >= 2:
        return itemgetter(*positions)
    return lambda texts: tuple(texts[at] for at in positions)


def _local_name(tag: str) -> str:
    """The local name in a tag as it stands between the brackets.

    >>> _local_name("n:Amt Ccy='EUR'"), _local_name("Nm/"), _local_name("/Ntry")
    ('Amt', 'Nm', 'Ntry')
    """
    found = _LOCAL_NAME.match(tag)
    return found.group(1) if found else tag
