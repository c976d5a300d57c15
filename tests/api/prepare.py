"""Starts two imports as alice, waits until they have ended, and prints their numbers: something to look at for made-up requests."""

import json
import os
import time
import urllib.request

CONNECTOR = os.environ["CONNECTOR"]


def ask(method, path, body=None):
    request = urllib.request.Request(
        f"{CONNECTOR}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {os.environ['TOKEN']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


numbers = []
for dataset in ("GLACIER", "SMALL3"):
    order = {"dataset": f"doi:10.5072/FK2/{dataset}", "project": os.environ["API_PROJECT"]}
    numbers.append(ask("POST", "/imports", order)["id"])
deadline = time.monotonic() + 120
for number in numbers:
    while not ask("GET", f"/imports/{number}")["ended"]:
        if time.monotonic() > deadline:
            raise SystemExit(f"the import {number} does not end")
        time.sleep(0.3)
print(",".join(numbers))
