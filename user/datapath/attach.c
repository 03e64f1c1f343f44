/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Attaching devices and letting them go. Each step can be repeated, and what a step has done is
 * found again from the pins: so a command that was killed is finished by running it again.
 */
#include "datapath/datapath.h"

#include <stdio.h>
#include <string.h>
#include <linux/if_arp.h>

#include "datapath/collector.h"
#include "datapath/device.h"
#include "datapath/handle.h"
#include "datapath/linkdir.h"
#include "datapath/netlink.h"
#include "datapath/note.h"
#include "datapath/sysctl.h"
#include "datapath/tc.h"
#include "datapath/vlan.h"
#include "datapath/xdp.h"
#include "sluice/tails.h"

/* One call of datapath_attach(). */
struct job {
	struct datapath *dp;
	struct netlink_device dev;
	netlink_addr_vec addrs;
	enum sluice_device_kind kind;
	enum xdp_mode mode;
	struct linkdir dir;
	bool fresh;		/* nothing of ours was on the device before */
	struct note why;
};

static enum linkdir_role role_of(enum sluice_device_kind kind)
{
	return kind == SLUICE_DEV_UPLINK ? ROLE_UPLINK : ROLE_WORKLOAD;
}

static const char *kind_name(enum linkdir_role role)
{
	return role == ROLE_UPLINK ? "an uplink" : "a workload device";
}

/* --- what is there ------------------------------------------------------------ */

static bool has_row_owner(const linkdir_vec *dirs, uint32_t ifindex)
{
	vec_each(d, dirs)
		if (d->ifindex == ifindex && d->here && d->role != ROLE_LOOPBACK)
			return true;
	return false;
}

/*
 * Removes what belongs to devices that are gone or were moved to another namespace. Only after
 * linkdirs_home(): else it may be us who are elsewhere.
 */
static int dirs_sweep(struct datapath *dp, const linkdir_vec *dirs, struct err *reterr)
{
	vec_each(d, dirs) {
		int r;

		if (d->here)
			continue;
		r = linkdir_remove(d, reterr);
		if (r == 0 && !has_row_owner(dirs, d->ifindex))
			r = device_del(&dp->maps, d->ifindex, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The last uplink takes lo and the host's setting along. */
static int loopback_release(struct datapath *dp, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	int r = linkdirs_read(&dp->pins, &dirs, reterr) ?: dirs_sweep(dp, &dirs, reterr);

	if (r < 0)
		return r;
	vec_each(d, &dirs)
		if (d->role == ROLE_UPLINK && d->here)
			return 0;
	vec_each(d, &dirs) {
		r = d->role == ROLE_LOOPBACK ? linkdir_remove(d, reterr) : 0;
		if (r < 0)
			return r;
	}
	return sysctl_restore(dp->instance, reterr);
}

/* --- the programs of a device ------------------------------------------------- */

static int attach_direction(const struct linkdir *dir, const struct bpf_object *obj,
			    const char *program, enum tc_direction d, struct err *reterr)
{
	int fd = program_fd(obj, program, reterr);

	return fd < 0 ? fd : tc_attach(dir->path, dir->ifindex, d, fd, reterr);
}

/*
 * What the tc programs go on to, from the binary that attaches them: once a process, and before
 * them. Those of an older binary go on to them too from then on, with the same pinned maps.
 */
static int tails_renew(struct datapath *dp, struct err *reterr)
{
	static const char *const programs[] = { SLUICE_TAIL_NAMES NULL };
	const struct program_request req = {
		.object = PROGRAM_TC, .programs = programs, .maps = dp->pins.maps,
	};
	own(bpf_object__close) struct bpf_object *obj = NULL;
	int r = dp->tails_are_ours ? 0 : program_load(&req, &obj, reterr);

	dp->tails_are_ours |= r == 0;
	return r;
}

static int attach_loopback(struct job *job, struct err *reterr)
{
	static const char *const programs[] = { "sluice_lo_out", NULL };
	const struct program_request req = {
		.object = PROGRAM_TC, .programs = programs, .maps = job->dp->pins.maps,
	};
	own(bpf_object__close) struct bpf_object *obj = NULL;
	struct netlink_device lo;
	struct linkdir dir;
	int r = netlink_device("lo", &lo, reterr);

	if (r < 0)
		return r;
	if (!(lo.flags & IFF_UP))
		note_add(&job->why, "lo is down: node ports do not answer this host");
	return sysctl_accept_local(job->dp->instance, reterr)
	    ?: linkdir_make(&job->dp->pins, ROLE_LOOPBACK, lo.ifindex, lo.name, &dir, reterr)
	    ?: tails_renew(job->dp, reterr)
	    ?: program_load(&req, &obj, reterr)
	    ?: attach_direction(&dir, obj, "sluice_lo_out", TC_OUT, reterr);
}

static int attach_uplink_tc(struct job *job, struct err *reterr)
{
	static const char *const programs[] = {
		"sluice_uplink_in", "sluice_uplink_out", "sluice_gc_start", NULL,
	};
	struct program_request req = {
		.object = PROGRAM_TC, .programs = programs, .maps = job->dp->pins.maps,
		.ifindex = job->dev.ifindex,
	};
	own(bpf_object__close) struct bpf_object *obj = NULL;

	memcpy(req.mac, job->dev.mac, sizeof(req.mac));
	return program_load(&req, &obj, reterr)
	    ?: collector_start(obj, reterr)
	    ?: attach_direction(&job->dir, obj, "sluice_uplink_in", TC_IN, reterr)
	    ?: attach_direction(&job->dir, obj, "sluice_uplink_out", TC_OUT, reterr);
}

/*
 * A veth queues what XDP transmits for its peer, and wakes the peer up only if that has an XDP
 * program too (veth_xdp_flush(), to Linux 6.18): frames would be stuck. The peer is in another
 * namespace and cannot be asked, so native XDP there is for who knows.
 */
static const char *not_native(const struct job *job)
{
	if (vlan_tags_are_hidden(&job->dev))
		return "the device takes the tags of its VLANs off, and XDP would take their frames "
		       "for untagged ones; \"ethtool -K DEV rxvlan off\" ends that";
	if (strcmp(job->dev.kind, "veth") != 0)
		return NULL;
	if (job->mode == XDP_MODE_NATIVE)
		return "on a veth it needs an XDP program at the other end, or what it sends is "
		       "lost";
	return "on a veth it needs an XDP program at the other end, or what it sends is lost; "
	       "if there is one, --xdp native is right";
}

static int attach_xdp(struct job *job, struct err *reterr)
{
	static const char *const programs[] = { "sluice_xdp", NULL };
	struct program_request req = {
		.object = PROGRAM_XDP, .programs = programs, .maps = job->dp->pins.maps,
		.ifindex = job->dev.ifindex,
		.multi_buffer = job->mode != XDP_MODE_GENERIC,
	};
	own(bpf_object__close) struct bpf_object *obj = NULL;
	int fd = -1;
	int r;

	memcpy(req.mac, job->dev.mac, sizeof(req.mac));
	if (job->mode != XDP_MODE_OFF) {
		r = program_load(&req, &obj, reterr);
		fd = r < 0 ? r : program_fd(obj, "sluice_xdp", reterr);
		if (fd < 0)
			return fd;
	}
	return xdp_attach(job->dir.path, job->dev.ifindex, job->mode, not_native(job), fd,
			  &job->dir.xdp, &job->why, reterr);
}

static int put_row(struct job *job, bool xdp, struct err *reterr)
{
	return device_put(&job->dp->maps, &job->dev, &job->addrs, job->kind, xdp, reterr);
}

/*
 * tc before XDP: XDP passes on what tc must finish. And the row says "native XDP" only while
 * that is so, because other uplinks then redirect into this device.
 */
static int attach_uplink(struct job *job, struct err *reterr)
{
	bool stays = job->dir.xdp == XDP_MODE_NATIVE &&
		     (job->mode == XDP_MODE_NATIVE ||
		      (job->mode == XDP_MODE_AUTO && !not_native(job)));
	int r = put_row(job, stays, reterr)
	    ?: attach_loopback(job, reterr)
	    ?: attach_uplink_tc(job, reterr)
	    ?: attach_xdp(job, reterr);
	int row = put_row(job, job->dir.xdp == XDP_MODE_NATIVE, r ? NULL : reterr);

	return r ?: row;
}

static int attach_workload(struct job *job, struct err *reterr)
{
	static const char *const programs[] = {
		"sluice_workload_in", "sluice_workload_out", NULL,
	};
	const struct program_request req = {
		.object = PROGRAM_TC, .programs = programs, .maps = job->dp->pins.maps,
	};
	struct datapath *dp = job->dp;
	int r = put_row(job, false, reterr) ?: tails_renew(dp, reterr);

	if (strcmp(job->dev.kind, "bridge") == 0)
		note_add(&job->why, "what the ports of a bridge send each other does not pass the "
			 "bridge's own device: attach its ports instead");
	if (r == 0 && !dp->workload)
		r = program_load(&req, &dp->workload, reterr);
	return r ?: attach_direction(&job->dir, dp->workload, "sluice_workload_in", TC_IN, reterr)
		 ?: attach_direction(&job->dir, dp->workload, "sluice_workload_out", TC_OUT,
				     reterr);
}

/* --- attach ------------------------------------------------------------------- */

static int device_check(const struct netlink_device *dev, struct err *reterr)
{
	if (dev->flags & IFF_LOOPBACK)
		return err_set(reterr, EINVAL, "%s comes along with the first uplink", dev->name);
	if (dev->type != ARPHRD_ETHER)
		return err_set(reterr, EINVAL, "%s is not an Ethernet device", dev->name);
	return 0;
}

/* Finds the device's directory or makes one; an existing one may bear an older name. */
static int dir_choose(struct job *job, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	enum linkdir_role role = role_of(job->kind);
	const struct linkdir *found;
	int r = linkdirs_read(&job->dp->pins, &dirs, reterr)
	    ?: linkdirs_home(&dirs, job->dp->instance, reterr)
	    ?: dirs_sweep(job->dp, &dirs, reterr);

	if (r < 0)
		return r;
	for (enum linkdir_role other = ROLE_UPLINK; other <= ROLE_WORKLOAD; other++)
		if (other != role && linkdirs_find(&dirs, other, job->dev.ifindex))
			return err_set(reterr, EEXIST, "%s is attached as %s; detach it first",
				       job->dev.name, kind_name(other));
	found = linkdirs_find(&dirs, role, job->dev.ifindex);
	job->fresh = !found;
	if (found) {
		job->dir = *found;
		return 0;
	}
	return linkdir_make(&job->dp->pins, role, job->dev.ifindex, job->dev.name, &job->dir,
			    reterr);
}

/* A device that could not be attached whole is left as it was. */
static void undo(struct job *job)
{
	if (!job->fresh || !job->dir.path[0])
		return;
	(void)linkdir_remove(&job->dir, NULL);
	(void)device_del(&job->dp->maps, job->dev.ifindex, NULL);
	(void)loopback_release(job->dp, NULL);
}

static int attach(struct job *job, const char *ifname, struct err *reterr)
{
	int r = handle_lock(job->dp, reterr)
	    ?: maps_need(&job->dp->maps, reterr)
	    ?: netlink_device(ifname, &job->dev, reterr)
	    ?: device_check(&job->dev, reterr)
	    ?: netlink_addrs(&job->addrs, reterr)
	    ?: dir_choose(job, reterr);

	if (r < 0)
		return r;
	r = job->kind == SLUICE_DEV_UPLINK ? attach_uplink(job, reterr)
					   : attach_workload(job, reterr);
	if (r < 0) {
		err_prefix(reterr, "%s", ifname);
		undo(job);
	}
	return r;
}

int datapath_attach(struct datapath *dp, const char *ifname, enum sluice_device_kind kind,
		    enum xdp_mode mode, struct attachment *ret, struct err *why,
		    struct err *reterr)
{
	struct job job = { .dp = dp, .kind = kind, .mode = mode };
	char lines[sizeof(job.why.text)];
	bool tcx = false;
	int r = attach(&job, ifname, reterr);

	vec_done(&job.addrs);
	if (r < 0)
		return r;
	note_lines(&job.why, lines);
	if (lines[0])
		(void)err_set(why, EOPNOTSUPP, "%s", lines);
	(void)tc_is_here(job.dir.path, job.dir.ifindex, TC_IN, &tcx);
	*ret = (struct attachment){
		.ifindex = job.dev.ifindex, .kind = kind, .xdp = job.dir.xdp,
		.tc = tcx ? TC_MODE_TCX : TC_MODE_CLSACT,
	};
	memcpy(ret->name, job.dev.name, sizeof(ret->name));
	return 0;
}

/* --- detach ------------------------------------------------------------------- */

/* By its name now, or by the name it had: it may be gone. */
static bool is_meant(const struct linkdir *d, const char *ifname, uint32_t ifindex)
{
	char now[IF_NAMESIZE];

	if (d->role == ROLE_LOOPBACK)
		return false;
	if (d->here)
		return d->ifindex == ifindex ||
		       (!if_indextoname(d->ifindex, now) && strcmp(d->name, ifname) == 0);
	return strcmp(d->name, ifname) == 0;
}

int datapath_detach(struct datapath *dp, const char *ifname, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	uint32_t ifindex = if_nametoindex(ifname);
	size_t found = 0;
	int r = handle_lock(dp, reterr)
	    ?: linkdirs_read(&dp->pins, &dirs, reterr)
	    ?: linkdirs_home(&dirs, dp->instance, reterr);

	if (r < 0)
		return r;
	vec_each(d, &dirs) {
		if (!is_meant(d, ifname, ifindex))
			continue;
		found++;
		r = linkdir_remove(d, reterr) ?: device_del(&dp->maps, d->ifindex, reterr);
		if (r < 0)
			return r;
	}
	if (!found)
		return err_set(reterr, ENOENT, "%s is not attached", ifname);
	return loopback_release(dp, reterr);
}

/* --- list --------------------------------------------------------------------- */

int datapath_attachments(struct datapath *dp, attachment_vec *ret, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	attachment_vec list = { 0 };
	int r = linkdirs_read(&dp->pins, &dirs, reterr);

	if (r < 0)
		return r;
	if (vec_reserve(&list, dirs.n) < 0)
		return err_nomem(reterr);
	vec_each(d, &dirs) {
		struct attachment *a = &list.at[list.n];

		if (d->role == ROLE_LOOPBACK)
			continue;
		*a = (struct attachment){
			.ifindex = d->ifindex,
			.kind = d->role == ROLE_UPLINK ? SLUICE_DEV_UPLINK : SLUICE_DEV_WORKLOAD,
			.gone = !d->here,
			.xdp = d->xdp,
			.tc = d->tc,
		};
		if (!d->here || !if_indextoname(d->ifindex, a->name))
			memcpy(a->name, d->name, sizeof(a->name));
		list.n++;
	}
	memcpy(ret, &list, sizeof(list));
	return 0;
}
