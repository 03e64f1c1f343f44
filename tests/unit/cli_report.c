/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "cli/report_json.h"
#include "cli/report_table.h"

/* Rows of an image and of counters, as the store and the kernel would give them. */

static struct addr address(const char *text)
{
	struct addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static void add_named(struct image *img, uint64_t id, enum family f, const char *name,
		      uint16_t port, const char *backend)
{
	struct image_service s = {
		.id = { id, 0 }, .family = f, .namespace = "default", .name = name,
		.port_name = "http", .protocol = PROTO_TCP, .port = port,
	};
	struct image_backend b = { .addr = address(backend), .port = 8080, .node_name = "n1" };

	cr_assert_eq(vec_push(&s.backends, b), 0);
	cr_assert_eq(vec_push(&img->services, s), 0);
}

static void add_counted(struct stats *st, uint64_t id, const char *backend, bool retired,
			uint64_t packets)
{
	struct sluice_slot_count c = {
		.packets_in = packets, .bytes_in = packets * 100, .packets_out = packets / 2,
		.bytes_out = packets * 1000, .opened = 3, .closed = 1,
	};
	struct service_stats s = { .id = { id, 0 }, .count = c };
	struct backend_stats b = {
		.addr = address(backend), .port = 8080, .retired = retired, .count = c,
	};

	s.drops[SLUICE_R_NO_BACKEND] = 2;
	s.drops[SLUICE_R_AFFINITY] = 11;
	cr_assert_eq(vec_push(&s.backends, b), 0);
	cr_assert_eq(vec_push(&st->services, s), 0);
}

static struct image sample_image(void)
{
	struct image img = { 0 };

	add_named(&img, 10, FAMILY_V4, "web", 80, "10.244.1.10");
	add_named(&img, 20, FAMILY_V6, "web", 80, "fd00::10");
	add_named(&img, 30, FAMILY_V4, "api", 81, "10.244.1.11");
	return img;
}

static struct stats sample_stats(void)
{
	struct stats st = { 0 };

	add_counted(&st, 5, "10.244.9.9", true, 10);
	add_counted(&st, 10, "10.244.1.10", false, 1000);
	add_counted(&st, 20, "fd00::10", false, 24);
	st.reasons[SLUICE_R_MALFORMED] = (struct sluice_tally){ 7, 700 };
	st.reasons[SLUICE_R_NOT_OURS] = (struct sluice_tally){ 12345, 1 << 20 };
	st.reasons[SLUICE_R_ECHO] = (struct sluice_tally){ 3, 252 };
	st.reasons[SLUICE_R_HELD] = (struct sluice_tally){ 5, 7000 };
	return st;
}

static struct report sample_report(const struct image *img)
{
	own(stats_done) struct stats st = sample_stats();
	struct report r = { 0 };
	struct err e = { 0 };

	cr_assert_eq(report_make(img, &st, &r, &e), 0, "%s", e.text);
	return r;
}

Test(cli_report, families_are_one_row_and_rows_are_sorted)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);

	cr_assert_eq(r.services.n, 3);
	cr_expect_str_eq(r.services.at[0].name, "api");
	cr_expect_str_eq(r.services.at[1].name, "web");
	cr_expect_str_eq(r.services.at[2].name, REPORT_DELETED);
	cr_expect_eq(r.services.at[1].backends.n, 2);
	cr_expect_eq(r.services.at[1].count.packets_in, 1024);
	cr_expect_eq(report_active(&r.services.at[1].count), 4);
	cr_expect_eq(report_drops(&r.services.at[1]), 4);
}

Test(cli_report, what_the_kernel_does_not_know_yet_counts_nothing)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);

	cr_assert_eq(r.services.at[0].backends.n, 1);
	cr_expect_eq(r.services.at[0].count.packets_in, 0);
	cr_expect_str_eq(r.services.at[0].backends.at[0].node, "n1");
}

Test(cli_report, a_close_seen_before_its_open_is_not_minus_one)
{
	struct sluice_slot_count c = { .opened = 1, .closed = 2 };

	cr_expect_eq(report_active(&c), 0);
}

Test(cli_report, what_has_ended_is_not_shown)
{
	own(image_done) struct image img = sample_image();
	own(stats_done) struct stats st = { 0 };
	own(report_done) struct report r = { 0 };
	struct err e = { 0 };

	add_counted(&st, 5, "10.244.9.9", true, 10);
	add_counted(&st, 10, "10.244.1.12", true, 10);
	vec_each(s, &st.services) {
		s->count.closed = s->count.opened;
		s->backends.at[0].count.closed = s->backends.at[0].count.opened;
	}
	cr_assert_eq(report_make(&img, &st, &r, &e), 0);
	cr_assert_eq(r.services.n, 2);
	cr_expect_eq(r.services.at[1].count.packets_in, 10);
	cr_assert_eq(r.services.at[1].backends.n, 2);
	vec_each(b, &r.services.at[1].backends)
		cr_expect(!b->retired);
}

Test(cli_report, names_filter_and_must_exist)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	char *web[] = { "web" }, *none[] = { "nope" };

	report_filter(&r, NULL, web, 1);
	cr_expect_eq(r.services.n, 1);
	cr_expect(report_has(&r, web[0]));
	report_filter(&r, "default", none, 1);
	cr_expect_eq(r.services.n, 0);
	cr_expect_not(report_has(&r, none[0]));
}

Test(cli_report, names_may_bear_a_namespace_or_a_kind)
{
	static const struct {
		const char *name;
		bool there;
		const char *bare;
	} rows[] = {
		{ "default/web", true, "web" }, { "svc/web", true, "web" },
		{ "service/web", true, "web" }, { "other/web", false, "web" },
		{ "svc/nope", false, "nope" }, { "pod/web", false, "web" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(image_done) struct image img = sample_image();
		own(report_done) struct report r = sample_report(&img);
		char *names[] = { (char *)rows[i].name };

		report_filter(&r, NULL, names, 1);
		cr_expect_eq(report_has(&r, names[0]), rows[i].there);
		cr_expect_eq(r.services.n, rows[i].there);
		cr_expect_str_eq(report_name(names[0]), rows[i].bare);
	}
}

/* --- JSON ----------------------------------------------------------------------- */

static void expect_keys(const json_t *j, const char *const keys[])
{
	size_t n = 0;

	for (; keys[n]; n++)
		cr_expect(json_object_get(j, keys[n]), "no key %s", keys[n]);
	cr_expect_eq(json_object_size(j), n);
}

Test(cli_report, json_has_exactly_the_documented_keys)
{
	static const char *const top[] = { "services", "drops", "notOurs", "echo", "held", NULL };
	static const char *const service[] = {
		"namespace", "service", "portName", "protocol", "port", "packetsIn", "bytesIn",
		"packetsOut", "bytesOut", "connectionsOpened", "connectionsActive", "affinityHits",
		"drops", "backends", NULL,
	};
	static const char *const backend[] = {
		"address", "port", "node", "packetsIn", "bytesIn", "packetsOut", "bytesOut",
		"connectionsOpened", "connectionsActive", NULL,
	};
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	json_t *j = report_json(&r), *web;

	cr_assert_not_null(j);
	expect_keys(j, top);
	web = json_array_get(json_object_get(j, "services"), 1);
	expect_keys(web, service);
	expect_keys(json_array_get(json_object_get(web, "backends"), 0), backend);
	json_decref(j);
}

Test(cli_report, json_numbers_are_exact)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	json_t *j = report_json(&r);
	const char *name, *address_text, *node;
	json_int_t in, active, drops, malformed, bytes, echo, held;

	cr_assert_not_null(j);
	cr_assert_eq(json_unpack(json_array_get(json_object_get(j, "services"), 1),
				 "{s:s, s:I, s:I, s:{s:I}, s:[{s:s, s:s}, *]}", "service", &name,
				 "packetsIn", &in, "connectionsActive", &active, "drops",
				 "noBackend", &drops, "backends", "address", &address_text, "node",
				 &node), 0);
	cr_expect_str_eq(name, "web");
	cr_expect_eq(in, 1024);
	cr_expect_eq(active, 4);
	cr_expect_eq(drops, 4);
	cr_expect_str_eq(node, "n1");
	cr_assert_eq(json_unpack(j, "{s:{s:I}, s:{s:I}, s:{s:I}, s:{s:I}}", "drops", "malformed",
				 &malformed, "notOurs", "bytes", &bytes, "echo", "packets", &echo,
				 "held", "bytes", &held), 0);
	cr_expect_eq(echo, 3);
	cr_expect_eq(held, 7000);
	cr_expect_eq(malformed, 7);
	cr_expect_eq(bytes, 1 << 20);
	json_decref(j);
}

/* Of both families together, and only if there is affinity. */
Test(cli_report, affinity_is_told_where_it_is)
{
	own(image_done) struct image img = sample_image();
	struct err e = { 0 };

	for (uint32_t sec = 0; sec < 11; sec += 10) {
		own(report_done) struct report r = { 0 };
		own(stats_done) struct stats st = sample_stats();
		own(free) char *text = NULL;
		size_t len;
		FILE *mem = open_memstream(&text, &len);
		json_t *j, *hits;

		img.services.at[0].affinity_sec = img.services.at[1].affinity_sec = sec;
		cr_assert_eq(report_make(&img, &st, &r, &e), 0, "%s", e.text);
		j = report_json(&r);
		hits = json_object_get(json_array_get(json_object_get(j, "services"), 1),
				       "affinityHits");
		cr_expect(sec ? json_integer_value(hits) == 22 : json_is_null(hits));
		json_decref(j);
		cr_assert_eq(report_print_affinity(mem, &r, &e), 0);
		fclose(mem);
		cr_expect_str_eq(text, sec ? "\nAFFINITY      OPENED   TO-LAST\n"
					     "http:80/TCP        6        22\n" : "");
	}
}

Test(cli_report, a_backend_without_a_known_node_says_null)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	json_t *j = report_json(&r), *gone;

	cr_assert_not_null(j);
	gone = json_array_get(json_object_get(j, "services"), 2);
	cr_expect(json_is_null(json_object_get(
		json_array_get(json_object_get(gone, "backends"), 0), "node")));
	json_decref(j);
}

/* --- text ----------------------------------------------------------------------- */

static char *printed(const struct report *r, bool backends)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cr_assert_not_null(mem);
	cr_assert_eq(report_print(mem, r, backends, &e), 0);
	cr_assert_eq(report_print_reasons(mem, r, false, &e), 0);
	fclose(mem);
	return text;
}

static void expect_line(const char *text, const char *line)
{
	cr_expect(strstr(text, line), "\n%s\nis not in\n%s", line, text);
}

Test(cli_report, every_reason_to_drop)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	own(free) char *text = NULL;
	struct err e = { 0 };
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cr_assert_not_null(mem);
	cr_assert_eq(report_print_reasons(mem, &r, true, &e), 0);
	cr_assert_eq(report_print_service_drops(mem, &r, &e), 0);
	fclose(mem);
	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++) {
		char row[80];

		snprintf(row, sizeof(row), "\n%s ", reason_infos[i].label);
		cr_expect_eq(!!strstr(text, row), reason_is_drop(i), "%s in\n%s",
			     reason_infos[i].label, text);
	}
	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++)
		cr_expect_str_neq(reason_infos[i].label, "other");
	expect_line(text, " 0     0 B   no free source port");
	expect_line(text, "default/web   http:80/TCP   noBackend         4\n");
}

Test(cli_report, table_for_a_person)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	own(free) char *text = printed(&r, false);

	expect_line(text, "SERVICE       PORT          PACKETS-IN    BYTES-IN   PACKETS-OUT   "
			  " BYTES-OUT   OPENED   ACTIVE   DROPS\n");
	expect_line(text, "default/web   http:80/TCP         1024   100.0 KiB           512   "
			  "1000.0 KiB        6        4       4\n");
	expect_line(text, "DROPPED     PACKETS   BYTES   WHY\n");
	expect_line(text, "malformed         7   700 B   a header contradicts itself");
	expect_line(text, "\n12.3k packets, 1.0 MiB, were for no service\n");
	expect_line(text, "\n5 fragments, 6.8 KiB, were held for the first of their datagram\n");
	cr_expect(!strstr(text, "\nheld "));
	cr_expect(!strstr(text, "10.244.1.10"));
}

Test(cli_report, backends_stand_below_their_service)
{
	own(image_done) struct image img = sample_image();
	own(report_done) struct report r = sample_report(&img);
	own(free) char *text = printed(&r, true);

	expect_line(text, "|-10.244.1.10:8080   n1                  1000    97.7 KiB");
	expect_line(text, "`-[fd00::10]:8080    n1                    24     2.3 KiB");
	expect_line(text, "`-10.244.9.9:8080    (draining)            10      1000 B");
}
