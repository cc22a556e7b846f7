"""The command line. Every command is a thin door to a service; `lettrage COMMAND --help` says what each does."""

import sys

import typer

from integrations.cli import cases, operations
from integrations.cli import read as reading
from integrations.cli import sync as syncing

app = typer.Typer(
    name="lettrage",
    help="Cash application: reads bank statements, matches payments to open items, posts the result back to the ERP, "
    "and hands people the exceptions with a good suggestion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

app.command("sync")(syncing.sync)
app.command("read")(reading.read)
app.command("cases")(cases.cases)
app.command("clear")(cases.clear)
app.command("accept")(cases.accept)
app.command("approve")(cases.approve)
app.command("decline")(cases.decline)
app.command("reopen")(cases.reopen)
app.command("push")(operations.push)
app.command("history")(operations.history)
app.command("verify")(operations.verify)
app.command("doctor")(operations.doctor)


@app.callback()
def _main() -> None:
    """Cash application for mid-market companies."""


def run() -> None:
    """Entry point of the `lettrage` command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("lettrage: interrupted; run the same command again, it goes on where it stopped\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    run()
