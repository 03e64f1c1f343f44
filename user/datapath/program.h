/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The two embedded objects: opened, tied to the pinned maps, loaded. Only the programs that
 * are asked for go through the verifier.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "base/err.h"
#include "base/own.h"

DEFINE_OWN(struct bpf_object, bpf_object__close)

enum program_object {
	PROGRAM_XDP,
	PROGRAM_TC,
};

struct program_request {
	enum program_object object;
	const char *const *programs;	/* NULL-terminated names */
	const char *maps;		/* directory of the pinned maps; NULL: make new ones */
	/* The uplink that this copy is bound to; 0: any device. */
	uint32_t ifindex;
	uint8_t mac[6];
	/*
	 * XDP for a driver: frames may come in several buffers, without which drivers refuse a
	 * large MTU. Not for generic XDP: there Linux (6.9 to 6.18 at least) copies each packet
	 * for such a program and forgets skb->mac_len, so that tc behind it sees no Ethernet header.
	 */
	bool multi_buffer;
};

/* *@ret is the caller's: bpf_object__close(). Those of sluice/tails.h are put into their map. */
int program_load(const struct program_request *req, struct bpf_object **ret,
		 struct err *reterr);

/* The file descriptor of a loaded program, which belongs to @obj; -ENOENT. */
int program_fd(const struct bpf_object *obj, const char *name, struct err *reterr);

/* Runs a tc program once, on no packet of anybody's; *@ret_value is what it returned. */
int program_run(const struct bpf_object *obj, const char *name, uint32_t *ret_value,
		struct err *reterr);
