/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps that are arrays in memory: read and written in place, while the programs read them.
 *
 * Order is all there is between writer and reader, so every store below is a whole aligned
 * word, and what publishes (the word of a set, a filter bit) is stored last, with release.
 * What a plan takes out of use may still be in the hands of a program that began before; how
 * long we wait until it is given away: write.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/own.h"
#include "datapath/datapath.h"
#include "datapath/maps.h"
#include "plan/layout.h"
#include "sluice/settings.h"

/* A mapped array: row i begins at @at + i * @stride. */
struct row_array {
	uint8_t *at;
	size_t n;
	size_t stride;
	size_t mapped;		/* bytes to unmap; 0: not ours */
};

/* Some words of the choices, in memory. */
struct row_window {
	uint32_t *at;
	size_t first;
	size_t n;
};

struct rows {
	struct row_array services;	/* struct sluice_service */
	struct row_array backends;	/* struct sluice_backend */
	struct row_array filter;	/* struct sluice_filter, one */
	struct row_array settings;	/* struct sluice_settings, one */
	struct row_array base;		/* struct sluice_slot_count by service row */
	/* struct sluice_choices, which is most of all: it has no memory but these. */
	struct row_array choices;
	int choices_fd;
	size_t window;			/* words that a window is a multiple of */
	VEC(struct row_window) windows;
};

/* Maps the arrays into memory; choices, some megabytes at a time, as they are asked for. */
int rows_open(const struct maps *maps, bool writable, struct rows *ret, struct err *reterr);

/*
 * For a change: mapping memory costs with its size, so only the rows in use are there, and
 * @more_services and @more_backends free ones; choices come as they are asked for.
 */
int rows_open_part(const struct maps *maps, size_t more_services, size_t more_backends,
		   struct rows *ret, struct err *reterr);
void rows_close(struct rows *r);
DEFINE_OWN_DONE(struct rows, rows_close)

/* The first @n rows of an array in memory; closed by array_close(). */
int array_open(const struct map *m, const char *name, size_t n, bool writable,
	       struct row_array *ret, struct err *reterr);
void array_close(struct row_array *a);
DEFINE_OWN_DONE(struct row_array, array_close)

struct sluice_service *rows_service(const struct rows *r, uint32_t row);
struct sluice_backend *rows_backend(const struct rows *r, uint32_t row);
struct sluice_slot_count *rows_base(const struct rows *r, uint32_t row);
struct sluice_filter *rows_filter(const struct rows *r);
struct sluice_settings *rows_settings(const struct rows *r);

/* Words of choices. */
size_t rows_n_choices(const struct rows *r);

/* @n of them, one after the other; NULL when they cannot be mapped. */
uint32_t *rows_choices(struct rows *r, uint32_t first, uint32_t n);

void rows_put_backend(struct rows *r, uint32_t row, const struct sluice_backend *b);
void rows_put_service(struct rows *r, uint32_t row, const struct sluice_service *s);
int rows_put_choices(struct rows *r, uint32_t first, const uint32_t *words, uint32_t n);

/* The note in row 0 of services. Its stamp is 0 while tables are written. */
struct sluice_note *rows_note(const struct rows *r);
void rows_put_stamp(struct rows *r, struct datapath_stamp s);

/* Adds the bits of @f / leaves exactly the bits of @f. Its prefixes as they are. */
void rows_filter_add(struct rows *r, const struct sluice_filter *f);
void rows_filter_set(struct rows *r, const struct sluice_filter *f);

/* Whether that changed anything. */
bool rows_settings_differ(const struct rows *r, const struct sluice_settings *s);
bool rows_put_settings(struct rows *r, const struct sluice_settings *s);

/* Adds to, or zeroes, what a service keeps of slots it once had. */
void rows_base_add(struct rows *r, uint32_t row, const struct sluice_slot_count *c);
void rows_base_clear(struct rows *r, uint32_t row);
