// SPDX-License-Identifier: GPL-2.0-only
/*
 * Releases of TEE objects: sent by a worker, in batches, so that no put ever waits for QTEE.
 *
 * Locking: the queue is a lock-free list that anybody adds to and only the worker empties. The retry list is the
 * worker's own. A release may call back into Linux, so nothing is held while one is sent.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/workqueue.h>

#include "invoke.h"
#include "object.h"
#include "stats.h"
#include "../shmbridge/message.h"
#include "../tracepoints/trace.h"

/* A release that did not reach QTEE is sent again after this many ms, doubled each time, at most so often. */
#define QTEE_RELEASE_DELAY_MS	10
#define QTEE_RELEASE_TRIES	8

static LLIST_HEAD(qtee_release_list);
static struct qtee_context qtee_release_context;
static struct workqueue_struct *qtee_release_wq;
static unsigned int qtee_release_tries;
static struct llist_node *qtee_release_again;
static atomic_t qtee_release_count = ATOMIC_INIT(0);
static struct delayed_work qtee_release_dwork;

/* The message of a release can be lost like any other; the next release needs one that is not. */
static int qtee_release_context_check(void)
{
	if (qtee_release_context.message && !qtee_release_context.message->lost)
		return 0;
	qtee_context_fini(&qtee_release_context);
	return qtee_context_init(&qtee_release_context);
}

static void qtee_release_done(struct qtee_object *object)
{
	qtee_object_tee_free(object);
	atomic_dec(&qtee_release_count);
}

/* Sends one release. Returns whether it has to be sent again. */
static bool qtee_release_send(struct qtee_object *object, bool last)
{
	struct qtee_args args = {};
	s32 result = 0;
	int ret = qtee_release_context_check();

	ret = ret ? -EAGAIN : qtee_invoke(&qtee_release_context, object->tee_id, QTEE_OP_RELEASE, &args, &result);
	if (qtee_release_context.message)
		qtee_message_count(qtee_release_context.message);
	if (ret == -EAGAIN && !last) {
		qtee_stat_inc(QTEE_STAT_RELEASE_RETRIES);
		return true;
	}
	qtee_stat_inc(ret || result ? QTEE_STAT_RELEASE_FAILURES : QTEE_STAT_RELEASES);
	trace_qtee_object_release(0, object->tee_id, ret || result ? QTEE_TRACE_FAILED : QTEE_TRACE_RELEASED);
	if (ret)
		pr_warn_ratelimited("object %u not released: %d\n", object->tee_id, ret);
	qtee_release_done(object);
	return false;
}

static void qtee_release_work(struct work_struct *work)
{
	struct llist_node *todo, *again = NULL;
	struct qtee_object *object, *next;
	bool last;

	/* What failed before goes first, and then the rest in the order in which it was put. */
	todo = qtee_release_again;
	qtee_release_again = NULL;
	last = qtee_release_tries >= QTEE_RELEASE_TRIES;

	while (todo || (todo = llist_reverse_order(llist_del_all(&qtee_release_list)))) {
		llist_for_each_entry_safe(object, next, todo, release_node) {
			if (!qtee_release_send(object, last))
				continue;
			object->release_node.next = again;
			again = &object->release_node;
		}
		/* QTEE is busy: the new ones wait too. */
		if (again)
			break;
		todo = NULL;
		last = false;
		qtee_release_tries = 0;
	}

	if (!again)
		return;
	qtee_release_again = llist_reverse_order(again);
	/* A put may have queued it for now, while this ran; that one waits too. */
	mod_delayed_work(qtee_release_wq, &qtee_release_dwork,
			 msecs_to_jiffies(QTEE_RELEASE_DELAY_MS << qtee_release_tries));
	qtee_release_tries++;
}

/* Objects whose release is not done. */
unsigned int qtee_release_pending(void)
{
	return atomic_read(&qtee_release_count);
}

/* Takes an object whose last reference is gone. Any context. */
void qtee_release_queue(struct qtee_object *object)
{
	atomic_inc(&qtee_release_count);
	/* Once it is in the list it may be gone. */
	if (trace_qtee_release_queue_enabled())
		trace_qtee_release_queue(object->tee_id, qtee_release_pending());
	if (llist_add(&object->release_node, &qtee_release_list))
		queue_delayed_work(qtee_release_wq, &qtee_release_dwork, 0);
}

int qtee_release_init(void)
{
	int ret = qtee_context_init(&qtee_release_context);

	if (ret)
		return ret;
	INIT_DELAYED_WORK(&qtee_release_dwork, qtee_release_work);
	qtee_release_wq = alloc_workqueue("qtee_release", WQ_UNBOUND | WQ_MEM_RECLAIM, 1);
	if (!qtee_release_wq) {
		qtee_context_fini(&qtee_release_context);
		return -ENOMEM;
	}
	return 0;
}

/* Nobody has an object any more; waits until every release is sent or given up. */
void qtee_release_exit(void)
{
	while (qtee_release_pending()) {
		flush_delayed_work(&qtee_release_dwork);
		if (qtee_release_pending())
			msleep(QTEE_RELEASE_DELAY_MS);
	}
	cancel_delayed_work_sync(&qtee_release_dwork);
	destroy_workqueue(qtee_release_wq);
	qtee_context_fini(&qtee_release_context);
}
