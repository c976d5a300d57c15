# Sourced by scripts/test: private PostgreSQL and RabbitMQ instances on free loopback ports, and their end.
# No test is started here, and no system service is touched.

SERVERS=$ROOT/target/test-servers/$$

say() { printf '[test] %s\n' "$*"; }
die() { printf '[test] FAILED: %s\n' "$*" >&2; exit 1; }

# Below the range that the kernel hands out for outgoing connections, so that none of those takes the port in between.
free_port() {
  local port
  for _ in $(seq 1 200); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    [[ " ${taken_ports:-} " == *" $port "* ]] && continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { free_port=$port; taken_ports="${taken_ports:-} $port"; return 0; }
  done
  die "no free port between 20000 and 32000"
}

wait_for() { # SECONDS WHAT COMMAND...
  local until=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || die "$what did not come up; see $SERVERS/*/log*"
    sleep 0.2
  done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

postgres_bin() { # the newest installed one; Debian keeps it out of PATH
  local found
  found=$(find /usr/lib/postgresql -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -1)
  [ -n "$found" ] || found=$(command -v initdb) || return 1
  dirname "$found"
}

rabbit_bin() { # the scripts themselves: Debian's wrappers insist on the system user and its directories
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && echo /usr/lib/rabbitmq/bin
}

# Debian packages that are missing, from Debian; their services are kept from starting.
install_packages() { # PACKAGE...
  [ $# -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "missing: $*. Install them (apt-get install $*), or run this as root."
  command -v apt-get >/dev/null || die "missing: $*, and this is no Debian machine: install them yourself, or set TEST_AMQP_URL and TEST_POSTGRES_URL."
  say "installing from Debian's packages: $*"
  local policy=/usr/sbin/policy-rc.d ours=0 log=$ROOT/target/apt.log
  mkdir -p "$ROOT/target"
  [ -e "$policy" ] || { ours=1; printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; }
  local ok=1
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null || ok=0
  [ "$ours" = 0 ] || rm -f "$policy"
  [ "$ok" = 1 ] || { tail -15 "$log" >&2; die "apt-get could not install $* (all of it: $log)"; }
}

start_postgres() {
  local bin dir=$SERVERS/postgres as=() port
  bin=$(postgres_bin) || die "PostgreSQL is not installed"
  mkdir -p "$dir"
  if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
    as=(setpriv --reuid postgres --regid postgres --clear-groups --)
    chown postgres "$dir"
    if ! "${as[@]}" test -w "$dir"; then # the checkout lies under a directory that user may not enter
      rmdir "$dir"; postgres_elsewhere=$(mktemp -d /tmp/connector-postgres.XXXXXX); chown postgres "$postgres_elsewhere"
      ln -s "$postgres_elsewhere" "$dir"; dir=$postgres_elsewhere
    fi
  fi
  free_port; port=$free_port
  # Run from the data directory: the user that runs it may not be able to enter the current one.
  (cd "$dir" && "${as[@]}" "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >log.initdb 2>&1) \
    || die "initdb failed: $(tail -3 "$dir/log.initdb")"
  # Nothing here outlives the run: what makes it durable only makes it slow.
  (cd "$dir" && exec setsid "${as[@]}" "$bin/postgres" -D data -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 >log 2>&1 </dev/null) &
  postgres_pid=$!
  wait_for 60 PostgreSQL "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"
  export TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres
  say "PostgreSQL $("$bin/postgres" --version | cut -d' ' -f3) on port $port"
}

start_rabbitmq() {
  local dir=$SERVERS/rabbitmq port dashboard distribution epmd
  rabbit_bin >/dev/null || die "RabbitMQ is not installed"
  mkdir -p "$dir"
  free_port; port=$free_port; free_port; dashboard=$free_port; free_port; distribution=$free_port; free_port; epmd=$free_port
  cat >"$dir/settings" <<SETTINGS
export RABBIT_BIN='$(rabbit_bin)' RABBIT_DIR='$dir' HOME='$dir' TEST_AMQP_PORT=$port TEST_DASHBOARD_PORT=$dashboard
export ERL_EPMD_PORT=$epmd ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=connector-test-$$@localhost
export RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$distribution
export RABBITMQ_MNESIA_BASE='$dir/data' RABBITMQ_LOG_BASE='$dir/logs' RABBITMQ_CONFIG_FILE='$dir/rabbitmq'
export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_ENABLED_PLUGINS_FILE='$dir/enabled_plugins'
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none'
SETTINGS
  echo '[rabbitmq_management].' >"$dir/enabled_plugins"
  cat >"$dir/rabbitmq.conf" <<CONF
management.tcp.ip = 127.0.0.1
management.tcp.port = $dashboard
# A small machine's disk and memory are enough for tests; an alarm would block every publisher.
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.relative = 0.8
collect_statistics_interval = 1000
CONF
  printf '#!/bin/bash\nexec "%s" "%s" "$@"\n' "$ROOT/scripts/rabbitmq-private" "$dir" >"$dir/ctl"
  chmod +x "$dir/ctl"
  "$dir/ctl" start || die "RabbitMQ did not start; see $dir/log and $dir/logs"
  rabbit_ctl=$dir/ctl
  rabbit_url=amqp://guest:guest@127.0.0.1:$port/%2f
  rabbit_dashboard=http://guest:guest@127.0.0.1:$dashboard
  say "RabbitMQ on port $port, its dashboard on http://127.0.0.1:$dashboard (guest/guest)"
}

# Debian's own Python: another one in PATH does not see Debian's packages.
smtp_python() { /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null && echo /usr/bin/python3; }

start_smtp() {
  local python dir=$SERVERS/smtp port
  python=$(smtp_python) || die "aiosmtpd is not installed"
  mkdir -p "$dir"
  free_port; port=$free_port
  (cd "$dir" && exec setsid "$python" -m aiosmtpd -n -l "127.0.0.1:$port" -c aiosmtpd.handlers.Mailbox "$dir/mail" >log 2>&1 </dev/null) &
  smtp_pid=$!
  wait_for 30 "the mail server" listens "$port"
  export TEST_SMTP_URL=smtp://127.0.0.1:$port TEST_SMTP_MAILS="$python $ROOT/tests/smtp/read $dir/mail"
  say "a mail server on port $port"
}

stop_servers() {
  if [ -n "${smtp_pid:-}" ]; then
    kill "$smtp_pid" 2>/dev/null || true
    wait "$smtp_pid" 2>/dev/null || true
  fi
  [ -z "${rabbit_ctl:-}" ] || "$rabbit_ctl" shutdown || true
  if [ -n "${postgres_pid:-}" ]; then
    kill -INT "$postgres_pid" 2>/dev/null || true # "fast": sessions are ended, not waited for
    wait "$postgres_pid" 2>/dev/null || true
  fi
  [ -z "${postgres_elsewhere:-}" ] || rm -rf "$postgres_elsewhere"
}
