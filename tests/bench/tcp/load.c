/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/tcp/load.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		err(1, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* The column of "Tcp:" in /proc/net/snmp that bears this name: a line of names, one of numbers. */
static uint64_t snmp_tcp(const char *name)
{
	own(file_close) FILE *f = fopen("/proc/self/net/snmp", "r");
	char names[1024], numbers[1024], *n, *v, *next_n, *next_v;

	if (!f)
		err(1, "cannot open /proc/self/net/snmp");
	do {
		if (!fgets(names, sizeof(names), f) || !fgets(numbers, sizeof(numbers), f))
			errx(1, "no Tcp in /proc/self/net/snmp");
	} while (strncmp(names, "Tcp:", 4) != 0);
	n = strtok_r(names, " \n", &next_n);
	v = strtok_r(numbers, " \n", &next_v);
	for (; n && v; n = strtok_r(NULL, " \n", &next_n), v = strtok_r(NULL, " \n", &next_v))
		if (!strcmp(n, name))
			return strtoull(v, NULL, 10);
	errx(1, "no %s in /proc/self/net/snmp", name);
}

void mark_take(const struct load *l, struct mark *ret)
{
	clockid_t server;

	ret->ns = now_ns();
	ret->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (l->server) {
		if (clock_getcpuclockid(l->server, &server))
			errx(1, "the server, process %d, is no more", l->server);
		ret->cpu_ns += clock_ns(server);
	}
	ret->resent = snmp_tcp("RetransSegs");
}

void failures_put(struct failures *f, int code)
{
	switch (code) {
	case ECONNREFUSED:
		f->refused++;
		break;
	case ECONNRESET:
	case EPIPE:
		f->reset++;
		break;
	case ETIMEDOUT:
		f->stuck++;
		break;
	case EADDRNOTAVAIL:
		f->no_port++;
		break;
	default:
		f->other++;
	}
}

int load_dial(const struct load *l, unsigned n, int flags)
{
	const struct end *to = &l->targets[n % l->n_targets];
	const struct end *from = l->n_sources ? &l->sources[n % l->n_sources] : NULL;
	int fd = socket(to->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1, r = 0;

	if (fd < 0)
		return -1;
	/* The port is chosen by connect(), when the other end is known: else each is good for
	 * one connection at a time. */
	if (from)
		r = setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ?:
		    bind(fd, (const struct sockaddr *)&from->ss, from->len);
	if (!r && connect(fd, (const struct sockaddr *)&to->ss, to->len) < 0)
		r = errno == EINPROGRESS ? 0 : -1;
	if (!r)
		return fd;
	r = errno;
	close(fd);
	errno = r;
	return -1;
}

json_t *load_report(const struct mark *from, const struct mark *to, double count,
		    const struct failures *f)
{
	return json_pack("{s:f s:f s:I s:{s:I s:I s:I s:I s:I s:I s:I}}",
			 "seconds", (double)(to->ns - from->ns) / 1e9,
			 "cpuNanoseconds", count ? (double)(to->cpu_ns - from->cpu_ns) / count : 0,
			 "resent", (json_int_t)(to->resent - from->resent),
			 "failures",
			 "refused", (json_int_t)f->refused, "reset", (json_int_t)f->reset,
			 "closed", (json_int_t)f->closed, "wrong", (json_int_t)f->wrong,
			 "noPort", (json_int_t)f->no_port, "stuck", (json_int_t)f->stuck,
			 "other", (json_int_t)f->other);
}
