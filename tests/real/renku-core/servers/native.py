"""Dataverse's native API about datasets and versions, as a guest sees it: what a reader of metadata asks for. No bytes of files here."""
import hashlib
import re

ROUTE = re.compile(r"^/api/datasets/(?P<who>:persistentId|\d+)(?:/|/(?P<what>locks|versions)|/versions/(?P<version>[^/]+)(?P<files>/files)?)?/?$")
TIME = "2024-05-01T08:00:00Z"


def ok(data, **extra):
    return 200, {"status": "OK", **extra, "data": data}


def error(status, message, **extra):
    return status, {"status": "ERROR", "message": message, **extra}


def field(name, value, kind="primitive", multiple=False):
    return {"typeName": name, "multiple": multiple, "typeClass": kind, "value": value}


def file(f, version_id):
    md5 = hashlib.md5(f["data"]).hexdigest()
    out = {"label": f["name"], "restricted": bool(f.get("restricted")), "version": 1, "datasetVersionId": version_id,
           "dataFile": {"id": f["id"], "persistentId": "", "filename": f["name"], "contentType": f.get("type", "text/plain"),
                        "friendlyType": "Plain Text", "filesize": len(f["data"]), "storageIdentifier": f"local://{f['id']:x}",
                        "rootDataFileId": -1, "md5": md5, "checksum": {"type": "MD5", "value": md5}, "tabularData": False,
                        "creationDate": "2024-04-30", "publicationDate": "2024-05-01", "lastUpdateTime": TIME, "fileAccessRequest": True}}
    if f.get("dir"):
        out["directoryLabel"] = out["dataFile"]["directoryLabel"] = f["dir"]
    return out


def version(pid, ds, files=True):
    vid = 1000 + ds["id"]
    citation = [
        field("title", ds["title"]),
        field("author", [{"authorName": field("authorName", "Tester, Rigoberta"),
                          "authorAffiliation": field("authorAffiliation", "Rig University")}], "compound", True),
        field("dsDescription", [{"dsDescriptionValue": field("dsDescriptionValue", "Made by the rig.")}], "compound", True),
        field("subject", ["Other"], "controlledVocabulary", True),
    ]
    out = {"id": vid, "datasetId": ds["id"], "datasetPersistentId": pid, "datasetType": "dataset", "storageIdentifier": pid.replace("doi:", "local://"),
           "versionNumber": 1, "internalVersionNumber": 1, "versionMinorNumber": 0, "versionState": "RELEASED",
           "latestVersionPublishingState": "RELEASED", "lastUpdateTime": TIME, "releaseTime": TIME, "createTime": "2024-04-30T08:00:00Z",
           "publicationDate": "2024-05-01", "citationDate": "2024-05-01",
           "license": {"name": "CC0 1.0", "uri": "http://creativecommons.org/publicdomain/zero/1.0"}, "fileAccessRequest": True,
           "metadataBlocks": {"citation": {"displayName": "Citation Metadata", "name": "citation", "fields": citation}}}
    if files:
        out["files"] = [file(f, vid) for f in ds["files"]]
    return out


def dataset(pid, ds):
    authority, _, identifier = pid.removeprefix("doi:").partition("/")
    return {"id": ds["id"], "identifier": identifier, "persistentUrl": pid.replace("doi:", "https://doi.org/"), "protocol": "doi",
            "authority": authority, "separator": "/", "publisher": "Rig Dataverse", "publicationDate": "2024-05-01", "datasetType": "dataset",
            "locks": [], "latestVersion": version(pid, ds)}


def answer(path, query, datasets):
    """(status, body) of GET `path` below /api (version prefix removed) with the query's first values."""
    route = ROUTE.match(path)
    if route is None:
        return error(404, "API endpoint does not exist on this server. Please check your code for typos, or consult our API guide at "
                          "http://guides.dataverse.org.", code=404)
    if route["who"] == ":persistentId":
        pid = query.get("persistentId", "")
        missing = f"Dataset with Persistent ID {pid} not found."
    else:
        pid = next((p for p, d in datasets.items() if d["id"] == int(route["who"])), None)
        missing = f"Dataset with ID {route['who']} not found."
    ds = datasets.get(pid)
    if ds is None:
        return error(404, missing)
    if route["what"] == "locks":
        return ok([])
    asked = route["version"]
    if asked == ":draft" or (ds.get("unpublished") and not asked and route["what"] != "versions"):
        return error(401, "User :guest is not permitted to perform requested action.")
    if ds.get("versions_status") and (asked or route["what"]):
        return error(ds["versions_status"], "Internal server error. More details available at the server logs.", code=ds["versions_status"])
    if route["what"] == "versions":
        return ok([] if ds.get("unpublished") else [version(pid, ds, query.get("excludeFiles") != "true")])
    if not asked:
        return ok(dataset(pid, ds))
    if ds.get("unpublished") or asked not in (":latest", ":latest-published", "1", "1.0"):
        return error(404, f"Dataset version {asked} of dataset {ds['id']} not found")
    if not route["files"]:
        return ok(version(pid, ds, query.get("excludeFiles") != "true"))
    first = int(query.get("offset", 0))
    page = ds["files"][first:first + int(query["limit"])] if "limit" in query else ds["files"][first:]
    return ok([file(f, 1000 + ds["id"]) for f in page], totalCount=len(ds["files"]))
