"""Client side of the rig without the connector: make projects, import by hand, smoke test. Run through ./smoke or `rigtool.py -h`."""
import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "servers"))
from common import CORE, DV_HOST, DV_HTTP, GATEWAY, GIT, RUN, USERS  # noqa: E402
from mint import mint  # noqa: E402

ENV = dict(os.environ, HOME=str(RUN / "home"), GIT_TERMINAL_PROMPT="0", GIT_CONFIG_NOSYSTEM="1")
API = f"http://127.0.0.1:{GATEWAY}/api/renku"
REPOS, TEMPLATES = RUN / "git/repos", RUN / "templates"


def sh(*cmd, cwd=None):
    r = subprocess.run([str(c) for c in cmd], cwd=cwd, env=ENV, capture_output=True, text=True)
    if r.returncode:
        raise SystemExit(f"{' '.join(map(str, cmd))} -> {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout


def templates():
    """One real `renku init`, and variants of it, as bare repositories to copy."""
    if (TEMPLATES / "done").exists():
        return
    renku = Path(sys.executable).parent / "renku"
    with tempfile.TemporaryDirectory() as tmp:
        p = Path(tmp) / "proj"
        sh(renku, "init", "-n", "rig-project", "-t", "minimal", p)
        sh("git", "branch", "-M", "master", cwd=p)

        def bare(name):
            shutil.rmtree(TEMPLATES / f"{name}.git", ignore_errors=True)
            sh("git", "clone", "-q", "--bare", p, TEMPLATES / f"{name}.git")
            hook = TEMPLATES / f"{name}.git/hooks/pre-receive"
            hook.write_text('#!/bin/sh\nset -f\nwhile read -r old new ref; do for p in $RIG_PROTECTED; do if [ "$p" = "*" ] || [ "$ref" = "refs/heads/$p" ]; then\n'
                            'echo "GitLab: You are not allowed to push code to protected branches on this project." >&2; exit 1; fi; done; done\n')
            hook.chmod(0o755)

        def variant(name, edit):
            meta = p / ".renku/metadata/project"
            meta.write_text(json.dumps(edit(json.loads(meta.read_text())), indent=2))
            sh("git", "commit", "-nqam", f"rig: {name}", cwd=p)
            bare(name)
            sh("git", "reset", "-q", "--hard", "HEAD~1", cwd=p)

        bare("renku")
        variant("outdated", lambda m: dict(m, version=9))
        variant("toonew", lambda m: dict(m, minimum_renku_version="99.0.0"))
        variant("future", lambda m: dict(m, version=11))
        sh("git", "checkout", "-q", "--orphan", "plain", cwd=p)
        sh("git", "rm", "-rqf", ".", cwd=p)
        (p / "README.md").write_text("not a renku project\n")
        sh("git", "add", "README.md", cwd=p)
        sh("git", "commit", "-nqm", "plain", cwd=p)
        sh("git", "branch", "-M", "plain", "master", cwd=p)
        bare("plain")
    (TEMPLATES / "done").touch()


def new_project(path, template="renku", readers=("*",), writers=("alice",), protected=(), delay=0):
    repo = REPOS / f"{path}.git"
    repo.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(TEMPLATES / f"{template}.git", repo)
    (repo / "rig.json").write_text(json.dumps({"readers": list(readers), "writers": list(writers), "protected": list(protected), "delay": delay}))
    return f"http://127.0.0.1:{GIT}/{path}"


def fresh(prefix="p", **kw):
    return new_project(f"alice/{prefix}-{uuid.uuid4().hex[:8]}", **kw)


def call(method, path, body=None, token=None, base=API, headers=None):
    h = {"Content-Type": "application/json", **(headers or {})}
    if token:
        h["Authorization"] = f"Bearer {token}"
    req = urllib.request.Request(base + path, json.dumps(body).encode() if body is not None else None, h, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(req, timeout=120) as r:
            return r.status, json.loads(r.read() or b"null")
    except urllib.error.HTTPError as e:
        raw = e.read()
        with contextlib.suppress(ValueError):
            raw = json.loads(raw)
        return e.code, raw if not isinstance(raw, bytes) else raw.decode(errors="replace")


def landing(name):
    return f"https://{DV_HOST}/dataset.xhtml?persistentId=doi:10.5072/FK2/{name}"


def follow(job_id, token, limit=60, settle=2.0, every=0.03):
    """Poll the job; return the distinct bodies with their time. A COMPLETED without extras.remote_branch is NOT the end (see README);
    after the true end go on `settle` s, to see whether it still changes."""
    t0, seen, last, end = time.time(), [], None, None
    while time.time() - t0 < limit:
        status, body = call("GET", f"/jobs/{job_id}", token=token)
        res = body.get("result") if isinstance(body, dict) else None
        key = json.dumps([status, {k: v for k, v in res.items() if k in ("state", "extras")} if res else body], sort_keys=True)
        if key != last:
            seen.append({"t": round(time.time() - t0, 2), "status": status, "body": body})
            last, end = key, None
        if res and (res["state"] == "FAILED" or (res["state"] == "COMPLETED" and (res.get("extras") or {}).get("remote_branch"))):
            end = end or time.time() + settle
            if time.time() > end:
                return seen
        time.sleep(every)
    seen.append({"t": round(time.time() - t0, 2), "rig": "gave up polling here; the body did not change since the entry above"})
    return seen


def do_import(git_url, uri, user="alice", token=None, limit=60, settle=2.0, **extra):
    """POST /datasets.import and follow the job; extra goes into the body."""
    token = token or mint(user)
    body = {"git_url": git_url, "dataset_uri": uri, **extra}
    t0 = time.time()
    status, answer = call("POST", "/datasets.import", body, token)
    out = {"request": {"method": "POST", "path": "/api/renku/datasets.import", "body": body}, "post_s": round(time.time() - t0, 2),
           "status": status, "answer": answer}
    job = (answer.get("result") or {}).get("job_id") if isinstance(answer, dict) else None
    if job:
        out["job"] = follow(job, token, limit, settle)
    return out


def final(rec):
    bodies = [s["body"] for s in rec.get("job", []) if isinstance(s.get("body"), dict)]
    res = bodies[-1].get("result") or {} if bodies else {}
    return res.get("state"), res.get("extras") or {}


def clone(git_url, branch=None, user="alice"):
    d = tempfile.mkdtemp(prefix="clone-", dir=RUN)
    sh("git", "clone", "-q", *(["-b", branch] if branch else []), git_url.replace("://", f"://oauth2:{USERS[user]['git']}@") + ".git", d)
    return Path(d)


def smoke():
    url = fresh("smoke")
    print("project  ", url)
    rec = do_import(url, landing("SMALL3"))
    print("import   ", rec["status"], json.dumps(rec["answer"]), f"({rec['post_s']} s)")
    for s in rec.get("job", []):
        r = (s.get("body") or {}).get("result")
        print(f"  +{s['t']:6.2f} s", f"{r['state']:<12} extras={json.dumps(r.get('extras'))}" if r else json.dumps(s))
    state, extras = final(rec)
    if state != "COMPLETED" or not extras.get("remote_branch"):
        raise SystemExit(f"FAILED: {state} {extras}")
    d = clone(url)
    print("commits  ", *sh("git", "log", "--format=%h %an <%ae> %s", cwd=d).splitlines(), sep="\n    ")
    found = {str(f.relative_to(d)): f.read_text() for f in d.glob("data/**/*") if f.is_file()}
    print("files    ", json.dumps(found, indent=1))
    want = {"readings.csv": "t,v\n1,10\n2,20\n", "notes.txt": "hello from a fake dataverse\n", "params.json": '{"alpha": 0.5}\n'}
    assert {Path(k).name: v for k, v in found.items()} == want, "files differ from what the fake Dataverse serves"
    status, ls = call("GET", f"/datasets.list?git_url={url}", token=mint("alice"))
    print("datasets.list", status, json.dumps(ls)[:600])
    assert ls["result"]["datasets"][0]["slug"], ls
    shutil.rmtree(d)
    print("SMOKE OK")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    sub = p.add_subparsers(dest="cmd", required=True)
    sub.add_parser("templates")
    sub.add_parser("smoke")
    n = sub.add_parser("new-project")
    n.add_argument("path", help="owner/name")
    n.add_argument("--template", default="renku", choices=["renku", "plain", "outdated", "toonew", "future"])
    n.add_argument("--readers", default="*")
    n.add_argument("--writers", default="alice")
    n.add_argument("--protected", default="")
    n.add_argument("--delay", type=float, default=0, help="seconds that every git request takes")
    i = sub.add_parser("import")
    i.add_argument("git_url")
    i.add_argument("dataset_uri")
    i.add_argument("--user", default="alice")
    a = p.parse_args()
    if a.cmd == "templates":
        templates()
    elif a.cmd == "smoke":
        smoke()
    elif a.cmd == "new-project":
        print(new_project(a.path, a.template, a.readers.split(","), a.writers.split(","), [b for b in a.protected.split(",") if b], a.delay))
    else:
        print(json.dumps(do_import(a.git_url, a.dataset_uri, a.user), indent=1))
