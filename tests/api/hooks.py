"""Made-up requests meet nothing that exists. Some of them get the number of an import and an order that can be carried out."""

import os
import zlib

import schemathesis

IMPORTS = os.environ["API_IMPORTS"].split(",")
PROJECT = os.environ["API_PROJECT"]
DATASETS = ["doi:10.5072/FK2/GLACIER", "doi:10.5072/FK2/SMALL3", "doi:10.5072/FK2/DRAFT1", "doi:10.5072/FK2/NONE"]


def number(value):
    """The same for the same value, so that a seed repeats a run."""
    return zlib.crc32(repr(value).encode("utf-8", "surrogatepass"))


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    given = (path_parameters or {}).get("id")
    if given is not None and number(given) % 2:
        path_parameters["id"] = IMPORTS[number(given) // 2 % len(IMPORTS)]
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    # Only what fits the description: what does not must stay as wrong as it was made.
    if isinstance(body, dict) and set(body) <= {"dataset", "project"} and len(body) == 2 and number(body) % 8 == 0:
        if all(isinstance(value, str) and value for value in body.values()):
            return {"dataset": DATASETS[number(body) // 8 % len(DATASETS)], "project": PROJECT}
    return body
