/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/own.h"

#define RETRY_MS 10

static void lock_path(char *ret, size_t size, const char *instance)
{
	snprintf(ret, size, RUN_DIR "/%s.lock", instance);
}

/* A lock on a file that its holder has removed meanwhile keeps nobody out. */
static bool is_current(int fd, const char *path)
{
	struct stat mine;
	struct stat there;

	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
	       mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

/* One try: -EAGAIN if somebody else has it. */
static int lock_try(const char *path, int *ret_fd, struct err *reterr)
{
	own(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(reterr, errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK || errno == EINTR)
			return -EAGAIN;
		return err_sys(reterr, errno, "cannot lock %s", path);
	}
	if (!is_current(fd, path))
		return -EAGAIN;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int lock_take(const char *instance, unsigned int wait_ms, int *ret_fd, struct err *reterr)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000l };
	char path[96];

	if (mkdir(RUN_DIR, 0755) < 0 && errno != EEXIST)
		return err_sys(reterr, errno, "cannot make directory " RUN_DIR);
	lock_path(path, sizeof(path), instance);
	for (;;) {
		int r = lock_try(path, ret_fd, reterr);

		if (r != -EAGAIN)
			return r;
		if (wait_ms < RETRY_MS)
			return err_set(reterr, EBUSY,
				       "another sluice command is changing instance %s", instance);
		wait_ms -= RETRY_MS;
		nanosleep(&pause, NULL);
	}
}

bool lock_exists(const char *instance)
{
	char path[96];

	lock_path(path, sizeof(path), instance);
	return access(path, F_OK) == 0;
}

void lock_forget(const char *instance)
{
	char path[96];

	lock_path(path, sizeof(path), instance);
	(void)unlink(path);
}
