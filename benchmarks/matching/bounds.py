"""What a count of right answers proves: exact one-sided lower bounds for a share."""

import math


def lower_bound(right: int, tried: int, confidence: float = 0.95) -> float:
    """The share that is at least met with this confidence (Clopper-Pearson, one-sided); 0 when nothing was tried.

    Without an error it is the rule of three: 3,000 tries without one prove 99.9 %.

    >>> round(lower_bound(3000, 3000), 4), round(lower_bound(2999, 3000), 4), lower_bound(0, 0)
    (0.999, 0.9984, 0.0)
    """
    if tried == 0 or right == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(tried - right, tried, 1 - middle) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def _at_most(errors: int, tried: int, share: float) -> float:
    """The chance of at most so many errors when each try errs with this share."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 1.0 if errors >= tried else 0.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    total = 0.0
    for count in range(errors + 1):
        ways = math.lgamma(tried + 1) - math.lgamma(count + 1) - math.lgamma(tried - count + 1)
        total += math.exp(ways + count * log_share + (tried - count) * log_rest)
    return min(1.0, total)
