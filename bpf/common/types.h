/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* __u64 and so on, in structs that BPF programs share with user space: the former have them of vmlinux.h. */
#ifndef QTEE_BPF_TYPES_H
#define QTEE_BPF_TYPES_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#endif /* QTEE_BPF_TYPES_H */
