#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# In the guest: every CPU but the first goes off and comes back, again and again, and does work each time.
#   cpu-hotplug.sh CPUS ROUNDS
set -euo pipefail
cpus=$1 rounds=$2

fail() {
	echo "FAILED: $*"
	exit 1
}

online=$(cat /sys/devices/system/cpu/online)
[[ $online == "0-$((cpus - 1))" || ($cpus == 1 && $online == 0) ]] || fail "online at boot: $online"
for ((round = 1; round <= rounds; round++)); do
	for ((cpu = 1; cpu < cpus; cpu++)); do
		node=/sys/devices/system/cpu/cpu$cpu
		echo 0 > "$node/online" || fail "cpu$cpu does not go off in round $round"
		[[ $(cat "$node/online") == 0 ]] || fail "cpu$cpu is not off in round $round"
		taskset -c "$cpu" true 2> /dev/null && fail "cpu$cpu works although it is off"
		echo 1 > "$node/online" || fail "cpu$cpu does not come back in round $round"
		# The 39th field of stat is the CPU; the name before it has no blank.
		ran=$(taskset -c "$cpu" bash -c 'read -ra stat < /proc/self/stat; echo "${stat[38]}"')
		[[ $ran == "$cpu" ]] || fail "cpu$cpu does not work in round $round: it ran on $ran"
	done
done
grep -q "IPI0" /proc/interrupts || fail "no IPIs counted"
echo "$cpus CPUs, $rounds rounds"
