/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs at the driver's events of callbacks that keep servers.bpf.h up to date. An invocation without callbacks has none of them. */
#ifndef QTEE_BPF_SERVER_EVENTS_BPF_H
#define QTEE_BPF_SERVER_EVENTS_BPF_H

#include "servers.bpf.h"

SEC("tp_btf/qtee_callback_receive")
int BPF_PROG(qtee_server_receive, u64 invocation, u64 object, u32 request)
{
	if (invocation && request)
		qtee_server_begin(invocation, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/qtee_callback_reply")
int BPF_PROG(qtee_server_reply, u64 invocation)
{
	qtee_server_end(invocation, bpf_ktime_get_ns());
	return 0;
}

/* A server that died has not answered. */
SEC("tp_btf/qtee_callback_end")
int BPF_PROG(qtee_server_callback_end, u64 invocation)
{
	qtee_server_end(invocation, bpf_ktime_get_ns());
	return 0;
}

#endif /* QTEE_BPF_SERVER_EVENTS_BPF_H */
