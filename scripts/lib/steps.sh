# Progress lines and clear failures, for the scripts beside this directory. To be sourced.

# Prints one line that says what to do, and ends the script.
fail() {
  printf '\nfailed: %s\n' "$1" >&2
  exit 1
}

# The same, with the end of the log before it; a full disk and a missing network are named.
fail_with_log() {
  tail -n 5 "$LOG" >&2 || true
  if tail -n 50 "$LOG" | grep -q 'No space left on device'; then
    fail "the disk is full; free some space and try again"
  fi
  if tail -n 50 "$LOG" | grep -qE 'Could not resolve|Temporary failure|Unknown host|Connection refused|Network is unreachable|spurious network error'; then
    fail "there is no network, and something is still to be downloaded; connect and try again ($LOG)"
  fi
  fail "$1"
}

# begin_log NAME: what the steps' commands print goes to .mcsp/logs/NAME.log.
begin_log() {
  mkdir -p .mcsp/logs || fail "cannot write to $PWD/.mcsp"
  LOG=$PWD/.mcsp/logs/$1.log
  : >"$LOG" 2>/dev/null || fail "cannot write $LOG: is the disk full?"
}

# step NAME COMMAND…: runs the command and prints one line with the seconds it took.
step() {
  local name=$1 begun_ms
  shift
  begun_ms=$(date +%s%3N)
  "$@"
  printf '%6d.%d s  %s\n' $((($(date +%s%3N) - begun_ms) / 1000)) $((($(date +%s%3N) - begun_ms) % 1000 / 100)) "$name" >&2
}
