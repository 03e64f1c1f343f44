/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/tcp/bulk.h"

#include <err.h>
#include <errno.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/own.h"
#include "bench/tcp/proto.h"

#define BULK (128u << 10)

/* 0, or an errno. Bytes of the warm-up count as failures too: there is one connection. */
static int stream_until(int fd, bool upload, uint64_t end)
{
	static char bytes[BULK];

	while (now_ns() < end) {
		ssize_t n = upload ? send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) :
				     recv(fd, bytes, sizeof(bytes), 0);

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (!n)
			return ECONNRESET;
	}
	return 0;
}

static uint64_t bytes_done(int fd, bool upload)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		err(1, "TCP_INFO");
	return upload ? info.tcpi_bytes_acked : info.tcpi_bytes_received;
}

/* A socket that has asked for its stream; -1 with errno. */
static int stream_open(const struct load *l, bool upload)
{
	const struct timeval patience = { .tv_usec = STUCK_NS / 1000 };
	const struct request out = { .wish = upload ? WISH_SINK : WISH_SOURCE };
	int fd = load_dial(l, 0, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err(1, "setsockopt");
	if (send(fd, &out, sizeof(out), MSG_NOSIGNAL) != sizeof(out)) {
		close(fd);
		return -1;
	}
	return fd;
}

json_t *bulk(const struct load *l, bool upload)
{
	own(fd_close) int fd = stream_open(l, upload);
	struct failures failures = { 0 };
	struct mark from, to;
	uint64_t bytes = 0;
	json_t *r;
	int code = fd < 0 ? errno : 0;

	if (!code)
		code = stream_until(fd, upload, now_ns() + (uint64_t)(l->warm_sec * 1e9));
	mark_take(l, &from);
	if (!code) {
		bytes = bytes_done(fd, upload);
		code = stream_until(fd, upload, from.ns + (uint64_t)(l->sec * 1e9));
	}
	mark_take(l, &to);
	if (fd >= 0)
		bytes = bytes_done(fd, upload) - bytes;
	if (code)
		failures_put(&failures, code);
	r = load_report(&from, &to, (double)bytes, &failures);
	if (r)
		json_object_set_new(r, "rate", json_real((double)bytes * 8 /
							 (double)(to.ns - from.ns)));
	return r;
}
