/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/tc.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <linux/pkt_sched.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/own.h"
#include "datapath/link.h"
#include "datapath/log.h"
#include "datapath/netlink.h"
#include "datapath/pins.h"

/* Linux 6.6; not in the headers of 6.1. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47

/* Fixed, so that a second attach replaces and a detach finds: a free corner of the range. */
#define CLSACT_HANDLE 0x51u
#define CLSACT_PRIORITY 0x51u

/* More programs on one hook than anybody has. */
#define TCX_PROGRAMS_MAX 64

struct tc_pins {
	char link[PIN_PATH_MAX];
	char filter[PIN_PATH_MAX];
	char qdisc[PIN_PATH_MAX];
};

static int pins_of(struct tc_pins *p, const char *dir, enum tc_direction d)
{
	return pin_path(p->link, dir, d == TC_IN ? "in" : "out")
	    ?: pin_path(p->filter, dir, d == TC_IN ? "in-clsact" : "out-clsact")
	    ?: pin_path(p->qdisc, dir, "qdisc");
}

static int type_of(enum tc_direction d)
{
	return d == TC_IN ? TCX_INGRESS : TCX_EGRESS;
}

/* --- TCX ---------------------------------------------------------------------- */

/* bpf_attr.query as Linux 6.6 has it. */
struct tcx_query {
	uint32_t ifindex;
	uint32_t attach_type;
	uint32_t query_flags;
	uint32_t attach_flags;
	uint64_t prog_ids;
	uint32_t count;
	uint32_t zero;
	uint64_t prog_attach_flags;
	uint64_t link_ids;
	uint64_t link_attach_flags;
	uint64_t revision;
};
_Static_assert(sizeof(struct tcx_query) == 64, "kernel ABI");

/* An ifindex means nothing in another namespace; the list of links on the device does. */
static bool tcx_has(uint32_t ifindex, enum tc_direction d, uint32_t link_id)
{
	uint32_t progs[TCX_PROGRAMS_MAX] = { 0 };
	uint32_t links[TCX_PROGRAMS_MAX] = { 0 };
	struct tcx_query q = {
		.ifindex = ifindex,
		.attach_type = (uint32_t)type_of(d),
		.prog_ids = (uintptr_t)progs,
		.link_ids = (uintptr_t)links,
		.count = TCX_PROGRAMS_MAX,
	};

	if (syscall(SYS_bpf, BPF_PROG_QUERY, &q, sizeof(q)) < 0)
		return false;
	for (uint32_t i = 0; i < q.count && i < TCX_PROGRAMS_MAX; i++)
		if (links[i] == link_id)
			return true;
	return false;
}

static int tcx_attach(const struct tc_pins *p, uint32_t ifindex, enum tc_direction d, int prog_fd)
{
	int r = link_update(p->link, ifindex, prog_fd);

	if (r == 0)
		return 0;
	r = link_remove(p->link);
	return r ?: link_create(p->link, ifindex, prog_fd, type_of(d), 0);
}

/* --- clsact ------------------------------------------------------------------- */

static struct bpf_tc_hook hook_of(uint32_t ifindex, enum bpf_tc_attach_point at)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = at,
	};
}

static enum bpf_tc_attach_point point_of(enum tc_direction d)
{
	return d == TC_IN ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

/* Pins @fd over what is pinned there; at no moment is nothing there. */
static int repin(int fd, const char *path)
{
	char fresh[PIN_PATH_MAX + 1];

	snprintf(fresh, sizeof(fresh), "%s+", path);
	if (unlink(fresh) < 0 && errno != ENOENT)
		return -errno;
	if (bpf_obj_pin(fd, fresh) < 0)
		return -errno;
	return rename(fresh, path) < 0 ? -errno : 0;
}

/*
 * The note that the qdisc is ours is written before it is made: after a kill in between the
 * qdisc is missing, not forgotten.
 */
static int qdisc_make(const struct tc_pins *p, uint32_t ifindex, int prog_fd)
{
	struct bpf_tc_hook hook = hook_of(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
	bool mine = access(p->qdisc, F_OK) == 0;
	int r;

	if (!mine && netlink_has_clsact(ifindex))
		return 0;
	r = mine ? 0 : repin(prog_fd, p->qdisc);
	if (r < 0)
		return r;
	r = bpf_tc_hook_create(&hook);
	return r == -EEXIST ? 0 : r;
}

int tc_attach_clsact(const char *dir, uint32_t ifindex, enum tc_direction d, int prog_fd,
		     struct err *reterr)
{
	struct bpf_tc_hook hook = hook_of(ifindex, point_of(d));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY,
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	char words[160];
	struct tc_pins p = { 0 };
	int r = pins_of(&p, dir, d);
	bool had;

	log_capture();
	had = access(p.filter, F_OK) == 0;
	/* The note before the filter, so that a kill in between hides nothing from detach. */
	r = r ?: qdisc_make(&p, ifindex, prog_fd)
	      ?: (had ? 0 : repin(prog_fd, p.filter))
	      ?: bpf_tc_attach(&hook, &opts)
	      ?: (had ? repin(prog_fd, p.filter) : 0);
	if (r == 0)
		return 0;
	log_kernel_message(log_text(), words, sizeof(words));
	return err_sys(reterr, -r, "cannot attach to tc %s (clsact)%s%s",
		       d == TC_IN ? "ingress" : "egress", *words ? ": " : "", words);
}

static bool clsact_is_here(const struct tc_pins *p, uint32_t ifindex, enum tc_direction d)
{
	struct bpf_tc_hook hook = hook_of(ifindex, point_of(d));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	log_capture();
	return access(p->filter, F_OK) == 0 && bpf_tc_query(&hook, &opts) == 0;
}

static int clsact_detach(const struct tc_pins *p, uint32_t ifindex, enum tc_direction d,
			 bool present)
{
	struct bpf_tc_hook hook = hook_of(ifindex, point_of(d));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	if (access(p->filter, F_OK) < 0)
		return 0;
	log_capture();
	if (present) {
		int r = bpf_tc_detach(&hook, &opts);

		/* ENOENT, EINVAL: the filter or the qdisc went before. */
		if (r < 0 && r != -ENOENT && r != -EINVAL && r != -ENODEV)
			return r;
	}
	return unlink(p->filter) < 0 && errno != ENOENT ? -errno : 0;
}

static int qdisc_release(const struct tc_pins *p, uint32_t ifindex, bool present)
{
	struct bpf_tc_hook hook = hook_of(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (access(p->qdisc, F_OK) < 0)
		return 0;
	log_capture();
	if (present && !netlink_has_filters(ifindex)) {
		int r = bpf_tc_hook_destroy(&hook);

		if (r < 0 && r != -ENOENT && r != -EINVAL && r != -ENODEV)
			return r;
	}
	return unlink(p->qdisc) < 0 && errno != ENOENT ? -errno : 0;
}

/* --- both --------------------------------------------------------------------- */

int tc_attach(const char *dir, uint32_t ifindex, enum tc_direction d, int prog_fd,
	      struct err *reterr)
{
	struct tc_pins p;
	int r = pins_of(&p, dir, d);

	if (r < 0)
		return err_set(reterr, -r, "path too long below %s", dir);
	/* Two programs of ours on one hook would translate twice. */
	if (access(p.filter, F_OK) == 0)
		return tc_attach_clsact(dir, ifindex, d, prog_fd, reterr);
	r = tcx_attach(&p, ifindex, d, prog_fd);
	if (r == -EINVAL)	/* no such attach type: a kernel before 6.6 */
		return tc_attach_clsact(dir, ifindex, d, prog_fd, reterr);
	return r ? err_sys(reterr, -r, "cannot attach to tc %s (TCX)",
			   d == TC_IN ? "ingress" : "egress") : 0;
}

bool tc_is_here(const char *dir, uint32_t ifindex, enum tc_direction d, bool *ret_tcx)
{
	struct link_facts link;
	struct tc_pins p;

	if (pins_of(&p, dir, d) < 0)
		return false;
	*ret_tcx = link_facts(p.link, &link) == 0;
	if (*ret_tcx)
		return link.ifindex == ifindex && tcx_has(ifindex, d, link.id);
	return clsact_is_here(&p, ifindex, d);
}

bool tc_has_clsact(const char *dir)
{
	struct tc_pins in;
	struct tc_pins out;

	return pins_of(&in, dir, TC_IN) == 0 && pins_of(&out, dir, TC_OUT) == 0 &&
	       (access(in.filter, F_OK) == 0 || access(out.filter, F_OK) == 0 ||
		access(in.qdisc, F_OK) == 0);
}

int tc_detach(const char *dir, uint32_t ifindex, bool present, struct err *reterr)
{
	struct tc_pins p = { 0 };
	int r = 0;

	for (enum tc_direction d = TC_IN; !r && d <= TC_OUT; d++)
		r = pins_of(&p, dir, d)
		    ?: link_remove(p.link)
		    ?: clsact_detach(&p, ifindex, d, present);
	r = r ?: qdisc_release(&p, ifindex, present);
	return r ? err_sys(reterr, -r, "cannot detach %s", dir) : 0;
}
