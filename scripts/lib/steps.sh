# Progress lines and clear failures, for the scripts beside this directory. To be sourced.

# Prints one line that says what to do, and ends the script.
fail() {
  printf '\nfailed: %s\n' "$1" >&2
  exit 1
}

# With less than this free, whatever fails has failed for want of it.
readonly FULL_DISK_MIB=16
readonly NO_NETWORK='Could not resolve|Temporary failure|Unknown host|Connection refused|Connection timed out|Network is unreachable|spurious network error|No plugin found for prefix|Could not transfer artifact|dns error|EAI_AGAIN|ENOTFOUND'

# Whether a disk that the scripts write to is full.
disk_is_full() {
  local free_mib
  while read -r free_mib; do
    [[ $free_mib -ge $FULL_DISK_MIB ]] || return 0
  done < <(df --output=avail -m . "${HOME:-/}" "${TMPDIR:-/tmp}" 2>/dev/null | tail -n +2)
  return 1
}

# Ends the script for a command whose output is in the log. A full disk and a missing network are told by their names,
# and in one line; before anything else comes the end of the log.
fail_with_log() {
  if disk_is_full || tail -n 50 "$LOG" | grep -qE 'No space left on device|Disk quota exceeded'; then
    fail "the disk is full; free some space and try again"
  fi
  if tail -n 50 "$LOG" | grep -qE "$NO_NETWORK"; then
    fail "there is no network, and something is still to be downloaded; connect and try again ($LOG)"
  fi
  tail -n 5 "$LOG" >&2
  fail "$1"
}

# begin_log NAME: what the steps' commands print goes to .mcsp/logs/NAME.log.
begin_log() {
  LOG=$PWD/.mcsp/logs/$1.log
  { mkdir -p .mcsp/logs && : >"$LOG"; } 2>/dev/null && return 0
  disk_is_full && fail "the disk is full; free some space and try again"
  fail "cannot write $LOG as $(id -un); make $PWD/.mcsp writable, or remove it"
}

# step NAME COMMAND…: runs the command and prints one line with the seconds it took.
step() {
  local name=$1 begun_ms
  shift
  begun_ms=$(date +%s%3N)
  "$@"
  printf '%6d.%d s  %s\n' $((($(date +%s%3N) - begun_ms) / 1000)) $((($(date +%s%3N) - begun_ms) % 1000 / 100)) "$name" >&2
}
