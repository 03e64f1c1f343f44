/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Opening, making and removing an instance's tree of pins. Nothing here is ever half there
 * under its real name: see pins.h.
 */
#include "datapath/datapath.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include "datapath/collector.h"
#include "datapath/handle.h"
#include "datapath/linkdir.h"
#include "datapath/lock.h"
#include "datapath/sysctl.h"
#include "sluice/tails.h"

/* As long as the store waits for its transaction. */
#define LOCK_WAIT_MS 10000

static bool has_cap(const struct __user_cap_data_struct *caps, unsigned int cap)
{
	return caps[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

static int privilege_check(struct err *reterr)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, caps) < 0)
		return err_sys(reterr, errno, "cannot read this process's capabilities");
	if (has_cap(caps, CAP_SYS_ADMIN) ||
	    (has_cap(caps, CAP_BPF) && has_cap(caps, CAP_NET_ADMIN)))
		return 0;
	return err_set(reterr, EPERM,
		       "not permitted: run as root, or with CAP_BPF, CAP_PERFMON and "
		       "CAP_NET_ADMIN");
}

int handle_lock(struct datapath *dp, struct err *reterr)
{
	if (dp->lock_fd >= 0)
		return 0;
	return lock_take(dp->instance, LOCK_WAIT_MS, &dp->lock_fd, reterr);
}

static int handle_new(const char *instance, bool create, struct datapath **ret,
		      struct err *reterr)
{
	own(datapath_close) struct datapath *dp = calloc(1, sizeof(*dp));
	int r;

	if (!dp)
		return err_nomem(reterr);
	dp->lock_fd = -1;
	maps_init(&dp->maps);
	r = privilege_check(reterr) ?: pins_find(&dp->pins, instance, create, reterr);
	if (r < 0)
		return r;
	snprintf(dp->instance, sizeof(dp->instance), "%s", instance);
	*ret = TAKE(dp);
	return 0;
}

void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	bpf_object__close(dp->workload);
	maps_close(&dp->maps);
	fd_close_at(&dp->lock_fd);
	free(dp);
}

/* --- making ------------------------------------------------------------------- */

static int tree_fill(const char *top, struct err *reterr)
{
	static const char *const programs[] = { "sluice_gc_start", SLUICE_TAIL_NAMES NULL };
	const struct program_request req = { .object = PROGRAM_TC, .programs = programs };
	own(bpf_object__close) struct bpf_object *obj = NULL;
	char maps[PIN_PATH_MAX];
	char links[PIN_PATH_MAX];

	if (pin_path(maps, top, "maps") < 0 || pin_path(links, top, "links") < 0)
		return err_set(reterr, ENAMETOOLONG, "path too long: %s", top);
	return pins_mkdir(top, reterr)
	    ?: pins_mkdir(maps, reterr)
	    ?: pins_mkdir(links, reterr)
	    ?: program_load(&req, &obj, reterr)
	    ?: maps_pin(obj, maps, reterr)
	    ?: collector_start(obj, reterr);
}

static int tree_create(const struct pins *p, struct err *reterr)
{
	int r = pins_mkdir(p->top, reterr)
	    ?: pins_mkdir(p->instance, reterr)
	    ?: tree_fill(p->fresh, reterr);

	if (r == 0 && rename(p->fresh, p->tree) < 0)
		r = err_sys(reterr, errno, "cannot rename %s", p->fresh);
	if (r < 0) {
		(void)pins_remove(p->fresh, NULL);
		pins_prune(p);
	}
	return r;
}

/* --- opening ------------------------------------------------------------------ */

static int make(struct datapath *dp, struct err *reterr)
{
	int r = tree_create(&dp->pins, reterr);

	dp->tails_are_ours = r == 0;
	return r;
}

/*
 * What another version pinned is not ours to read, and beside it on one device we would translate
 * twice.
 */
static int other_refuse(const struct datapath *dp, struct err *reterr)
{
	int abi = pins_exist(&dp->pins) ? 0 : pins_other_abi(&dp->pins);

	if (!abi)
		return 0;
	return err_set(reterr, EPROTO,
		       "instance %s is attached by another version of sluice (abi %d, this one's is "
		       "%d), and serves on with what that gave it: run sluice detach --all, then "
		       "attach again", dp->instance, abi, SLUICE_ABI);
}

static int open_or_create(struct datapath *dp, struct err *reterr)
{
	return handle_lock(dp, reterr)
	    ?: other_refuse(dp, reterr)
	    ?: pins_sweep(&dp->pins, reterr)
	    ?: (pins_exist(&dp->pins) ? 0 : make(dp, reterr))
	    ?: maps_open(&dp->maps, dp->pins.maps, reterr)
	    ?: maps_need(&dp->maps, reterr);
}

/* There is no tree. */
static int open_nothing(struct datapath *dp, struct err *reterr)
{
	/* What a killed command left holds memory; nobody else would look for it. */
	if ((access(dp->pins.instance, F_OK) == 0 || lock_exists(dp->instance)) &&
	    lock_take(dp->instance, 0, &dp->lock_fd, NULL) == 0 && !pins_exist(&dp->pins) &&
	    !pins_other_abi(&dp->pins)) {
		(void)pins_sweep(&dp->pins, NULL);
		pins_prune(&dp->pins);
		lock_forget(dp->instance);
	}
	return err_set(reterr, ENOENT, "instance %s is not attached to any device", dp->instance);
}

/*
 * Maps may be missing here (somebody removed pins by hand): detach must be able to take away
 * the rest. What needs them asks maps_need().
 */
static int open_existing(struct datapath *dp, struct err *reterr)
{
	if (pins_exist(&dp->pins))
		return maps_open(&dp->maps, dp->pins.maps, reterr);
	return other_refuse(dp, reterr) ?: open_nothing(dp, reterr);
}

int datapath_open_to_detach(const char *instance, struct datapath **ret, struct err *reterr)
{
	own(datapath_close) struct datapath *dp = NULL;
	int r = handle_new(instance, false, &dp, reterr);
	int abi = r || pins_exist(&dp->pins) ? 0 : pins_other_abi(&dp->pins);

	if (abi)
		r = pins_set_abi(&dp->pins, abi, reterr);
	if (!r && !pins_exist(&dp->pins))
		r = open_nothing(dp, reterr);
	if (r < 0)
		return r;
	*ret = TAKE(dp);
	return 0;
}

int datapath_open(const char *instance, bool create, struct datapath **ret, struct err *reterr)
{
	own(datapath_close) struct datapath *dp = NULL;
	int r = handle_new(instance, create, &dp, reterr)
	    ?: (create ? open_or_create(dp, reterr) : open_existing(dp, reterr));

	if (r < 0)
		return r;
	*ret = TAKE(dp);
	return 0;
}

/* --- removing ----------------------------------------------------------------- */

static int all_links_remove(struct datapath *dp, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	int r = linkdirs_read(&dp->pins, &dirs, reterr)
	    ?: linkdirs_home(&dirs, dp->instance, reterr);

	if (r < 0)
		return r;
	vec_each(d, &dirs) {
		r = linkdir_remove(d, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Devices first, then the host's settings, then the maps: a kill in between leaves a tree
 * under its real name as long as something outside of it is still to be undone.
 */
int datapath_detach_all(struct datapath *dp, struct err *reterr)
{
	int r = handle_lock(dp, reterr)
	    ?: all_links_remove(dp, reterr)
	    ?: sysctl_restore(dp->instance, reterr);

	if (r < 0)
		return r;
	maps_close(&dp->maps);
	if (rename(dp->pins.tree, dp->pins.old) < 0 && errno != ENOENT)
		return err_sys(reterr, errno, "cannot rename %s", dp->pins.tree);
	r = pins_sweep(&dp->pins, reterr);
	if (r < 0)
		return r;
	pins_prune(&dp->pins);
	lock_forget(dp->instance);
	return 0;
}
