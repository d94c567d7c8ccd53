#!/usr/bin/env bash
# Installs what the tests talk to: PostgreSQL (server programs; no service is started), SoftHSM, OpenSC,
# OpenSSL and GnuTLS's certtool as judges, a C++ compiler for the fuzz targets, and the test runner;
# nginx is what the benchmarks are measured against. Safe to run again; says what it does.
set -euo pipefail

packages=()
[ -x "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | head -n 1)" ] || packages+=(postgresql)
command -v g++ >/dev/null || packages+=(g++)
command -v setpriv >/dev/null || packages+=(util-linux)
command -v softhsm2-util >/dev/null || packages+=(softhsm2)
command -v pkcs11-tool >/dev/null || packages+=(opensc)
command -v openssl >/dev/null || packages+=(openssl)
command -v certtool >/dev/null || packages+=(gnutls-bin)
[ -x /usr/sbin/nginx ] || packages+=(nginx-light)

if [ ${#packages[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "deps: installing ${packages[*]}"
  "${as_root[@]}" apt-get update -qq
  # A cluster of its own would start a server that nobody asked for.
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
