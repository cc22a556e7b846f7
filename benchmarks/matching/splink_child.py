"""Runs inside splink's own environment: links payments to open items and writes the pairs with their probability.

``python splink_child.py FOLDER`` reads ``payments.csv`` and ``items.csv`` there and writes ``pairs.csv``. The model is
what splink's guides suggest for company data: amount exactly, name by Jaro-Winkler, number by Levenshtein, account
exactly; trained by expectation maximisation on the data itself.
"""

import sys
from pathlib import Path

import duckdb
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def main(folder: Path) -> None:
    connection = duckdb.connect()
    api = DuckDBAPI(connection=connection)
    tables = []
    for name in ("payments", "items"):
        connection.execute(f"create table {name}_in as select * from read_csv('{folder / name}.csv', all_varchar=true)")
        tables.append(api.register(f"{name}_in"))
    blocks = [block_on("amount"), block_on("number"), block_on("account", "substr(amount, 1, 2)")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            compare.ExactMatch("amount"),
            compare.JaroWinklerAtThresholds("name", [0.95, 0.85]),
            compare.LevenshteinAtThresholds("number", [1, 2]),
            compare.ExactMatch("account"),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )
    linker = Linker(tables, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("amount", "number")], recall=0.4)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("amount"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("number"))
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    connection.execute(
        f"copy (select unique_id_l, unique_id_r, match_probability from {pairs.physical_name}) "
        f"to '{folder / 'pairs.csv'}' (header)"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
