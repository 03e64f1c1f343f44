/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/linkdir.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "datapath/dir.h"
#include "datapath/link.h"
#include "datapath/netns.h"
#include "datapath/tc.h"
#include "datapath/xdp.h"

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_UPLINK] = "uplink",
	[ROLE_WORKLOAD] = "workload",
	[ROLE_LOOPBACK] = "loopback",
};

int linkdir_name_format(const struct linkdir *d, char ret[static PIN_NAME_MAX])
{
	char name[PIN_NAME_MAX];
	int n;
	int r = pin_name_encode(d->name, name);

	if (r < 0)
		return r;
	n = snprintf(ret, PIN_NAME_MAX, "%s-%llu-%u-%s", role_names[d->role],
		     (unsigned long long)d->netns, d->ifindex, name);
	return n < 0 || n >= PIN_NAME_MAX ? -ENAMETOOLONG : 0;
}

static int role_parse(const char *name, size_t len, enum linkdir_role *ret)
{
	for (enum linkdir_role r = 0; r < ROLE_COUNT; r++) {
		if (strlen(role_names[r]) == len && memcmp(role_names[r], name, len) == 0) {
			*ret = r;
			return 0;
		}
	}
	return -EINVAL;
}

/* "NUMBER-" at *@at, which is moved behind it. */
static int number_parse(const char **at, uint64_t max, uint64_t *ret)
{
	unsigned long long n;
	char *end;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(*at, &end, 10);
	if (errno || n > max || *end != '-')
		return -EINVAL;
	*at = end + 1;
	*ret = n;
	return 0;
}

int linkdir_name_parse(const char *name, struct linkdir *ret)
{
	struct linkdir d = { 0 };
	size_t len = strcspn(name, "-");
	const char *at = name + len + 1;
	uint64_t ifindex = 0;

	if (role_parse(name, len, &d.role) < 0 || !name[len] ||
	    number_parse(&at, UINT64_MAX, &d.netns) < 0 ||
	    number_parse(&at, INT_MAX, &ifindex) < 0 || !ifindex || !*at ||
	    pin_name_decode(at, d.name, sizeof(d.name)) < 0)
		return -EINVAL;
	d.ifindex = (uint32_t)ifindex;
	*ret = d;
	return 0;
}

/* A link that is alive but not on our device: the device was moved, or we are. */
static bool link_is_alive(const struct linkdir *d, const char *pin)
{
	struct link_facts facts;
	char path[PIN_PATH_MAX];

	return pin_path(path, d->path, pin) == 0 && link_facts(path, &facts) == 0 &&
	       facts.ifindex;
}

static bool is_alive(const struct linkdir *d)
{
	if (link_is_alive(d, "in") || link_is_alive(d, "out") || link_is_alive(d, "xdp"))
		return true;
	/* Filters at clsact tell nothing of themselves; their namespace must do. */
	return tc_has_clsact(d->path) && d->netns != netns_self() && netns_is_alive(d->netns);
}

static void look(struct linkdir *d)
{
	char name[IF_NAMESIZE];
	bool in_tcx = false;
	bool out_tcx = false;

	d->xdp = XDP_MODE_OFF;
	d->tc = TC_MODE_OFF;
	d->present = d->netns == netns_self() && if_indextoname(d->ifindex, name);
	if (d->present) {
		bool in = tc_is_here(d->path, d->ifindex, TC_IN, &in_tcx);
		bool out = tc_is_here(d->path, d->ifindex, TC_OUT, &out_tcx);

		d->xdp = xdp_mode_here(d->path, d->ifindex);
		if (in || out)
			d->tc = in_tcx || out_tcx ? TC_MODE_TCX : TC_MODE_CLSACT;
		d->here = d->tc != TC_MODE_OFF || d->xdp != XDP_MODE_OFF;
	}
	d->elsewhere = !d->here && is_alive(d);
}

int linkdirs_read(const struct pins *pins, linkdir_vec *ret, struct err *reterr)
{
	own(dir_names_done) dir_names names = { 0 };
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	int r = dir_read(pins->links, &names);

	if (r < 0 && r != -ENOENT)
		return err_sys(reterr, -r, "cannot read %s", pins->links);
	vec_each(name, &names) {
		struct linkdir d;

		if (linkdir_name_parse(*name, &d) < 0)
			continue;	/* not ours to touch */
		if (pin_path(d.path, pins->links, *name) < 0)
			return err_set(reterr, ENAMETOOLONG, "path too long below %s",
				       pins->links);
		look(&d);
		if (vec_push(&dirs, d) < 0)
			return err_nomem(reterr);
	}
	memcpy(ret, &dirs, sizeof(dirs));
	memset(&dirs, 0, sizeof(dirs));
	return 0;
}

int linkdirs_home(const linkdir_vec *dirs, const char *instance, struct err *reterr)
{
	/* Elsewhere under our own number: that device was moved away, the instance was not. */
	vec_each(d, dirs)
		if (d->elsewhere && d->netns != netns_self())
			return netns_refuse(d->netns, true, instance, reterr);
	return 0;
}

struct linkdir *linkdirs_find(const linkdir_vec *dirs, enum linkdir_role role, uint32_t ifindex)
{
	vec_each(d, dirs)
		if (d->role == role && d->ifindex == ifindex && d->here)
			return d;
	return NULL;
}

int linkdir_make(const struct pins *pins, enum linkdir_role role, uint32_t ifindex,
		 const char *ifname, struct linkdir *ret, struct err *reterr)
{
	struct linkdir d = {
		.role = role, .netns = netns_self(), .ifindex = ifindex, .present = true,
		.xdp = XDP_MODE_OFF,
	};
	char name[PIN_NAME_MAX];
	int r;

	snprintf(d.name, sizeof(d.name), "%s", ifname);
	r = linkdir_name_format(&d, name) ?: pin_path(d.path, pins->links, name);
	if (r < 0)
		return err_set(reterr, -r, "device name too long: %s", ifname);
	r = pins_mkdir(d.path, reterr);
	if (r < 0)
		return r;
	*ret = d;
	return 0;
}

/* XDP first: tc is complete without it, XDP is not without tc. */
int linkdir_remove(const struct linkdir *d, struct err *reterr)
{
	int r = xdp_detach(d->path);

	if (r < 0)
		return err_sys(reterr, -r, "cannot detach XDP from %s", d->name);
	return tc_detach(d->path, d->ifindex, d->present, reterr)
	    ?: pins_remove(d->path, reterr);
}
