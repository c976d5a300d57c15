"""A small OpenID provider in Keycloak's manner: Authorization Code with PKCE, rotated refresh tokens, device flow, revocation.

Nobody types a password: whoever `login_hint` names is signed in at once (alice, when nobody is named). No claim about real Keycloak is tested here.
"""
import base64
import hashlib
import secrets
import threading
import time
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import mint
from common import ISSUER, USERS

CLIENTS = {"dataverse-connector": "rig-client-secret", "renku-cli": None}  # name -> secret; None: a public client
BASE = "/auth/realms/Renku"
OIDC = BASE + "/protocol/openid-connect"
ACCESS_S = 300
lock = threading.Lock()
codes, devices, families = {}, {}, {}  # code -> grant · device code -> grant · family -> {"now": refresh token in force, ...}


def discovery():
    oidc = ISSUER + "/protocol/openid-connect"
    return {"issuer": ISSUER, "jwks_uri": oidc + "/certs", "authorization_endpoint": oidc + "/auth", "token_endpoint": oidc + "/token",
            "userinfo_endpoint": oidc + "/userinfo", "end_session_endpoint": oidc + "/logout", "revocation_endpoint": oidc + "/revoke",
            "device_authorization_endpoint": oidc + "/auth/device",
            "grant_types_supported": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types_supported": ["code"], "response_modes_supported": ["query"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"], "claims_supported": ["sub", "email", "name"]}


def error(status, code, text):
    return status, {"error": code, "error_description": text}, []


def client_of(form, headers):
    """Name of the client that authenticated itself, or None."""
    name, secret = form.get("client_id", ""), form.get("client_secret")
    kind, _, value = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        name, secret = (unquote(part) for part in base64.b64decode(value).decode().split(":", 1))
    return name if name in CLIENTS and CLIENTS[name] == secret else None


def issue(user, client, nonce=None, family=None):
    family = family or secrets.token_hex(8)
    refresh = f"{family}.{secrets.token_urlsafe(24)}"
    families[family] = {"now": refresh, "user": user, "client": client}
    access = mint.mint(user, "renku", ACCESS_S, azp=client)
    half = hashlib.sha256(access.encode()).digest()[:16]
    extra = {"typ": "ID", "azp": client, "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode()}
    if nonce:
        extra["nonce"] = nonce
    return 200, {"access_token": access, "expires_in": ACCESS_S, "refresh_token": refresh, "refresh_expires_in": 36000, "token_type": "Bearer",
                 "id_token": mint.mint(user, client, ACCESS_S, **extra), "not-before-policy": 0, "session_state": family,
                 "scope": "openid profile email"}, [("Cache-Control", "no-store")]


def authorize(q):
    client, back = q.get("client_id"), q.get("redirect_uri", "")
    if client not in CLIENTS or not back.startswith("http"):
        return 400, "<html>Invalid parameter: redirect_uri</html>", []
    if q.get("response_type") != "code" or q.get("code_challenge_method") != "S256" or not q.get("code_challenge"):
        problem = {"error": "invalid_request", "error_description": "Missing parameter: code_challenge_method", "state": q.get("state", "")}
        return 302, "", [("Location", f"{back}?{urlencode(problem)}")]
    user = q.get("login_hint") or "alice"
    if user not in USERS:
        return 400, "<html>Invalid username or password.</html>", []
    code = secrets.token_urlsafe(24)
    codes[code] = {"user": user, "client": client, "redirect_uri": back, "challenge": q["code_challenge"], "nonce": q.get("nonce"), "at": time.time()}
    join = "&" if "?" in back else "?"
    return 302, "", [("Location", back + join + urlencode({"state": q.get("state", ""), "session_state": "rig", "iss": ISSUER, "code": code}))]


def by_code(form, client):
    grant = codes.pop(form.get("code"), None)
    if grant is None or grant["client"] != client or time.time() - grant["at"] > 60:
        return error(400, "invalid_grant", "Code not valid")
    if grant["redirect_uri"] != form.get("redirect_uri"):
        return error(400, "invalid_grant", "Incorrect redirect_uri")
    made = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
    if made != grant["challenge"]:
        return error(400, "invalid_grant", "PKCE verification failed: Code mismatch")
    return issue(grant["user"], client, grant["nonce"])


def by_refresh(form, client):
    token = form.get("refresh_token", "")
    name = token.partition(".")[0]
    family = families.get(name)
    if family is None or family["client"] != client:
        return error(400, "invalid_grant", "Token is not active")
    if family["now"] != token:  # used before: Keycloak revokes the whole session
        del families[name]
        return error(400, "invalid_grant", "Maximum allowed refresh token reuse exceeded")
    return issue(family["user"], client, family=name)


def by_device(form, client):
    grant = devices.get(form.get("device_code"))
    if grant is None or grant["client"] != client:
        return error(400, "invalid_grant", "Device code not valid")
    if grant["user"] is None:
        return error(400, "authorization_pending", "The authorization request is still pending")
    del devices[form["device_code"]]
    return issue(grant["user"], client)


def token(form, headers):
    client = client_of(form, headers)
    if client is None:
        return error(401, "unauthorized_client", "Invalid client or Invalid client credentials")
    grants = {"authorization_code": by_code, "refresh_token": by_refresh, "urn:ietf:params:oauth:grant-type:device_code": by_device}
    grant = grants.get(form.get("grant_type"))
    return grant(form, client) if grant else error(400, "unsupported_grant_type", "Unsupported grant_type")


def device(form, headers):
    client = client_of(form, headers)
    if client is None:
        return error(401, "unauthorized_client", "Invalid client or Invalid client credentials")
    code, user_code = secrets.token_urlsafe(24), secrets.token_hex(4).upper()
    devices[code] = {"client": client, "user": None, "user_code": user_code}
    page = f"{ISSUER}/device"
    return 200, {"device_code": code, "user_code": user_code, "verification_uri": page, "verification_uri_complete": f"{page}?user_code={user_code}",
                 "expires_in": 600, "interval": 1}, []


def approve(q):
    """What a person does on the provider's page: GET /auth/realms/Renku/device?user_code=…&login_hint=alice"""
    for grant in devices.values():
        if grant["user_code"] == q.get("user_code") and q.get("login_hint") in USERS:
            grant["user"] = q["login_hint"]
            return 200, "<html>Device Login Successful</html>", []
    return 400, "<html>Invalid code, please try again.</html>", []


def revoke(form, headers):
    if client_of(form, headers) is None:
        return error(401, "unauthorized_client", "Invalid client or Invalid client credentials")
    families.pop(form.get("token", "").partition(".")[0], None)
    return 200, "", []


def answer(method, path, headers, body):
    """(status, body, headers) when `path` is the provider's, else None."""
    url = urlsplit(path)
    if not url.path.startswith(BASE):
        return None
    query = {k: v[0] for k, v in parse_qs(url.query).items()}
    form = {k: v[0] for k, v in parse_qs(body.decode(errors="replace")).items()}
    with lock:
        if url.path == BASE + "/.well-known/openid-configuration":
            return 200, discovery(), []
        if url.path == OIDC + "/auth":
            return authorize(query or form)
        if url.path == BASE + "/device":
            return approve(query)
        posts = {"/token": token, "/auth/device": device, "/revoke": revoke}
        if method == "POST" and url.path.removeprefix(OIDC) in posts:
            return posts[url.path.removeprefix(OIDC)](form, headers)
    return 404, {"error": "RESTEASY003210: Could not find resource for full path"}, []
