/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Ids of stacks, as BPF programs give them to user space. */
#ifndef QTEE_BPF_STACK_H
#define QTEE_BPF_STACK_H

#define QTEE_STACK_NONE 0xffffffffu

#endif /* QTEE_BPF_STACK_H */
