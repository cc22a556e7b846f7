"""What all stand-ins share: a threaded HTTP server, a client transport that can be struck, and dials for faults."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.integrations.erp.conformance.world import Killed


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    body: object
    text: str
    length: int = 0  # of the first line


@dataclass
class Answer:
    status: int = 200
    body: object = None
    headers: dict = field(default_factory=dict)


class StandIn:
    """Answers one request at a time unless a subclass says otherwise; `faults` are answers given instead, once each."""

    serial = True

    def __init__(self):
        self.faults = deque()
        self.requests = []
        self._lock = threading.RLock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # The headers and the body go out in one packet, or every answer waits for the client's acknowledgement.
            wbufsize = -1
            disable_nagle_algorithm = True

            def _serve(self):
                length = int(self.headers.get("content-length") or 0)
                text = self.rfile.read(length).decode()
                parts = urlsplit(self.path)
                try:
                    body = json.loads(text, parse_float=Decimal) if text else None
                except ValueError:
                    body = None
                request = Request(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                    text,
                    len(self.requestline),
                )
                answer = stand_in.answer(request)
                if answer is None:  # the connection breaks without an answer
                    self.close_connection = True
                    return
                data = answer.body if isinstance(answer.body, bytes) else dump(answer.body).encode()
                if answer.status == 204:
                    data = b""
                # Some stand-ins live in a time of their own and say so in the header.
                (self.send_response_only if "Date" in answer.headers else self.send_response)(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, request):
        self.requests.append(request)
        if self.faults:
            fault = self.faults.popleft()
            if callable(fault):
                fault = fault(request)
            if fault is not None:
                return fault
        if not self.serial:
            return self.handle(request)
        with self._lock:
            return self.handle(request)

    def handle(self, request):
        raise NotImplementedError

    def close(self):
        while Struck.made:
            Struck.made.pop().close()
        self._server.shutdown()
        self._server.server_close()


def dump(body):
    """JSON in which amounts are binary numbers, as most ERPs write them."""

    def plain(value):
        if isinstance(value, Decimal):
            return float(value)
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return value

    return json.dumps(plain(body), ensure_ascii=False)


class Struck(httpx.BaseTransport):
    """The way to the stand-in, on which an `Interrupt` can strike."""

    # Held on to until the stand-in closes: a collected transport would leave its sockets open.
    made: ClassVar = []

    def __init__(self, interrupt=None):
        Struck.made.append(self)
        self._inner = httpx.HTTPTransport(verify=False)
        self._interrupt = interrupt

    def handle_request(self, request):
        interrupt = self._interrupt
        if interrupt is None:
            return self._inner.handle_request(request)
        if interrupt.strikes("before"):
            self._strike(interrupt, request)
        response = self._inner.handle_request(request)
        response.read()
        if interrupt.strikes("after"):
            if interrupt.how == "garble":
                return httpx.Response(200, text="<html>gateway says sorry</html>", request=request)
            self._strike(interrupt, request)
        return response

    def _strike(self, interrupt, request):
        if interrupt.how == "kill":
            raise Killed
        message = "timed out"
        raise httpx.ReadTimeout(message, request=request)

    def close(self):
        self._inner.close()


def no_sleep(_seconds):
    """Waiting is not what is tested."""
