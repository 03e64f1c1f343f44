/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the floors know beside the rows that are copied from sluice. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bench/floor_backend.h"
#include "bench/setup.h"

_Static_assert(FLOOR_BACKENDS == SETUP_BACKENDS, "floor D chooses among as many as sluice");

int setup_floor_map(const struct setup *s, const char *noun)
{
	char name[64];

	snprintf(name, sizeof(name), "floor_%s%c", noun, s->kind->v6 ? '6' : '4');
	return bpf_object__find_map_fd_by_name(s->floor, name);
}

/* With the MACs that the lab's neighbours have. */
static struct floor_backend backend_of(const struct setup *s, __u32 i)
{
	const struct setup_spec *spec = s->spec;
	struct sluice_addr addr = setup_addr(spec->backends + i, s->kind->v6);
	__u8 low = spec->via ? spec->via : (__u8)(spec->backends + i);
	struct floor_backend be = {
		.port = htons(8080),
		.dmac = { 2, 0, 0, 0, 1, low },
		.ifindex = s->lab->ifindex[spec->out],
	};

	memcpy(be.addr, addr.ip6, sizeof(be.addr));
	memcpy(be.smac, lab_mac[spec->out], sizeof(be.smac));
	return be;
}

int setup_fill_floor(const struct setup *s)
{
	int choices = bpf_object__find_map_fd_by_name(s->floor, "floor_choices");
	int backends = bpf_object__find_map_fd_by_name(s->floor, "floor_backends");

	for (__u32 i = 0; i < FLOOR_BACKENDS; i++) {
		struct floor_backend be = backend_of(s, i);

		if (bpf_map_update_elem(choices, &i, &i, BPF_ANY) ||
		    bpf_map_update_elem(backends, &i, &be, BPF_ANY))
			return -errno;
	}
	return 0;
}
