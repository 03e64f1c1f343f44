/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A case played to the model and to the programs at once. */
#pragma once

#include "model/case.h"

struct play;

/* Programs and maps of this process, used for one case after the other. */
struct play *play_open(void);
void play_close(struct play *p);

struct play_total {
	unsigned long cases;
	unsigned long configs;
	unsigned long packets;		/* shots, */
	unsigned long runs;		/* and runs of programs for them */
	unsigned long sent;		/* of the runs: translated, */
	unsigned long opened;		/* some of which opened a connection, */
	unsigned long dropped;		/* dropped, */
	unsigned long answered;		/* dropped and answered */
	unsigned long again;		/* XDP and tc had the same to say of a packet */
};

/*
 * NULL if both agree about all of @c. Else what they do not agree about, until the next call; the
 * number of the event goes to *@ret_event. @total may be NULL.
 */
const char *play_case(struct play *p, const struct model_case *c, struct play_total *total,
		      unsigned *ret_event);

/* Plays @c and writes it as a test for found.c. */
void play_print(struct play *p, const struct model_case *c, FILE *out);
