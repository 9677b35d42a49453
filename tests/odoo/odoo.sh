#!/usr/bin/env bash
# One Odoo with a PostgreSQL of its own, on 127.0.0.1, from what install.sh has put into the home. Linux only.
#
#   odoo.sh start [--die-with PID] [--remove]
#                            starts both and waits until Odoo answers; harmless if they run. With --die-with they end when that process has ended,
#                            however it did; with --remove the run folder is then removed
#   odoo.sh stop [--remove]  stops both; with --remove the run folder is removed
#   odoo.sh status           exit code 0 if both run
#   odoo.sh env              the variables
#   odoo.sh database NAME    a fresh copy of the template under the running server, in place of what had that name
#   odoo.sh drop NAME        removes a database
#   odoo.sh crash-postgres   kills PostgreSQL outright; Odoo goes on without
#   odoo.sh start-postgres   starts it again
#   odoo.sh crash-odoo       kills Odoo outright; `start` starts it again
#
# Standard output is NAME=value lines and nothing else. Exit code 3: Odoo is not installed here.
#
# PBX_CRM_ODOO_RUN   the run folder: databases, logs, process numbers. Each is an instance of its own. Default: one for each user, in TMPDIR or /tmp
# PBX_CRM_ODOO_PORT  Odoo's port; default: 0, any free one, and the same again when it is started again
# PBX_CRM_ODOO_HOME, PBX_CRM_ODOO_POSTGRES, PBX_CRM_ODOO_ACCOUNT   as for install.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=server/common.sh
source "$here/server/common.sh"

found=$(find_postgres) || cannot "PostgreSQL is not installed: run tests/odoo/install.sh"
use_install "$found"
use_run "${PBX_CRM_ODOO_RUN:-${TMPDIR:-/tmp}/pbx-crm-odoo-$(id -u)}"

# --- The run folder ---

# A run folder goes on with the install from which it was made, whatever is newest.
known_run() {
  install=$(cat "$mark" 2>/dev/null) || fail "nothing was started in $run"
}

# One command at a time changes what runs. Nothing that goes on running may hold the lock: it closes 9.
locked() {
  exec 9>"$run/lock"
  flock 9
}

# Copies the cluster of the template into a new run folder, or into one that another version of the install made.
prepare() {
  [ -e "$install/complete" ] || cannot "Odoo is not installed in $home, or by another version of these files: run tests/odoo/install.sh"
  # Another start may be at work here: its lock and what comes before the mark do not count.
  if [ -d "$run" ] && [ ! -e "$mark" ] && [ ! -e "$run/lock" ] && [ -n "$(find "$run" -mindepth 1 -maxdepth 1 -print -quit)" ]; then
    fail "$run holds something else: PBX_CRM_ODOO_RUN must name a new or an empty folder"
  fi
  make_run
  locked
  if [ "$(cat "$mark" 2>/dev/null)" = "$install" ]; then return; fi
  if odoo_runs || postgres_head >/dev/null; then fail "$run runs with another version of the install: stop it, or set PBX_CRM_ODOO_RUN"; fi
  rm -rf "$cluster" "$run/port"
  cp -a --reflink=auto "$install/postgres" "$cluster"
  touch "$install/complete"
  printf '%s\n' "$install" >"$mark"
}

remove_run() {
  [ -e "$mark" ] || fail "$run is no run folder"
  rm -rf "$run"
}

# --- Processes ---

# Writes down a process: its number and when it began.
write_process() {
  printf '%s %s\n' "$2" "$(began "$2")" >"$run/$1.process"
}

# Prints the number of a process that was written down and still runs.
process() {
  local number ticks
  read -r number ticks 2>/dev/null <"$run/$1.process" || return 1
  [ -n "$ticks" ] && [ "$(began "$number")" = "$ticks" ] && printf '%s\n' "$number"
}

odoo_runs() { process odoo >/dev/null; }

# Ends a process that was written down: asks first, unless it shall be killed.
end_process() {
  local name="$1" signal="$2" number _
  number=$(process "$name") || { rm -f "$run/$name.process"; return 0; }
  kill "-$signal" "$number" 2>/dev/null || true
  for _ in {1..100}; do
    process "$name" >/dev/null || break
    sleep 0.1
  done
  if number=$(process "$name"); then kill -KILL "$number" 2>/dev/null || true; fi
  rm -f "$run/$name.process"
}

# The head first: it would start others again. Then the rest at once, so that none finishes what it was doing.
crash_postgres() {
  local number
  number=$(postgres_head) || fail "PostgreSQL does not run"
  kill -KILL "$number"
  while number=$(cluster_processes) && [ -n "$number" ]; do
    # shellcheck disable=SC2086
    kill -KILL $number 2>/dev/null || true
    sleep 0.02
  done
}

stop_all() {
  end_process odoo TERM
  postgres_down
}

# --- Odoo ---

free_port() {
  "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

is_free() {
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

choose_port() {
  local wanted="${PBX_CRM_ODOO_PORT:-0}" last
  if [ "$wanted" != 0 ]; then
    is_free "$wanted" || fail "port $wanted (PBX_CRM_ODOO_PORT) is taken"
    printf '%s\n' "$wanted"
  elif last=$(cat "$run/port" 2>/dev/null) && is_free "$last"; then
    printf '%s\n' "$last"
  else
    free_port
  fi
}

answers() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET /web/health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
    read -r -t 5 line <&3
    [[ "$line" == *" 200 "* ]]
  ) 2>/dev/null
}

# Records carry addresses that begin with it.
set_address() {
  sql "$1" -c "update ir_config_parameter set value = 'http://127.0.0.1:$2' where key = 'web.base.url'"
}

databases() {
  sql postgres -c "select datname from pg_database where not datistemplate and datname <> 'postgres'"
}

# Between the choice of a free port and its use somebody else may take it: then another.
odoo_up() {
  local port database try _
  for try in 1 2 3; do
    port=$(choose_port)
    if [ "$(cat "$run/port" 2>/dev/null)" != "$port" ]; then
      for database in $(databases); do set_address "$database" "$port"; done
    fi
    printf '%s\n' "$port" >"$run/port"
    write_configuration "$port"
    # No database is named: Odoo serves those that `database` makes.
    (
      cd "$run"
      HOME="$run" PYTHONPATH="$install/src" PYTHONDONTWRITEBYTECODE='' exec setsid "$python" -m odoo -c "$run/odoo.conf" --logfile="$run/odoo.log"
    ) </dev/null >>"$run/odoo.out" 2>&1 9>&- &
    write_process odoo "$!"
    disown
    for _ in {1..600}; do
      if answers "$port" && odoo_runs; then return; fi
      odoo_runs || break
      sleep 0.1
    done
    end_process odoo KILL
    if [ "${PBX_CRM_ODOO_PORT:-0}" != 0 ] || [ "$try" = 3 ] || ! grep -qs 'Address already in use' "$run/odoo.out" "$run/odoo.log"; then break; fi
    rm -f "$run/port" "$run/odoo.out" "$run/odoo.log"
  done
  tail -n 20 "$run/odoo.out" "$run/odoo.log" >&2
  fail "Odoo does not answer"
}

print_variables() {
  local port
  port=$(cat "$run/port")
  cat <<END
ODOO_URL=http://127.0.0.1:$port
ODOO_PORT=$port
ODOO_RUN=$run
ODOO_LOG=$run/odoo.log
ODOO_PG_SOCKET_DIR=$socket
ODOO_PG_USER=odoo
ODOO_PSQL=$postgres_bin/psql
END
  cat "$install/secrets"
}

database_name() {
  [[ "${1:-}" =~ ^[a-z][a-z0-9_-]{0,59}$ ]] || fail "a database's name is small letters, digits, _ and -, not more than 60: ${1:-}"
  case "$1" in postgres | template0 | template1 | "$template") fail "$1 is PostgreSQL's or the template" ;; esac
}

# --- Commands ---

command="${1:-}"
[ $# = 0 ] || shift
case "$command" in
  start)
    die_with='' die_with_began='' remove=''
    while [ $# -gt 0 ]; do
      case "$1" in
        --die-with)
          die_with="${2:-}"
          die_with_began=$(began "$die_with") || fail "--die-with wants the number of a process that runs"
          shift 2
          ;;
        --remove) remove=--remove; shift ;;
        *) fail "unknown: $1" ;;
      esac
    done
    prepare
    # The watcher comes first: also a start that is half done ends with the process.
    if [ -n "$die_with" ]; then
      end_process watcher KILL
      start_watcher "$die_with" "$die_with_began" "$remove"
      write_process watcher "$!"
    fi
    postgres_up
    odoo_runs || odoo_up
    print_variables
    ;;
  watch)
    # Not for people: what --die-with starts.
    known_run
    while [ "$(began "$1" || true)" = "$2" ]; do sleep 0.5; done
    locked
    stop_all
    if [ "${3:-}" = --remove ]; then remove_run; else rm -f "$run/watcher.process"; fi
    ;;
  stop)
    known_run
    locked
    end_process watcher KILL
    stop_all
    case "${1:-}" in
      '') ;;
      --remove) remove_run ;;
      *) fail "unknown: $1" ;;
    esac
    ;;
  status)
    [ -e "$mark" ] && odoo_runs && postgres_head >/dev/null
    ;;
  env)
    known_run
    print_variables
    ;;
  database)
    known_run
    database_name "${1:-}"
    pg dropdb --if-exists --force "$1" 2>/dev/null
    pg createdb --template "$template" "$1"
    # A copied sequence may have values left that PostgreSQL has logged for the template alone: a crash would hand them out again. After a checkpoint it logs
    # them anew.
    sql postgres -c checkpoint
    set_address "$1" "$(cat "$run/port")"
    printf 'ODOO_DATABASE=%s\n' "$1"
    ;;
  drop)
    known_run
    database_name "${1:-}"
    pg dropdb --if-exists --force "$1" 2>/dev/null
    ;;
  crash-postgres)
    known_run
    locked
    crash_postgres
    ;;
  start-postgres)
    known_run
    locked
    postgres_up
    ;;
  crash-odoo)
    known_run
    locked
    end_process odoo KILL
    ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
