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

/* Whether "@dir/NAME@below" of some name is the namespace. */
static bool found_in(const char *dir, const char *below, bool pids, uint64_t netns)
{
	own(dir_names_done) dir_names names = { 0 };
	char path[300];

	if (dir_read(dir, &names) < 0)
		return false;
	vec_each(name, &names) {
		if (pids && !isdigit((unsigned char)**name))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s%s", dir, *name, below) <
		    (int)sizeof(path) && number_of(path) == netns)
			return true;
	}
	return false;
}

bool netns_is_alive(uint64_t netns)
{
	return found_in("/run/netns", "", false, netns) ||
	       found_in("/proc", "/ns/net", true, netns);
}
