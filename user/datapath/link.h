/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One pinned BPF link: the tie between a program and a device. It outlives the device (then
 * it is dead: tied to nothing) and moves with it into another network namespace.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct link_facts {
	uint32_t id;
	uint32_t prog_id;
	uint32_t ifindex;	/* 0: its device is gone */
};

/* -ENOENT if nothing is pinned there. */
int link_facts(const char *path, struct link_facts *ret);

/*
 * Puts another program on the device without a gap. -ENOLINK if the link is dead or not on
 * @ifindex, -ENOENT if there is none.
 */
int link_update(const char *path, uint32_t ifindex, int prog_fd);

/* Makes a link of bpf_attach_type @type and pins it; of the two, both or none. */
int link_create(const char *path, uint32_t ifindex, int prog_fd, int type, uint32_t flags);

/* Detaches and unpins; the program is off the device when this returns. Absent is fine. */
int link_remove(const char *path);
