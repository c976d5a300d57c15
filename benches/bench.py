"""Measures the release binary from outside: time to ready, memory, throughput, lateness. Called by scripts/bench.

Processes are ours (the service) or theirs (simulators, servers); only ours are counted. Python's standard library is enough.
"""
import base64, concurrent.futures, http.client, http.cookiejar, json, os, re, shutil, signal, statistics, subprocess, sys, tempfile, threading, time
import urllib.parse, urllib.request, uuid

BINARY = os.path.abspath(os.environ["BENCH_BINARY"])
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
TICK = os.sysconf("SC_CLK_TCK")
KEY = base64.b64encode(bytes(range(32))).decode()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(url, data=None, headers=None, form=False, opener=urllib.request.build_opener(NoRedirect)):
    headers = dict(headers or {})
    if data is not None and not form:
        data, headers["Content-Type"] = json.dumps(data).encode(), "application/json"
    elif form:
        data = urllib.parse.urlencode(data).encode()
    try:
        answer = opener.open(urllib.request.Request(url, data, headers), timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read().decode()
    if answer.status >= 400:
        raise RuntimeError(f"{url}: {answer.status} {text[:300]}")
    return answer, text


class Process:
    """A process, its CPU seconds and its memory."""

    def __init__(self, words, config=None, out=subprocess.DEVNULL):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DATAVERSE_RENKU")}
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        self.began = time.monotonic()
        self.child = subprocess.Popen([BINARY, *(["--config", config] if config else []), *words], env=environment,
                                      stdin=subprocess.DEVNULL, stdout=out, stderr=self.log)

    def cpu(self):
        fields = open(f"/proc/{self.child.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self, kind="VmRSS"):
        return int(re.search(kind + r":\s+(\d+)", open(f"/proc/{self.child.pid}/status").read())[1]) / 1024

    def end(self):
        self.child.send_signal(signal.SIGINT)
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def last(self):
        return open(self.log.name).read()[-2000:]


class World:
    """Simulators in a process of their own, a configuration, and alice signed in."""

    def __init__(self, servers=False, settings=""):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        self.simulators = Process(["sandbox", "--simulators"], out=subprocess.PIPE)
        text = ""
        while not text.endswith("}\n"):
            text += self.simulators.child.stdout.readline().decode()
        self.at = json.loads(text)
        self.port, self.monitor = 21000 + os.getpid() % 5000, 26000 + os.getpid() % 5000
        self.address = f"http://127.0.0.1:{self.port}"
        store, queue = f"sqlite://{self.folder}/bench.db", 'url = "embedded:"'
        if servers:
            schema = f"bench_{uuid.uuid4().hex}"
            psql = subprocess.run(["psql", "-q", os.environ["TEST_POSTGRES_URL"], "-c", f"CREATE SCHEMA {schema}"])
            assert psql.returncode == 0, "psql"
            store = f"{os.environ['TEST_POSTGRES_URL']}?options=-csearch_path={schema}"
            queue = f'url = "{os.environ["TEST_AMQP_URL"]}"\nprefix = "bench-{uuid.uuid4().hex[:8]}"'
        self.config = f"{self.folder}/bench.toml"
        open(self.config, "w").write(f"""public_url = "{self.address}"
[http]
bind = "127.0.0.1:{self.port}"
[store]
url = "{store}"
[queue]
{queue}
[vault]
key = "{KEY}"
[dataverse.demo]
site_url = "{self.at['dataverse']}"
[renku.sandbox]
url = "{self.at['renku']}"
api = "core"
git_hosts = ["{self.at['git'].split('//')[1]}"]
outstanding = 6000
[renku.sandbox.oidc]
issuer = "{self.at['issuer']}"
client_id = "dataverse-connector"
client_secret = "sandbox-secret"
[log]
filter = "warn"
{settings}
""")

    def start(self, role="all"):
        words = ["serve", "--role", role]
        if role == "worker":
            os.environ["BENCH_MONITOR"] = "1"
            config = self.config + ".worker"
            open(config, "w").write(open(self.config).read().replace("[http]", f'[http]\nmonitor = "127.0.0.1:{self.monitor}"'))
            process = Process(words, config)
            return self.ready(process, self.monitor)
        return self.ready(Process(words, self.config), self.port)

    def ready(self, process, port):
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    process.ready_after = time.monotonic() - process.began
                    return process
            except OSError:
                pass
            assert process.child.poll() is None, process.last()
            assert time.monotonic() - process.began < 60, process.last()
            time.sleep(0.001)

    def metrics(self, port=None):
        return ask(f"http://127.0.0.1:{port or self.port}/metrics")[1]

    def sign_in(self):
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor(jar))
        begun, _ = ask(f"{self.address}/sign-in?next=/", opener=browser)
        back, _ = ask(begun.headers["Location"] + "&login_hint=alice&sandbox_auto=1")
        ask(back.headers["Location"], opener=browser)
        oidc = f"{self.at['issuer']}/protocol/openid-connect"
        device = json.loads(ask(f"{oidc}/auth/device", {"client_id": "renku-cli", "scope": "openid profile email"}, form=True)[1])
        ask(f"{self.at['keycloak']}/_sim/device/approve", {"user_code": device["user_code"], "user": "alice"})
        self.token = json.loads(ask(f"{oidc}/token", {
            "client_id": "renku-cli", "device_code": device["device_code"],
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, form=True)[1])["access_token"]

    def mode(self, **mode):
        ask(f"{self.at['renku']}/_sim/mode", {"odd_every": 0, **mode})

    def import_many(self, count, dataset="SMALL3", first=0):
        """Asks for so many imports, each into a project of its own, over eight connections."""
        local, refused = threading.local(), []

        def connection(url):
            name = url.split("//")[1]
            known = local.__dict__.setdefault("known", {})
            if name not in known:
                known[name] = http.client.HTTPConnection(name, timeout=60)
            return known[name]

        def post(base, path, body, headers):
            link = connection(base)
            link.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
            answer = link.getresponse()
            text = answer.read().decode()
            if answer.status >= 400:
                refused.append(f"{path}: {answer.status} {text[:200]}")

        def one(number):
            post(self.at["renku"], "/_sim/projects", {"path": f"alice/p{number}"}, {})
            post(self.address, "/api/v1/imports",
                 {"dataset": f"doi:10.5072/FK2/{dataset}", "project": f"{self.at['git']}/alice/p{number}"},
                 {"Authorization": f"Bearer {self.token}"})

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(first, first + count)))
        assert not refused, refused[:3]

    def close(self, *processes):
        for process in [*processes, self.simulators]:
            process.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def total(text, name, **labels):
    """The sum of a counter's or gauge's series that have these labels."""
    found = 0.0
    for line in text.splitlines():
        if re.match(name + r"[{ ]", line) and all(f'{label}="{value}"' in line for label, value in labels.items()):
            found += float(line.rsplit(" ", 1)[1])
    return found


def buckets(text, name):
    """The counts of a histogram by upper bound, over all its series."""
    found = {}
    for line in text.splitlines():
        match = re.match(name + r'_bucket\{.*le="([^"]+)".*\} (\d+)', line)
        if match:
            bound = float(match[1].replace("+Inf", "inf"))
            found[bound] = found.get(bound, 0) + int(match[2])
    return found


def late(text):
    """How late looks at running jobs were so far: counts by upper bound."""
    found = {}
    for line in text.splitlines():
        match = re.match(r'dataverse_renku_step_lateness_seconds_bucket\{.*phase="running".*le="([^"]+)".*\} (\d+)', line)
        if match:
            found[float(match[1].replace("+Inf", "inf"))] = int(match[2])
    return found


def quantile(counts, share):
    """The upper bound of the bucket in which the quantile lies."""
    wanted = share * max(counts.values(), default=0)
    return next((bound for bound, count in sorted(counts.items()) if count >= wanted), float("nan"))


def tell(name, rows):
    """Prints the median of each figure, and all runs."""
    print(f"\n## {name}: median of {len(rows)}", flush=True)
    for figure in rows[0]:
        values = [row[figure] for row in rows]
        print(f"{figure:<44} {statistics.median(values):>10.2f}   ({', '.join(f'{value:.2f}' for value in values)})", flush=True)


def start():
    rows = []
    for _ in range(max(RUNS, 3)):
        world = World()
        new = world.start()
        new.end()
        again = world.start()
        rows.append({"first start to ready, ms": new.ready_after * 1000, "later start to ready, ms": again.ready_after * 1000})
        world.close(again)
    tell("start (SQLite)", rows)


def idle():
    rows = []
    for _ in range(RUNS):
        world = World()
        service = world.start()
        time.sleep(10)
        before = service.cpu()
        time.sleep(20)
        rows.append({"memory, MB": service.memory(), "CPU, ms per second": (service.cpu() - before) / 20 * 1000})
        world.close(service)
    tell("idle (SQLite, 10 to 30 s after the start)", rows)


def drain():
    rows, count = [], int(2000 * SCALE)
    for _ in range(RUNS):
        world = World(True, '[worker]\nsubmit_slots = 32\nfollow_slots = 32\npoll_first = "1s"\n')
        web = world.start("web")
        world.sign_in()
        world.mode(job_ms=200, workers=64)
        began = time.monotonic()
        world.import_many(count)
        asked = time.monotonic() - began
        worker = world.start("worker")
        began = time.monotonic()
        while True:
            text = world.metrics(world.monitor)
            ended = total(text, "dataverse_renku_imports_ended_total")
            if ended >= count:
                break
            assert time.monotonic() - began < 600 and worker.child.poll() is None, f"{ended} of {count}\n{worker.last()}"
            time.sleep(0.2)
        took = time.monotonic() - began
        good = total(text, "dataverse_renku_imports_ended_total", phase="succeeded")
        assert good == count, f"only {good} of {count} arrived"
        rows.append({"imports asked for per second": count / asked, "imports drained per second": count / took,
                     "CPU seconds of the worker per 1,000": worker.cpu() / count * 1000,
                     "memory of the worker at most, MB": worker.memory("VmHWM")})
        world.close(worker, web)
    tell(f"drain ({count} queued imports, PostgreSQL and RabbitMQ)", rows)


def flight(servers=False):
    rows, count = [], int(5000 * SCALE)
    for _ in range(RUNS):
        world = World(servers, '[worker]\nsubmit_slots = 64\nfollow_slots = 64\n')
        service = world.start()
        world.sign_in()
        # Longer than asking for all of them takes, so that all are in flight together for a minute and more.
        world.mode(job_ms=180000, workers=6000)
        began, most, high = time.monotonic(), 0, 0.0
        asking = threading.Thread(target=world.import_many, args=(count,))
        asking.start()
        full, before = None, {}
        while True:
            time.sleep(1)
            text = world.metrics()
            ended = total(text, "dataverse_renku_imports_ended_total")
            high = max(high, service.memory())
            running = total(text, "dataverse_renku_renku_slots_taken")
            if running > most:
                most = running
            if full is None and running >= count * 0.98:
                full, before = time.monotonic() - began, late(text)
            if ended >= count:
                break
            assert time.monotonic() - began < 900 and service.child.poll() is None, f"{ended} of {count}\n{service.last()}"
        asking.join()
        took = time.monotonic() - began
        good = total(text, "dataverse_renku_imports_ended_total", phase="succeeded")
        assert good == count, f"only {good} of {count} arrived"
        counts = late(text)
        since = {bound: count - before.get(bound, 0) for bound, count in counts.items()}
        rows.append({"at most in flight": most, "seconds until all were in flight": full or float("nan"),
                     "memory at most, MB": high, "looks": max(counts.values()),
                     "late at p50, s (at most)": quantile(counts, 0.5), "late at p99, s (at most)": quantile(counts, 0.99),
                     "late at p99 once all were asked for, s": quantile(since, 0.99),
                     "CPU seconds": service.cpu(), "seconds altogether": took,
                     "CPU seconds of the simulators": world.simulators.cpu()})
        world.close(service)
    where = "PostgreSQL and RabbitMQ" if servers else "SQLite and the embedded queue"
    tell(f"flight ({count} imports of 180 s each, {where})", rows)


def machine():
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    memory = int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo").read())[1]) // 1024 // 1024
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}, {os.cpu_count()} cores ({cpu[1] if cpu else '?'}), {memory} GB, load before {os.getloadavg()[0]:.2f}, "
          f"{time.strftime('%Y-%m-%d %H:%M')}", flush=True)


if __name__ == "__main__":
    machine()
    for part in sys.argv[1:]:
        {"start": start, "idle": idle, "drain": drain, "flight": flight, "flight-servers": lambda: flight(True)}[part]()
    print(f"load after {os.getloadavg()[0]:.2f}")
