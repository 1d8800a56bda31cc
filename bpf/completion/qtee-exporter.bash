# SPDX-License-Identifier: BSD-3-Clause
#
# bash completion of qtee-exporter. Source it, or install it as qtee-exporter in /usr/share/bash-completion/completions.

_qtee_exporter_options='--help --listen --rows --classes --no-trace --verbose'

_qtee_exporter() {
  case $3 in
    -l | --listen) mapfile -t COMPREPLY < <(compgen -W '127.0.0.1:9761 0.0.0.0:9761' -- "$2") ;;
    --rows | --classes) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$_qtee_exporter_options" -- "$2") ;;
  esac
}
complete -F _qtee_exporter qtee-exporter
