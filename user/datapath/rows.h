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

struct rows {
	struct row_array services;	/* struct sluice_service */
	struct row_array backends;	/* struct sluice_backend */
	struct row_array choices;	/* struct sluice_choices */
	struct row_array filter;	/* struct sluice_filter, one */
	struct row_array settings;	/* struct sluice_settings, one */
	struct row_array base;		/* struct sluice_slot_count by service row */
};

/* Maps the arrays into memory. */
int rows_open(const struct maps *maps, bool writable, struct rows *ret, struct err *reterr);
void rows_close(struct rows *r);
DEFINE_OWN_DONE(struct rows, rows_close)

struct sluice_service *rows_service(const struct rows *r, uint32_t row);
struct sluice_backend *rows_backend(const struct rows *r, uint32_t row);
struct sluice_slot_count *rows_base(const struct rows *r, uint32_t row);
struct sluice_filter *rows_filter(const struct rows *r);
struct sluice_settings *rows_settings(const struct rows *r);

/* Words of choices. */
size_t rows_n_choices(const struct rows *r);

/* All of them, one after the other: the map itself. */
const uint32_t *rows_choices(const struct rows *r);

void rows_put_backend(struct rows *r, uint32_t row, const struct sluice_backend *b);
void rows_put_service(struct rows *r, uint32_t row, const struct sluice_service *s);
void rows_put_choices(struct rows *r, uint32_t first, const uint32_t *words, uint32_t n);

/* Adds the bits of @f / leaves exactly the bits of @f. */
void rows_filter_add(struct rows *r, const struct sluice_filter *f);
void rows_filter_set(struct rows *r, const struct sluice_filter *f);

/* Whether that changed anything. */
bool rows_put_settings(struct rows *r, const struct sluice_settings *s);

/* Adds to, or zeroes, what a service keeps of slots it once had. */
void rows_base_add(struct rows *r, uint32_t row, const struct sluice_slot_count *c);
void rows_base_clear(struct rows *r, uint32_t row);
