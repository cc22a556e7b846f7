"""Names of payers and customers, brought to what distinguishes them.

A bank writes ``MUELLER MASCHINENBAU GMB`` where the ERP says ``Müller Maschinenbau GmbH & Co. KG``. The key of a name
leaves out the legal form (in front and behind, dotted or plain), folds ``ä``, ``ae`` and ``a`` together and keeps the
words in order. It never leaves a name empty.
"""

import re
from functools import lru_cache

from matching.text.normal import plain

_DOTS = re.compile(r"(?<=[A-Z])\.(?=[A-Z])|(?<=\b[A-Z])\.|[.'`]")
_WORDS = re.compile(r"[A-Z0-9]+")
_DIGRAPHS = (("AE", "A"), ("OE", "O"), ("UE", "U"), ("AA", "A"))

# Legal forms by where they come from; several words stand joined, because dots and blanks in them vary.
_FORMS = """
GMBH MBH GESMBH AG KG OHG GBR EK EKFM EKFR EV UG SE KGAA EG PARTG PARTGMBB HAFTUNGSBESCHRANKT COKG
BV NV VOF CV BVBA CVBA SPRL COMMV MAATSCHAP
SARL SAS SASU SA SNC SCI EURL SCOP SCA SCP GIE EI EIRL
LTD LIMITED PLC LLP LLC INC CORP CORPORATION COMPANY INCORPORATED PTY
SPZOO SPOLKA ZOO OO SPK SPJ SKA ZO SP Z O
AB OY OYJ AS ASA APS AMBA ANS IVS HB KB TMI
SPA SRL SRLS SAPA SS SCARL SCRL COOP
SL SLU SLL CIA SAU SLP
"""
_IN_FRONT = """
STICHTING VERENIGING SARL SAS SASU SA SNC SCI EURL STE SOCIETE FIRMA FA SPOLKA PPHU PHU FHU ZPH AB OY SRL SPA
"""
_LAST = frozenset(_FORMS.split()) | {"CO", "ET", "AND", "UND", "EN", "I", "E", "Y", "OG", "OCH"}
_FIRST = frozenset(_IN_FRONT.split())
_ALIKE = """
LTD LIMITED
CORP CORPORATION
INC INCORPORATED
GMBH MBH GESMBH
KG COKG
EK EKFM EKFR
AS ASA
SL SLU
SA SAU
SRL SRLS
SAS SASU
SPZOO SPOLKA ZOO OO ZO SP Z O
"""
_NO_FORMS = "CO ET AND UND EN I E Y OG OCH HAFTUNGSBESCHRANKT COMPANY STICHTING VERENIGING STE SOCIETE FIRMA FA"
_SAME_FORM = {form: line.split()[0] for line in _ALIKE.strip().splitlines() for form in line.split()}
_NO_FORM = frozenset(_NO_FORMS.split())


@lru_cache(maxsize=50_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in order, upper case, digraphs folded, dots inside abbreviations gone.

    >>> words("Gebr. Vos V.O.F."), words("Müller"), words("MUELLER")
    (('GEBR', 'VOS', 'VOF'), ('MULLER',), ('MULLER',))
    """
    text = _DOTS.sub("", plain(name[:300]))
    for digraph, folded in _DIGRAPHS:
        text = text.replace(digraph, folded)
    return tuple(_WORDS.findall(text))


@lru_cache(maxsize=50_000)
def name_key(name: str) -> str:
    """What a name is compared by: its words without the legal form.

    >>> name_key("Müller Maschinenbau GmbH & Co. KG"), name_key("S.A.R.L. Dupont"), name_key("Nowak Sp. z o.o.")
    ('MULLER MASCHINENBAU', 'DUPONT', 'NOWAK')
    >>> name_key("Stichting De Hoop"), name_key("AG"), name_key("")
    ('DE HOOP', 'AG', '')
    """
    parts = words(name)
    first, last = 0, len(parts)
    while last - first > 1 and parts[last - 1] in _LAST:
        last -= 1
    while last - first > 1 and parts[first] in _FIRST:
        first += 1
    return " ".join(parts[first:last])


@lru_cache(maxsize=50_000)
def legal_forms(name: str) -> frozenset[str]:
    """The legal forms that a name carries, the different ways to write one taken together.

    >>> sorted(legal_forms("Müller GmbH & Co. KG")), sorted(legal_forms("Smith Limited")), legal_forms("Smith")
    (['GMBH', 'KG'], ['LTD'], frozenset())
    """
    parts = words(name)
    found: set[str] = set()
    for part in reversed(parts[1:]):
        if part not in _LAST:
            break
        found.add(part)
    if parts and parts[0] in _FIRST:
        found.add(parts[0])
    return frozenset(_SAME_FORM.get(form, form) for form in found) - _NO_FORM


def other_firm(name: str, other: str) -> bool:
    """Whether two names carry legal forms that cannot be one firm's: ``Fisher Foods Ltd`` is not ``Fisher Foods PLC``.

    A form that is missing, cut off by the bank, or part of a longer one contradicts nothing.

    >>> other_firm("FISHER FOODS LTD", "Fisher Foods PLC"), other_firm("FISHER FOODS", "Fisher Foods PLC")
    (True, False)
    >>> other_firm("MUELLER GMBH", "Müller GmbH & Co. KG"), other_firm("DUPONT SA", "Dupont SARL")
    (False, False)
    """
    mine, theirs = legal_forms(name), legal_forms(other)
    if not mine or not theirs or mine <= theirs or theirs <= mine:
        return False
    return not any(form.startswith(tuple(mine)) for form in theirs)


def whole_key(name: str) -> str:
    """All words joined by blanks, legal form included: what a name cut off by the bank is compared by.

    >>> whole_key("Müller Maschinenbau GmbH")
    'MULLER MASCHINENBAU GMBH'
    """
    return " ".join(words(name))
