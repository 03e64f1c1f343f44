/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct kind bench_kinds[N_KINDS] = {
	{ "tcp4", false, false },
	{ "udp4", false, true },
	{ "tcp6", true, false },
	{ "udp6", true, true },
};

const __u32 bench_counts[N_COUNTS] = { 1, 1024, 65536, 524288 };

static bool row_is(const struct row *a, const struct row *b)
{
	return !strcmp(a->hook, b->hook) && !strcmp(a->traffic, b->traffic) &&
	       !strcmp(a->name.id, b->name.id);
}

struct row *result_row(struct result *r, const struct row *like)
{
	for (size_t i = 0; i < r->n; i++)
		if (row_is(&r->rows[i], like))
			return &r->rows[i];
	if (r->n == MAX_ROWS)
		abort();
	r->rows[r->n] = *like;
	return &r->rows[r->n++];
}

void cell_put(struct cell *c, double value)
{
	samples_put(&c->value, value);
}

void cell_put_ratio(struct cell *c, const char *to, double target, double value)
{
	for (int i = 0; i < MAX_RATIOS; i++) {
		struct ratio *ratio = &c->ratios[i];

		if (ratio->to && strcmp(ratio->to, to))
			continue;
		ratio->to = to;
		ratio->target = target;
		samples_put(&ratio->at, value);
		return;
	}
	abort();
}

/* ---- the table ------------------------------------------------------- */

static bool row_has_kind(const struct row *r, int k)
{
	for (int n = 0; n < N_COUNTS; n++)
		if (r->cells[k][n].value.n)
			return true;
	return false;
}

static const char *row_unit(const struct row *r)
{
	return r->unit ? r->unit : "ns";
}

static void print_samples(struct samples *s, int digits)
{
	struct spread v = samples_spread(s);
	char text[48] = "";

	if (v.n)
		snprintf(text, sizeof(text), "%.*f (%.*f-%.*f)", digits, v.median, digits, v.p10,
			 digits, v.p90);
	printf(" %20s", text);
}

static void print_target(const struct row *r, double target, int digits)
{
	if (target > 0)
		printf("   %s %.*f", strcmp(row_unit(r), "%") ? "<=" : ">=", digits, target);
	putchar('\n');
}

static void print_ratio(struct row *r, int k, int which)
{
	const struct ratio *known = NULL;

	for (int n = 0; n < N_COUNTS; n++)
		if (r->cells[k][n].ratios[which].to)
			known = &r->cells[k][n].ratios[which];
	if (!known)
		return;
	printf("        / %-8s", known->to);
	for (int n = 0; n < N_COUNTS; n++)
		print_samples(&r->cells[k][n].ratios[which].at, 2);
	print_target(r, known->target, 2);
}

static void print_row(struct row *r)
{
	printf("\nprogram/%s/%s/%s: %s\n", r->hook, r->traffic, r->name.id, r->name.title);
	for (int k = 0; k < N_KINDS; k++) {
		if (!row_has_kind(r, k))
			continue;
		printf("  %-5s %-10s", bench_kinds[k].name, row_unit(r));
		for (int n = 0; n < N_COUNTS; n++)
			print_samples(&r->cells[k][n].value, 0);
		print_target(r, r->target, 0);
		for (int i = 0; i < MAX_RATIOS; i++)
			print_ratio(r, k, i);
	}
}

void result_print(struct result *r)
{
	printf("\nns a packet, without what the harness costs (null program, same turn), and ratios\n"
	       "to the floors and of IPv6 to IPv4, by turns: median (p10-p90).\n\nlive flows        ");
	for (int n = 0; n < N_COUNTS; n++)
		printf(" %20u", bench_counts[n]);
	putchar('\n');
	for (size_t i = 0; i < r->n; i++)
		print_row(&r->rows[i]);
}

/* ---- JSON ------------------------------------------------------------ */

static void spread_json(json_t *to, struct samples *s, double target)
{
	struct spread v = samples_spread(s);

	json_object_set_new(to, "median", json_real(v.median));
	json_object_set_new(to, "p10", json_real(v.p10));
	json_object_set_new(to, "p90", json_real(v.p90));
	json_object_set_new(to, "samples", json_integer((json_int_t)v.n));
	if (target > 0)
		json_object_set_new(to, "target", json_real(target));
}

static json_t *cell_json(struct row *r, int k, int n)
{
	struct cell *c = &r->cells[k][n];
	json_t *cell = json_object(), *ratios = json_object();
	char id[160];

	snprintf(id, sizeof(id), "program/%s/%s/%s/%s/flows=%u", r->hook, r->traffic, r->name.id,
		 bench_kinds[k].name, bench_counts[n]);
	json_object_set_new(cell, "id", json_string(id));
	json_object_set_new(cell, "unit", json_string(row_unit(r)));
	spread_json(cell, &c->value, r->target);
	for (int i = 0; i < MAX_RATIOS && c->ratios[i].to; i++) {
		json_t *ratio = json_object();

		spread_json(ratio, &c->ratios[i].at, c->ratios[i].target);
		json_object_set_new(ratios, c->ratios[i].to, ratio);
	}
	json_object_set_new(cell, "ratios", ratios);
	return cell;
}

int result_write(struct result *r, const char *path)
{
	json_t *rows = json_array(), *all;
	int rc;

	for (size_t i = 0; i < r->n; i++)
		for (int k = 0; k < N_KINDS; k++)
			for (int n = 0; n < N_COUNTS; n++)
				if (r->rows[i].cells[k][n].value.n)
					json_array_append_new(rows, cell_json(&r->rows[i], k, n));
	all = json_pack("{s:s,s:O?,s:o}", "bench", "program", "programs", r->facts, "rows", rows);
	rc = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(5));
	json_decref(all);
	return rc;
}

static void cell_done(struct cell *c)
{
	samples_done(&c->value);
	for (int i = 0; i < MAX_RATIOS; i++)
		samples_done(&c->ratios[i].at);
}

void result_done(struct result *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (int j = 0; j < N_KINDS * N_COUNTS; j++)
			cell_done(&r->rows[i].cells[0][j]);
	json_decref(r->facts);
	memset(r, 0, sizeof(*r));
}
