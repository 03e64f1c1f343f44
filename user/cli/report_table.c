/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/report_table.h"

#include "cli/format.h"
#include "cli/table.h"

static void put_counts(struct table *t, struct libscols_line *row,
		       const struct sluice_slot_count *c)
{
	char buf[FORMAT_MAX];

	table_cell(t, row, "%s", format_count(c->packets_in, buf));
	table_cell(t, row, "%s", format_bytes(c->bytes_in, buf));
	table_cell(t, row, "%s", format_count(c->packets_out, buf));
	table_cell(t, row, "%s", format_bytes(c->bytes_out, buf));
	table_cell(t, row, "%s", format_count(c->opened, buf));
	table_cell(t, row, "%s", format_count(report_active(c), buf));
}

static void put_service(struct table *t, struct libscols_line *row, const struct report_service *s)
{
	table_cell(t, row, "%s%s%s", s->namespace, *s->namespace ? "/" : "", s->name);
}

static void put_port(struct table *t, struct libscols_line *row, const struct report_service *s)
{
	if (!s->protocol)
		table_cell(t, row, " ");
	else
		table_cell(t, row, "%s%s%u/%s", s->port_name, *s->port_name ? ":" : "", s->port,
			   protocol_name(s->protocol));
}

static void put_backend(struct table *t, struct libscols_line *parent,
			const struct report_backend *b)
{
	struct libscols_line *row = table_row(t, parent);
	bool v6 = addr_family(&b->addr) == FAMILY_V6;
	char text[ADDR_TEXT_MAX];

	table_cell(t, row, "%s%s%s:%u", v6 ? "[" : "", addr_text(&b->addr, text), v6 ? "]" : "",
		   b->port);
	table_cell(t, row, "%s%s%s", b->node ? b->node : "", b->node && b->retired ? " " : "",
		   b->retired ? "(draining)" : "");
	put_counts(t, row, &b->count);
	table_cell(t, row, "-");
}

static struct table *stats_table(bool backends)
{
	struct table *t = table_new();

	if (!t)
		return NULL;
	table_column(t, "SERVICE", TABLE_TREE);
	table_column(t, backends ? "PORT/NODE" : "PORT", TABLE_LEFT);
	table_column(t, "PACKETS-IN", TABLE_RIGHT);
	table_column(t, "BYTES-IN", TABLE_RIGHT);
	table_column(t, "PACKETS-OUT", TABLE_RIGHT);
	table_column(t, "BYTES-OUT", TABLE_RIGHT);
	table_column(t, "OPENED", TABLE_RIGHT);
	table_column(t, "ACTIVE", TABLE_RIGHT);
	table_column(t, "DROPS", TABLE_RIGHT);
	return t;
}

int report_print(FILE *out, const struct report *r, bool backends, struct err *reterr)
{
	own(table_free) struct table *t = stats_table(backends);
	char buf[FORMAT_MAX];

	if (!t)
		return err_nomem(reterr);
	vec_each(s, &r->services) {
		struct libscols_line *row = table_row(t, NULL);

		put_service(t, row, s);
		put_port(t, row, s);
		put_counts(t, row, &s->count);
		table_cell(t, row, "%s", format_count(report_drops(s), buf));
		if (backends) {
			vec_each(b, &s->backends)
				put_backend(t, row, b);
			if (!s->backends.n)
				table_cell(t, table_row(t, row), "(no endpoints)");
		}
	}
	return table_print(t, out, reterr);
}

int report_print_reasons(FILE *out, const struct report *r, bool all, struct err *reterr)
{
	own(table_free) struct table *t = table_new();
	const struct sluice_tally *other = &r->reasons[SLUICE_R_NOT_OURS];
	const struct sluice_tally *echo = &r->reasons[SLUICE_R_ECHO];
	const struct sluice_tally *held = &r->reasons[SLUICE_R_HELD];
	char packets[FORMAT_MAX], bytes[FORMAT_MAX];
	size_t n = 0;

	if (!t)
		return err_nomem(reterr);
	table_column(t, "DROPPED", TABLE_LEFT);
	table_column(t, "PACKETS", TABLE_RIGHT);
	table_column(t, "BYTES", TABLE_RIGHT);
	table_column(t, "WHY", TABLE_LEFT);
	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++) {
		const struct sluice_tally *tally = &r->reasons[i];
		struct libscols_line *row;

		if (!reason_is_drop(i) || (!tally->packets && !all))
			continue;
		row = table_row(t, NULL);
		table_cell(t, row, "%s", reason_infos[i].label);
		table_cell(t, row, "%s", format_count(tally->packets, packets));
		table_cell(t, row, "%s", format_bytes(tally->bytes, bytes));
		table_cell(t, row, "%s", reason_infos[i].doc);
		n++;
	}
	if (n && table_print(t, out, reterr))
		return -ENOMEM;
	fprintf(out, "%s%s packets, %s, were for no service\n",
		n ? "\n" : "nothing dropped; ", format_count(other->packets, packets),
		format_bytes(other->bytes, bytes));
	if (echo->packets)
		fprintf(out, "%s pings, %s, of addresses of Services\n",
			format_count(echo->packets, packets), format_bytes(echo->bytes, bytes));
	if (held->packets)
		fprintf(out, "%s fragments, %s, were held for the first of their datagram\n",
			format_count(held->packets, packets), format_bytes(held->bytes, bytes));
	return 0;
}

int report_print_service_drops(FILE *out, const struct report *r, struct err *reterr)
{
	own(table_free) struct table *t = table_new();
	char buf[FORMAT_MAX];
	size_t n = 0;

	if (!t)
		return err_nomem(reterr);
	table_column(t, "SERVICE", TABLE_LEFT);
	table_column(t, "PORT", TABLE_LEFT);
	table_column(t, "DROPPED", TABLE_LEFT);
	table_column(t, "PACKETS", TABLE_RIGHT);
	vec_each(s, &r->services) {
		for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++) {
			struct libscols_line *row;

			if (!reason_is_drop(i) || !s->drops[i])
				continue;
			row = table_row(t, NULL);
			put_service(t, row, s);
			put_port(t, row, s);
			table_cell(t, row, "%s", reason_infos[i].label);
			table_cell(t, row, "%s", format_count(s->drops[i], buf));
			n++;
		}
	}
	if (n)
		return table_print(t, out, reterr);
	fputs("nothing dropped that was for a service\n", out);
	return 0;
}

static uint64_t drops_sum(const struct report *r, enum sluice_reason why)
{
	uint64_t sum = 0;

	vec_each(s, &r->services)
		sum += s->drops[why];
	return sum;
}

int report_print_drops(FILE *out, const struct report *r, struct err *reterr)
{
	own(table_free) struct table *t = table_new();
	char buf[FORMAT_MAX];
	size_t n = 0;

	if (!t)
		return err_nomem(reterr);
	table_column(t, "DROPPED", TABLE_LEFT);
	table_column(t, "PACKETS", TABLE_RIGHT);
	table_column(t, "WHY", TABLE_LEFT);
	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++) {
		uint64_t sum = reason_is_drop(i) ? drops_sum(r, i) : 0;
		struct libscols_line *row;

		if (!sum)
			continue;
		row = table_row(t, NULL);
		table_cell(t, row, "%s", reason_infos[i].label);
		table_cell(t, row, "%s", format_count(sum, buf));
		table_cell(t, row, "%s", reason_infos[i].doc);
		n++;
	}
	if (!n)
		return 0;
	fputc('\n', out);
	return table_print(t, out, reterr);
}

int report_print_affinity(FILE *out, const struct report *r, struct err *reterr)
{
	own(table_free) struct table *t = table_new();
	char buf[FORMAT_MAX];
	size_t n = 0;

	if (!t)
		return err_nomem(reterr);
	table_column(t, "AFFINITY", TABLE_LEFT);
	table_column(t, "OPENED", TABLE_RIGHT);
	table_column(t, "TO-LAST", TABLE_RIGHT);
	vec_each(s, &r->services) {
		struct libscols_line *row;

		if (!s->affinity)
			continue;
		row = table_row(t, NULL);
		put_port(t, row, s);
		table_cell(t, row, "%s", format_count(s->count.opened, buf));
		table_cell(t, row, "%s", format_count(s->drops[SLUICE_R_AFFINITY], buf));
		n++;
	}
	if (!n)
		return 0;
	fputc('\n', out);
	return table_print(t, out, reterr);
}
