/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/netns.h"

#include <ctype.h>
#include <stdio.h>
#include <sys/stat.h>

#include "datapath/dir.h"

static uint64_t number_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

uint64_t netns_self(void)
{
	return number_of("/proc/self/ns/net");
}

#define PATH_BYTES 300

/* The path "@dir/NAME@below" of some name that is the namespace. */
static bool found_in(const char *dir, const char *below, bool pids, uint64_t netns,
		     char ret[static PATH_BYTES])
{
	own(dir_names_done) dir_names names = { 0 };

	if (dir_read(dir, &names) < 0)
		return false;
	vec_each(name, &names) {
		if (pids && !isdigit((unsigned char)**name))
			continue;
		if (snprintf(ret, PATH_BYTES, "%s/%s%s", dir, *name, below) < PATH_BYTES &&
		    number_of(ret) == netns)
			return true;
	}
	return false;
}

/* A file that nsenter(1) can be given. */
static bool netns_find(uint64_t netns, char ret[static PATH_BYTES])
{
	return found_in("/run/netns", "", false, netns, ret) ||
	       found_in("/proc", "/ns/net", true, netns, ret);
}

bool netns_is_alive(uint64_t netns)
{
	char path[PATH_BYTES];

	return netns_find(netns, path);
}

int netns_refuse(uint64_t netns, bool alive, const char *instance, struct err *reterr)
{
	char path[PATH_BYTES];
	bool found = netns_find(netns, path);

	if (found || alive)
		return err_set(reterr, EXDEV,
			       "instance \"%s\" is attached in another network namespace: run this "
			       "command there (nsenter --net=%s sluice --instance %s ...)",
			       instance, found ? path : "FILE", instance);
	return err_set(reterr, ESTALE,
		       "instance \"%s\" was attached in a network namespace that is gone: "
		       "sluice --instance %s detach --all takes away what is left of it",
		       instance, instance);
}
