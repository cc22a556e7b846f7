"""Learning is measured on the same payments, brings something where customers keep habits, and costs no precision."""

from benchmarks.matching.generator import generate
from benchmarks.matching.learning import habits, second_half


def test_confirmed_habits_are_posted_and_nothing_wrong_with_them():
    cold, warm = habits(120, 3, (0, 300))
    assert [one.credits for one in cold.scores] == [one.credits for one in warm.scores]
    assert cold.facts == 0 < warm.facts
    assert warm.rate >= cold.rate + 0.04
    assert warm.wrong == cold.wrong == 0


def test_payers_who_come_back_are_known_and_the_payments_counted_are_the_same():
    cold, warm = second_half(generate("hard", 2_000, 5_000, 3), (0, 1_000))
    assert cold.scores[0].credits == warm.scores[0].credits
    assert warm.rate >= cold.rate
    assert warm.wrong <= cold.wrong
    gained = warm.scores[0].verdicts["right"] - cold.scores[0].verdicts["right"]
    assert cold.teachable == 0 <= gained <= warm.teachable < cold.scores[0].exceptions
