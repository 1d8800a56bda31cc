# SPDX-License-Identifier: BSD-3-Clause
#
# bash completion of qtee-tune. Source it, or install it as qtee-tune in /usr/share/bash-completion/completions.

# tests/tune/options compares these with the sources.
_qtee_tune_options='--help --duration --verify --rounds --apply --restore --profile --profiles --set --modprobe --dts --save --modules --json
  --overhead --verbose'
_qtee_tune_settings='message_in_kib message_out_kib messages_per_cpu messages_spare messages_max message_wait_ms pool_max_kib trim_ms message_retain callback_poll_us
  contexts classes_kib classes_max memory_idle_ms memory_idle_max memory_alloc_max_mib message_buffers_max_kib'

_qtee_tune() {
  local word=$2 last=$3 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [ "${COMP_WORDS[i]}" = -- ]; then
      mapfile -t COMPREPLY < <(if ((i + 1 == COMP_CWORD)); then compgen -c -- "$word"; else compgen -f -- "$word"; fi)
      return
    fi
  done
  case $last in
    -d | --duration) mapfile -t COMPREPLY < <(compgen -W '10s 1m 10m 1h' -- "$word") ;;
    --profile) mapfile -t COMPREPLY < <(compgen -W "$(qtee-tune --profiles 2> /dev/null | cut -d : -f 1)" -- "$word") ;;
    --set) compopt -o nospace; mapfile -t COMPREPLY < <(compgen -S = -W "$_qtee_tune_settings" -- "$word") ;;
    --modprobe | --dts | --save) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --modules) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    --rounds) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$_qtee_tune_options --" -- "$word") ;;
  esac
}
complete -F _qtee_tune qtee-tune
