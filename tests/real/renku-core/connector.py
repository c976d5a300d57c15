"""The connector under test: started as a process, signed in to as a browser would, spoken to through its API. No expectation stands here."""
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit, urlunsplit

from rigtool import GATEWAY, GIT, RUN
from common import DV_HOST, ISSUER, PORT, PROXY

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("RIG_BINARY") or ROOT / "target/release/dataverse-renku")
URL = f"http://127.0.0.1:{PORT + 7}"
ENDS = {"succeeded", "failed", "cancelled", "superseded", "parked"}
CONFIG = f"""
public_url = "{URL}"

[http]
bind = "127.0.0.1:{PORT + 7}"

[store]
url = "sqlite://{RUN}/connector/connector.db"

[queue]
url = "embedded:"

[vault]
key_file = "{RUN}/connector/vault.key"

# A real Renku ends a job after 30 minutes and keeps a dirty clone as long; a test waits seconds for the same decisions.
[worker]
poll_first = "1s"
poll_later = "2s"
waiting_deadline = "120s"
running_deadline = "90s"
unclear = "15s"
dirty_clone = "40s"
settle = "32s"
sweep_every = "5s"
sweep_grace = "5s"

[worker.retry]
first = "2s"
longest = "60s"
attempts = 4

[dataverse.demo]
site_url = "https://{DV_HOST}"
title = "Rig Dataverse"

[renku.rig]
url = "http://127.0.0.1:{GATEWAY}"
title = "Rig Renku"
api = "core"
git_hosts = ["127.0.0.1:{GIT}"]

[renku.rig.oidc]
issuer = "{ISSUER}"
client_id = "dataverse-connector"
client_secret = "rig-client-secret"
flow = "code"
"""


class Straight(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), Straight())


def http(method, url, body=None, headers=None):
    """(status, headers, text) of one exchange; follows nothing, goes past every proxy."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Accept": "application/json", **(headers or {})}, method=method)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read().decode()


class Connector:
    def __init__(self):
        self.home = RUN / "connector"
        self.home.mkdir(parents=True, exist_ok=True)
        for old in self.home.glob("connector.db*"):  # each run begins with an empty store
            old.unlink()
        (self.home / "config.toml").write_text(CONFIG)
        through = f"http://127.0.0.1:{PROXY}"
        # Only the Dataverse is behind the proxy; the certificates are the rig's own and the system's.
        self.env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()} | {
            "HTTPS_PROXY": through, "NO_PROXY": "127.0.0.1", "SSL_CERT_FILE": str(RUN / "ca/bundle.pem"), "RUST_BACKTRACE": "0"}
        self.process = None
        self.tokens = {}

    def start(self):
        log = open(self.home / "log", "ab")
        self.process = subprocess.Popen([BINARY, "serve", "--config", self.home / "config.toml"], env=self.env, cwd=self.home,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.time() + 30
        while time.time() < until:
            if self.process.poll() is not None:
                break
            try:
                if http("GET", URL + "/readyz")[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.2)
        self.stop()
        raise SystemExit(f"the connector did not become ready; see {self.home / 'log'}\n" + self.last_words())

    def last_words(self):
        return "\n".join((self.home / "log").read_text(errors="replace").splitlines()[-8:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise SystemExit("the connector did not end within 40 s of SIGTERM") from None

    def sign_in(self, user):
        """Follows the redirects of a sign-in as a browser does; the provider is told who it is by `login_hint`."""
        cookies, url, status, text = {}, URL + "/sign-in?" + urlencode({"renku": "rig", "next": "/"}), 0, ""
        for _ in range(10):
            at = urlsplit(url)
            if url.startswith(ISSUER + "/protocol/openid-connect/auth"):
                query = {k: v[0] for k, v in parse_qs(at.query).items()} | {"login_hint": user}
                url = urlunsplit(at._replace(query=urlencode(query)))
            headers = {"Accept": "text/html"}
            mine = cookies.setdefault(at.netloc, {})
            if mine:
                headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in mine.items())
            status, answer, text = http("GET", url, headers=headers)
            for line in answer.get_all("Set-Cookie") or []:
                name, _, value = line.split(";")[0].partition("=")
                mine[name.strip()] = value.strip()
            if status not in (301, 302, 303, 307):
                break
            url = urljoin(url, answer["Location"])
        if status != 200 or not url.startswith(URL):
            raise SystemExit(f"{user} could not sign in: {status} at {url.split('?')[0]}: {re.sub(r'<[^>]*>', ' ', text)[:300]}")

    def bearer(self, user):
        token, at = self.tokens.get(user, (None, 0))
        if time.time() - at > 1800:
            token = json.loads(http("GET", f"http://127.0.0.1:{GATEWAY}/_rig/token?user={user}&ttl=3600")[2])["access_token"]
            self.tokens[user] = (token, time.time())
        return {"Authorization": f"Bearer {token}"}

    def create(self, user, dataset, project, migrate=False):
        """The created import, or the problem that the connector answered instead."""
        body = {"dataset": dataset, "project": project, "installation": "demo", "renku": "rig", "migrate": migrate}
        status, headers, text = http("POST", URL + "/api/v1/imports", body, self.bearer(user) | {"Content-Type": "application/json"})
        answer = json.loads(text)
        if status in (200, 201, 202) and (status != 201 or "Location" not in headers):
            raise AssertionError(f"created with status {status}, Location {headers.get('Location')}")
        return status, answer

    def get(self, user, import_id):
        status, _, text = http("GET", f"{URL}/api/v1/imports/{import_id}", headers=self.bearer(user))
        if status != 200:
            raise AssertionError(f"GET import: {status} {text[:300]}")
        return json.loads(text)

    def follow(self, user, import_id, limit, on_phase=None):
        """Polls until the import ends, or `limit` seconds are over; `on_phase` is called once for each phase that is seen."""
        until, seen = time.time() + limit, set()
        while True:
            now = self.get(user, import_id)
            if now["phase"] not in seen:
                seen.add(now["phase"])
                if on_phase:
                    on_phase(now["phase"])
            if now["phase"] in ENDS or time.time() > until:
                return now
            time.sleep(0.3)
