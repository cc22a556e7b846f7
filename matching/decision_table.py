"""The decision table: how sure an explanation is, from the evidence for it. Data, versioned, monotone.

Rows are how the documents are named, columns how surely the payer is known, both from weak to strong; there is one
block for each way the amount fits. Values are parts per 10,000: at or above ``Policy.post_from`` the explanation is
posted without a person. Down a column and along a row a value never falls (there is a test).
"""

from matching.grades import Payer, Reference

VERSION = "2026.2"

_COLUMNS = ("OTHER", "UNKNOWN", "SIMILAR", "NAMED", "ACCOUNT")

_TABLE = """
exact            OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0       60     5000   9960     9970
  NEAR               0     6000     9955   9975     9985
  PART               0     7000     9960   9980     9988
  DIGITS           300     9960     9975   9988     9993
  FULL            2500     9975     9985   9994     9997
  CHECKED         4000     9985     9990   9997     9999

discount         OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0       20     4000   9951     9960
  NEAR               0     5000     9000   9960     9970
  PART               0     6000     9951   9965     9975
  DIGITS           200     9951     9960   9975     9985
  FULL            2000     9965     9975   9985     9992
  CHECKED         3500     9980     9985   9992     9996

advice           OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0        0        0      0        0
  NEAR               0     3000     6000   8000     8500
  PART               0     5000     8000   9000     9500
  DIGITS           300     9900     9960   9975     9985
  FULL            2500     9960     9975   9988     9995
  CHECKED         4000     9980     9988   9994     9998

tolerated        OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0       10     1000   3000     4000
  NEAR               0     1000     4000   8000     8500
  PART               0     2000     5000   9000     9300
  DIGITS           100     7000     9951   9960     9970
  FULL            1500     9000     9960   9970     9980
  CHECKED         3000     9960     9970   9980     9990

late             OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0       10     1000   3000     4000
  NEAR               0     1000     4000   8000     8500
  PART               0     2000     5000   9000     9300
  DIGITS           100     6000     9000   9951     9955
  FULL            1500     9000     9951   9955     9965
  CHECKED         3000     9951     9955   9965     9975

short            OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0        0      200    500      800
  NEAR               0      500     1500   3000     3500
  PART               0     1000     2500   5000     5500
  DIGITS           100     2500     6000   9951     9954
  FULL            1000     4000     8500   9952     9958
  CHECKED         2000     6000     9000   9955     9960

over             OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0        0      100    300      500
  NEAR               0      300     1000   2000     2500
  PART               0      600     2000   4000     4500
  DIGITS           100     2000     5000   9951     9953
  FULL             800     4000     8500   9952     9956
  CHECKED         2000     6000     9000   9955     9960

completed        OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0        0        0      0        0
  NEAR               0     2000     7000   9000     9200
  PART               0     3000     8000   9300     9500
  DIGITS           100     6000     9000   9951     9960
  FULL            1000     7000     9500   9955     9965
  CHECKED         2000     8000     9600   9960     9970

credit_taken     OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0        0      300    800     1000
  NEAR               0      500     2000   4000     4500
  PART               0     1000     3000   6000     6500
  DIGITS           100     3000     6000   8500     8800
  FULL            1000     5000     8000   9000     9300
  CHECKED         2000     6000     8500   9200     9400

family           OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0        0     4000   9951     9958
  NEAR               0        0     4000   9951     9958
  PART               0        0     4000   9951     9958
  DIGITS             0        0     4000   9951     9958
  FULL               0        0     4000   9951     9958
  CHECKED            0        0     4000   9951     9958

guess            OTHER  UNKNOWN  SIMILAR  NAMED  ACCOUNT
  NONE               0       40      900   2500     3000
  NEAR               0      100     1500   3500     4000
  PART               0      400     2000   4500     5000
  DIGITS            50     1500     4000   7000     7500
  FULL             500     3000     6000   8000     8500
  CHECKED         1000     4000     7000   8500     9000
"""


def _read(table: str) -> dict[str, tuple[tuple[int, ...], ...]]:
    blocks: dict[str, tuple[tuple[int, ...], ...]] = {}
    for block in table.strip().split("\n\n"):
        heading, *rows = block.splitlines()
        relation, *columns = heading.split()
        if tuple(columns) != _COLUMNS or [row.split()[0] for row in rows] != [grade.name for grade in Reference]:
            message = f"block {relation!r} of the decision table has other rows or columns than the grades"
            raise ValueError(message)
        blocks[relation] = tuple(tuple(int(value) for value in row.split()[1:]) for row in rows)
    return blocks


TABLE = _read(_TABLE)


def confidence(relation: str, reference: Reference, payer: Payer) -> int:
    """Parts per 10,000 for one explanation.

    >>> confidence("exact", Reference.FULL, Payer.ACCOUNT) > confidence("exact", Reference.FULL, Payer.UNKNOWN)
    True
    """
    return TABLE[relation][reference][payer]
