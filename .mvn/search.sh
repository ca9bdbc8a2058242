#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The long part of the tests: every search for inputs that break a decoder, and the tests that do
# more with the property rootstock.long, in lanes: one a processor, or ROOTSTOCK_LANES. Most tests
# last for a given time, so more lanes end sooner and search less. Each test that finds nothing
# replaces its rows in docs/long-run.md; one that finds something leaves its log and the input in
# build/search.
#
# usage: search.sh HOME [REGEX]; only tests that REGEX is found in are run. The environment names
# the JDK (JAVA_HOME) and Maven's options.
set -euo pipefail

home=$1
only=${2:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/begun"
queue=$work/queue
report=$home/docs/long-run.md
found=$home/build/search
rm -rf "$found"
mkdir -p "$found"
commit=$(git -C "$home" rev-parse --short HEAD 2>/dev/null || echo unknown)

# Lines of module, class and method; a fuzz test searches by one method a process.
fuzz_jobs() {
  local file
  while read -r file; do
    awk -v path="${file#"$home"/}" '
      BEGIN { module = path; sub(/\/.*/, "", module)
              class = path; sub(/.*\//, "", class); sub(/\.java$/, "", class) }
      /@FuzzTest/ { armed = 1 }
      armed && match($0, /void [A-Za-z0-9_]+\(/) {
        print module, class "#" substr($0, RSTART + 5, RLENGTH - 6), "fuzz"; armed = 0 }' "$file"
  done < <(find "$home"/*/src/test -name '*FuzzTest.java' | sort)
}

long_jobs() {
  local file module
  while read -r file; do
    module=${file#"$home"/}
    echo "${module%%/*} $(basename "$file" .java) long"
  done < <(grep -rl --include='*.java' 'getBoolean("rootstock.long")' "$home"/*/src/test | sort)
}

# The longest first, so that the lanes end together.
{ long_jobs; fuzz_jobs; } | grep -E -- "$only" >"$queue" || {
  echo "rootstock: no long test has a name like $only" >&2
  exit 2
}

next_job() {
  exec 9>"$work/lock"
  flock 9
  job=$(head -n 1 "$queue")
  sed -i 1d "$queue"
  exec 9>&-
  [ -n "$job" ]
}

# What is compiled stays so: by default each job would compile its modules again, because the
# folders of those before them in the reactor have just been looked at.
compiled=(-Dmaven.compiler.useIncrementalCompilation=false)

# One test in a lane's own copy of the tree: two Mavens in one tree would meet in build/.
run_job() {
  local lane=$1 module=$2 test=$3 kind=$4 log="$work/log.$1" seed
  local flags=(-Drootstock.long=true)
  if [ "$kind" = fuzz ]; then
    flags=('-Dfuzz.flags=-Djazzer.instrumentation_includes=dev.rootstock.**')
    export JAZZER_FUZZ=1
  else
    unset JAZZER_FUZZ
  fi
  echo "rootstock: searching with $test" >&2
  if ! (cd "$work/$lane" && mvn -B test -pl "$module" -am "-Dtest=$test" \
    -Dsurefire.failIfNoSpecifiedTests=false "${compiled[@]}" "${flags[@]}" >"$log" 2>&1); then
    cp "$log" "$found/$test.log"
    find "$work/$lane/$module/src/test" -newer "$work/begun" -type f \
      \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' \) -exec cp {} "$found" \;
    echo "rootstock: $test found something: see build/search/$test.log" >&2
    return
  fi
  if [ "$kind" = fuzz ]; then
    seed=$(sed -n 's/^.*INFO: Seed: \([0-9]*\).*$/\1/p' "$log" | tail -n 1)
    sed -n 's/^\(#[0-9]*[[:space:]]\)\{0,1\}Done \([0-9]*\) runs in \([0-9]*\) second.*/\2 inputs in \3 s, seed '"${seed:-unknown}"'/p' "$log"
  else
    sed -n 's/^.*long: \(.*\)$/\1/p' "$log"
  fi | write_rows "$test"
}

# Replaces the rows of one test in the report by those of standard input: each row says of which
# commit it is, so that tests can be run one by one.
write_rows() {
  local rows="$work/rows" test=$1
  exec 8>"$work/report.lock"
  flock 8
  { grep -E '^\| `' "$report" 2>/dev/null | grep -vF -- "| \`$test\` |" || true; } >"$rows"
  sed "s/^\(.*\)\$/| \`$test\` | \1 | $commit, $(date -u +%Y-%m-%d) |/" >>"$rows"
  {
    printf '# The last long runs\n\n'
    printf '`./rootstock test --long` (or `--search`, the long part alone) writes these rows: what each search\n'
    printf 'did when it last ended without finding anything, and of which commit.\n\n'
    printf '| search | how much | commit |\n|---|---|---|\n'
    sort "$rows"
  } >"$report"
  exec 8>&-
}

lane() {
  local job module test kind
  cp -a "$home" "$work/$1"
  while next_job; do
    read -r module test kind <<<"$job"
    run_job "$1" "$module" "$test" "$kind"
  done
}

(cd "$home" && mvn -B -q test-compile)
lanes=${ROOTSTOCK_LANES:-$(nproc)}
for ((i = 1; i <= lanes; i++)); do lane "$i" & done
wait
[ -z "$(ls -A "$found")" ] || exit 1
