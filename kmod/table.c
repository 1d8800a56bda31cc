// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object table: ids by which QTEE names our callback objects.
 *
 * An xarray: ids are allocated cyclically over 31 bits, so that an id is not met again soon after its release, and
 * the table costs what is in it. Lookups take no lock: RCU keeps an object's memory while a reference is tried for.
 *
 * Locking: qtee_table's own xa_lock for changes, RCU for lookups. It nests in no lock and none nests in it.
 * Invariant: each id in the table is one reference, owned by QTEE; qtee_table_retained has the extra ones of an id.
 */
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "msg.h"
#include "object.h"
#include "stats.h"
#include "../tracepoints/trace.h"

/* Indices are ids without bit 31: a low, dense tree is a shallow one. 0 is the primordial object, which is static. */
static DEFINE_XARRAY_ALLOC1(qtee_table);
static DEFINE_XARRAY(qtee_table_retained);
static u32 qtee_table_next = 1;

#define QTEE_TABLE_LIMIT XA_LIMIT(1, ~QTEE_ID_CB)

/* Gives an object an id, and the caller's reference to whoever removes it. Returns 0, -ENOMEM, -EBUSY (all taken). */
static int qtee_table_add(struct qtee_object *object, u32 *id)
{
	u32 index;
	int ret = xa_alloc_cyclic(&qtee_table, &index, object, QTEE_TABLE_LIMIT, &qtee_table_next, GFP_KERNEL);

	if (ret < 0)
		return ret;
	*id = index | QTEE_ID_CB;
	qtee_stat_inc(QTEE_STAT_CB_IDS);
	return 0;
}

/*
 * The id by which an object is passed to QTEE. A callback object gets a new one, and the caller's reference with it.
 * Returns 0; -EINVAL for an object that can't be passed; as qtee_table_add().
 */
int qtee_table_send(struct qtee_object *object, u32 *id)
{
	switch (qtee_object_kind(object)) {
	case QTEE_OBJECT_NULL:
		*id = QTEE_ID_NULL;
		return 0;
	case QTEE_OBJECT_TEE:
		*id = object->tee_id;
		return 0;
	case QTEE_OBJECT_CB:
		return qtee_table_add(object, id);
	default:
		return -EINVAL;
	}
}

/* The object of an id, with a reference; NULL where there is none. Any context. */
struct qtee_object *qtee_table_get(u32 id)
{
	struct qtee_object *object;

	if (id == QTEE_ID_PRIMORDIAL)
		return &qtee_object_primordial;

	rcu_read_lock();
	object = xa_load(&qtee_table, id & ~QTEE_ID_CB);
	/* QTEE may let go of it at this moment: then its count is 0, and it is only memory. */
	if (object && !refcount_inc_not_zero(&object->refs))
		object = NULL;
	rcu_read_unlock();
	return object;
}

/* Forgets the extra references of an id, and puts them: whoever takes the count off the table does that, once. */
static void qtee_table_retained_put(u32 id, struct qtee_object *object)
{
	unsigned long count = xa_to_value(xa_erase(&qtee_table_retained, id) ?: xa_mk_value(0));

	while (count--)
		qtee_object_put(object);
}

/* Ends an id, for good. The caller gets its reference. NULL where there is no such id. */
struct qtee_object *qtee_table_remove(u32 id)
{
	struct qtee_object *object;

	if (id == QTEE_ID_PRIMORDIAL)
		return NULL;
	object = xa_erase(&qtee_table, id & ~QTEE_ID_CB);
	if (!object)
		return NULL;
	qtee_stat_dec(QTEE_STAT_CB_IDS);

	/* Pairs with the one in qtee_table_retain(): either this sees the count, or that sees that the id is gone. */
	smp_mb();
	if (unlikely(!xa_empty(&qtee_table_retained)))
		qtee_table_retained_put(id, object);
	return object;
}

/* RETAIN of QTEE: one more reference for an id, so that it takes one more release to end it. Returns 0 or an errno. */
int qtee_table_retain(u32 id)
{
	struct qtee_object *object;
	unsigned long count;
	int ret;

	if (id == QTEE_ID_PRIMORDIAL)
		return 0;
	object = qtee_table_get(id);
	if (!object)
		return -ENOENT;

	/* GFP_ATOMIC: the count must not change between being read and being written. */
	xa_lock(&qtee_table_retained);
	count = xa_to_value(xa_load(&qtee_table_retained, id) ?: xa_mk_value(0));
	ret = xa_err(__xa_store(&qtee_table_retained, id, xa_mk_value(count + 1), GFP_ATOMIC));
	xa_unlock(&qtee_table_retained);
	if (ret) {
		qtee_object_put(object);
		return ret;
	}

	/* Pairs with the one in qtee_table_remove(). */
	smp_mb();
	if (likely(xa_load(&qtee_table, id & ~QTEE_ID_CB) == object))
		return 0;
	/* It was released meanwhile. */
	qtee_table_retained_put(id, object);
	return -ENOENT;
}

/* RELEASE of QTEE: one reference of an id. Returns 0, or -ENOENT where there is no such id. May sleep. */
int qtee_table_release(u32 id)
{
	struct qtee_object *object = NULL;

	if (id == QTEE_ID_PRIMORDIAL)
		return 0;
	if (!(id & QTEE_ID_CB))
		return -ENOENT;

	if (!xa_empty(&qtee_table_retained)) {
		unsigned long count;

		xa_lock(&qtee_table_retained);
		count = xa_to_value(xa_load(&qtee_table_retained, id) ?: xa_mk_value(0));
		/* Looked up before the count goes: who ends the id meanwhile finds the count. */
		if (count)
			object = xa_load(&qtee_table, id & ~QTEE_ID_CB);
		if (object && count > 1)
			__xa_store(&qtee_table_retained, id, xa_mk_value(count - 1), GFP_ATOMIC);
		else if (object)
			__xa_erase(&qtee_table_retained, id);
		xa_unlock(&qtee_table_retained);
	}
	if (!object)
		object = qtee_table_remove(id);
	if (!object)
		return -ENOENT;
	qtee_object_put(object);
	return 0;
}

/* The first object at an index or beyond, which is set to where it is. NULL at the end. Under rcu_read_lock(). */
struct qtee_object *qtee_table_next_object(loff_t *index)
{
	unsigned long at = *index;
	struct qtee_object *object = xa_find(&qtee_table, &at, ULONG_MAX, XA_PRESENT);

	*index = at;
	return object;
}

/* The transport is gone: whatever QTEE still holds is dropped. No lookup is under way any more. */
void qtee_table_exit(void)
{
	struct qtee_object *object;
	unsigned long index;
	void *count;

	xa_for_each(&qtee_table_retained, index, count) {
		unsigned long left = xa_to_value(count);

		object = xa_load(&qtee_table, (u32)index & ~QTEE_ID_CB);
		while (object && left--)
			qtee_object_put(object);
	}
	xa_destroy(&qtee_table_retained);

	xa_for_each(&qtee_table, index, object) {
		xa_erase(&qtee_table, index);
		trace_qtee_object_release(0, index | QTEE_ID_CB, QTEE_TRACE_DROPPED);
		qtee_object_put(object);
	}
	xa_destroy(&qtee_table);
}
