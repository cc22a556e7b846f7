"""`lettrage read`: what stands in a bank statement file, and what is odd about it."""

from pathlib import Path
from typing import Annotated

import typer

from integrations.bank.errors import NotAStatement, UnreadableStatement
from integrations.bank.read import ReadOptions, read_file
from integrations.bank.render import COLUMNS, file_as_json, file_as_rows
from integrations.cli.output import out, say, table, warn
from matching.model.bank_statement import StatementFile

_COLUMNS = tuple((name, name in {"opening", "entries", "credits", "debits", "closing"}) for name in COLUMNS)


def read(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="bank statement files of any format")],
    *,
    json: Annotated[bool, typer.Option("--json", help="one JSON object per file, one per line")] = False,
    dialect: Annotated[str | None, typer.Option(help="MT940 dialect, where recognising it goes wrong")] = None,
) -> None:
    """Read bank statement files and show what they say, and what is odd about them.

    The format (MT940, MT942, MT950, CAMT.052/053/054, OFX, or a zip of them) is recognised from the content.
    Exit status: 0 read, 1 something in a file was quarantined (all the rest is shown), 2 a file is no bank statement.
    """
    worst = 0
    for path in files:
        try:
            file = read_file(path, options=ReadOptions(dialect=dialect))
        except (NotAStatement, UnreadableStatement) as error:
            warn(f"lettrage: {error}")
            worst = 2
            continue
        if json:
            typer.echo(file_as_json(file))
        else:
            _show(file)
        if file.quarantined:
            worst = max(worst, 1)
    raise typer.Exit(worst)


def _show(file: StatementFile) -> None:
    shown = file_as_rows(file)
    say(shown.title)
    table("", _COLUMNS, ([getattr(row, name) for name in COLUMNS] for row in shown.rows))
    for line in shown.findings:
        say(f"  {line}")
    for line in shown.quarantined:
        say(f"  not read: {line}")
    out.print()
