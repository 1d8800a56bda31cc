# SPDX-License-Identifier: BSD-3-Clause
#
# bash completion of the tools on the driver's trace events. Source it, or install it as qtee-lat, with links of the other tools' names,
# in /usr/share/bash-completion/completions.

# What all tools take; tests/bpf/options compares these with the sources.
_qtee_tools_common='--help --process --object --operation --duration --json --timestamps --overhead --verbose'
declare -A _qtee_tools_options=(
  [qtee-lat]='--interval --by --limit --keys --buckets --driver'
  [qtee-slow]='--threshold --count --sample-hz'
  [qtee-stacks]='--calls --kernel'
  [qtee-top]='--interval --by --limit --keys --sort --batch'
  [qtee-trace]='--buffer'
)
_qtee_tools_operations='open registerLegacy registerAsClient registerWithWhitelist notifyDomainChange registerWithCredentials
  loadCmnlibFromBuffer configTaRegion adciAccept adciShutdown RELEASE RETAIN'

_qtee_tools() {
  local tool=${1##*/} word=$2 last=$3 i
  # Behind -- is a command with arguments of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [ "${COMP_WORDS[i]}" = -- ]; then
      if ((i + 1 == COMP_CWORD)); then mapfile -t COMPREPLY < <(compgen -c -- "$word"); else mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi
      return
    fi
  done
  case $last in
    -p | --process) mapfile -t COMPREPLY < <(compgen -W "$(ps -e -o pid= -o comm= 2>/dev/null)" -- "$word") ;;
    -O | --operation) mapfile -t COMPREPLY < <(compgen -W "$_qtee_tools_operations" -- "$word") ;;
    -o | --object) mapfile -t COMPREPLY < <(compgen -W '0x1' -- "$word") ;;
    -d | --duration | -i | --interval | -T | --threshold) mapfile -t COMPREPLY < <(compgen -W '1ms 10ms 100ms 1s 10s' -- "$word") ;;
    -s | --sort) mapfile -t COMPREPLY < <(compgen -W 'time calls failed callbacks mean max secure server' -- "$word") ;;
    --by) mapfile -t COMPREPLY < <(compgen -W 'process object operation object,operation process,operation all' -- "$word") ;;
    --driver) mapfile -t COMPREPLY < <(compgen -W 'auto qtee mainline' -- "$word") ;;
    --limit | --keys | --count | -n | --sample-hz | --buffer) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$_qtee_tools_common ${_qtee_tools_options[$tool]} --" -- "$word") ;;
  esac
}
complete -F _qtee_tools "${!_qtee_tools_options[@]}"
