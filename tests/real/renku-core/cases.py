"""Case by case what the connector must make of the real core service: a table, the hands that set a case up, and the comparison."""
import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

import rigtool
from connector import URL, Connector, http
from rigtool import DV_HTTP, GATEWAY, REPOS, RUN, clone, fresh, sh


@dataclass
class Expect:
    phase: str  # an end of an import, or "refused": the connector said no before it made one
    outcome: Optional[str] = None  # and by what it was compared; the core service lets us see names only
    problem: Optional[str] = None
    repository: str = "all"  # of the dataset's files: all | none | differs, by name and MD5, on whichever branch was pushed last
    submits: int = 1  # how often the core service took an import on


@dataclass
class Case:
    name: str
    dataset: str
    expect: Expect
    user: str = "alice"
    project: dict = field(default_factory=dict)  # of rigtool.fresh
    address: Optional[str] = None  # instead of a fresh project
    migrate: bool = False
    limit: int = 120  # seconds
    before: Optional[Callable] = None  # (connector, project): sets the stage
    on_phase: Optional[Callable] = None  # (phase): interferes while the import runs
    after: Callable = lambda: None


DOI = "doi:10.5072/FK2/"
COMPLETE = Expect("succeeded", "complete by names")


def first(dataset, wait=0):
    """Imports another dataset (or the same) into the project beforehand, and then waits."""
    def stage(connector, project):
        status, made = connector.create("alice", DOI + dataset, project)
        assert status == 201, made
        assert connector.follow("alice", made["id"], 120)["phase"] == "succeeded"
        time.sleep(wait)
    return stage


def then_rotate(stage):
    def both(connector, project):
        stage(connector, project)
        (RUN / "tokens.json").write_text(json.dumps({"alice": "gltok-alice-2"}))
    return both


def rotate_back():
    (RUN / "tokens.json").unlink(missing_ok=True)


def kill_horse(phase):
    """Ends the process that carries the job, as the kernel does when memory is short; the worker itself goes on."""
    if phase != "running":
        return
    worker = (RUN / "pids/core-worker1").read_text().split()[0]
    for _ in range(100):
        horses = subprocess.run(["ps", "-o", "pid=", "--ppid", worker], capture_output=True, text=True).stdout.split()
        if horses:
            for horse in horses:
                os.kill(int(horse), signal.SIGKILL)
            return
        time.sleep(0.1)
    raise AssertionError("no job's process to kill")


CASES = [
    Case("three files", "SMALL3", COMPLETE),
    Case("twenty files", "MANY20", COMPLETE, limit=240),
    Case("UTF-8 names", "UTF8", COMPLETE),
    Case("side branch", "SMALL3", Expect("succeeded", "on_side_branch by names"), project={"protected": ["master"]}),
    Case("no push right", "SMALL3", Expect("failed", None, "push-failed", "none"), user="bob"),
    Case("unknown DOI", "NOSUCH", Expect("refused", None, "dataset-unknown", "none", 0)),
    Case("unknown project", "SMALL3", Expect("failed", None, "project-not-found", "none", 0), address=f"http://127.0.0.1:{rigtool.GIT}/alice/no-such"),
    Case("needs migration, no consent", "SMALL3", Expect("failed", None, "project-needs-migration", "none", 0), project={"template": "outdated"}),
    Case("needs migration, consent", "SMALL3", COMPLETE, project={"template": "outdated"}, migrate=True),
    Case("duplicate", "SMALL3", Expect("failed", None, "dataset-name-taken", submits=2), before=first("SMALL3")),
    Case("similar titles", "TWIN20", Expect("succeeded", "complete by names", submits=2), before=first("TWIN19")),
    Case("a file cut half way", "DROPPD", Expect("succeeded", "complete by names", None, "differs")),
    Case("one name in two folders", "DUPNAM", Expect("succeeded", "incomplete by names", None, "differs")),
    Case("restricted file", "RESTRD", Expect("refused", None, "dataset-has-closed-files", "none", 0)),
    Case("COMPLETED, then FAILED", "MISS1ST", Expect("failed", None, "file-not-downloadable", "none")),
    Case("never ends: connection lost", "RESET", Expect("failed", None, "renku-job-stuck", "none"), limit=180),
    Case("never ends: unknown key", "EXTRAK", Expect("failed", None, "renku-job-stuck", "none"), limit=180),
    Case("worker killed", "SLOW3", Expect("failed", None, "renku-job-stuck", "none"), on_phase=kill_horse, limit=180),
    # While the core's clone is fresh it pushes with the token of before; half a minute later it clones anew.
    Case("git token rotated just now", "UTF8", Expect("failed", None, "push-failed", "none", 2), before=then_rotate(first("SMALL3")), after=rotate_back),
    Case("git token rotated", "UTF8", Expect("succeeded", "complete by names", submits=2), before=then_rotate(first("SMALL3", 32)), after=rotate_back),
]


def listed(dataset):
    """(name, MD5) of each file that Dataverse lists for the latest version."""
    _, _, text = http("GET", f"http://127.0.0.1:{DV_HTTP}/api/datasets/:persistentId/versions/:latest-published?persistentId={DOI}{dataset}")
    files = json.loads(text).get("data", {}).get("files", [])
    return [(f["label"], f["dataFile"]["md5"]) for f in files]


def arrived(project, dataset, user):
    """Which of the dataset's files are in the repository, on the branch that was pushed to last: all, none or differs."""
    want = listed(dataset)
    path = project.split("/", 3)[3]
    if not want or not (REPOS / f"{path}.git").exists():
        return "none"
    branch = sh("git", "for-each-ref", "--sort=-committerdate", "--format=%(refname:short)", "refs/heads", cwd=REPOS / f"{path}.git").split()[0]
    copy = clone(project, branch)
    try:
        found = {}
        for f in copy.glob("data/**/*"):
            if f.is_file():
                found.setdefault(f.name, set()).add(hashlib.md5(f.read_bytes()).hexdigest())
    finally:
        shutil.rmtree(copy)
    right = [name for name, md5 in want if md5 in found.get(name, ())]
    if len(right) == len(want):
        return "all"
    return "differs" if any(name in found for name, _ in want) else "none"


def play(connector, case):
    """Carries one case out; answers what was seen in the shape of what is expected, and the import as the API showed it last."""
    project = case.address or fresh(case.name.split()[0].lower().strip(":,"), **case.project)
    try:
        if case.before:
            case.before(connector, project)
        status, answer = connector.create(case.user, DOI + case.dataset, project, case.migrate)
        if status == 201:
            answer = connector.follow(case.user, answer["id"], case.limit, case.on_phase)
            phase, problem = answer["phase"], (answer.get("problem") or {}).get("code")
        else:
            phase, problem = "refused", answer.get("code") or answer.get("type", "").rsplit("/", 1)[-1] or f"status {status}"
    finally:
        case.after()
    submits = json.loads(http("GET", f"http://127.0.0.1:{GATEWAY}/_rig/submits")[2]).get(project, 0)
    outcome = f"{answer['outcome']} by {answer.get('compared')}" if answer.get("outcome") else None
    return Expect(phase, outcome, problem, arrived(project, case.dataset, case.user), submits), answer


def shown(e):
    return f"{e.phase:<10} {e.outcome or '-':<23} {e.problem or '-':<25} {e.repository:<8} {e.submits}"


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("only", nargs="*", help="parts of cases' names; all without")
    p.add_argument("--verbose", action="store_true", help="print the import as the API showed it last")
    args = p.parse_args()
    chosen = [c for c in CASES if not args.only or any(o.lower() in c.name.lower() for o in args.only)]
    if not chosen:
        sys.exit("no such case")
    rotate_back()
    connector = Connector().start()
    wrong = 0
    try:
        for user in ("alice", "bob"):
            connector.sign_in(user)
        print(f"connector {URL}, log {RUN / 'connector/log'}\n")
        print(f"{'case':<29} {'s':>4}  {'phase':<10} {'outcome':<23} {'problem':<25} {'arrived':<8} submits")
        for case in chosen:
            began = time.time()
            try:
                seen, answer = play(connector, case)
                ok, line = seen == case.expect, shown(seen)
            except Exception as e:  # a case that cannot be played is a difference, and must not hide the others
                ok, line, answer = False, f"{type(e).__name__}: {e}", None
            print(f"{case.name:<29} {time.time() - began:4.0f}  {line}{'' if ok else '   DIFFERS'}", flush=True)
            if not ok:
                wrong += 1
                print(f"{'    expected':<29}       {shown(case.expect)}")
            if answer and (args.verbose or not ok):
                print("    " + json.dumps(answer, ensure_ascii=False)[:2000])
    finally:
        connector.stop()
    print(f"\n{len(chosen) - wrong} of {len(chosen)} as expected")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
