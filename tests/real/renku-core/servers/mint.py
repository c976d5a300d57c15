"""Mint a Renku access token (RS256). usage: mint.py [--user alice] [--aud renku] [--ttl 3600] [--iss URL] [--key other.pem]"""
import argparse
import time
import uuid

import jwt

from common import ISSUER, RUN, USERS


def mint(user="alice", aud="renku", ttl=3600, iss=ISSUER, key=None, **extra):
    u = USERS.get(user, {"name": user, "email": f"{user}@rig.example"})
    now = int(time.time())
    claims = {"iss": iss, "sub": user, "aud": aud.split(","), "exp": now + ttl, "iat": now, "nbf": min(now, now + ttl), "jti": uuid.uuid4().hex,
              "typ": "Bearer", "azp": "dataverse-connector", "preferred_username": user, "email": u["email"], "name": u["name"], "email_verified": True, **extra}
    return jwt.encode(claims, open(key or RUN / "oidc/key.pem").read(), algorithm="RS256", headers={"kid": "rig-1"})


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--user", default="alice")
    p.add_argument("--aud", default="renku", help="comma separated")
    p.add_argument("--ttl", type=int, default=3600, help="seconds; negative: already expired")
    p.add_argument("--iss", default=ISSUER)
    p.add_argument("--key")
    print(mint(**vars(p.parse_args())))
