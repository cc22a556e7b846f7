"""Addresses inside the Dagster UI: the prefilled Launchpad, an asset, the runs of a job.

The Launchpad takes its configuration from the address (`/playground/setup?config=<YAML>`). Dagster does not document
this route; a test looks for it in the bundle of the installed web server and another one drives it in a browser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

LOCATION = "lettrage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the UI is: the code location's name, and the path prefix when a proxy serves it below one ("/dagster")."""

    location: str = LOCATION
    prefix: str = ""

    def launch(self, job: str, config: str, tags: Mapping[str, str] | None = None) -> str:
        """The address that opens the Launchpad of a job with this configuration (YAML text, shown as it is).

        >>> Place().launch("clear_exception_acme", "case: EX-7K2M")
        '/locations/lettrage/jobs/clear_exception_acme/playground/setup?config=case:%20EX-7K2M'
        """
        query = [("config", config)]
        for number, (key, tag) in enumerate((tags or {}).items()):
            query += [(f"tags[{number}][key]", key), (f"tags[{number}][value]", tag)]
        # Blanks as %20 and brackets encoded, so that the address also survives inside a markdown link.
        encoded = urlencode(query, quote_via=quote, safe=":/,;@")
        return f"{self.prefix}/locations/{quote(self.location)}/jobs/{quote(job)}/playground/setup?{encoded}"

    def asset(self, key: Sequence[str], view: str = "") -> str:
        """The page of an asset.

        >>> Place(prefix="/dagster").asset(["acme", "exceptions"])
        '/dagster/assets/acme/exceptions'
        """
        path = "/".join(quote(part, safe="") for part in key)
        return f"{self.prefix}/assets/{path}" + (f"?view={quote(view)}" if view else "")

    def run(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.prefix}/runs/{quote(run_id, safe='')}"
