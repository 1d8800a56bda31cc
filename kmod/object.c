// SPDX-License-Identifier: GPL-2.0-only
/* Objects: kinds and references. */
#include <linux/bug.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "object.h"
#include "stats.h"

struct qtee_object qtee_object_root = {
	.refs = REFCOUNT_INIT(1),
	.kind = QTEE_OBJECT_ROOT,
};
EXPORT_SYMBOL_GPL(qtee_object_root);

static struct kmem_cache *qtee_object_cache;

static bool qtee_object_is_static(const struct qtee_object *object)
{
	return object == &qtee_object_root || object == &qtee_object_primordial;
}

/**
 * qtee_object_init() - make a callback object of a struct's member
 * @object: the member
 * @ops: what it does; @ops->owner stays loaded while the object lives
 *
 * The caller holds the first reference.
 *
 * Context: any; called from @ops->owner, which is therefore loaded.
 */
void qtee_object_init(struct qtee_object *object, const struct qtee_object_ops *ops)
{
	__module_get(ops->owner);
	refcount_set(&object->refs, 1);
	object->kind = QTEE_OBJECT_CB;
	object->tee_id = 0;
	object->ops = ops;
	object->release_node.next = NULL;
}
EXPORT_SYMBOL_GPL(qtee_object_init);

/**
 * qtee_object_revive() - give a callback object its first reference again
 * @object: an object whose last reference is gone, and whose release operation has kept it
 *
 * For owners that keep what is dear to make. It is as if the object had just been made by qtee_object_init(), but for
 * those who came upon it under RCU before: they may get a reference as well. The owner sees to it that nobody else
 * does this at the same time, and that the release operation has left the object alone.
 *
 * Context: any; called from the owner's module, which is therefore loaded.
 */
void qtee_object_revive(struct qtee_object *object)
{
	__module_get(object->ops->owner);
	/* What the owner did before is there for whoever gets a reference by the count. */
	smp_wmb();
	refcount_set(&object->refs, 1);
}
EXPORT_SYMBOL_GPL(qtee_object_revive);

/**
 * qtee_object_get() - take a reference
 * @object: an object that the caller has a reference to, or NULL
 *
 * Return: @object.
 * Context: any.
 */
struct qtee_object *qtee_object_get(struct qtee_object *object)
{
	if (object && !qtee_object_is_static(object))
		refcount_inc(&object->refs);
	return object;
}
EXPORT_SYMBOL_GPL(qtee_object_get);

/**
 * qtee_object_put() - give a reference up
 * @object: an object, or NULL
 *
 * The last put of a TEE object queues its RELEASE and returns at once; the last put of a callback object calls its
 * release operation.
 *
 * Context: process context; may sleep for what a callback object's release does.
 */
void qtee_object_put(struct qtee_object *object)
{
	struct module *owner;

	if (!object || qtee_object_is_static(object))
		return;
	if (!refcount_dec_and_test(&object->refs))
		return;

	if (object->kind == QTEE_OBJECT_TEE) {
		qtee_release_queue(object);
		return;
	}

	/* The object is gone after release; its module may be as soon as the reference to that is dropped. */
	owner = object->ops->owner;
	object->ops->release(object);
	module_put(owner);
}
EXPORT_SYMBOL_GPL(qtee_object_put);

/*
 * An object for an id that QTEE gave: one id received is one reference there, and one object here. Giving the id back
 * takes an object as well, so this must not fail: it is small, and a failure would lose QTEE's reference for good.
 */
struct qtee_object *qtee_object_tee_new(u32 tee_id)
{
	struct qtee_object *object = kmem_cache_alloc(qtee_object_cache, GFP_KERNEL | __GFP_NOFAIL);

	refcount_set(&object->refs, 1);
	object->kind = QTEE_OBJECT_TEE;
	object->tee_id = tee_id;
	object->ops = NULL;
	object->release_node.next = NULL;
	qtee_stat_inc(QTEE_STAT_TEE_OBJECTS);
	return object;
}

/* Forgets a TEE object whose RELEASE is done. A front end's table may be looking at it. */
void qtee_object_tee_free(struct qtee_object *object)
{
	qtee_stat_dec(QTEE_STAT_TEE_OBJECTS);
	kfree_rcu(object, rcu);
}

int qtee_object_cache_init(void)
{
	qtee_object_cache = KMEM_CACHE(qtee_object, 0);
	return qtee_object_cache ? 0 : -ENOMEM;
}

void qtee_object_cache_exit(void)
{
	kmem_cache_destroy(qtee_object_cache);
}
