/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What all loads have in common: where to, for how long, the marks at the edges of the measured
 * window, and what goes wrong, which is counted and printed and never repaired in silence.
 */
#pragma once

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOAD_ENDS_MAX 64

struct end {
	struct sockaddr_storage ss;
	socklen_t len;
};

struct load {
	struct end targets[LOAD_ENDS_MAX];	/* taken in turn */
	unsigned n_targets;
	struct end sources[LOAD_ENDS_MAX];	/* the same; none: the kernel's choice */
	unsigned n_sources;
	unsigned concurrency;
	double warm_sec;
	double sec;
	pid_t server;				/* its CPU time counts too; 0: none */
};

/* Everything that happened in the window and should not have. */
struct failures {
	uint64_t refused;
	uint64_t reset;
	uint64_t closed;	/* by the server, before all of its answer */
	uint64_t wrong;		/* an answer to something else */
	uint64_t no_port;	/* this host has no source port left */
	uint64_t stuck;		/* no answer for STUCK_NS when the window ended */
	uint64_t other;
};

/* Less than a second: a SYN that was lost and sent again is a failure. */
#define STUCK_NS 900000000ull

/* The state at one edge of the window. */
struct mark {
	uint64_t ns;
	uint64_t cpu_ns;	/* of this process and the server, with what the kernel did in them */
	uint64_t resent;	/* segments, in this network namespace */
};

uint64_t now_ns(void);

/* Ends the program if the server is no more. */
void mark_take(const struct load *l, struct mark *ret);

void failures_put(struct failures *f, int code);

/*
 * A socket on its way to the @n-th target, from the @n-th source; -1 with errno. @flags as for
 * socket(2).
 */
int load_dial(const struct load *l, unsigned n, int flags);

/* The window's length, CPU time for one of @count, and all that went wrong. */
json_t *load_report(const struct mark *from, const struct mark *to, double count,
		    const struct failures *f);
