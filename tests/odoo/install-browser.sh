#!/usr/bin/env bash
# Sees to it that Chromium and its driver are there, for the test that reads Odoo's pages as a person does.
#
# Prints CHROMIUM=path and CHROMEDRIVER=path. Exit code 3: they cannot be had on this machine.
set -euo pipefail

find_both() {
  local name
  chromium=''
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    [ -n "$chromium" ] || chromium=$(command -v "$name" || true)
  done
  chromedriver=$(command -v chromedriver || true)
  [ -n "$chromium" ] && [ -n "$chromedriver" ]
}

if ! find_both && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "browser: installing Debian's packages chromium and chromium-driver" >&2
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install chromium chromium-driver; } </dev/null >&2 || true
fi
if ! find_both; then
  echo "browser: Chromium or chromedriver is missing and cannot be installed here (Debian, as root: apt-get install chromium chromium-driver)" >&2
  exit 3
fi
printf 'CHROMIUM=%s\nCHROMEDRIVER=%s\n' "$chromium" "$chromedriver"
