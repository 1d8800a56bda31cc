/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside servers: the queue, and who is busy with a request. */
#ifndef _QTEE_SERVER_H
#define _QTEE_SERVER_H

#include <linux/qtee_server.h>

#include "poll.h"

/* server.c */
int qtee_server_queue(struct qtee_server *server, struct qtee_server_item *item);

/* object.c */
void qtee_server_object_free(struct qtee_server_object *object);
void qtee_server_request_put(struct qtee_server_request *request);
void qtee_server_request_idle(struct qtee_server *server, struct qtee_server_request *request, bool undelivered);

#endif /* _QTEE_SERVER_H */
