// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory: what SHM_ALLOC makes is a memory object from the start, and a dma-buf is one by SHM_REGISTER_FD.
 *
 * The TEE core keeps an id and a file of what is allocated, which can be mapped. Our part of it is an object that
 * stands for the memory under that id, and that QTEE may hold longer than the file is open.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <misc/qcom_tee.h>

#include "tee.h"

static int qtee_tee_memory_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	return -EINVAL;
}

static int qtee_tee_memory_map(struct qtee_object *object, struct qtee_mapping *mapping)
{
	struct qtee_object *inner = container_of(object, struct qtee_tee_memory, object)->inner;

	return inner->ops->map(inner, mapping);
}

static void qtee_tee_memory_release(struct qtee_object *object)
{
	struct qtee_tee_memory *memory = container_of(object, struct qtee_tee_memory, object);

	qtee_object_put(memory->inner);
	kfree_rcu(memory, rcu);
}

static const struct qtee_object_ops qtee_tee_memory_ops = {
	.name = "tee memory",
	.owner = THIS_MODULE,
	.dispatch = qtee_tee_memory_dispatch,
	.map = qtee_tee_memory_map,
	.release = qtee_tee_memory_release,
};

/* The object of a file's shared memory, with a reference; NULL where the id is none. Any context. */
struct qtee_object *qtee_tee_memory_object(struct qtee_tee_file *file, u64 id)
{
	struct qtee_tee_memory *memory;

	if (id > INT_MAX)
		return NULL;
	guard(rcu)();
	memory = xa_load(&file->memory, id);
	return memory ? qtee_object_tryget(&memory->object) : NULL;
}

/*
 * The shared memory of a file that an object is; NULL when it is not, or its id is gone or another's by now. Any
 * context.
 */
struct qtee_tee_memory *qtee_tee_memory_from(struct qtee_tee_file *file, struct qtee_object *object)
{
	struct qtee_tee_memory *memory;

	if (qtee_object_kind(object) != QTEE_OBJECT_CB || object->ops != &qtee_tee_memory_ops)
		return NULL;
	memory = container_of(object, struct qtee_tee_memory, object);
	return memory->id >= 0 && xa_load(&file->memory, memory->id) == memory ? memory : NULL;
}

/* An object, with a reference, for a memory object, whose reference it takes in every case; NULL without memory. */
static struct qtee_tee_memory *qtee_tee_memory_new(struct qtee_tee_file *file, struct qtee_object *inner)
{
	struct qtee_tee_memory *memory = kzalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);

	if (!memory) {
		qtee_object_put(inner);
		return NULL;
	}
	memory->file = file;
	memory->inner = inner;
	memory->id = -1;
	qtee_object_init(&memory->object, &qtee_tee_memory_ops);
	return memory;
}

/* The shared memory is gone, and so is its id. Its file has to be there still. */
static void qtee_tee_memory_end(struct qtee_tee_memory *memory)
{
	/* Unless the id is another's already: see qtee_tee_memory_alloc(). */
	if (memory->id >= 0)
		xa_cmpxchg(&memory->file->memory, memory->id, memory, NULL, 0);
	qtee_object_put(&memory->object);
}

/* Makes the memory of a shm, whose context and id are set. Those of kernel clients of the TEE core have no id. */
static int qtee_tee_memory_alloc(struct tee_shm_pool *pool, struct tee_shm *shm, size_t size, size_t align)
{
	struct qtee_tee_memory *memory;
	struct qtee_object *inner;
	struct qtee_buffer buffer;
	int ret;

	inner = qtee_param_type_alloc_object(QCOM_TEE_MEMORY_OBJECT, size, &buffer);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	memory = qtee_tee_memory_new(shm->ctx->data, inner);
	if (!memory)
		return -ENOMEM;
	if (shm->id >= 0) {
		memory->id = shm->id;
		/* The TEE core gives an id anew before it tells us that its last shm is gone: it may still be here. */
		ret = xa_err(xa_store(&memory->file->memory, shm->id, memory, GFP_KERNEL_ACCOUNT));
		if (ret) {
			qtee_object_put(&memory->object);
			return ret;
		}
	}
	shm->kaddr = buffer.addr;
	shm->paddr = buffer.paddr;
	shm->size = buffer.size;
	/* Of use to nobody else: QTEE knows memory by objects. */
	shm->sec_world_id = (uintptr_t)memory;
	return 0;
}

/* The shm had its context, and so the file. */
static void qtee_tee_memory_free(struct tee_shm_pool *pool, struct tee_shm *shm)
{
	qtee_tee_memory_end((struct qtee_tee_memory *)(uintptr_t)shm->sec_world_id);
}

static const struct tee_shm_pool_ops qtee_tee_memory_pool_ops = {
	.alloc = qtee_tee_memory_alloc,
	.free = qtee_tee_memory_free,
};

struct tee_shm_pool qtee_tee_memory_pool = {
	.ops = &qtee_tee_memory_pool_ops,
};

static int qtee_tee_memory_close(struct inode *inode, struct file *fd_file)
{
	struct qtee_tee_memory *memory = fd_file->private_data;
	struct qtee_tee_file *file = memory->file;

	qtee_tee_memory_end(memory);
	qtee_server_put(&file->server);
	return 0;
}

static const struct file_operations qtee_tee_memory_fops = {
	.owner = THIS_MODULE,
	.release = qtee_tee_memory_close,
};

/* Bytes of a memory object, as QTEE would see them; or an errno. May sleep. */
static s64 qtee_tee_memory_size(struct qtee_object *inner)
{
	struct qtee_mapping mapping;
	int ret;

	if (qtee_object_kind(inner) != QTEE_OBJECT_CB || !inner->ops->map)
		return -EINVAL;
	ret = inner->ops->map(inner, &mapping);
	if (ret)
		return ret;
	qtee_object_put(mapping.handle);
	return mapping.size;
}

/* A file for shared memory that has an id now, and whose reference it takes in every case. Returns it or ERR_PTR(). */
static struct file *qtee_tee_memory_file(struct qtee_tee_memory *memory)
{
	struct qtee_tee_file *file = memory->file;
	struct file *fd_file;
	u32 id;
	int ret;

	ret = xa_alloc(&file->memory, &id, memory, XA_LIMIT(QTEE_TEE_MEMORY_REGISTERED, INT_MAX), GFP_KERNEL_ACCOUNT);
	if (ret) {
		qtee_object_put(&memory->object);
		return ERR_PTR(ret);
	}
	memory->id = id;
	qtee_server_get(&file->server);
	fd_file = anon_inode_getfile("[qtee-memory]", &qtee_tee_memory_fops, memory, O_RDWR);
	if (IS_ERR(fd_file)) {
		qtee_tee_memory_end(memory);
		qtee_server_put(&file->server);
	}
	return fd_file;
}

/**
 * qtee_tee_memory_register() - the ioctl SHM_REGISTER_FD
 * @context: the file's
 * @user: the caller's data: fd of a dma-buf and flags, which are 0; out: size and id
 *
 * Return: an fd; when it is closed the id ends, and what QTEE has of it stays. -EBADF for an fd that is no dma-buf's;
 *	-EOPNOTSUPP for scattered memory; -EINVAL, -EMFILE, -EFAULT, -ENOMEM, an errno of the dma-buf's exporter.
 */
int qtee_tee_memory_register(struct tee_context *context, struct tee_ioctl_shm_register_fd_data __user *user)
{
	struct tee_ioctl_shm_register_fd_data data;
	struct qtee_tee_memory *memory;
	struct qtee_object *inner;
	struct file *file;
	s64 size;
	int fd;

	if (copy_from_user(&data, user, sizeof(data)))
		return -EFAULT;
	if (data.flags)
		return -EINVAL;
	inner = qtee_param_type_object(QCOM_TEE_MEMORY_OBJECT, data.fd);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	size = qtee_tee_memory_size(inner);
	if (size < 0) {
		qtee_object_put(inner);
		return size;
	}
	memory = qtee_tee_memory_new(context->data, inner);
	if (!memory)
		return -ENOMEM;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		qtee_object_put(&memory->object);
		return fd;
	}
	file = qtee_tee_memory_file(memory);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	data.size = size;
	data.id = memory->id;
	if (copy_to_user(user, &data, sizeof(data))) {
		put_unused_fd(fd);
		fput(file);
		return -EFAULT;
	}
	fd_install(fd, file);
	return fd;
}
