"""A server in a process of its own that answers as the model named in the request should.

Run as `python policy_server.py`; prints its port. It writes the last request body to the path
given as its argument.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GOOD = {"verdict": "harmful", "rationale": "Asks for secrecy and about supervision (H1, H3)."}


def wrapped(content: str) -> bytes:
    return json.dumps(
        {"choices": [{"message": {"role": "assistant", "content": content}}]}
    ).encode()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Path(sys.argv[1]).write_bytes(body)
        question = json.loads(body)
        model = question["model"]
        text = question["messages"][1]["content"]
        if model == "silent":
            time.sleep(30)
        if model == "drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(300):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
            return
        if model == "redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            return
        if model == "500":
            self.send_error(500, "private words of the server")
            return
        answers = {
            "good": wrapped(json.dumps(GOOD)),
            "fenced": wrapped(f"```json\n{json.dumps(GOOD)}\n```"),
            "ordinary": wrapped('{"verdict": "ordinary", "rationale": "A coach."}'),
            "garbage": b"\xff\xfe not json at all",
            "prose": wrapped("I think this is harmful."),
            "other verdict": wrapped('{"verdict": "guilty", "rationale": "x"}'),
            "no rationale": wrapped('{"verdict": "harmful"}'),
            "wrong shape": b'{"choices": "none"}',
            "empty": b"",
            "deep": b"[" * 100_000,
            "huge": wrapped("x" * 3_000_000),
            "long": wrapped(json.dumps({"verdict": "harmful", "rationale": "word " * 350})),
            "quotes": wrapped(json.dumps({"verdict": "harmful", "rationale": f"It says {text}"})),
            "controls": wrapped(
                json.dumps({"verdict": "harmful", "rationale": "a\u001b[31m\n<b>b</b>\u202e"})
            ),
        }
        if model == "obedient":  # does what the chat tells it to
            order = "ignore" in text.lower()
            verdict = "ordinary" if order else "harmful"
            answers["obedient"] = wrapped(
                json.dumps({"verdict": verdict, "rationale": "As told.", "bits": -99})
            )
        raw = answers[model]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(raw)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
