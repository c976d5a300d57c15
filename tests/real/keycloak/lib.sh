# Sourced by up, down and run: where this Keycloak lives and how it is spoken to.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
VERSION=${KEYCLOAK_VERSION:-26.4.7}
RUN=${KEYCLOAK_RUN:-$ROOT/target/keycloak-rig}
DIST=$RUN/keycloak-$VERSION
PASSWORD=rig-password # of the four people and of the administrator
say() { echo "[keycloak] $*"; }

stamp() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; } # start time of a pid: guards against a reused pid
alive() { # the pid, if the process that `up` started is still there
  local pid st; [ -f "$RUN/pid" ] || return 1
  read -r pid st <"$RUN/pid"; [ -n "$st" ] && [ "$(stamp "$pid")" = "$st" ] && echo "$pid"
}
port() { cat "$RUN/port"; }
base() { echo "http://127.0.0.1:$(port)/auth"; }
issuer() { echo "$(base)/realms/Renku"; }
tls_issuer() { echo "https://127.0.0.1:$(cat "$RUN/tls-port")/auth/realms/Renku"; } # with a certificate that is not trusted
kcadm() { "$RUN/bin/kcadm.sh" "$@"; } # signed in as the administrator
