/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/sysctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "datapath/lock.h"
#include "datapath/netns.h"

/* A setting of lo. Each is remembered in a file of its own: one is needed without the other. */
struct setting {
	const char *name;
	const char *suffix;	/* of the file */
};

static const struct setting accept_local = { "accept_local", ".sysctl" };
static const struct setting route_localnet = { "route_localnet", ".sysctl-localnet" };

static void setting_path(const struct setting *s, char ret[static 96])
{
	snprintf(ret, 96, "/proc/sys/net/ipv4/conf/lo/%s", s->name);
}

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

static void memory_path(const struct setting *s, char ret[static 128], const char *instance,
			const char *more)
{
	snprintf(ret, 128, RUN_DIR "/%s%s%s", instance, s->suffix, more);
}

/* What is remembered for this network namespace: -ENOENT if nothing is. */
static int memory_read(const struct setting *s, const char *path, int *ret)
{
	own(file_close) FILE *f = fopen(path, "re");
	unsigned long long netns = 0;
	char name[32] = "";

	if (!f)
		return -errno;
	if (fscanf(f, "netns %llu %31s %d", &netns, name, ret) != 3 || strcmp(name, s->name))
		return -ENOENT;
	return netns == netns_self() ? 0 : -ENOENT;
}

/* Whole or not at all, and before the setting is changed. */
static int memory_write(const struct setting *s, const char *instance, int value)
{
	char path[128];
	char fresh[128];
	FILE *f;
	int bad;

	memory_path(s, path, instance, "");
	memory_path(s, fresh, instance, ".new");
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	bad = fprintf(f, "netns %llu\n%s %d\n", (unsigned long long)netns_self(), s->name,
		      value) < 0;
	bad |= fclose(f) != 0;
	if (bad)
		return -EIO;
	return rename(fresh, path) < 0 ? -errno : 0;
}

static int setting_turn_on(const struct setting *s, const char *instance, struct err *reterr)
{
	char proc[96], path[128];
	int before = 0;
	int kept = 0;
	int r;

	setting_path(s, proc);
	r = value_read(proc, &before);
	if (r < 0)
		return err_sys(reterr, -r, "cannot read %s", proc);
	if (before == 1)
		return 0;
	memory_path(s, path, instance, "");
	r = memory_read(s, path, &kept);
	if (r == -ENOENT)
		r = memory_write(s, instance, before);
	if (r < 0)
		return err_sys(reterr, -r, "cannot write %s", path);
	r = value_write(proc, 1);
	return r ? err_sys(reterr, -r, "cannot set net.ipv4.conf.lo.%s = 1", s->name) : 0;
}

static int setting_restore(const struct setting *s, const char *instance, struct err *reterr)
{
	char proc[96], path[128];
	int before = 0;
	int r;

	setting_path(s, proc);
	memory_path(s, path, instance, "");
	r = memory_read(s, path, &before);
	if (r == 0)
		r = value_write(proc, before);
	if (r < 0 && r != -ENOENT)
		return err_sys(reterr, -r, "cannot put net.ipv4.conf.lo.%s back to %d", s->name,
			       before);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(reterr, errno, "cannot remove %s", path);
	return 0;
}

int sysctl_accept_local(const char *instance, struct err *reterr)
{
	return setting_turn_on(&accept_local, instance, reterr);
}

int sysctl_route_localnet(const char *instance, bool on, struct err *reterr)
{
	return on ? setting_turn_on(&route_localnet, instance, reterr) :
		    setting_restore(&route_localnet, instance, reterr);
}

int sysctl_restore(const char *instance, struct err *reterr)
{
	return setting_restore(&accept_local, instance, reterr)
	    ?: setting_restore(&route_localnet, instance, reterr);
}
