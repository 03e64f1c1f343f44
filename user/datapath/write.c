/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Making the maps hold an image: read them, let plan/ say what to write, write it in that
 * order. A kill at any point leaves tables that work, and the next write ends what was begun.
 *
 * Grace. What one plan takes out of use (blocks of choices, slots, rows) a later plan gives
 * away; in between, every program that could have picked it up must have ended. membarrier(2)
 * would wait for just that, but costs tens of milliseconds with each change. So time does it:
 * a write leaves the moment of its end in the lock file, and the next one begins GRACE_MS after
 * it at the earliest. Programs run for microseconds with preemption off, so that is long; and
 * one whose virtual CPU is taken away for longer still finds, after it read a choice, that the
 * set's word has changed, and chooses again (bpf/choose.h). A single change waits for nothing.
 */
#include "datapath/datapath.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <bpf/bpf.h>

#include "datapath/device.h"
#include "datapath/loopback.h"
#include "datapath/slots.h"
#include "datapath/work.h"

#define GRACE_MS 20

/* --- grace -------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The lock is ours, so nobody moves the mark. Unreadable: as if it were just now. */
static void grace_wait(const struct datapath *dp)
{
	uint64_t now = now_ms();
	uint64_t mark = 0;
	struct timespec rest;

	/* An empty file: nothing was written since the machine started. */
	if (pread(dp->lock_fd, &mark, sizeof(mark), 0) == 0 || mark + GRACE_MS <= now)
		return;
	if (mark > now || !mark)
		mark = now;
	rest = (struct timespec){ .tv_nsec = (long)(mark + GRACE_MS - now) * 1000000l };
	nanosleep(&rest, NULL);
}

static int grace_mark(const struct datapath *dp, struct err *reterr)
{
	uint64_t mark = now_ms();

	if (pwrite(dp->lock_fd, &mark, sizeof(mark), 0) == sizeof(mark))
		return 0;
	return err_sys(reterr, errno, "cannot write the lock file of instance %s", dp->instance);
}

/* --- the plan ----------------------------------------------------------------- */

static int plan_all(struct work *w)
{
	struct layout_view view;
	int r = frontends_read(&w->dp->maps, &w->frontends, w->reterr)
	    ?: ranges_read(&w->dp->maps, &w->ranges, w->reterr);

	if (r < 0)
		return r;
	view = work_view(w);
	return layout_make(w->to->image, &view, &w->plan, w->reterr);
}

/* --- the ops ------------------------------------------------------------------ */

/*
 * The counters go to the service before they are zeroed. A kill between the two counts them
 * twice; the other order would lose them, and counters that step back upset who reads them.
 */
static int slot_free(struct work *w, const struct layout_op *op)
{
	uint32_t service = rows_backend(&w->rows, op->row)->service;
	struct sluice_slot_count sum;
	int r = slots_sum(&w->dp->maps, op->row, &sum);

	if (r < 0)
		return err_sys(w->reterr, -r, "cannot read the counters of slot %u", op->row);
	if (service != SLUICE_NONE && service < w->rows.base.n)
		rows_base_add(&w->rows, service, &sum);
	r = slots_clear(&w->dp->maps, op->row, w->reterr);
	if (r < 0)
		return r;
	rows_put_backend(&w->rows, op->row, &op->backend);
	return 0;
}

/* The row's next service must begin at zero. */
static int service_free(struct work *w, const struct layout_op *op)
{
	const struct sluice_service none = { 0 };

	for (uint32_t reason = 0; reason < SLUICE_R_COUNT; reason++) {
		struct sluice_drop_key key = { .service = op->row, .reason = reason };

		if (bpf_map_delete_elem(w->dp->maps.at[MAP_DROPS].fd, &key) < 0 &&
		    errno != ENOENT)
			return err_sys(w->reterr, errno, "cannot write map %s",
				       map_specs[MAP_DROPS].name);
	}
	rows_base_clear(&w->rows, op->row);
	rows_put_service(&w->rows, op->row, &none);
	return 0;
}

/* How many ops from @at on are of its type: frontends go to the kernel many at a time. */
static size_t run_length(const struct layout_plan *p, size_t at)
{
	size_t end = at;

	while (end < p->ops.n && p->ops.at[end].type == p->ops.at[at].type)
		end++;
	return end - at;
}

/* Carries out @op, or @n ops if they are frontends. */
static int op_do(struct work *w, const struct layout_op *op, size_t n)
{
	switch (op->type) {
	case LAYOUT_BACKEND:
		rows_put_backend(&w->rows, op->row, &op->backend);
		return 0;
	case LAYOUT_CHOICES:
		return rows_put_choices(&w->rows, op->row, op->choices.words, op->choices.n) ?
		       err_nomem(w->reterr) : 0;
	case LAYOUT_SERVICE:
		rows_put_service(&w->rows, op->row, &op->service);
		return 0;
	case LAYOUT_FILTER_SET:
		rows_filter_add(&w->rows, w->plan.filter);
		return 0;
	case LAYOUT_FILTER_TRIM:
		rows_filter_set(&w->rows, w->plan.filter);
		return 0;
	case LAYOUT_FRONTEND_PUT:
		return frontends_put(&w->dp->maps, op, n, w->reterr);
	case LAYOUT_FRONTEND_DEL:
		return frontends_del(&w->dp->maps, op, n, w->reterr);
	case LAYOUT_RANGE_PUT:
		return range_put(&w->dp->maps, &op->range, w->reterr);
	case LAYOUT_RANGE_DEL:
		return range_del(&w->dp->maps, &op->range, w->reterr);
	case LAYOUT_SLOT_FREE:
		return slot_free(w, op);
	case LAYOUT_SERVICE_FREE:
		return service_free(w, op);
	}
	return err_set(w->reterr, EINVAL, "unknown kind of change %d", op->type);
}

static bool is_frontend(const struct layout_op *op)
{
	return op->type == LAYOUT_FRONTEND_PUT || op->type == LAYOUT_FRONTEND_DEL;
}

/* Writes that the image asked for; tidying up what is out of use is not among them. */
static size_t writes_count(const struct layout_plan *p)
{
	size_t n = 0;

	vec_each(op, &p->ops)
		n += op->type != LAYOUT_SLOT_FREE && op->type != LAYOUT_SERVICE_FREE &&
		     op->type != LAYOUT_FILTER_TRIM;
	return n;
}

static int plan_do(struct work *w)
{
	const struct layout_plan *p = &w->plan;
	int r = 0;

	for (size_t i = 0; !r && i < p->ops.n;) {
		size_t n = is_frontend(&p->ops.at[i]) ? run_length(p, i) : 1;

		r = op_do(w, &p->ops.at[i], n);
		i += n;
	}
	return r;
}

/* Where the rows in use end: who sees only them later must see all. */
static void note_ends(struct work *w)
{
	struct sluice_note *note = rows_note(&w->rows);
	size_t services = w->rows.services.n, backends = w->rows.backends.n;

	while (services > 1 && !(rows_service(&w->rows, services - 1)->flags & SLUICE_SVC_USED))
		services--;
	while (backends > 1 && !(rows_backend(&w->rows, backends - 1)->flags & SLUICE_BE_USED))
		backends--;
	note->services_end = services;
	note->backends_end = backends;
}

/* How full the tables are: who sees only a part later must know what fits. */
static void note_counts(struct work *w)
{
	struct sluice_note *note = rows_note(&w->rows);
	struct table_counts n = w->others;
	size_t frontends[FAMILY_COUNT];

	_Static_assert(sizeof(note->frontends) / sizeof(note->frontends[0]) == FAMILY_COUNT,
		       "one for each family");
	vec_each(s, &w->to->image->services)
		n.ranges += s->ranges.n;
	layout_frontends_count(w->to->image, frontends);
	for (int i = 0; i < FAMILY_COUNT; i++)
		note->frontends[i] = n.frontends[i] + frontends[i];
	note->ranges = n.ranges;
	note->counted = 1;
}

static int work_do(struct work *w, size_t *ret_writes)
{
	struct datapath *dp = w->dp;
	int r = (w->change ? work_open_change(w) :
		rows_open(&dp->maps, true, &w->rows, w->reterr))
	    ?: devices_renew(&dp->maps, w->reterr)
	    ?: (w->change ? work_plan_change(w) : plan_all(w));
	size_t writes;

	if (r < 0)
		return r;
	rows_put_stamp(&w->rows, (struct datapath_stamp){ 0 });
	/* Settings first: whoever finds a frontend needs the node's address. */
	writes = writes_count(&w->plan) + rows_put_settings(&w->rows, &w->to->settings);
	if (w->plan.ops.n) {
		grace_wait(dp);
		r = plan_do(w);
		/* Also after half a plan: it may have taken things out of use. */
		r = grace_mark(dp, r ? NULL : w->reterr) ?: r;
	}
	if (r < 0)
		return r;
	note_ends(w);
	note_counts(w);
	rows_put_stamp(&w->rows, w->to->stamp);
	*ret_writes = writes;
	return 0;
}

/*
 * What of the settings the maps themselves decide. The programs' secret stays as long as their
 * tables, whose rows are placed by it.
 */
static int target_complete(const struct datapath *dp, const struct datapath_target *to,
			   struct datapath_target *ret, struct err *reterr)
{
	struct sluice_settings old = { 0 };
	__u64 secret;
	int r = maps_need(&dp->maps, reterr);

	if (r < 0)
		return r;
	if (bpf_map_lookup_elem(dp->maps.at[MAP_SETTINGS].fd, &(uint32_t){ 0 }, &old) < 0)
		return err_sys(reterr, errno, "cannot read the settings");
	secret = old.secret;
	if (!secret && getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return err_sys(reterr, errno, "cannot get random bytes");
	*ret = *to;
	ret->settings.secret = secret;
	ret->settings.pairs4 = dp->maps.at[MAP_FLOWS4].entries / 2;
	ret->settings.pairs6 = dp->maps.at[MAP_FLOWS6].entries / 2;
	return 0;
}

int datapath_write(struct datapath *dp, const struct datapath_target *to, size_t *ret_writes,
		   struct err *reterr)
{
	struct datapath_target all;
	own(work_done) struct work w = { .dp = dp, .to = &all, .reterr = reterr };
	int r = handle_lock(dp, reterr)
	    ?: target_complete(dp, to, &all, reterr)
	    ?: loopback_renew(dp, to->settings.flags & SLUICE_SET_LOCALHOST, reterr);

	return r < 0 ? r : work_do(&w, ret_writes);
}

int datapath_write_change(struct datapath *dp, const struct datapath_change *c,
			  const struct datapath_target *to, size_t *ret_writes,
			  struct err *reterr)
{
	struct datapath_target all;
	own(work_done) struct work w = { .dp = dp, .to = &all, .change = c, .reterr = reterr };
	int r = handle_lock(dp, reterr) ?: target_complete(dp, to, &all, reterr);

	return r < 0 ? r : work_do(&w, ret_writes);
}

int datapath_writes_due(struct datapath *dp, const struct datapath_target *to, size_t *ret,
			struct err *reterr)
{
	struct datapath_target all;
	own(work_done) struct work w = { .dp = dp, .to = &all, .reterr = reterr };
	int r = target_complete(dp, to, &all, reterr)
	     ?: rows_open(&dp->maps, false, &w.rows, reterr)
	     ?: plan_all(&w);

	if (r < 0)
		return r;
	*ret = writes_count(&w.plan) + rows_settings_differ(&w.rows, &all.settings);
	return 0;
}
