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

const __u32 bench_counts[N_COUNTS] = { 1, 1024, 65536 };

struct row *result_row(struct result *r, const char *hook, const char *name, const char *floor)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->rows[i].hook, hook) && !strcmp(r->rows[i].name, name))
			return &r->rows[i];
	if (r->n == MAX_ROWS)
		abort();
	r->rows[r->n] = (struct row){ .hook = hook, .name = name, .floor = floor };
	return &r->rows[r->n++];
}

void cell_put(struct cell *c, double ns, double floor, double null)
{
	samples_put(&c->ns, ns - null);
	if (floor < 0)
		return;
	samples_put(&c->floor, floor - null);
	samples_put(&c->ratio, (ns - null) / (floor - null));
	samples_put(&c->gross, ns / floor);
}

/* ---- the table ------------------------------------------------------- */

static void print_cell(struct cell *c)
{
	struct spread ns = samples_spread(&c->ns), floor = samples_spread(&c->floor);
	struct spread ratio = samples_spread(&c->ratio), gross = samples_spread(&c->gross);

	if (!ns.n)
		printf(" | %37s", "");
	else if (!floor.n)
		printf(" | %5.0f %31s", ns.median, "");
	else
		printf(" | %5.0f %5.0f %5.2f (%4.2f-%5.2f) %5.2f", ns.median, floor.median,
		       ratio.median, ratio.p10, ratio.p90, gross.median);
}

static size_t kind_samples(const struct row *r, int k)
{
	size_t any = 0;

	for (int n = 0; n < N_COUNTS; n++)
		any += r->cells[k][n].ns.n;
	return any;
}

static void print_row(struct row *r)
{
	size_t any = 0;

	for (int k = 0; k < N_KINDS; k++)
		any += kind_samples(r, k);
	if (!any)
		return;
	printf("\n%s: %s", r->hook, r->name);
	if (r->floor)
		printf("  [%s", r->floor);
	if (r->floor && r->target > 0)
		printf(", target %.2f", r->target);
	if (r->floor)
		putchar(']');
	putchar('\n');
	for (int k = 0; k < N_KINDS; k++) {
		if (!kind_samples(r, k))
			continue;
		printf("  %-5s", bench_kinds[k].name);
		for (int n = 0; n < N_COUNTS; n++)
			print_cell(&r->cells[k][n]);
		putchar('\n');
	}
}

void result_print(struct result *r)
{
	printf("\nns a packet, without what the harness costs (null program, same turn): sluice, its floor,\n"
	       "ratio of the two by turns: median (p10-p90), and the ratio with the harness in both.\n"
	       "       ");
	for (int n = 0; n < N_COUNTS; n++)
		printf(" | %7u live flow%s %21s", bench_counts[n], n ? "s" : " ", "");
	printf("\n       ");
	for (int n = 0; n < N_COUNTS; n++)
		printf(" | %5s %5s %19s %5s", "ns", "floor", "ratio (p10-p90)", "gross");
	putchar('\n');
	for (size_t i = 0; i < r->n; i++)
		print_row(&r->rows[i]);
}

/* ---- JSON ------------------------------------------------------------ */

static json_t *spread_json(struct samples *s)
{
	struct spread v = samples_spread(s);

	return v.n ? json_pack("{s:f,s:f,s:f,s:I}", "median", v.median, "p10", v.p10, "p90",
			       v.p90, "samples", (json_int_t)v.n)
		   : json_null();
}

static void cells_json(struct row *r, json_t *to)
{
	for (int k = 0; k < N_KINDS; k++) {
		for (int n = 0; n < N_COUNTS; n++) {
			struct cell *c = &r->cells[k][n];

			if (!c->ns.n)
				continue;
			json_array_append_new(to, json_pack(
				"{s:s,s:s,s:s?,s:s,s:i,s:o,s:o,s:o,s:o}", "hook", r->hook, "case",
				r->name, "floorName", r->floor, "kind", bench_kinds[k].name,
				"flows", (int)bench_counts[n], "ns", spread_json(&c->ns), "floor",
				spread_json(&c->floor), "ratio", spread_json(&c->ratio),
				"ratioGross", spread_json(&c->gross)));
		}
	}
}

int result_write(struct result *r, const char *path)
{
	json_t *rows = json_array(), *all;
	int rc;

	for (size_t i = 0; i < r->n; i++)
		cells_json(&r->rows[i], rows);
	all = json_pack("{s:O?,s:o}", "programs", r->facts, "rows", rows);
	rc = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	json_decref(all);
	return rc;
}

void result_done(struct result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct cell *c = &r->rows[i].cells[0][0];

		for (int j = 0; j < N_KINDS * N_COUNTS; j++, c++) {
			samples_done(&c->ns);
			samples_done(&c->floor);
			samples_done(&c->ratio);
			samples_done(&c->gross);
		}
	}
	json_decref(r->facts);
	memset(r, 0, sizeof(*r));
}
