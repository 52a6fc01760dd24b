# Where the clients are that the tests use. To be sourced, after steps.sh.

# What tests the platform as a stranger does: pinned, with hashes, in a place of its own.
prepare_clients() {
  local made=.mcsp/test-clients pinned=tests/clients
  ! cmp -s "$pinned/requirements.txt" "$made/requirements.txt" || ! cmp -s "$pinned/package-lock.json" "$made/package-lock.json" || return 0
  rm -rf "$made"
  install_clients "$made" "$pinned" >>"$LOG" 2>&1 ||
    fail_with_log "the clients that the tests use could not be installed: is there a network? ($LOG)"
  # Last: what is half installed is installed anew.
  cp "$pinned/requirements.txt" "$made/requirements.txt"
}

# Programs in Python, and players for browsers.
install_clients() {
  python3 -m venv "$1" && "$1/bin/pip" install -q --require-hashes -r "$2/requirements.txt" &&
    cp "$2/package.json" "$2/package-lock.json" "$1" &&
    npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund
}
