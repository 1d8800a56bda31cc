// SPDX-License-Identifier: GPL-2.0-only
/* qtee-lat on the driver's trace events. */
#include "calls_events.bpf.h"
#include "server_events.bpf.h"
