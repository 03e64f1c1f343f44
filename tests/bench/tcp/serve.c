/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/tcp/serve.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/tcp/proto.h"

#define EVENTS 256
#define BULK (128u << 10)
#define BULK_TURNS 8		/* then it is somebody else's turn */

struct conn {
	int fd;
	uint32_t got;		/* of the request */
	struct request in;
};

static char bulk[BULK];

static int listener_open(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, off = 0;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||	/* inherited */
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 4096))
		err(1, "cannot listen on port %u", port);
	return fd;
}

static void conn_close(struct conn *c)
{
	close(c->fd);
	free(c);
}

static void conns_accept(int epoll, int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct epoll_event e = { .events = EPOLLIN };
		struct conn *c;

		if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		if (fd < 0)
			err(1, "accept");
		c = calloc(1, sizeof(*c));
		if (!c)
			err(1, "calloc");
		c->fd = fd;
		e.data.ptr = c;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
			err(1, "epoll_ctl");
	}
}

/* What a whole request asks for. False: the connection is over. */
static bool conn_obey(int epoll, struct conn *c)
{
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = c };
	struct response out = { .cookie = c->in.cookie };

	switch (c->in.wish) {
	case WISH_SINK:
		return true;
	case WISH_SOURCE:
		return !epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
	case WISH_ANSWER:
		c->got = 0;
		break;
	}
	return send(c->fd, &out, sizeof(out), MSG_NOSIGNAL) == sizeof(out) &&
	       c->in.wish == WISH_ANSWER;
}

static bool conn_read(int epoll, struct conn *c)
{
	ssize_t n = recv(c->fd, (char *)&c->in + c->got, sizeof(c->in) - c->got, 0);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	c->got += (uint32_t)n;
	return c->got < sizeof(c->in) || conn_obey(epoll, c);
}

static bool conn_stream(struct conn *c)
{
	for (int i = 0; i < BULK_TURNS; i++) {
		ssize_t n = c->in.wish == WISH_SINK ?
				    recv(c->fd, bulk, sizeof(bulk), 0) :
				    send(c->fd, bulk, sizeof(bulk), MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
	}
	return true;
}

static void conn_event(int epoll, struct conn *c)
{
	bool on = c->got < sizeof(c->in) ? conn_read(epoll, c) : conn_stream(c);

	if (!on)
		conn_close(c);
}

void serve(uint16_t port)
{
	struct epoll_event events[EVENTS], e = { .events = EPOLLIN };
	int listener = listener_open(port), epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e))
		err(1, "epoll");
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		err(1, "prctl");
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				conn_event(epoll, events[i].data.ptr);
			else
				conns_accept(epoll, listener);
		}
	}
}
