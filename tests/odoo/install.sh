#!/usr/bin/env bash
# Puts a real Odoo 19 Community into a folder, with a database that odoo.sh copies for tests. No service, no change of the system but, as root and if
# it is missing, the package of PostgreSQL. See README.md for what it needs. Does nothing if all is there.
#
#   install.sh               exit code 0: it is there; 3: it cannot be had on this machine, and the last line says what is missing; else: a mistake
#   install.sh --keep FILE   packs the unpacked sources into FILE (.tar.xz), for PBX_CRM_ODOO_SOURCES
#
# PBX_CRM_ODOO_HOME      the folder; default: ~/.cache/pbx-crm/odoo
# PBX_CRM_ODOO_SOURCES   a kept copy of the sources, taken instead of Debian's package
# PBX_CRM_ODOO_MIRROR    address of a Debian mirror that serves sid; default: those of this machine's own apt
# PBX_CRM_ODOO_PYTHON    a Python from 3.10 to 3.13; default: python3
# PBX_CRM_ODOO_POSTGRES  folder of PostgreSQL's programs; default: the newest here
# PBX_CRM_ODOO_ACCOUNT   as root: the account that runs PostgreSQL; default: nobody
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=server/common.sh
source "$here/server/common.sh"

# `crm` and `html_editor` import `iap` without depending on it. `phone_validation` brings numbers in E.164.
addons=(base rpc api_doc crm contacts phone_validation resource_mail iap)
package=odoo-19
# Odoo's package has links to a script of this one. Without it no page works in a browser.
scripts=libjs-jquery

# As root on Debian the package of PostgreSQL can be had. Its service shall not start: a policy forbids it meanwhile.
get_postgres() {
  local policy=/usr/sbin/policy-rc.d made=''
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
  say "PostgreSQL is missing: installing Debian's package"
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=yes
  fi
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install postgresql; } </dev/null >&2 || true
  [ -z "$made" ] || rm -f "$policy"
}

# The mirrors of this machine's own apt. Not every one serves Debian: they are tried in turn.
mirrors() {
  if [ -n "${PBX_CRM_ODOO_MIRROR:-}" ]; then
    printf '%s\n' "$PBX_CRM_ODOO_MIRROR"
  else
    # shellcheck disable=SC2016 # apt's own notation
    apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' | awk '$2 == "main" && $1 !~ /security/ && !seen[$1]++ { print $1 }'
  fi
}

# Two packages with a private state of apt: signatures are checked as ever, dependencies are not followed, the system's lists stay as they are.
from_debian() {
  local apt="$install/apt" keyring='' mirror candidate options=()
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    cannot "Odoo cannot be had here: there is neither apt-get with dpkg-deb, nor a kept copy (PBX_CRM_ODOO_SOURCES)"
  fi
  for candidate in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
    if [ -z "$keyring" ] && [ -r "$candidate" ]; then keyring="$candidate"; fi
  done
  [ -n "$keyring" ] || cannot "Odoo cannot be had here: Debian's keys are missing (package debian-archive-keyring)"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,package}
  : >"$apt/status"
  options=(
    -o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    # It writes into folders of the caller, and waits for nobody else's lock.
    -o APT::Sandbox::User=root -o Debug::NoLocking=1
    -o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30
    -o APT::Update::Error-Mode=any
  )
  for mirror in $(mirrors); do
    printf 'deb [arch=%s signed-by=%s] %s sid main\n' "$(dpkg --print-architecture)" "$keyring" "$mirror" >"$apt/sources.list"
    if apt-get "${options[@]}" -qq update >>"$apt/log" 2>&1; then
      (cd "$apt/package" && apt-get "${options[@]}" -qq download "$package" "$scripts" >>"$apt/log" 2>&1) && break
    fi
  done
  if ! compgen -G "$apt/package/$package*.deb" >/dev/null || ! compgen -G "$apt/package/$scripts*.deb" >/dev/null; then
    tail -n 8 "$apt/log" >&2 || true
    cannot "Odoo cannot be had here: no mirror of this machine's apt gives the packages $package and $scripts of Debian sid (name a mirror with PBX_CRM_ODOO_MIRROR, or a kept copy of the sources with PBX_CRM_ODOO_SOURCES)"
  fi
  version=$(dpkg-deb -f "$apt/package/$package"*.deb Version)
  "$base_python" "$here/server/unpack.py" "$apt/package" "$install/src" "${addons[@]}"
  rm -rf "$apt"
}

from_kept_copy() {
  mkdir -p "$install/src"
  tar -C "$install/src" -xf "$PBX_CRM_ODOO_SOURCES" || fail "PBX_CRM_ODOO_SOURCES cannot be unpacked: $PBX_CRM_ODOO_SOURCES"
  [ -f "$install/src/odoo/release.py" ] || fail "PBX_CRM_ODOO_SOURCES is no copy that install.sh --keep made: $PBX_CRM_ODOO_SOURCES"
  version="kept copy $(basename "$PBX_CRM_ODOO_SOURCES")"
}

libraries() {
  "$base_python" -m venv "$install/venv"
  if ! "$install/venv/bin/pip" install --quiet --disable-pip-version-check --no-input --no-compile -r "$here/server/requirements.txt" >"$install/pip.log" 2>&1; then
    tail -n 15 "$install/pip.log" >&2
    if grep -qiE 'connection|resolution|unreachable|timed out|retries|proxy|HTTP error' "$install/pip.log"; then
      cannot "Odoo cannot be had here: PyPI does not give its Python libraries"
    fi
    fail "pip does not install server/requirements.txt"
  fi
}

# A cluster and a database as a new Odoo makes them, then what seed.py adds. The cluster is made in a folder that PostgreSQL's account can reach and
# kept in the home, stopped.
make_template() {
  use_run "$(mktemp -d "${TMPDIR:-/tmp}/pbx-crm-odoo.XXXXXX")"
  make_run
  # Killed, this script cleans up nothing.
  printf '%s\n' "$install" >"$mark"
  start_watcher $$ "$(began $$)" --remove
  mkdir "$cluster"
  chmod 700 "$cluster"
  [ "$(id -u)" != 0 ] || chown "$account" "$cluster"
  pg initdb -D "$cluster" -U odoo -A trust -E UTF8 --locale=C.UTF-8 --wal-segsize=4 >"$run/initdb.log" 2>&1 || {
    cat "$run/initdb.log" >&2
    fail "PostgreSQL makes no cluster"
  }
  cat >>"$cluster/postgresql.conf" <<'END'
listen_addresses = ''
# A killed PostgreSQL must not lose what Odoo has acknowledged. That the machine itself crashes is not tested.
synchronous_commit = on
fsync = off
full_page_writes = off
shared_buffers = 128MB
max_connections = 100
min_wal_size = 8MB
max_wal_size = 128MB
END
  postgres_up
  write_configuration 0
  local modules
  modules=$(IFS=,; echo "${addons[*]}")
  odoo -c "$run/odoo.conf" -d "$template" -i "$modules" --without-demo --stop-after-init --no-http --log-level=warn >"$run/init.log" 2>&1 || {
    tail -n 40 "$run/init.log" >&2
    fail "Odoo makes no database"
  }
  (umask 077 && ODOO_SECRETS="$install/secrets" odoo shell -c "$run/odoo.conf" -d "$template" --no-http --log-level=warn <"$here/server/seed.py" >"$run/seed.log" 2>&1) || true
  # `odoo shell` has exit code 0 whatever happens in it.
  if ! grep -q '^ODOO_KEY_EXPIRED=' "$install/secrets" 2>/dev/null || grep -q '^Traceback' "$run/seed.log"; then
    tail -n 40 "$run/seed.log" >&2
    fail "server/seed.py failed"
  fi
  sql postgres -c "alter database $template is_template true allow_connections false"
  postgres_down
  cp -a "$cluster" "$install/postgres"
}

# Whatever the end: no half install, and nothing of what it took to make it.
clean_up() {
  if [ -n "${run:-}" ]; then
    postgres_down || true
    rm -rf "$run"
  fi
  [ -e "$install/complete" ] || rm -rf "$install"
}

# It is all there, and the Python under it has not been replaced since.
works() {
  [ -e "$install/complete" ] && "$python" -c 'import lxml.etree, psycopg2' 2>/dev/null
}

found=$(find_postgres) || { get_postgres && found=$(find_postgres); } ||
  cannot "Odoo cannot be had here: the programs of a PostgreSQL server, 13 or newer, are missing (Debian: apt-get install postgresql)"
use_install "$found"

if [ "${1:-}" = --keep ]; then
  [ -n "${2:-}" ] || fail "--keep wants the name of a file"
  [ -e "$install/complete" ] || fail "there is nothing to keep: run install.sh first"
  tar -C "$install/src" --sort=name --owner=0 --group=0 --numeric-owner --exclude='__pycache__' -cJf "$2" .
  exit
fi
[ $# = 0 ] || fail "unknown: $1"

mkdir -p "$home"
exec 9>"$home/lock"
flock 9
if works; then
  touch "$install/complete"
  say "already there: $(cat "$install/complete") in $install"
  exit
fi

command -v setpriv >/dev/null || [ "$(id -u)" != 0 ] || cannot "Odoo cannot be had here: setpriv is missing (Debian: util-linux)"
base_python="${PBX_CRM_ODOO_PYTHON:-python3}"
"$base_python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null ||
  cannot "Odoo cannot be had here: it wants a Python from 3.10 to 3.13, and $base_python is none (PBX_CRM_ODOO_PYTHON)"
"$base_python" -c 'import ensurepip, venv' 2>/dev/null ||
  cannot "Odoo cannot be had here: $base_python has no venv (Debian: apt-get install python3-venv)"

# What a killed install left is no use.
rm -rf "$install"
trap clean_up EXIT
mkdir -m 700 "$install"
version=''
say "1 of 3: Odoo's sources"
if [ -n "${PBX_CRM_ODOO_SOURCES:-}" ]; then from_kept_copy; else from_debian; fi
say "2 of 3: Python libraries"
libraries
say "3 of 3: the template database"
make_template
printf 'Odoo %s\n' "$version" >"$install/complete"

# Installs of other versions of these files, unused for two weeks.
for complete in "$home"/*/complete; do
  other=${complete%/complete}
  # Of this script's making, and no other folder that somebody has there.
  if [[ ! "${other##*/}" =~ ^[0-9a-f]{16}$ ]] || [ ! -d "$other/venv" ] || [ ! -d "$other/src" ]; then continue; fi
  if [ "$other" != "$install" ] && [ -z "$(find "$complete" -mtime -14)" ]; then rm -rf "$other"; fi
done
say "installed: $(cat "$install/complete") in $install"
