/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/sysctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "datapath/lock.h"
#include "datapath/netns.h"

#define ACCEPT_LOCAL "/proc/sys/net/ipv4/conf/lo/accept_local"

static int value_read(const char *path, int *ret)
{
	own(file_close) FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	return fscanf(f, "%d", ret) == 1 ? 0 : -EIO;
}

static int value_write(const char *path, int value)
{
	own(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", value);

	if (fd < 0)
		return -errno;
	return write(fd, text, (size_t)n) == n ? 0 : -errno;
}

static void memory_path(char *ret, size_t size, const char *instance, const char *suffix)
{
	snprintf(ret, size, RUN_DIR "/%s.sysctl%s", instance, suffix);
}

/* What is remembered for this network namespace: -ENOENT if nothing is. */
static int memory_read(const char *path, int *ret)
{
	own(file_close) FILE *f = fopen(path, "re");
	unsigned long long netns = 0;

	if (!f)
		return -errno;
	if (fscanf(f, "netns %llu accept_local %d", &netns, ret) != 2)
		return -ENOENT;
	return netns == netns_self() ? 0 : -ENOENT;
}

/* Whole or not at all, and before the setting is changed. */
static int memory_write(const char *instance, int value)
{
	char path[96];
	char fresh[96];
	FILE *f;
	int bad;

	memory_path(path, sizeof(path), instance, "");
	memory_path(fresh, sizeof(fresh), instance, ".new");
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	bad = fprintf(f, "netns %llu\naccept_local %d\n",
		      (unsigned long long)netns_self(), value) < 0;
	bad |= fclose(f) != 0;
	if (bad)
		return -EIO;
	return rename(fresh, path) < 0 ? -errno : 0;
}

int sysctl_accept_local(const char *instance, struct err *reterr)
{
	char path[96];
	int before = 0;
	int kept = 0;
	int r = value_read(ACCEPT_LOCAL, &before);

	if (r < 0)
		return err_sys(reterr, -r, "cannot read " ACCEPT_LOCAL);
	if (before == 1)
		return 0;
	memory_path(path, sizeof(path), instance, "");
	r = memory_read(path, &kept);
	if (r == -ENOENT)
		r = memory_write(instance, before);
	if (r < 0)
		return err_sys(reterr, -r, "cannot write %s", path);
	r = value_write(ACCEPT_LOCAL, 1);
	return r ? err_sys(reterr, -r, "cannot set net.ipv4.conf.lo.accept_local = 1") : 0;
}

int sysctl_restore(const char *instance, struct err *reterr)
{
	char path[96];
	int before = 0;
	int r;

	memory_path(path, sizeof(path), instance, "");
	r = memory_read(path, &before);
	if (r == 0)
		r = value_write(ACCEPT_LOCAL, before);
	if (r < 0 && r != -ENOENT)
		return err_sys(reterr, -r, "cannot put net.ipv4.conf.lo.accept_local back to %d",
			       before);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(reterr, errno, "cannot remove %s", path);
	return 0;
}
