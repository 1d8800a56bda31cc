/* SPDX-License-Identifier: GPL-2.0-only */
/* What servers have of invocations' times: from when a thread has a request of an invocation's until it has answered, or will not. */
#ifndef QTEE_BPF_SERVERS_BPF_H
#define QTEE_BPF_SERVERS_BPF_H

#include "qtee.bpf.h"

struct qtee_server {
	u64 received; /* since when it has a request; 0 when it has none */
	u64 ns;
};

/* By the name of the invocation. Each goes at the invocation's end. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct qtee_server);
} qtee_servers SEC(".maps");

static __always_inline void qtee_server_begin(u64 invocation, u64 now)
{
	struct qtee_server first = { .received = now };
	struct qtee_server *server = bpf_map_lookup_elem(&qtee_servers, &invocation);

	if (server)
		server->received = now; /* received again: the first one gave it back */
	else if (bpf_map_update_elem(&qtee_servers, &invocation, &first, BPF_ANY))
		qtee_lose();
}

static __always_inline void qtee_server_end(u64 invocation, u64 now)
{
	struct qtee_server *server = bpf_map_lookup_elem(&qtee_servers, &invocation);

	if (!server || !server->received)
		return;
	server->ns += now - server->received;
	server->received = 0;
}

/* All that the invocation's servers had, which is forgotten. */
static __always_inline u64 qtee_server_take(u64 invocation)
{
	struct qtee_server *server = bpf_map_lookup_elem(&qtee_servers, &invocation);
	u64 ns = server ? server->ns : 0;

	if (server)
		bpf_map_delete_elem(&qtee_servers, &invocation);
	return ns;
}

#endif /* QTEE_BPF_SERVERS_BPF_H */
