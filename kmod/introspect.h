/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver tells of itself. */
#ifndef _QTEE_INTROSPECT_H
#define _QTEE_INTROSPECT_H

struct attribute_group;

extern const struct attribute_group qtee_introspect_group;

void qtee_introspect_init(void);
void qtee_introspect_exit(void);

#endif /* _QTEE_INTROSPECT_H */
