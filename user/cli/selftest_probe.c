/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Blocking sockets with timeouts: a lost packet is a failure of the check, not something to
 * repeat.
 */
#include "cli/selftest_probe.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/own.h"
#include "cli/selftest_lab.h"

socklen_t probe_sockaddr(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	inet_pton(AF_INET6, text, &v6->sin6_addr);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

/* A connected socket in the host's namespace; SO_SNDTIMEO bounds connect() too. */
static int probe_open(const struct probe *p, struct err *reterr)
{
	struct timeval tv = { p->timeout_ms / 1000, p->timeout_ms % 1000 * 1000 };
	struct sockaddr_storage ss;
	socklen_t len = probe_sockaddr(p->to, p->port, &ss);
	int fd = lab_socket(p->lab, p->from, ss.ss_family, p->udp ? SOCK_DGRAM : SOCK_STREAM,
			    reterr);
	int code;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (!connect(fd, (struct sockaddr *)&ss, len))
		return fd;
	code = errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno;
	close(fd);
	return err_set(reterr, code, "connect: %s", strerror(code));
}

int probe_ask(const struct probe *p, struct probe_answer *ret, struct err *reterr)
{
	own(fd_close) int fd = probe_open(p, reterr);
	struct probe_answer a;
	char line[128];
	ssize_t n;

	if (fd < 0)
		return fd;
	if (send(fd, "who\n", 4, MSG_NOSIGNAL) != 4)
		return err_set(reterr, errno, "send: %s", strerror(errno));
	n = recv(fd, line, sizeof(line) - 1, 0);
	if (n < 0 && errno == EAGAIN)
		return err_set(reterr, ETIMEDOUT, "no answer in %d ms", p->timeout_ms);
	if (n < 0)
		return err_set(reterr, errno, "receive: %s", strerror(errno));
	line[n] = '\0';
	if (sscanf(line, "%15s %45s", a.who, a.peer) != 2)
		return err_set(reterr, EBADMSG, "an answer of %zd bytes without sense", n);
	*ret = a;
	return 0;
}

/* Bytes that differ from their neighbours and from those one window earlier. */
static void pattern_fill(uint8_t *at, size_t n)
{
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		at[i] = (uint8_t)x;
	}
}

/* Sends and receives as the socket allows, so that neither side can block the other. */
static int echo_run(int fd, const uint8_t *out, uint8_t *in, size_t n, int timeout_ms)
{
	size_t sent = 0, got = 0;

	while (got < n) {
		struct pollfd pf = { .fd = fd, .events = POLLIN | (sent < n ? POLLOUT : 0) };
		ssize_t k;

		if (poll(&pf, 1, timeout_ms) <= 0)
			return -ETIMEDOUT;
		if (sent < n && (pf.revents & POLLOUT)) {
			k = send(fd, out + sent, n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (k < 0 && errno != EAGAIN)
				return -errno;
			sent += k > 0 ? (size_t)k : 0;
		}
		if (pf.revents & (POLLIN | POLLERR | POLLHUP)) {
			k = recv(fd, in + got, n - got, MSG_DONTWAIT);
			if (k == 0)
				return -ECONNRESET;
			if (k < 0 && errno != EAGAIN)
				return -errno;
			got += k > 0 ? (size_t)k : 0;
		}
	}
	return 0;
}

int probe_echo(const struct probe *p, size_t n, struct err *reterr)
{
	own(free) uint8_t *out = malloc(n);
	own(free) uint8_t *in = malloc(n);
	own(fd_close) int fd = -1;
	int r;

	if (!out || !in)
		return err_nomem(reterr);
	fd = probe_open(p, reterr);
	if (fd < 0)
		return fd;
	pattern_fill(out, n);
	if (dprintf(fd, "echo %zu\n", n) < 0)
		return err_set(reterr, errno, "send: %s", strerror(errno));
	r = echo_run(fd, out, in, n, p->timeout_ms);
	if (r < 0)
		return err_set(reterr, -r, "while echoing: %s", strerror(-r));
	if (memcmp(out, in, n))
		return err_set(reterr, EBADMSG, "%zu bytes came back different", n);
	return 0;
}
