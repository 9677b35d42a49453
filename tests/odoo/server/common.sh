# shellcheck shell=bash
# What install.sh and odoo.sh share: words, folders, PostgreSQL's programs and the accounts under which things run. Read with `source`; `here` is then
# the folder of the script that does so.
# shellcheck disable=SC2034,SC2154 # names for, and from, those scripts

# Standard output is for variables; everything said to people goes to standard error.
say() { printf 'odoo: %s\n' "$*" >&2; }
# Something is wrong.
fail() { say "$*"; exit 1; }
# Nothing is wrong, but it cannot be had on this machine: whoever called may go on without Odoo, and should say so.
cannot() { say "$*"; exit 3; }

# Paths are printed as NAME=value for shells and stand in configuration files: no blanks or quotes.
plain_path() {
  [[ "$2" =~ ^/[A-Za-z0-9/._+@%=:,~-]*$ ]] || fail "$1 must be an absolute path without blanks and quotes: $2"
}

# The account of PostgreSQL, which refuses to run as root.
account="${PBX_CRM_ODOO_ACCOUNT:-nobody}"
if [ "$(id -u)" = 0 ]; then
  account_group=$(id -g "$account") || fail "there is no account $account (PBX_CRM_ODOO_ACCOUNT)"
  as_account=(setpriv "--reuid=$account" "--regid=$account_group" --clear-groups)
else
  as_account=()
fi

# Prints the folder of PostgreSQL's programs: that of the newest release here. Odoo 19 wants 13 or newer.
find_postgres() {
  local folder release best='' best_release=0
  for folder in "${PBX_CRM_ODOO_POSTGRES:-}" "$(dirname "$(readlink -f "$(command -v initdb || true)")" 2>/dev/null)" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
    if ! [ -x "$folder/initdb" ] || ! [ -x "$folder/pg_ctl" ] || ! [ -x "$folder/psql" ] || ! [ -x "$folder/createdb" ]; then continue; fi
    release=$("$folder/postgres" --version 2>/dev/null | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    if [ "${release:-0}" -lt 13 ] || [ "$release" -le "$best_release" ]; then continue; fi
    best="$folder" best_release="$release"
    [ "$folder" != "${PBX_CRM_ODOO_POSTGRES:-}" ] || break
  done
  [ -n "$best" ] && printf '%s\n' "$best"
}

# Everything that decides what an install holds. Checkouts of different versions thus share a home without disturbing each other. The cluster of one
# release of PostgreSQL is no use to another.
stamp_of() {
  { cat "$here/install.sh" "$here"/server/{common.sh,requirements.txt,seed.py,unpack.py}; "$1/postgres" --version | grep -oE '[0-9]+' | head -n 1; } | sha256sum | cut -c 1-16
}

home="${PBX_CRM_ODOO_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/pbx-crm/odoo}"
plain_path PBX_CRM_ODOO_HOME "$home"

# Sets the folders of an install: for the given folder of PostgreSQL's programs.
use_install() {
  postgres_bin="$1"
  stamp=$(stamp_of "$postgres_bin")
  install="$home/$stamp"
  python="$install/venv/bin/python"
}

# The name of the database from which the others are copied. It is a template of PostgreSQL that nobody can connect to: Odoo does not list it, and
# nobody can be in the way of a copy.
template=odoo_template

# Sets the folders of an instance.
use_run() {
  run=$(realpath -m "$1")
  cluster="$run/postgres"
  socket="$run/socket"
  # Names the install from which the run folder was made, and is the sign that a folder is one.
  mark="$run/made-from"
}

# Makes the folders of an instance, so that PostgreSQL's account gets at its own and nobody else at anything.
make_run() {
  plain_path PBX_CRM_ODOO_RUN "$run"
  # A Unix socket's address has 107 bytes.
  [ "${#run}" -le 80 ] || fail "PBX_CRM_ODOO_RUN is too long for a Unix socket (80 characters at most): $run"
  mkdir -p "$run"
  [ -O "$run" ] || fail "$run belongs to somebody else"
  # The sign that a folder is one of ours, before anything else is in it.
  : >>"$run/lock"
  mkdir -p "$socket" "$run/data"
  if [ "$(id -u)" = 0 ]; then
    chmod 711 "$run"
    chown "$account" "$socket"
    "${as_account[@]}" test -w "$socket" ||
      fail "the account $account, which runs PostgreSQL, cannot get at $socket: set PBX_CRM_ODOO_RUN (or TMPDIR) to a folder that it can reach, such as one in /tmp"
  else
    chmod 700 "$run"
  fi
  chmod 700 "$socket" "$run/data"
}

# Runs one of PostgreSQL's programs against the instance.
pg() {
  local program="$1"
  shift
  (cd / && HOME=/ PGHOST="$socket" PGUSER=odoo PGDATABASE=postgres PGCONNECT_TIMEOUT=10 "${as_account[@]}" "$postgres_bin/$program" "$@")
}

sql() {
  local database="$1"
  shift
  pg psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" "$@"
}

# Every process of PostgreSQL, and nothing else, works in the folder of its cluster. One that has ended, and that nobody has asked about, has no folder
# any more: numbers alone would count it, and where the first process asks about nobody it would be there for good.
cluster_processes() {
  find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -lname "$cluster" 2>/dev/null | cut -d / -f 3
}

postgres_head() {
  local number
  number=$(head -n 1 "$cluster/postmaster.pid" 2>/dev/null) || return 1
  [ "$(readlink "/proc/$number/cwd")" = "$cluster" ] && printf '%s\n' "$number"
}

postgres_up() {
  local _
  if ! postgres_head >/dev/null; then
    # What a killed PostgreSQL leaves: it does not start beside it while its process is there, be it as a dead one.
    if [ -e "$cluster/postmaster.pid" ] && [ -z "$(cluster_processes)" ]; then
      forget_memory
      rm -f "$cluster/postmaster.pid" "$socket"/.s.PGSQL.*
    fi
    pg pg_ctl -D "$cluster" -w -t 60 -s -o "-k $socket" start </dev/null >>"$run/postgres.log" 2>&1 9>&- || {
      tail -n 20 "$run/postgres.log" >&2
      fail "PostgreSQL does not start"
    }
  fi
  for _ in {1..300}; do
    if sql postgres -c 'select 1' >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "PostgreSQL does not answer"
}

postgres_down() {
  if postgres_head >/dev/null; then
    pg pg_ctl -D "$cluster" -s -w -m fast stop >>"$run/postgres.log" 2>&1
  elif [ -z "$(cluster_processes)" ]; then
    forget_memory
  fi
}

# The few bytes of shared memory by which PostgreSQL knows that it runs: a killed one leaves them to the system. The file's seventh line has key and
# number.
forget_memory() {
  local number
  local key
  read -r key number < <(sed -n 7p "$cluster/postmaster.pid" 2>/dev/null) || return 0
  # Numbers come again after a restart of the machine: it must be this one by its key too, with nobody in it.
  [ -n "$number" ] && awk -v key="$key" -v number="$number" '$1 == key && $2 == number && $7 == 0 { found = 1 } END { exit !found }' /proc/sysvipc/shm || return 0
  ipcrm -m "$number" 2>/dev/null || true
}

# When a process began, in clock ticks since the machine did: tells it from a later one with the same number.
began() {
  local line
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The name, in brackets, may hold blanks. A process that has ended and that nobody has asked about is a zombie.
  line=${line##*) }
  # shellcheck disable=SC2086
  set -- $line
  [ "$1" != Z ] && printf '%s\n' "${20}"
}

# Starts what stops the instance when a process (its number, and when it began) has ended, however it did.
start_watcher() {
  PBX_CRM_ODOO_RUN="$run" setsid bash "$here/odoo.sh" watch "$1" "$2" "${3:-}" </dev/null >/dev/null 2>>"$run/watcher.log" 9>&- &
}

# Loopback only; mail and everything that Odoo would tell its vendor go to a port on which nobody listens; no scheduled jobs.
write_configuration() {
  cat >"$run/odoo.conf" <<END
[options]
addons_path = $install/src/odoo/addons
data_dir = $run/data
db_host = $socket
db_user = odoo
db_maxconn = 48
http_interface = 127.0.0.1
http_port = $1
workers = 0
max_cron_threads = 0
list_db = False
proxy_mode = False
smtp_server = 127.0.0.1
smtp_port = 9
publisher_warranty_url = http://127.0.0.1:9/
log_level = info
END
}

# Odoo runs as the caller even if that is root: its Python may lie where only the caller may read. Odoo warns of root, no more.
odoo() {
  (cd "$run" && HOME="$run" PYTHONPATH="$install/src" PYTHONDONTWRITEBYTECODE='' exec "$python" -m odoo "$@")
}
