/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* inotify(7) on the directory of the state; while there is none, a look each second. */
#include "store/watch.h"

#include <poll.h>
#include <string.h>
#include <sys/inotify.h>

#include "store/db.h"

#define RETRY_MS 1000
#define EVENTS (IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO |  \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/*
 * A commit is to be seen only after the last write to the files: it is fsynced first. So whoever
 * looked at once looks again, later and later.
 */
static const int again_ms[] = { 100, 1000, 10000, -1 };

struct store_watch {
	char *dir;
	int fd;
	bool on;		/* the directory is there and watched */
	unsigned int quiet;	/* how often it was looked at since something was written */
};

void store_watch_close(struct store_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w->dir);
	free(w);
}

static int watch_dir(struct store_watch *w, struct err *reterr)
{
	w->on = inotify_add_watch(w->fd, w->dir, EVENTS) >= 0;
	w->quiet = 0;
	if (w->on || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_sys(reterr, errno, "cannot watch %s", w->dir);
}

int store_watch_open(const char *instance, struct store_watch **ret, struct err *reterr)
{
	own(store_watch_close) struct store_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_nomem(reterr);
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return err_sys(reterr, errno, "cannot watch what is stored");
	r = store_path_find(instance, &w->dir, reterr);
	if (r)
		return r;
	*strrchr(w->dir, '/') = '\0';
	r = watch_dir(w, reterr);
	if (!r)
		*ret = TAKE(w);
	return r;
}

/* All that is there to read; whether the directory itself went away. */
static bool drain(struct store_watch *w)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool gone = false;
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof(buf))) > 0) {
		const struct inotify_event *ev;

		for (char *at = buf; at < buf + n; at += sizeof(*ev) + ev->len) {
			ev = (const struct inotify_event *)at;
			gone |= ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED);
		}
	}
	return gone;
}

int store_watch_wait(struct store_watch *w, int out, struct err *reterr)
{
	struct pollfd fds[] = { { .fd = w->fd, .events = POLLIN }, { .fd = out } };

	for (;;) {
		int n = poll(fds, 2, w->on ? again_ms[w->quiet] : RETRY_MS);
		int r;

		if (n < 0 && errno != EINTR)
			return err_sys(reterr, errno, "cannot wait");
		if (n > 0 && fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			return -EPIPE;
		if (n > 0 && fds[0].revents) {
			w->quiet = 0;
			if (drain(w))
				w->on = false;
			return w->on ? 0 : watch_dir(w, reterr);
		}
		if (n == 0 && w->on) {
			w->quiet++;
			return 0;
		}
		if (w->on)
			continue;
		r = watch_dir(w, reterr);
		if (r || w->on)
			return r;
	}
}
