"""Fake Dataverse (http + https on loopback) and fake DOI resolver. Bodies follow Dataverse 6.x's own words.

What the core service asks for (export, versions, files) is here; what the connector's reader asks for besides is in native.py.
Fixtures: FIXTURES below; more with POST /_rig/datasets {"pid": "doi:10.5072/FK2/X", "title": ..., "files": [{"name", "text"|"size", ...}]}
File knobs: delay (s before the answer), trickle (s spread over the body), missing (404), restricted (403), status (any), drop (cut half way),
reset (connection closed without an answer), s3 (303 to a signed url that refuses HEAD, as S3 does).
Dataset knobs: unpublished, versions_status, export_status, no_distribution, no_doi, extra (keys added to each distribution entry).
"""
import json
import ssl
import threading
import time
from urllib.parse import parse_qs, unquote, urlsplit

import native
from common import DV_HOST, DV_HTTP, DV_HTTPS, RUN, Handler, serve

SITE = f"https://{DV_HOST}"
DATASETS, FILES, LOCK, HITS = {}, {}, threading.Lock(), []


def three(**last):
    return [{"name": "readings.csv", "text": "t,v\n1,10\n2,20\n", "type": "text/csv"},
            {"name": "notes.txt", "text": "hello from a fake dataverse\n"},
            dict({"name": "params.json", "text": '{"alpha": 0.5}\n', "type": "application/json"}, **last)]


FIXTURES = {
    "SMALL3": dict(files=three()),
    "SLOW3": dict(files=[dict(f, delay=d) for f, d in zip(three(), (1, 3, 6))]),
    "MISSNG": dict(files=three(missing=True)),
    "MISS1ST": dict(files=[dict(f, **k) for f, k in zip(three(), ({}, {}, {"missing": True, "delay": 4}))]),
    "RESTRD": dict(files=three(restricted=True)),
    "DROPPD": dict(files=three(drop=True, size=200000, text=None)),
    "FLAKY": dict(files=three(status=503)),
    "NOFILE": dict(files=[]),
    "NODIST": dict(files=[], no_distribution=True),
    "DRAFT1": dict(files=three(), unpublished=True),
    "VERS500": dict(files=three(), versions_status=500),
    "EXP500": dict(files=three(), export_status=500),
    "DUPNAM": dict(files=[{"name": "data.csv", "dir": d, "text": f"from,{d}\n"} for d in ("a", "b")] + [{"name": "x.txt", "dir": "deep/er", "text": "x\n"}]),
    "MANY20": dict(files=[{"name": f"f{i:02}.txt", "text": f"file {i}\n"} for i in range(20)]),
    "BIGLFS": dict(files=[{"name": "big.bin", "size": 300000, "type": "application/octet-stream"}, {"name": "small.txt", "text": "s\n"}]),
    "UTF8": dict(title="Zürich glaciers — 氷河", files=[{"name": "Messung Zürich (1).csv", "text": "ü\n"}]),
    "RESET": dict(files=three(reset=True)),
    "S3REDIR": dict(files=three(s3=True)),
    "EXTRAK": dict(files=three(), extra={"sha256": "0" * 64}),
    "HUGEN": dict(title="A title that is much longer than most: glacier mass balance measurements in the canton of Zürich", files=three()),
    "NODOI": dict(files=three(), no_doi=True),
    # The core service makes its slug of a title's first letters: these two get the same one.
    "TWIN19": dict(title="Glacier mass balance measurements 2019", files=three()),
    "TWIN20": dict(title="Glacier mass balance measurements 2020", files=[{"name": "other.txt", "text": "another dataset\n"}]),
}


def add(pid, ds):
    with LOCK:
        for f in ds["files"]:
            fid = 1000 + len(FILES)
            f.update(id=fid)
            f["data"] = f["text"].encode() if f.get("text") is not None else (b"0123456789abcdef" * (f["size"] // 16 + 1))[: f["size"]]
            FILES[fid] = f
        DATASETS[pid] = dict(ds, id=40 + len(DATASETS), title=ds.get("title") or f"Fake dataset {pid.rsplit('/', 1)[1]}")


def pid_url(pid):
    return pid.replace("doi:", "https://doi.org/")


def schema_org(pid, ds):
    out = {"@context": "http://schema.org", "@type": "Dataset", "@id": pid_url(pid), "identifier": pid_url(pid), "name": ds["title"],
           "creator": [{"@type": "Person", "givenName": "Rigoberta", "familyName": "Tester",
                        "affiliation": {"@type": "Organization", "name": "Rig University"}, "name": "Tester, Rigoberta"}],
           "datePublished": "2024-05-01", "dateModified": "2024-05-02", "version": "1", "description": "Made by the rig.",
           "keywords": ["Other", "rig"], "license": "http://creativecommons.org/publicdomain/zero/1.0",
           "includedInDataCatalog": {"@type": "DataCatalog", "name": "Rig Dataverse", "url": SITE},
           "publisher": {"@type": "Organization", "name": "Rig Dataverse"}, "provider": {"@type": "Organization", "name": "Rig Dataverse"}}
    out["author"] = out["creator"]
    if not ds.get("no_distribution"):
        out["distribution"] = [{"@type": "DataDownload", "name": f["name"], "encodingFormat": f.get("type", "text/plain"),
                                "contentSize": len(f["data"]), "contentUrl": f"{SITE}/api/access/datafile/{f['id']}", **ds.get("extra", {})} for f in ds["files"]]
    return out


class Dataverse(Handler):
    def err(self, status, message, **extra):
        self.send(status, dict({"status": "ERROR"}, message=message, **extra))

    def do_POST(self):
        body = self.body()
        if self.path == "/_rig/datasets":
            ds = json.loads(body)
            add(ds["pid"], ds)
            return self.send(200, {"url": f"{SITE}/dataset.xhtml?persistentId={ds['pid']}", "pid": ds["pid"]})
        self.err(405, "method not allowed")

    def do_GET(self):
        url = urlsplit(self.path)
        q = {k: v[0] for k, v in parse_qs(url.query).items()}
        host = (self.headers.get("Host") or "").split(":")[0]
        path = url.path.replace("/api/v1/", "/api/")
        if path == "/_rig/health":
            return self.send(200, {"ok": True})
        if path == "/_rig/hits":
            return self.send(200, HITS)
        HITS.append(f"{time.time():.2f} {self.command} {host}{self.path} key={bool(self.headers.get('X-Dataverse-key'))}")
        if host in ("dx.doi.org", "doi.org"):
            return self.doi(unquote(path.lstrip("/")))
        if path == "/api/info/version":
            return self.send(200, {"status": "OK", "data": {"version": "6.2", "build": "rig"}})
        if path in ("/dataset.xhtml", "/citation"):
            return self.send(200 if q.get("persistentId") in DATASETS else 404, "<html><title>fake dataset page</title></html>", "text/html")
        ds = DATASETS.get(q.get("persistentId", ""))
        if path == "/api/datasets/export":
            if ds is None:
                return self.err(404, f"A dataset with the persistentId {q.get('persistentId')} could not be found.")
            if ds.get("unpublished"):
                return self.err(400, "Unable to look up dataset based on version. Try :latest-published or :draft.")
            if ds.get("export_status"):
                return self.err(ds["export_status"], "Export Failed")
            return self.send(200, schema_org(q["persistentId"], ds))
        if path.startswith("/api/datasets/"):
            return self.send(*native.answer(path, q, DATASETS))
        if path.startswith("/s3/"):
            f = FILES[int(path.rsplit("/", 1)[1])]
            return self.send(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "application/xml") if self.command == "HEAD" else self.send(200, f["data"], "binary/octet-stream")
        if path.startswith("/api/access/datafile/"):
            return self.datafile(path.rsplit("/", 1)[1])
        self.err(404, "API endpoint does not exist on this server. Please check your code for typos, or consult our API guide at http://guides.dataverse.org.",
                 code=404, requestUrl=SITE + self.path, requestMethod=self.command)

    do_HEAD = do_GET

    def doi(self, doi):
        ds = DATASETS.get("doi:" + doi)
        if ds is None or ds.get("no_doi"):
            return self.send(404, "<html><title>Error: DOI Not Found</title></html>", "text/html;charset=utf-8")
        self.send(200, {"type": "dataset", "id": f"https://doi.org/{doi}", "categories": ["Other"], "author": [{"family": "Tester", "given": "Rigoberta"}],
                        "issued": {"date-parts": [[2024]]}, "abstract": "Made by the rig.", "DOI": doi.upper(), "publisher": "Rig Dataverse",
                        "title": ds["title"], "URL": f"{SITE}/citation?persistentId=doi:{doi}"}, "application/vnd.citationstyles.csl+json")

    def datafile(self, fid):
        f = FILES.get(int(fid)) if fid.isdigit() else None
        if self.command == "GET" and f:
            time.sleep(f.get("delay", 0))
        if f is None or f.get("missing"):
            return self.err(404, f"'/api/access/datafile/{fid}' datafile not found.", code=404)
        if f.get("restricted"):
            return self.err(403, "Not authorized to access this object via this API endpoint. Please check your code for typos, "
                                 "or consult our API guide at http://guides.dataverse.org.", code=403)
        if f.get("status"):
            return self.err(f["status"], "Service unavailable", code=f["status"])
        if f.get("reset"):
            self.close_connection = True
            return
        if f.get("s3"):
            return self.send(303, headers=[("Location", f"{SITE}/s3/{fid}?X-Amz-Expires=3600&X-Amz-Signature=topsecret{fid}")])
        head = [("Content-Disposition", f"attachment; filename*=UTF-8''{f['name'].encode('ascii', 'replace').decode()}")]
        if self.command == "GET" and (f.get("drop") or f.get("trickle")):
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(f["data"])))
            self.end_headers()
            n = 20
            step = len(f["data"]) // n + 1
            for i in range(n // 2 if f.get("drop") else n):
                self.wfile.write(f["data"][i * step:(i + 1) * step])
                self.wfile.flush()
                time.sleep(f.get("trickle", 0) / n)
            self.close_connection = True
            return
        self.send(200, f["data"], f.get("type", "text/plain"), head)


if __name__ == "__main__":
    for name, ds in FIXTURES.items():
        add(f"doi:10.5072/FK2/{name}", ds)
    tls = serve(Dataverse, DV_HTTPS)
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(RUN / "ca/server.pem", RUN / "ca/server.key")
    tls.socket = ctx.wrap_socket(tls.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=tls.serve_forever, daemon=True).start()
    serve(Dataverse, DV_HTTP).serve_forever()
