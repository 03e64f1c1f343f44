/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/bpffs.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>

#include "base/own.h"

#define BPFFS "/sys/fs/bpf"

/* Deeper than any tree of shells; a bound, because pids can be reused while we walk. */
#define ANCESTORS_MAX 64

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

static bool is_bpffs_of(int pid, char *ret, size_t size)
{
	snprintf(ret, size, "/proc/%d/root" BPFFS, pid);
	return is_bpffs(ret);
}

/* 0 at the top of the tree, or if it cannot be read. */
static int parent_of(int pid)
{
	char path[32];
	char text[512];
	const char *end;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	own(file_close) FILE *f = fopen(path, "re");

	if (!f || !fgets(text, sizeof(text), f))
		return 0;
	end = strrchr(text, ')');	/* the command's name may hold anything */
	if (!end || sscanf(end + 1, " %*c %d", &parent) != 1)
		return 0;
	return parent;
}

/* Inode of a process's mount namespace; 0 if we may not know. */
static ino_t mount_ns(int pid)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Whether an ancestor lives in another mount namespace: then our /sys is a private one. */
static bool is_private(void)
{
	ino_t mine = mount_ns(getpid());
	int pid = getpid();

	for (int i = 0; pid > 0 && i < ANCESTORS_MAX; i++, pid = parent_of(pid)) {
		ino_t theirs = mount_ns(pid);

		if (theirs && theirs != mine)
			return true;
	}
	return mount_ns(1) && mount_ns(1) != mine;
}

static bool find_outside(char *ret, size_t size)
{
	int pid = getppid();

	if (is_bpffs_of(1, ret, size))
		return true;
	/* Pid 1 may be out of our reach (capabilities that we lack); a caller is not. */
	for (int i = 0; pid > 1 && i < ANCESTORS_MAX; i++, pid = parent_of(pid))
		if (is_bpffs_of(pid, ret, size))
			return true;
	return false;
}

int bpffs_find(char *ret, size_t size, bool mount_it, struct err *reterr)
{
	snprintf(ret, size, "%s", BPFFS);
	if (is_bpffs(ret))
		return 0;
	if (find_outside(ret, size))
		return 0;
	if (is_private())
		return err_set(reterr, ENOENT,
			       "no bpf filesystem here (ip netns exec hides it); use: "
			       "nsenter --net=/run/netns/NAME sluice ...");
	snprintf(ret, size, "%s", BPFFS);
	if (!mount_it)
		return err_set(reterr, ENOENT, "no bpf filesystem is mounted at " BPFFS);
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return err_sys(reterr, errno, "cannot mount the bpf filesystem at " BPFFS);
	return 0;
}
