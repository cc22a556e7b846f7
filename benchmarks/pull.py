"""How much longer a pull takes than the bare reads: the connector's own work beside HTTP and the decoding of JSON.

A small server answers as each ERP does, from bytes that are written beforehand, so that what is compared is the client
alone: the pull through the connector, and the very same requests with httpx and `json` and nothing else. CPU seconds of
the client's thread; the answer is the median of pairs, because other work on the machine comes and goes.
"""

import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx

from benchmarks.pull_answers import ERPS, Answers, Erp, Request

_PAIRS = 7


def run() -> list[dict[str, object]]:
    """A hundred thousand open items of each ERP; fewer where PULL_ITEMS says so."""
    count = int(os.environ.get("PULL_ITEMS", "100000"))
    return [_measure(erp, count) for erp in ERPS]


def _measure(erp: Erp, count: int) -> dict[str, object]:
    server = _Server(erp.answers(count))
    try:
        _pull(erp, server, count)  # Every answer is ready from here on.
        pairs = [(_pull(erp, server, count), _bare(server)) for _ in range(_PAIRS)]
    finally:
        server.close()
    pulls, bares = zip(*pairs, strict=True)
    return {
        "ERP": erp.name,
        "open items": f"{count:,}",
        "requests": len(server.asked),
        "largest page": server.answers.page,
        "pull, CPU s": f"{statistics.median(pulls):.2f}",
        "HTTP and JSON alone, CPU s": f"{statistics.median(bares):.2f}",
        "ratio": f"{statistics.median(pull / bare for pull, bare in pairs):.2f}",
        "ratio of the best": f"{min(pulls) / min(bares):.2f}",
    }


def _pull(erp: Erp, server: "_Server", count: int) -> float:
    server.asked.clear()
    connector = erp.connect(server.url)

    def read() -> int:
        return sum(len(page.rows) for page in connector.pull_open_items(None))

    seconds = _cpu(read, count)
    connector.close()
    return seconds


def _bare(server: "_Server") -> float:
    asked = tuple(server.asked)
    with httpx.Client(base_url=server.url) as client:

        def read() -> int:
            for each in asked:
                headers = {"Content-Type": each.kind} if each.text else {}
                answer = client.request(each.method, each.target, content=each.text or None, headers=headers)
                json.loads(answer.text)
            return len(asked)

        seconds = _cpu(read, len(asked))
    server.asked[:] = asked
    return seconds


def _cpu(work: Callable[[], int], expected: int) -> float:
    began = time.thread_time()
    done = work()
    seconds = time.thread_time() - began
    assert done == expected, f"{done} of {expected}"
    return seconds


class _Server:
    """Answers what a pull asks, and remembers what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[Request] = []
        handler = type("Handler", (_Handler,), {"server_side": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request) -> bytes:
        self.asked.append(request)
        return self.answers.answer(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server_side: ClassVar[_Server]

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        request = Request(
            method=self.command,
            url=self.server_side.url,
            target=self.path,
            text=text,
            kind=self.headers.get("content-type", ""),
        )
        data = self.server_side.answer(request)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass
