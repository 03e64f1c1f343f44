/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One thread accepts and answers datagrams; each TCP connection has a thread of its own and
 * is free to block.
 */
#include "cli/selftest_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/own.h"
#include "base/vec.h"
#include "cli/selftest_lab.h"
#include "cli/selftest_probe.h"

struct listener {
	int fd;
	bool udp;
	const struct lab_host *host;
};

typedef VEC(struct listener) listener_vec;

struct connection {
	int fd;
	const struct lab_host *host;
	struct sockaddr_storage peer;
};

static const char *peer_text(const struct sockaddr_storage *ss, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const void *)ss;
	const struct sockaddr_in6 *v6 = (const void *)ss;
	bool is4 = ss->ss_family == AF_INET;

	inet_ntop(ss->ss_family, is4 ? (const void *)&v4->sin_addr : &v6->sin6_addr, addr,
		  sizeof(addr));
	snprintf(buf, size, "%s %u", addr, ntohs(is4 ? v4->sin_port : v6->sin6_port));
	return buf;
}

/* --- TCP ----------------------------------------------------------------------- */

static bool send_all(int fd, const char *at, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool serve_echo(FILE *in, int fd, size_t left)
{
	char buf[65536];

	while (left) {
		size_t want = left < sizeof(buf) ? left : sizeof(buf);
		size_t n = fread(buf, 1, want, in);

		if (!n || !send_all(fd, buf, n))
			return false;
		left -= n;
	}
	return true;
}

static bool serve_who(const struct connection *c)
{
	char peer[80], line[120];

	snprintf(line, sizeof(line), "%s %s\n", c->host->name,
		 peer_text(&c->peer, peer, sizeof(peer)));
	return send_all(c->fd, line, strlen(line));
}

static void serve_http(FILE *in, const struct connection *c)
{
	char peer[80], body[160], line[400];

	while (fgets(line, sizeof(line), in) && strcmp(line, "\r\n") && strcmp(line, "\n"))
		;
	peer_text(&c->peer, peer, sizeof(peer));
	peer[strcspn(peer, " ")] = '\0';
	snprintf(body, sizeof(body), "hello from %s; you are %s\n", c->host->name, peer);
	snprintf(line, sizeof(line),
		 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	send_all(c->fd, line, strlen(line));
}

static void *connection_serve(void *arg)
{
	struct connection *c = arg;
	FILE *in = fdopen(c->fd, "r");
	bool on = in != NULL;
	char line[256];
	size_t n;

	if (in)
		setvbuf(in, NULL, _IOFBF, 65536);
	while (on && fgets(line, sizeof(line), in)) {
		if (!strcmp(line, "who\n")) {
			on = serve_who(c);
		} else if (sscanf(line, "echo %zu", &n) == 1) {
			on = serve_echo(in, c->fd, n);
		} else {
			if (!strncmp(line, "GET ", 4))
				serve_http(in, c);
			on = false;
		}
	}
	if (in)
		fclose(in);
	else
		close(c->fd);
	free(c);
	return NULL;
}

static void listener_accept(const struct listener *l)
{
	struct connection *c = calloc(1, sizeof(*c));
	socklen_t len = sizeof(c->peer);
	pthread_attr_t attr;
	pthread_t thread;

	if (!c)
		return;
	c->host = l->host;
	c->fd = accept4(l->fd, (struct sockaddr *)&c->peer, &len, SOCK_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 256 << 10);
	if (pthread_create(&thread, &attr, connection_serve, c)) {
		close(c->fd);
		free(c);
	}
	pthread_attr_destroy(&attr);
}

/* --- UDP ----------------------------------------------------------------------- */

static void listener_datagram(const struct listener *l)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[65536], peer[80];
	ssize_t n = recvfrom(l->fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from,
			     &len);

	if (n < 0)
		return;
	if (n < 5 || memcmp(buf, "echo ", 5))
		n = snprintf(buf, sizeof(buf), "%s %s\n", l->host->name,
			     peer_text(&from, peer, sizeof(peer)));
	sendto(l->fd, buf, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&from, len);
}

/* --- all of them ------------------------------------------------------------------ */

static int listener_open(const char *lab, const struct lab_host *h, enum family family, bool udp,
			 listener_vec *all, struct err *reterr)
{
	uint16_t port = h->pod ? SERVER_POD_PORT : SERVER_NODE_PORT;
	struct sockaddr_storage ss;
	socklen_t len = probe_sockaddr(h->addr[family], port, &ss);
	int fd = lab_socket(lab, h->name, ss.ss_family, udp ? SOCK_DGRAM : SOCK_STREAM, reterr);
	int on = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 || (!udp && listen(fd, 1024) < 0) ||
	    vec_push(all, (struct listener){ fd, udp, h }) < 0) {
		int code = errno;

		close(fd);
		return err_sys(reterr, code, "cannot serve on %s port %u of %s", h->addr[family],
			       port, h->name);
	}
	return 0;
}

static int listeners_open(const char *lab, listener_vec *all, struct err *reterr)
{
	int r = 0;

	for (const struct lab_host *h = lab_hosts; !r && h->name; h++)
		for (int i = 0; !r && h->node && i < 2 * FAMILY_COUNT; i++)
			r = listener_open(lab, h, i % FAMILY_COUNT, i / FAMILY_COUNT, all,
					  reterr);
	return r;
}

static int listeners_serve(const listener_vec *all, struct err *reterr)
{
	own(free) struct pollfd *polls = calloc(all->n, sizeof(*polls));

	if (!polls)
		return err_nomem(reterr);
	for (size_t i = 0; i < all->n; i++)
		polls[i] = (struct pollfd){ .fd = all->at[i].fd, .events = POLLIN };
	for (;;) {
		if (poll(polls, all->n, -1) < 0 && errno != EINTR)
			return err_sys(reterr, errno, "poll");
		for (size_t i = 0; i < all->n; i++) {
			if (!polls[i].revents)
				continue;
			if (all->at[i].udp)
				listener_datagram(&all->at[i]);
			else
				listener_accept(&all->at[i]);
		}
	}
}

int server_run(const char *lab, int ready_fd, struct err *reterr)
{
	listener_vec all = { 0 };
	int r = listeners_open(lab, &all, reterr);

	if (!r && dprintf(ready_fd, "serving\n") > 0)
		r = listeners_serve(&all, reterr);
	vec_each(l, &all)
		close(l->fd);
	vec_done(&all);
	return r;
}
