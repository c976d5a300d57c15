"""Shared bits of the rig: ports, paths, a tiny HTTP handler base."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RUN = Path(os.environ.get("RIG_RUN") or Path(__file__).resolve().parents[4] / "target/renku-rig")
PORT = int(os.environ.get("RIG_PORT_BASE", "18480"))
GATEWAY, CORE, GIT, DV_HTTP, DV_HTTPS, PROXY, REDIS = (PORT + i for i in range(7))
DV_HOST = "demo.dataverse.example"
ISSUER = f"http://127.0.0.1:{GATEWAY}/auth/realms/Renku"

# Who exists. `git` is the token that the gateway hands to the core service, and that the git server knows (RUN/tokens.json overrides it).
USERS = {
    "alice": {"name": "Alice Rig", "email": "alice@rig.example", "git": "gltok-alice"},
    "bob": {"name": "Bob Readonly", "email": "bob@rig.example", "git": "gltok-bob"},
    "carol": {"name": "Carol Expired", "email": "carol@rig.example", "git": "gltok-expired"},  # git server: 401
    "dave": {"name": "Dave Nogit", "email": "dave@rig.example", "git": None},  # gateway has no git token
}


def git_tokens():
    """user -> git token now in force; edit RUN/tokens.json while running to rotate one (the git server then refuses the old one)."""
    f = RUN / "tokens.json"
    return {**{n: u["git"] for n, u in USERS.items()}, **(json.loads(f.read_text()) if f.exists() else {})}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "rig"

    def log_message(self, fmt, *args):
        print(self.log_date_time_string(), self.command, self.path, args[1] if len(args) > 1 else "", flush=True)

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            out = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                out += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return out
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, status, data=b"", ctype="application/json", headers=()):
        if not isinstance(data, bytes):
            data = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", ctype)
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def serve(handler, port):
    srv = ThreadingHTTPServer(("127.0.0.1", port), handler)
    srv.daemon_threads = True
    return srv
