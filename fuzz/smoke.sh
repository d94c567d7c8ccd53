#!/usr/bin/env bash
# Builds every fuzz target and runs each for a few seconds from its seeds. Fails when one crashes, hangs,
# outgrows its memory or hardly runs, and when the canary, which must crash, does not.
#
#   fuzz/smoke.sh [TARGET…]      SECONDS_EACH=4  JOBS=2  (both may be set in the environment)
#
# A finding is left in fuzz/artifacts/; the line that repeats it is printed.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${SECONDS_EACH:-4}
jobs=${JOBS:-2}
export CARGO_TARGET_DIR=${FUZZ_TARGET_DIR:-$PWD/target}
# The flags stand in .cargo/config.toml; one in the environment would replace them.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET

if [ $# -gt 0 ]; then
  targets=("$@")
else
  mapfile -t targets < <(basename -s .rs fuzz_targets/*.rs)
fi
only=()
for target in "${targets[@]}"; do only+=(--bin "$target"); done
cargo build --release --locked --quiet "${only[@]}"

host=$(rustc -vV | sed -n 's/^host: //p')
bin=$CARGO_TARGET_DIR/$host/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p artifacts

# Runs one target; its verdict goes to $work/TARGET.verdict.
run() {
  local target=$1 log=$work/$1.log status=0 limit=$seconds
  [ "$target" != canary ] || limit=60
  mkdir -p "$work/corpus/$target"
  "$bin/$target" "$work/corpus/$target" "corpus/$target" \
    -max_total_time="$limit" -timeout=10 -rss_limit_mb=1024 -max_len=4096 \
    -print_final_stats=1 -artifact_prefix="artifacts/$target-" >"$log" 2>&1 || status=$?
  local executed covered
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  local verdict=passed reason=""
  if [ "$target" = canary ]; then
    grep -q 'the canary sings' "$log" || { verdict=FAILED reason="the alarm does not work"; }
    rm -f artifacts/canary-*
    executed=${executed:-$(sed -n 's/^#\([0-9]*\).*/\1/p' "$log" | tail -n 1)}
  elif [ "$status" != 0 ]; then
    verdict=FAILED reason="exit status $status"
  elif [ "${executed:-0}" -lt 500 ]; then
    verdict=FAILED reason="hardly ran"
  fi
  printf '%-18s %10s executions %6s edges  %s %s\n' \
    "$target" "${executed:-0}" "${covered:-0}" "$verdict" "$reason" | sed 's/ *$//'
  echo "$verdict" >"$work/$target.verdict"
  [ "$verdict" = passed ] || explain "$target" "$log"
}

explain() {
  { grep -aE -A 4 'panicked at|ERROR: libFuzzer' "$2" || tail -n 5 "$2"; } |
    grep -av 'stack backtrace' | head -n 20 | sed 's/^/    /'
  sed -n 's|.*Test unit written to ||p' "$2" | sed "s|^|    repeat it: cd fuzz \&\& \"$bin/$1\" |"
}

for target in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
  run "$target" &
done
wait

# A target without a verdict has not passed.
passed=$({ grep -lx passed "$work"/*.verdict || true; } | wc -l)
echo "$passed passed, $((${#targets[@]} - passed)) failed"
[ "$passed" = ${#targets[@]} ]
