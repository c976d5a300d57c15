"""Holds what was said between our adapter and the simulated Renku 2 against Renku's own OpenAPI files.

    check.py EXCHANGES FOLDER [--least OPERATIONS]

EXCHANGES has one call a line, as the simulator kept it (`/_sim/data/exchanges`); FOLDER has Renku's files (*.yaml). Every request is
checked (path, query, body), and every answer that the services themselves gave (status, body, paging headers). Answers of the
gateway are nobody's contract. Fails on any difference, and if fewer different operations were seen than expected. Before that it
spoils some calls on purpose and fails if it does not notice.
"""

import argparse
import copy
import datetime
import json
import pathlib
import re
import sys

import yaml
from jsonschema import Draft4Validator, FormatChecker

# Served by the services and described in none of the files.
NOT_DESCRIBED = {("GET", "version")}

FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(text):
    return not isinstance(text, str) or datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None


def resolved(node, document, depth=0):
    """The schema without references, and with OpenAPI's `nullable` in words of JSON Schema."""
    if depth > 60:
        raise SystemExit("a description refers to itself without end")
    if isinstance(node, list):
        return [resolved(item, document, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(target, document, depth + 1)
    node = {key: resolved(value, document, depth + 1) for key, value in node.items()}
    if node.pop("nullable", False) is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    return node


class Operation:
    def __init__(self, template, method, item, body, document):
        self.name = f"{method.upper()} {template}"
        names = re.findall(r"{(\w+)}", template)
        self.fixed = template.count("/") + 1 - len(names)
        self.pattern = re.compile("^" + re.sub(r"{\w+}", "([^/]+)", template.lstrip("/")) + "$")
        parameters = [resolved(one, document) for one in item.get("parameters", []) + body.get("parameters", [])]
        at_path = {one["name"]: one["schema"] for one in parameters if one["in"] == "path"}
        self.path = [at_path.get(name, {}) for name in names]
        self.query = {}
        for one in (one for one in parameters if one["in"] == "query"):
            schema = one["schema"]
            for part in schema.get("allOf", [schema]):
                if "properties" in part:  # an object, spread over the query
                    self.query.update(part["properties"])
                else:
                    self.query[one["name"]] = schema
        self.request = resolved(body.get("requestBody"), document)
        self.responses = resolved(body["responses"], document)

    def complaints(self, call):
        parts = self.pattern.match(call["path"]).groups()
        for value, schema in zip(parts, self.path):
            yield from invalid(value, schema, "path")
        yield from self.about_query(call["query"])
        if self.request:
            yield from invalid(call["request"], json_schema(self.request), "request")
        elif call["request"] is not None:
            yield "request: a body where none is described"
        if not call["gateway"]:
            yield from self.about_answer(call)

    def about_query(self, query):
        for name in {name for name, _ in query}:
            schema = self.query.get(name)
            if schema is None:
                yield f"query: {name} is not described"
                continue
            values = [value for other, value in query if other == name]
            given = [typed(value, schema.get("items", schema)) for value in values]
            yield from invalid(given if schema.get("type") == "array" else given[-1], schema, f"query {name}")

    def about_answer(self, call):
        status = str(call["status"])
        response = self.responses.get(status) or self.responses.get("default")
        if response is None:
            yield f"answer: status {status} is not described"
            return
        schema = json_schema(response)
        if schema is None:
            if call["response"] is not None:
                yield f"answer: a body with status {status}, where none is described"
        else:
            yield from invalid(call["response"], schema, f"answer {status}")
        if "page" in response.get("headers", {}) and not call["paged"]:
            yield "answer: the headers of pages are missing"


def json_schema(part):
    return (part.get("content") or {}).get("application/json", {}).get("schema")


def typed(text, schema):
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def invalid(value, schema, where):
    for error in Draft4Validator(schema, format_checker=FORMATS).iter_errors(value):
        at = "/".join(str(part) for part in error.absolute_path)
        yield f"{where} {at}: {error.message[:300]}"


def operations(folder):
    found = []
    for file in sorted(pathlib.Path(folder).glob("*.yaml")):
        document = yaml.safe_load(file.read_text())
        for template, item in document["paths"].items():
            for method in ("get", "post", "put", "patch", "delete"):
                if method in item:
                    found.append(Operation(template, method, item, item[method], document))
    # `/data_connectors/global` before `/data_connectors/{data_connector_id}`
    return sorted(found, key=lambda one: -one.fixed)


def operation_of(call, known):
    for one in known:
        if one.name.startswith(call["method"] + " ") and one.pattern.match(call["path"]):
            return one
    return None


def complaints(call, known):
    if (call["method"], call["path"]) in NOT_DESCRIBED:
        return []
    operation = operation_of(call, known)
    return list(operation.complaints(call)) if operation else ["this call is not described"]


def spoilt(calls):
    """Calls that are wrong in one way each."""
    def first(method, pattern, status):
        for call in calls:
            fits = call["method"] == method and re.search(pattern, call["path"]) and call["status"] == status
            if fits and not call["gateway"]:
                return copy.deepcopy(call)
        raise SystemExit(f"no {method} {pattern} was answered with {status}: nothing to spoil")

    call = first("POST", "^data_connectors/global$", 201)
    call["request"]["name"] = "an unknown key"
    yield "an unknown key in a request", call
    call = first("POST", "^data_connectors/global$", 201)
    del call["response"]["etag"]
    yield "a missing key in an answer", call
    call = first("POST", "project_links$", 201)
    call["response"]["id"] = "not-a-ulid"
    yield "an id of another shape", call
    call = first("GET", "^namespaces$", 200)
    call["query"].append(["search", "x"])
    yield "an unknown query parameter", call
    call = first("GET", "^namespaces$", 200)
    call["query"] = [["per_page", "500"]]
    yield "a page that is too long", call
    call = first("GET", "^user$", 200)
    call["path"] = "whoami"
    yield "a path that is not described", call


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("exchanges")
    parser.add_argument("folder")
    parser.add_argument("--least", type=int, default=1)
    given = parser.parse_args()
    known = operations(given.folder)
    calls = [json.loads(line) for line in pathlib.Path(given.exchanges).read_text().splitlines() if line.strip()]
    if not calls:
        sys.exit("no call was kept: there is nothing to check")
    for what, call in spoilt(calls):
        if not complaints(call, known):
            sys.exit(f"the check does not notice {what}")
    seen, wrong = {}, {}
    for call in calls:
        operation = operation_of(call, known)
        name = operation.name if operation else f"{call['method']} /{call['path']}"
        seen[name] = seen.get(name, 0) + 1
        for complaint in complaints(call, known):
            wrong.setdefault((name, complaint), call)
    for name, count in sorted(seen.items()):
        print(f"  {count:6}  {name}")
    for (name, complaint), call in wrong.items():
        print(f"WRONG {name}: {complaint}\n      {json.dumps(call)[:600]}")
    described = sum(1 for one in known if one.name in seen)
    print(f"{len(calls)} calls of {described} described operations, {len(wrong)} differences")
    if described < given.least:
        sys.exit(f"at least {given.least} described operations were expected")
    sys.exit(1 if wrong else 0)


main()
