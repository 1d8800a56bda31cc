/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver tells of itself. */
#ifndef _QTEE_INTROSPECT_H
#define _QTEE_INTROSPECT_H

#include <linux/types.h>

struct attribute;
struct attribute_group;
struct kobject;

extern const struct attribute_group qtee_introspect_group;

umode_t qtee_introspect_visible(struct kobject *kobj, struct attribute *attr, int n);
void qtee_introspect_init(void);
void qtee_introspect_exit(void);

#endif /* _QTEE_INTROSPECT_H */
