"""How much longer a pull takes than the bare reads: the connector's own work beside HTTP and the decoding of JSON.

A small server answers as Odoo 18 does, from pages that are written beforehand, so that what is compared is the client
alone: the pull through the connector, and the same requests with httpx and `json` and nothing else. CPU seconds of the
client's thread; the answer is the median of pairs, because other work on the machine comes and goes.
"""

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx

from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.connector import OdooConnector
from integrations.erp.odoo.read import PAGE_ROWS
from integrations.erp.settings import Secret

_PAIRS = 5


def run() -> list[dict[str, object]]:
    """Ten thousand and a hundred thousand open items."""
    return [_measure(10_000), _measure(100_000)]


def _measure(count: int) -> dict[str, object]:
    server = _Server(count)
    try:
        pairs = [(_pull(server), _bare(server)) for _ in range(_PAIRS)]
    finally:
        server.close()
    return {
        "open items": f"{count:,}",
        "requests": len(server.asked),
        "largest page": PAGE_ROWS,
        "pull, CPU s": f"{statistics.median(pull for pull, _ in pairs):.2f}",
        "HTTP and JSON alone, CPU s": f"{statistics.median(bare for _, bare in pairs):.2f}",
        "ratio": f"{statistics.median(pull / bare for pull, bare in pairs):.2f}",
    }


def _pull(server: "_Server") -> float:
    server.asked.clear()
    settings = Settings(url=server.url, database="acme", login="bot", key_variable="KEY")
    connector = OdooConnector(settings, Secret("secret", name="KEY"))
    seconds = _cpu(lambda: sum(len(page.rows) for page in connector.pull_open_items(None)), server.count)
    connector.close()
    return seconds


def _bare(server: "_Server") -> float:
    asked = tuple(server.asked)
    with httpx.Client(base_url=server.url) as client:

        def read() -> int:
            for path, text in asked:
                body = client.post(path, content=text, headers={"Content-Type": "application/json"})
                json.loads(body.text)
            return server.count

        seconds = _cpu(read, server.count)
    server.asked[:] = asked
    return seconds


def _cpu(work: Callable[[], int], expected: int) -> float:
    began = time.thread_time()
    done = work()
    seconds = time.thread_time() - began
    assert done == expected
    return seconds


class _Server:
    """Answers what a pull asks, from bytes that are ready."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[tuple[str, str]] = []
        self._pages = {first: _answer(list(_lines(first, count))) for first in range(0, count + 1, PAGE_ROWS)}
        self._moves = {first: _answer(list(_moves(first, count))) for first in range(0, count + 1, PAGE_ROWS)}
        handler = type("Handler", (_Handler,), {"pull": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, text: str) -> bytes:
        self.asked.append((path, text))
        if path.endswith("version_info"):
            return _answer({"server_version_info": [18, 0, 0, "final", 0, ""]})
        args = json.loads(text)["params"]["args"]
        if len(args) == 4:
            return _answer(2)
        _, _, _, model, method, _, named = args
        if method == "fields_get":
            return _answer({name: {"type": "char"} for name in named["allfields"] if "user_" not in name})
        if model == "account.move.line":
            if "limit" in named and named["limit"] == 1:
                return _answer([{"id": 1, "write_date": "2026-11-20 08:00:00"}])
            return self._pages[named["domain"][-1][2]]
        if model == "account.move":
            return self._moves[min(named["domain"][0][2]) - 1]
        return _answer(_SMALL[model])


_SMALL: dict[str, list[dict[str, Any]]] = {
    "res.users": [{"id": 2, "company_id": 1}],
    "res.company": [{"id": 1, "name": "Acme", "currency_id": 1}],
    "res.currency": [{"id": 1, "name": "EUR"}, {"id": 2, "name": "USD"}],
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    pull: ClassVar[_Server]

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        data = self.pull.answer(self.path, text)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def _answer(result: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


def _lines(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Receivable lines as `search_read` gives them; three in ten partly paid, one in ten with a discount."""
    for number in range(first + 1, min(first + PAGE_ROWS, count) + 1):
        amount = round(100 + number * 1.37 % 9_000, 2)
        yield {
            "id": number,
            "move_id": number,
            "move_name": f"INV/2026/{number:06}",
            "move_type": "out_invoice" if number % 12 else "out_refund",
            "partner_id": number % 4_000 + 10,
            "currency_id": 1 if number % 9 else 2,
            "amount_currency": amount if number % 12 else -amount,
            "amount_residual_currency": (amount if number % 12 else -amount) if number % 10 > 2 else 50.25,
            "date": f"2026-{number % 9 + 1:02}-{number % 28 + 1:02}",
            "invoice_date": f"2026-{number % 9 + 1:02}-{number % 28 + 1:02}",
            "date_maturity": f"2026-{number % 9 + 2:02}-{number % 28 + 1:02}",
            "discount_date": False if number % 10 else "2026-10-15",
            "discount_amount_currency": 0.0 if number % 10 else round(amount * 0.98, 2),
            "parent_state": "posted",
            "reconciled": False,
            "name": f"INV/2026/{number:06}",
            "ref": False if number % 3 else f"PO-{number}",
            "write_date": "2026-10-05 12:00:00",
        }


def _moves(first: int, count: int) -> Iterator[dict[str, Any]]:
    for number in range(first + 1, min(first + PAGE_ROWS, count) + 1):
        yield {
            "id": number,
            "invoice_origin": False if number % 4 else f"S{number:05}",
            "name": f"INV/2026/{number:06}",
            "payment_reference": f"INV/2026/{number:06}",
            "payment_state": "not_paid",
            "ref": False if number % 3 else f"PO-{number}",
        }
