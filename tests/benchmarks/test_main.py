"""The benchmark's front door."""

import pytest

from benchmarks.__main__ import main, names, say


def test_matching_stands_first_and_every_module_is_offered() -> None:
    assert names()[0] == "matching"
    assert "bank_mt940" in names()


def test_a_name_that_does_not_exist_is_told_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "matching" in capsys.readouterr().err


def test_tables_are_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    say("Speed", [{"what": "a", "n": 1}, {"what": "longer"}])
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "| what   | n |",
        "|--------|---|",
        "| a      | 1 |",
        "| longer |   |",
    ]


def test_the_matching_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matching", "--payments", "120", "--items", "400", "--world", "first", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    for expected in (
        "Lettrage",
        "Odoo/OCA rule (re-implementation)",
        "decidable",
        "same decisions in any order",
        "cleared by people",
    ):
        assert expected in printed
