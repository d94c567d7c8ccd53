#!/usr/bin/env bash
# Runs all benchmarks, on SQLite and on a PostgreSQL server of its own that lives as long as this script,
# and writes docs/performance.md. Needs what `make deps` installs. The machine should do nothing else. Growing to ten
# million certificates takes about 30 GB below target/ while it runs; `./bench.sh --quick` asks for less of everything.
set -euo pipefail
cd "$(dirname "$0")"

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
[ -n "$programs" ] || { echo "bench: no PostgreSQL server programs; run 'make deps'" >&2; exit 1; }
as_server=()
[ "$(id -u)" != 0 ] || as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)

home=$("${as_server[@]}" mktemp -d /tmp/sekisho-bench.XXXXXX)
stop() {
  "${as_server[@]}" "$programs/pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$home"
}
trap stop EXIT

(cd "$home" && "${as_server[@]}" "$programs/initdb" -D "$home/data" -A trust -U postgres >/dev/null)
(cd "$home" && "${as_server[@]}" "$programs/pg_ctl" -D "$home/data" -w -l "$home/log" \
  -o "-k $home -c listen_addresses='' -c shared_buffers=512MB -c max_wal_size=4GB" start >/dev/null)
for database in sekisho_bench sekisho_bench_bare; do
  "${as_server[@]}" "$programs/createdb" -h "$home" -U postgres "$database"
done

target/release/sekisho bench all --postgresql "host=$home user=postgres" --report docs/performance.md "$@"
