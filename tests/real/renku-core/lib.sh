# Sourced by up, down, smoke and run: where the rig lives, and how its processes are started and stopped.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
RUN=${RIG_RUN:-$ROOT/target/renku-rig}; export RIG_RUN=$RUN
# The installed service is big: one installation under /opt serves every checkout on a machine, else this one keeps its own.
if [ -z "${RIG_VENV:-}" ]; then
  if [ -x /opt/renku-core/venv/bin/renku ]; then RIG_VENV=/opt/renku-core/venv; else RIG_VENV=$ROOT/target/renku-core-venv; fi
fi
VENV=$RIG_VENV
say() { echo "[rig] $*"; }

stamp() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }     # start time of a pid: guards against a reused pid
alive() { # name -> pid if the process that `up` started is still there
  local f="$RUN/pids/$1" pid st; [ -f "$f" ] || return 1
  read -r pid st <"$f"; [ -n "$st" ] && [ "$(stamp "$pid")" = "$st" ] && echo "$pid"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
port_base() { # the one this rig runs on; else the first whose ports nobody listens on, so that rigs of several checkouts do not meet
  local base i taken f
  for f in "$RUN"/pids/*; do
    [ -f "$f" ] && alive "$(basename "$f")" >/dev/null && cat "$RUN/port-base" 2>/dev/null && return 0
  done
  for base in 18480 18580 18680 18780 18880; do
    taken=0
    for i in 0 1 2 3 4 5 6 7; do listens "$((base + i))" && taken=1; done
    [ "$taken" = 1 ] || { mkdir -p "$RUN"; echo "$base" | tee "$RUN/port-base"; return 0; }
  done
  say "no free ports from 18480 on: set RIG_PORT_BASE" >&2; return 1
}
start() { # name cmd... : in a session of its own, unless it already runs
  local name=$1 pid; shift
  alive "$name" >/dev/null && return 0
  setsid "$@" >>"$RUN/logs/$name.log" 2>&1 </dev/null & pid=$!
  sleep 0.2; echo "$pid $(stamp "$pid")" >"$RUN/pids/$name"; say "started $name ($pid)"
}
kids() { local c; for c in $(ps -o pid= --ppid "$1"); do echo "$c $(stamp "$c")"; kids "$c"; done; }   # e.g. an rq work-horse
stop() { # name: TERM, then KILL what is left of it and of its children
  local pid tree p st
  if pid=$(alive "$1"); then
    tree="$pid $(stamp "$pid")"$'\n'"$(kids "$pid")"
    kill -TERM "$pid"
    for _ in $(seq 1 25); do alive "$1" >/dev/null || break; sleep 0.2; done
    while read -r p st; do [ -n "$p" ] && [ "$(stamp "$p")" = "$st" ] && kill -KILL "$p"; done <<<"$tree"
    say "stopped $1 ($pid)"
  fi
  rm -f "$RUN/pids/$1"
}
core_env() ( # the environment of the real core service, for its processes only
  export HOME=$RUN/home REDIS_HOST=127.0.0.1 REDIS_PORT=$((PORT+6)) REDIS_NAMESPACE=rig. CACHE_DIR=$RUN/core/cache \
    CORE_SERVICE_PREFIX=/renku CORE_SERVICE_API_BASE_PATH=/api RENKU_JWT_TOKEN_SECRET='rig-shared-secret-of-at-least-32-bytes!!' \
    RENKU_SVC_NUM_WORKERS=1 RENKU_SVC_NUM_THREADS=4 PROMETHEUS_MULTIPROC_DIR=$RUN/prom DEPLOYMENT_LOG_LEVEL=DEBUG SERVICE_LOG_LEVEL=INFO \
    RENKU_SVC_WORKER_QUEUES=datasets.jobs,project.migrations,delayed.ctrl.DatasetsImportCtrl,delayed.ctrl.MigrateProjectCtrl \
    WORKER_DATASET_JOBS_TIMEOUT=${WORKER_DATASET_JOBS_TIMEOUT:-1800} RENKU_REQUESTS_TIMEOUT_SECONDS=${RENKU_REQUESTS_TIMEOUT_SECONDS:-1200} \
    REQUESTS_CA_BUNDLE=$RUN/ca/bundle.pem CURL_CA_BUNDLE=$RUN/ca/bundle.pem SSL_CERT_FILE=$RUN/ca/bundle.pem \
    HTTPS_PROXY=http://127.0.0.1:$((PORT+5)) HTTP_PROXY=http://127.0.0.1:$((PORT+5)) NO_PROXY=127.0.0.1,localhost \
    https_proxy=http://127.0.0.1:$((PORT+5)) http_proxy=http://127.0.0.1:$((PORT+5)) no_proxy=127.0.0.1,localhost \
    GIT_TERMINAL_PROMPT=0 RENKU_DISABLE_VERSION_CHECK=1 PYTHONUNBUFFERED=1
  mkdir -p "$CACHE_DIR"; "$@"
)
wait_http() { for _ in $(seq 1 150); do curl -fsS -m 2 -o /dev/null "$1" 2>/dev/null && return 0; sleep 0.2; done; say "not healthy: $1 (see $RUN/logs)"; return 1; }
wait_tcp() { for _ in $(seq 1 100); do (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && return 0; sleep 0.1; done; say "$1 does not listen on $2"; return 1; }
wait_worker() { for _ in $(seq 1 150); do [ "$(redis-cli -p "$((PORT+6))" scard rq:workers)" -ge 1 ] && return 0; sleep 0.2; done; say "no rq worker registered"; return 1; }

PORT=${RIG_PORT_BASE:-$(port_base)}; export RIG_PORT_BASE=$PORT
