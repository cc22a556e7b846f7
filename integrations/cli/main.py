"""The command line. Every command is a thin door to a service; `lettrage COMMAND --help` says what each does."""

import sys

import typer

from integrations.cli import cases, checkout, operations
from integrations.cli import read as reading
from integrations.cli import sync as syncing

app = typer.Typer(
    name="lettrage",
    help="Cash application: reads bank statements, matches payments to open items, posts the result back to the ERP, "
    "and hands people the exceptions with a good suggestion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="First: lettrage sync --inbox DIR --statements DIR --outbox DIR   (no server, no configuration).  "
    "Each day: lettrage sync -c lettrage.yaml, then lettrage cases -c lettrage.yaml.  "
    "`lettrage COMMAND --help` explains each command and its exit status.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

_COMMANDS = (
    ("sync", syncing.sync, "Run a whole night: pull, read, match, post, publish."),
    ("read", reading.read, "Show what stands in bank statement files."),
    ("cases", cases.cases, "List the cases that wait for a person, or show one."),
    ("clear", cases.clear, "Clear one case, then post it."),
    ("accept", cases.accept, "Accept every suggestion that is sure enough."),
    ("approve", cases.approve, "Agree, as the second person, to a clearing."),
    ("decline", cases.decline, "Disagree, as the second person."),
    ("reopen", cases.reopen, "Take back what was decided about a payment."),
    ("push", operations.push, "Bring the outbox into the ERP, or show what would be posted."),
    ("history", operations.history, "Tell the story of a payment, item or case."),
    ("verify", operations.verify, "Recompute every law over the whole ledger."),
    ("doctor", operations.doctor, "Say what is not in place, and what to fix."),
    ("demo", checkout.demo, "Load the demo company and serve the Dagster UI on this machine."),
    ("bench", checkout.bench, "Print the benchmark tables."),
)
for _name, _command, _short in _COMMANDS:
    app.command(_name, short_help=_short)(_command)


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
