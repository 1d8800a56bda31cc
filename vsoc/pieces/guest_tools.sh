# SPDX-License-Identifier: BSD-3-Clause
#
# The guest's root with what looks into it: bpftrace and perf, and the compiler, Perl and Python that they bring along.
# Ordinary runs do without; vsoc/run --tools takes this one.

. "$recipes/guest.sh"
guest_packages+=(bpftrace linux-perf)
