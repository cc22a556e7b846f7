"""The benchmark's front door."""

import importlib
import inspect

import pytest

from benchmarks.__main__ import main, names, say


def test_matching_stands_first_and_every_module_is_offered() -> None:
    assert names()[0] == "matching"
    assert "bank_mt940" in names()


def test_a_name_that_does_not_exist_is_told_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "matching" in capsys.readouterr().err


def test_a_size_that_is_no_number_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--payments"]) == 2
    assert "whole numbers, not --payments" in capsys.readouterr().err


def test_every_benchmark_runs_without_options_and_takes_sizes() -> None:
    modules = [importlib.import_module(f"benchmarks.{name}") for name in names() if name != "matching"]
    runs = {module.__name__: module.run for module in modules if hasattr(module, "run")}
    assert {f"benchmarks.{name}" for name in ("bank_camt", "bank_mt940", "bank_ofx", "ledger", "night")} <= set(runs)
    for name, run in runs.items():
        for parameter in inspect.signature(run).parameters.values():
            assert isinstance(parameter.default, int), f"{name}: {parameter.name} has no size of its own"


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
