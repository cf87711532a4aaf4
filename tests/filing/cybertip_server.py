"""A CyberTipline of this machine, its own process: order-strict, with faults on command.

Started as a program it prints its port. `POST /test/fault` takes lines `path kind`, each used
once for the next call of that path: `before` (no effect, no answer), `after` (effect, no answer),
`500`, `401` (empty), `code:NNNN`. `POST /test/clock` moves its time on by so many seconds;
`GET /test/state` tells what there is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import threading
from collections import defaultdict, deque
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).parent))
from cybertip_grammar import problems

WORD = "Basic " + base64.b64encode(b"esp:secret").decode()
REPORTS: dict[str, dict[str, Any]] = {}
FAULTS: dict[str, deque[str]] = defaultdict(deque)
CLOCK = [0]
FINISHES: list[str] = []
TURN = threading.Lock()


def alive(number: str) -> dict[str, Any] | None:
    """An open, retracted or finished report; one that expired is gone."""
    found = REPORTS.get(number)
    if found is None:
        return None
    ends = max(found["opened"] + 86_400, found["changed"] + 3_600)
    if found["state"] == "open" and CLOCK[0] >= ends:
        del REPORTS[number]
        return None
    return found


def standing(number: str) -> int:
    """Code that keeps a call from a report; 0 when it is open."""
    found = alive(number)
    if found is None:
        return 5001
    return {"open": 0, "retracted": 5101, "finished": 5102}[found["state"]]


def act(path: str, body: bytes, kind: str) -> dict[str, str]:
    """Do what a call says; its answer."""
    if path == "status":
        return {"responseCode": "0", "responseDescription": "Remote User : esp"}
    if path in ("submit", "fileinfo"):
        try:
            root = ET.fromstring(body)
        except ET.ParseError:
            return {"responseCode": "4110"}
        if problems(body) or root.tag != {"submit": "report", "fileinfo": "fileDetails"}[path]:
            return {"responseCode": "4100"}
        if path == "submit":
            number = str(4_000_001 + len(REPORTS) + CLOCK[0])
            REPORTS[number] = {"state": "open", "opened": CLOCK[0], "changed": CLOCK[0],
                               "files": {}, "described": []}  # fmt: skip
            return {"responseCode": "0", "reportId": number}
        number, file = root.findtext("reportId", ""), root.findtext("fileId", "")
        if code := standing(number):
            return {"responseCode": str(code)}
        if file not in REPORTS[number]["files"]:
            return {"responseCode": "5002"}
        REPORTS[number]["described"].append(file)
        REPORTS[number]["changed"] = CLOCK[0]
        return {"responseCode": "0", "reportId": number}
    if path == "upload":
        mail = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in mail.get_payload()  # type: ignore[union-attr]
        }
        number, content = parts["id"].decode(), parts["file"]
        if code := standing(number):
            return {"responseCode": str(code)}
        file = hashlib.md5(f"{number}{len(REPORTS[number]['files'])}".encode()).hexdigest()
        REPORTS[number]["files"][file] = len(content)
        REPORTS[number]["changed"] = CLOCK[0]
        digest = hashlib.md5(content).hexdigest()
        return {"responseCode": "0", "reportId": number, "fileId": file, "hash": digest}
    number = parse_qs(body.decode())["id"][0]
    if code := standing(number):
        return {"responseCode": str(code)}
    if path == "finish":
        FINISHES.append(number)
    REPORTS[number]["state"] = {"finish": "finished", "retract": "retracted"}[path]
    return {"responseCode": "0", "reportId": number}


class Handler(BaseHTTPRequestHandler):
    """One call."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        self.call()

    def do_POST(self) -> None:
        self.call()

    def call(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.lstrip("/")
        with TURN:
            if path.startswith("test/"):
                self.say(200, self.told(path[5:], body.decode()))
                return
            fault = FAULTS[path].popleft() if FAULTS[path] else ""
            if fault == "401" or self.headers.get("Authorization") != WORD:
                self.say(401, b"")
                return
            if fault == "500":
                self.say(500, b"<html>")
                return
            if fault == "before":
                self.close_connection = True
                return
            if fault.startswith("code:"):
                answer = {"responseCode": fault[5:]}
            else:
                answer = act(path, body, self.headers.get("Content-Type", ""))
            if fault == "after":
                self.close_connection = True
                return
        root = ET.Element("reportDoneResponse" if path == "finish" else "reportResponse")
        for name, value in answer.items():
            ET.SubElement(root, name).text = value
        self.say(200 if answer["responseCode"] == "0" else 400, ET.tostring(root))

    def told(self, what: str, text: str) -> bytes:
        if what == "fault":
            for line in text.splitlines():
                path, kind = line.split()
                FAULTS[path].append(kind)
        if what == "clock":
            CLOCK[0] += int(text)
        if what == "reset":
            REPORTS.clear(), FAULTS.clear(), FINISHES.clear()
        for number in list(REPORTS):
            alive(number)
        return json.dumps({"reports": REPORTS, "finishes": FINISHES}).encode()

    def say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-ID", "r-1")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()
