#!/usr/bin/env python3
"""Prints the realm `Renku` as JSON for Keycloak's import: what the scripts of Renku's chart make, then what the tests need.

The first half follows renku `scripts/init-realm/{init-realm,utils}.py` and `templates/setup-job-keycloak-realms.yaml`: a client is a
few keys without a `protocol`, so that Keycloak sets none of its per-protocol defaults (direct access grants stay off).
Usage: realm.py RENKU_URL CONNECTOR_CLIENT_JSON PASSWORD
"""
import copy
import json
import sys

SECRET = "sandbox-secret"
LOOPBACK = ["http://127.0.0.1*", "http://localhost*"]

# name, subject, given name, family name: the people of the simulated Keycloak (src/sandbox/keycloak/people.rs)
PEOPLE = [
    ("alice", "0a11ce00-5f1c-4d0e-9c38-7a6c4a4f0001", "Alice", "Amsler"),
    ("bob", "0b0b0000-5f1c-4d0e-9c38-7a6c4a4f0002", "Bob", "Brunner"),
    ("carol", "0ca20100-5f1c-4d0e-9c38-7a6c4a4f0003", "Carol", "Clément"),
    ("dave", "0da7e000-5f1c-4d0e-9c38-7a6c4a4f0004", "Dave", "Dürr"),
]
# Twenty more, for many sign-ins at once.
PEOPLE += [(f"person-{n:02}", f"0be0be00-5f1c-4d0e-9c38-7a6c4a4f00{n:02}", f"Person {n}", "Many") for n in range(20)]


def audience(name="audience for renku"):
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "consentRequired": False,
        "config": {
            "included.client.audience": "renku",
            "id.token.claim": "false",
            "access.token.claim": "true",
            "userinfo.token.claim": "false",
        },
    }


def chart_clients(url):
    below = {"baseUrl": url, "redirectUris": [f"{url}/*"], "webOrigins": [f"{url}/*"]}
    confidential = {"clientAuthenticatorType": "client-secret", "secret": SECRET, "publicClient": False}

    def client(name, **more):
        return {"clientId": name, "protocolMappers": [audience()], **below, **more}

    device = {"oauth2.device.authorization.grant.enabled": "true", "oauth2.device.polling.interval": "5", "access.token.lifespan": "86400"}
    return [
        client("renku", **confidential),
        client("renku-cli", publicClient=True, standardFlowEnabled=False, attributes=device),
        client("renku-ui", **confidential),
        client("renku-jupyterserver", **confidential),
        client("swagger", publicClient=True, attributes={"pkce.code.challenge.method": "S256"}),
        client("data-service", **confidential, standardFlowEnabled=False, serviceAccountsEnabled=True),
    ]


def our_clients(path):
    with open(path, encoding="utf-8") as file:
        made = json.load(file)
    connector = made["clients"][0] if "clients" in made else made
    connector = {**connector, "clientId": "dataverse-connector", "secret": SECRET, "redirectUris": LOOPBACK}
    no_audience = {**copy.deepcopy(connector), "clientId": "no-audience", "protocolMappers": []}
    no_code = {**copy.deepcopy(connector), "clientId": "no-code", "standardFlowEnabled": False}
    return [connector, no_audience, no_code]


def person(name, subject, given, family, password):
    return {
        "id": subject,
        "username": name,
        "email": f"{name}@example.org",
        "emailVerified": True,
        "firstName": given,
        "lastName": family,
        "enabled": True,
        "credentials": [{"type": "password", "value": password}],
        "realmRoles": ["default-roles-renku"],
    }


def main():
    url, connector, password = sys.argv[1:]
    realm = {
        # The chart's:
        "realm": "Renku",
        "enabled": True,
        "registrationAllowed": True,
        "accessTokenLifespan": 1800,
        "ssoSessionIdleTimeout": 86400,
        "ssoSessionMaxLifespan": 604800,
        "clients": chart_clients(url) + our_clients(connector),
        # Not the chart's: the strictest rotation, since the connector must live with it, and events to count tokens by.
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "eventsEnabled": True,
        # By itself it keeps no renewals.
        "enabledEventTypes": ["REFRESH_TOKEN", "REFRESH_TOKEN_ERROR", "CODE_TO_TOKEN", "CODE_TO_TOKEN_ERROR"],
        "users": [person(*one, password) for one in PEOPLE],
    }
    print(json.dumps(realm, indent=1))


main()
