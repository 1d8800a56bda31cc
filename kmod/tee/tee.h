/* SPDX-License-Identifier: GPL-2.0-only */
/* The TEE subsystem's front end: /dev/teeN with mainline's object API. */
#ifndef _QTEE_TEE_H
#define _QTEE_TEE_H

#include <linux/qtee.h>
#include <linux/qtee_server.h>
#include <linux/tee_core.h>
#include <linux/xarray.h>

/*
 * Who hosts an object: flags of an object reference. They are part of mainline's user API, though not in its header:
 * every client repeats them.
 */
#define QTEE_TEE_REF_TEE	BIT(0)
#define QTEE_TEE_REF_USER	BIT(1)
#define QTEE_TEE_REF_MEMORY	BIT(2)

/* Ids of registered memory start here. The TEE core gives the lowest that is free to what it allocates. */
#define QTEE_TEE_MEMORY_REGISTERED	BIT(30)

/**
 * struct qtee_tee_file - an open of /dev/teeN
 * @server: of the callback objects that were passed through it, whichever thread serves them
 * @objects: TEE objects by id, with a reference each
 * @next: for ids
 * @memory: memory objects by the id of their shared memory: struct qtee_tee_memory, while that exists
 *
 * It exists as long as the TEE core has a context for it, and as long as its callback objects and registered memory do.
 *
 * Locking: lookups in both tables are under RCU; changes take their own locks, which are leaves.
 */
struct qtee_tee_file {
	struct qtee_server server;
	struct xarray objects;
	u32 next;
	struct xarray memory;
};

/**
 * struct qtee_tee_memory - shared memory of a file, allocated or registered, as an object
 * @object: what the core knows. The shared memory has a reference; QTEE has one for each id
 * @file: the file that it belongs to; not to be followed once the shared memory is gone
 * @inner: the memory object that is in it
 * @id: the shared memory's, or negative. It is this object's name as long as it leads to it in the file's table
 * @rcu: for the end
 *
 * Locking: constant once its id is known.
 */
struct qtee_tee_memory {
	struct qtee_object object;
	struct qtee_tee_file *file;
	struct qtee_object *inner;
	int id;
	struct rcu_head rcu;
};

/* file.c */
struct qtee_tee_file *qtee_tee_file_new(void);
void qtee_tee_file_close(struct qtee_tee_file *file);
struct qtee_object *qtee_tee_file_object(struct qtee_tee_file *file, u64 id);
int qtee_tee_file_add(struct qtee_tee_file *file, struct qtee_object *object, u64 *id);
void qtee_tee_file_remove(struct qtee_tee_file *file, u64 id);

/* param.c */
struct qtee_object *qtee_tee_param_object(struct qtee_tee_file *file, const struct tee_ioctl_param *param);
bool qtee_tee_param_possible(struct qtee_server *server, struct qtee_object *object);
int qtee_tee_param_give(struct qtee_tee_file *file, struct tee_ioctl_param *param, struct qtee_object *object);
void qtee_tee_param_take_back(struct qtee_tee_file *file, struct tee_ioctl_param *param);

/* memory.c */
extern struct tee_shm_pool qtee_tee_memory_pool;
struct qtee_object *qtee_tee_memory_object(struct qtee_tee_file *file, u64 id);
struct qtee_tee_memory *qtee_tee_memory_from(struct qtee_tee_file *file, struct qtee_object *object);
int qtee_tee_memory_register(struct tee_context *context, struct tee_ioctl_shm_register_fd_data __user *user);

/* invoke.c, supplicant.c: ioctls whose arguments lie in a buffer of the caller's */
int qtee_tee_invoke(struct qtee_tee_file *file, void __user *user, u64 size);
int qtee_tee_receive(struct qtee_tee_file *file, void __user *user, u64 size);
int qtee_tee_send(struct qtee_tee_file *file, void __user *user, u64 size);

#endif /* _QTEE_TEE_H */
