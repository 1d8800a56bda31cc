// SPDX-License-Identifier: GPL-2.0-only
/* The choice of a transport. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/string.h>

#include "compat.h"
#include "transport.h"

static char *transport = "auto";
module_param(transport, charp, 0444);
MODULE_PARM_DESC(transport, "Way to QTEE: scm (the kernel's calls, 6.18 and later), smc (our own), direct (our own, several at once), auto (default)");

static const struct qtee_transport *const qtee_transports[] = {
#ifdef QTEE_HAVE_SCM_QTEE
	&qtee_transport_scm,
#endif
	&qtee_transport_smc,
	&qtee_transport_direct,
};

const struct qtee_transport *qtee_transport;

/* Chooses the transport: the first that there is, or the one asked for. Returns 0, -EINVAL, -ENODEV (no QTEE). */
int qtee_transport_init(void)
{
	struct qtee_response response = {};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(qtee_transports); i++)
		if (!strcmp(transport, "auto") || !strcmp(transport, qtee_transports[i]->name))
			break;
	if (i == ARRAY_SIZE(qtee_transports)) {
		pr_err("transport=%s: no such transport on this kernel\n", transport);
		return -EINVAL;
	}
	qtee_transport = qtee_transports[i];
	if (qtee_transport->init)
		qtee_transport->init();

	/* Firmware that knows the call refuses the buffers; firmware that does not, refuses the call: -EIO. */
	ret = qtee_transport->invoke(0, 0, 0, 0, &response);
	return ret == -EIO ? -ENODEV : 0;
}
