/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is attached where, as directories of pins: links/ROLE-NETNS-IFINDEX-NAME/. The name
 * tells what the directory was made for; whether that still holds, the kernel is asked each time:
 * devices are renamed, removed, and moved to other network namespaces.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/own.h"
#include "base/vec.h"
#include "datapath/datapath.h"
#include "datapath/pins.h"

enum linkdir_role {
	ROLE_UPLINK,
	ROLE_WORKLOAD,
	ROLE_LOOPBACK,		/* comes and goes with the uplinks */
	ROLE_COUNT,
};

struct linkdir {
	enum linkdir_role role;
	uint64_t netns;
	uint32_t ifindex;
	char name[IF_NAMESIZE];		/* of the device when it was attached */
	char path[PIN_PATH_MAX];
	/* Asked of the kernel: */
	bool here;		/* something of it is on ifindex of this network namespace */
	bool present;		/* the device is there, whether something is on it or not */
	bool elsewhere;		/* alive, but in another namespace */
	enum tc_mode tc;	/* these two mean something only if it is here */
	enum xdp_mode xdp;
};

typedef VEC(struct linkdir) linkdir_vec;

static inline void linkdirs_done(linkdir_vec *dirs)
{
	vec_done(dirs);
}
DEFINE_OWN_DONE(linkdir_vec, linkdirs_done)

/* "uplink-4026531840-12-eth0" ↔ its four parts; pure. -EINVAL for what format does not write. */
int linkdir_name_format(const struct linkdir *d, char ret[static PIN_NAME_MAX]);
int linkdir_name_parse(const char *name, struct linkdir *ret);

/* All of them. */
int linkdirs_read(const struct pins *pins, linkdir_vec *ret, struct err *reterr);

/*
 * -EXDEV if the instance works in another network namespace than this one, where every ifindex
 * means another device.
 */
int linkdirs_home(const linkdir_vec *dirs, const char *instance, struct err *reterr);

/* The one of this role that is on the device now, else NULL. */
struct linkdir *linkdirs_find(const linkdir_vec *dirs, enum linkdir_role role, uint32_t ifindex);

/* Makes the directory, or finds it. */
int linkdir_make(const struct pins *pins, enum linkdir_role role, uint32_t ifindex,
		 const char *ifname, struct linkdir *ret, struct err *reterr);

/* Takes programs, filters and pins of the device away. */
int linkdir_remove(const struct linkdir *d, struct err *reterr);
