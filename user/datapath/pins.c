/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/pins.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "base/own.h"
#include "datapath/bpffs.h"
#include "datapath/dir.h"
#include "sluice/types.h"

static bool is_plain(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '-';
}

int pin_name_encode(const char *text, char ret[static PIN_NAME_MAX])
{
	size_t at = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (at + 4 > PIN_NAME_MAX)
			return -ENAMETOOLONG;
		at += (size_t)snprintf(ret + at, 4, is_plain(*c) ? "%c" : "%%%02x", *c);
	}
	ret[at] = '\0';
	return 0;
}

int pin_name_decode(const char *name, char *ret, size_t size)
{
	size_t at = 0;

	for (const char *c = name; *c; c++) {
		unsigned int byte = (unsigned char)*c;

		if (*c == '%') {
			if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2]) ||
			    sscanf(c + 1, "%2x", &byte) != 1 || !byte)
				return -EINVAL;
			c += 2;
		} else if (!is_plain(byte)) {
			return -EINVAL;
		}
		if (at + 2 > size)
			return -ENAMETOOLONG;
		ret[at++] = (char)byte;
	}
	ret[at] = '\0';
	return 0;
}

int pin_path(char ret[static PIN_PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(ret, PIN_PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PIN_PATH_MAX ? -ENAMETOOLONG : 0;
}

int pins_init(struct pins *p, const char *bpffs, const char *instance, struct err *reterr)
{
	char name[PIN_NAME_MAX];
	int r;

	if (!instance_is_valid(instance))
		return err_set(reterr, EINVAL,
			       "instance name %s: must be 1-%d letters, digits, '.', '_' or '-', "
			       "beginning with a letter or digit", instance, INSTANCE_MAX);
	r = pin_name_encode(instance, name)
	    ?: pin_path(p->top, bpffs, "sluice")
	    ?: pin_path(p->instance, p->top, name);
	if (r)
		return err_set(reterr, -r, "path of the BPF filesystem too long: %s", bpffs);
	return pins_set_abi(p, SLUICE_ABI, reterr);
}

int pins_set_abi(struct pins *p, int abi, struct err *reterr)
{
	char version[16];
	char aside[24];
	int r;

	snprintf(version, sizeof(version), "v%d", abi);
	r = pin_path(p->tree, p->instance, version);
	snprintf(aside, sizeof(aside), "%s-new", version);
	r = r ?: pin_path(p->fresh, p->instance, aside);
	snprintf(aside, sizeof(aside), "%s-old", version);
	r = r ?: pin_path(p->old, p->instance, aside)
	      ?: pin_path(p->maps, p->tree, "maps")
	      ?: pin_path(p->links, p->tree, "links");
	return r ? err_set(reterr, -r, "path too long below %s", p->instance) : 0;
}

int pins_find(struct pins *p, const char *instance, bool mount, struct err *reterr)
{
	char bpffs[PIN_PATH_MAX];
	int r = bpffs_find(bpffs, sizeof(bpffs), mount, reterr);

	return r ?: pins_init(p, bpffs, instance, reterr);
}

bool pins_exist(const struct pins *p)
{
	return access(p->tree, F_OK) == 0;
}

/* "v7"; 0: no name of a complete tree. */
static int abi_of(const char *name)
{
	int abi = 0;
	int end = 0;

	if (name[0] != 'v' || !isdigit((unsigned char)name[1]) ||
	    sscanf(name, "v%9d%n", &abi, &end) != 1 || name[end])
		return 0;
	return abi;
}

int pins_other_abi(const struct pins *p)
{
	own(dir_names_done) dir_names names = { 0 };
	const char *mine = strrchr(p->tree, '/') + 1;
	int found = 0;

	if (dir_read(p->instance, &names) < 0)
		return 0;
	vec_each(name, &names)
		if (strcmp(*name, mine) != 0 && abi_of(*name))
			found = abi_of(*name);
	return found;
}

int pins_mkdir(const char *path, struct err *reterr)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(reterr, errno, "cannot make directory %s", path);
	return 0;
}

/* Closing the last reference detaches too, but later, from a work queue. */
static void detach_if_link(const char *path)
{
	own(fd_close) int fd = bpf_obj_get(path);

	if (fd >= 0)
		(void)bpf_link_detach(fd);	/* EINVAL: not a link */
}

static int remove_below(const char *path, struct err *reterr)
{
	own(dir_names_done) dir_names names = { 0 };
	char below[PIN_PATH_MAX];
	int r = dir_read(path, &names);

	if (r < 0)
		return err_sys(reterr, -r, "cannot read %s", path);
	vec_each(name, &names) {
		if (pin_path(below, path, *name) < 0)
			return err_set(reterr, ENAMETOOLONG, "path too long below %s", path);
		r = pins_remove(below, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

int pins_remove(const char *path, struct err *reterr)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(reterr, errno, "cannot look at %s", path);
	if (S_ISDIR(st.st_mode)) {
		int r = remove_below(path, reterr);

		if (r < 0)
			return r;
		if (rmdir(path) < 0 && errno != ENOENT)
			return err_sys(reterr, errno, "cannot remove %s", path);
		return 0;
	}
	detach_if_link(path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(reterr, errno, "cannot remove %s", path);
	return 0;
}

/*
 * A tree of another version beside ours: only the pins are known, not what they mean; but that is
 * enough to take links off their devices, and two versions on one device would translate twice.
 */
int pins_sweep(const struct pins *p, struct err *reterr)
{
	own(dir_names_done) dir_names names = { 0 };
	char path[PIN_PATH_MAX];
	int r = dir_read(p->instance, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : err_sys(reterr, -r, "cannot read %s", p->instance);
	vec_each(name, &names) {
		r = pin_path(path, p->instance, *name);
		if (r < 0)
			return err_set(reterr, -r, "path too long below %s", p->instance);
		if (strcmp(path, p->tree) == 0)
			continue;
		r = pins_remove(path, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

void pins_prune(const struct pins *p)
{
	/* ENOTEMPTY: another version or another instance. */
	(void)rmdir(p->instance);
	(void)rmdir(p->top);
}
