"""Stand-in for the Renku gateway (sign-in: oidc.py): checks the Bearer JWT on /api/renku/* and /api/user, forwards the former to the core service."""
import base64
import http.client
import json
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import RSAAlgorithm

import mint
import oidc
from common import CORE, GATEWAY, GIT, ISSUER, RUN, USERS, Handler, git_tokens, serve

PUB = serialization.load_pem_private_key((RUN / "oidc/key.pem").read_bytes(), None).public_key()
JWKS = {"keys": [dict(json.loads(RSAAlgorithm.to_jwk(PUB)), kid="rig-1", use="sig", alg="RS256")]}
HOP = {"connection", "transfer-encoding", "content-length", "host", "authorization", "keep-alive", "date", "server"}
SUBMITS = {}
OPEN = {"/api/renku/apiversion", "/api/renku/version", "/api/renku/versions"}  # answered without any sign-in
MINE = {"renku-user", "renku-user-id", "renku-user-email", "renku-user-fullname"}


def b64(s):
    return base64.b64encode(s.encode()).decode()


class Gateway(Handler):
    def handle_any(self):
        url = urlsplit(self.path)
        body = self.body()
        if url.path == "/_rig/health":
            return self.send(200, {"ok": True})
        if url.path == "/_rig/submits":  # project -> imports that the core service took on for it
            return self.send(200, SUBMITS)
        if url.path == "/auth/realms/Renku/protocol/openid-connect/certs":
            return self.send(200, JWKS)
        provider = oidc.answer(self.command, self.path, self.headers, body)
        if provider is not None:
            status, answer, headers = provider
            return self.send(status, answer, "text/html" if isinstance(answer, str) else "application/json", headers)
        if url.path == "/_rig/token":  # GET /_rig/token?user=alice&aud=renku&ttl=300
            q = {k: v[0] for k, v in parse_qs(url.query).items()}
            return self.send(200, {"access_token": mint.mint(q.get("user", "alice"), q.get("aud", "renku"), int(q.get("ttl", 3600))),
                                   "token_type": "Bearer", "expires_in": int(q.get("ttl", 3600))})
        if url.path in OPEN:
            return self.forward(body, {})
        if not url.path.startswith("/api/renku/") and url.path != "/api/user":
            return self.send(404, {"error": "not found"})
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return self.send(401, {"error": "missing bearer token"}, headers=[("WWW-Authenticate", "Bearer")])
        try:
            claims = jwt.decode(token, PUB, algorithms=["RS256"], audience="renku", issuer=ISSUER, options={"require": ["exp", "sub", "aud"]})
        except jwt.InvalidTokenError as e:
            return self.send(401, {"error": f"invalid token: {e}"}, headers=[("WWW-Authenticate", 'Bearer error="invalid_token"')])
        git_token = git_tokens().get(claims["sub"])
        if url.path == "/api/user":
            return self.gitlab_user(claims, git_token)
        headers = {"Renku-User": token, "Renku-user-id": claims["sub"], "Renku-user-email": b64(claims["email"]),
                   "Renku-user-fullname": b64(claims["name"])}
        if git_token:
            headers["Authorization"] = f"Bearer {git_token}"
        self.forward(body, headers)

    def gitlab_user(self, claims, git_token):
        """GitLab's own answer, fetched with the git token that stands in for the caller's."""
        if not git_token or git_token == "gltok-expired":
            return self.send(401, {"message": "401 Unauthorized"})
        user = claims["sub"]
        self.send(200, {"id": 1 + list(USERS).index(user), "username": user, "name": claims["name"], "state": "active", "email": claims["email"],
                        "web_url": f"http://127.0.0.1:{GIT}/{user}"})

    def forward(self, body, identity):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP | MINE} | identity
        try:
            up = http.client.HTTPConnection("127.0.0.1", CORE, timeout=600)
            up.request(self.command, self.path[len("/api"):], body or None, headers)
            r = up.getresponse()
            data = r.read()
        except OSError as e:
            return self.send(502, {"error": f"core service unreachable: {e}"})
        if self.path.endswith("/datasets.import") and b'"job_id"' in data:
            project = json.loads(body)["git_url"].removesuffix(".git")
            SUBMITS[project] = SUBMITS.get(project, 0) + 1
        self.send(r.status, data, r.getheader("Content-Type", "application/json"),
                  [(k, v) for k, v in r.getheaders() if k.lower() not in HOP | {"content-type"}])

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_any


if __name__ == "__main__":
    serve(Gateway, GATEWAY).serve_forever()
