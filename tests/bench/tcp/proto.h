/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What client and server say to each other: one request of fixed size, and what it asks for.
 * Both ends are of one build on one machine, so bytes have its order.
 */
#pragma once

#include <stdint.h>

#define REQUEST_SIZE 64
#define RESPONSE_SIZE 256

enum wish {
	WISH_ANSWER,		/* a response; the connection stays */
	WISH_ANSWER_CLOSE,	/* a response, then the server closes, as HTTP/1.0 does */
	WISH_SINK,		/* everything that comes now is for nothing */
	WISH_SOURCE,		/* send without end */
};

struct request {
	uint32_t wish;
	uint32_t cookie;	/* comes back, so that an answer is known to be the right one */
	uint8_t pad[REQUEST_SIZE - 8];
};

struct response {
	uint32_t cookie;
	uint8_t pad[RESPONSE_SIZE - 4];
};
