/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects and their references, inside the core. */
#ifndef _QTEE_OBJECT_H
#define _QTEE_OBJECT_H

#include <linux/qtee.h>

/* object.c */
struct qtee_object *qtee_object_tee_new(u32 tee_id);
void qtee_object_tee_free(struct qtee_object *object);
int qtee_object_cache_init(void);
void qtee_object_cache_exit(void);

/* table.c */
int qtee_table_send(struct qtee_object *object, u32 *id);
struct qtee_object *qtee_table_get(u32 id);
struct qtee_object *qtee_table_remove(u32 id);
int qtee_table_retain(u32 id);
int qtee_table_release(u32 id);
struct qtee_object *qtee_table_next_object(loff_t *index);
void qtee_table_exit(void);

/* release.c */
void qtee_release_queue(struct qtee_object *object);
int qtee_release_init(void);
void qtee_release_exit(void);
unsigned int qtee_release_pending(void);

/* primordial.c */
extern struct qtee_object qtee_object_primordial;
bool qtee_primordial_describe(char *name, size_t size, unsigned int *refs);

#endif /* _QTEE_OBJECT_H */
