# Stock Spin, for the scripts that let it serve. To be sourced after steps.sh.

# It compiles every component before it answers for the first time.
readonly SPIN_READY_TIMEOUT_S=420

# Prints the program's path: what MCSP_SPIN names, or else spin on the PATH.
spin_program() {
  local program=${MCSP_SPIN:-spin}
  command -v "$program" || fail "there is no Spin ($program); install Spin 4.1 or later, or name its program in MCSP_SPIN"
}
