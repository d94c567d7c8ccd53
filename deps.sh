#!/usr/bin/env bash
# Installs what the tests talk to: PostgreSQL (server programs; no service is started), SoftHSM, OpenSC,
# OpenSSL and GnuTLS's certtool as judges, public test suites, a C++ compiler for the fuzz targets, and the test runner;
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
python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
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

# The path validation suite of NIST, out of the package that carries it; the checksum is pinned.
suites=${SEKISHO_SUITES:-$(dirname "$0")/target/suites}
fetch_pkits() {
  local work=$1 folder=cryptography_vectors/x509
  echo 'cryptography_vectors==50.0.2 --hash=sha256:51641f03a3eb4edbe9fb68e3a3574d25f86aa502d06391fffa886330d02778a0' >"$work/wanted" &&
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      --require-hashes --dest "$work" --requirement "$work/wanted" &&
    python3 -m zipfile --extract "$work"/cryptography_vectors-*.whl "$work/out" &&
    mkdir -p "$suites/$folder" &&
    mv "$work/out/$folder/PKITS_data" "$suites/$folder/"
}
if [ ! -d "$suites/cryptography_vectors/x509/PKITS_data" ]; then
  echo "deps: fetching PKITS into $suites"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  fetch_pkits "$work" || echo "deps: PKITS cannot be had here; its test says so" >&2
fi
