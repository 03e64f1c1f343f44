/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Endpoints → EndpointSlices. */
#include "cluster_sandbox.h"

#include <string.h>

#include "manifest/manifest.h"

#define SERVICE_TEXT(more)                                                         \
	"{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{port: 1}]" more "}}\n"
#define ENDPOINTS(meta, subsets)                                                   \
	"---\n{apiVersion: v1, kind: Endpoints, metadata: {name: db" meta "}, subsets: [" subsets "]}\n"

Test(cluster_mirror, a_subset_becomes_a_slice)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(objects_done) object_vec objects = { 0 };
	const struct endpoint *e;
	const struct slice *s;

	cr_assert_eq(manifest_load("tests/manifests/endpoints.yaml", NULL, &objects, &w.err), 0, "%s",
		     w.err.text);
	cr_assert_eq(cluster_apply(&w.snap, &w.cfg, objects.at, objects.n, &w.changes, &w.err), 0,
		     "%s", w.err.text);
	cr_assert_eq(n_slices(&w), 1);
	s = slice_at(&w, 0);
	cr_assert_eq(strncmp(s->meta.name, "legacy-db-", 10), 0);
	expect_text("service", labels_find(&s->meta.labels, LABEL_SERVICE_NAME), "legacy-db");
	expect_text("manager", labels_find(&s->meta.labels, LABEL_MANAGED_BY),
		    SLUICE_MIRROR_MANAGER);
	expect_text("label", labels_find(&s->meta.labels, "team"), "storage");
	cr_assert_eq(s->meta.annotations.n, 1, "all but the trigger time");
	cr_assert_eq(s->ports.n, 2);
	cr_assert_eq(s->ports.at[0].port, 15432);
	expect_text("appProtocol", s->ports.at[1].app_protocol, "http");
	cr_assert_eq(s->endpoints.n, 3);
	e = endpoint_of(&w, "192.0.2.11");
	cr_assert_eq(e->ready, TRI_TRUE);
	expect_text("hostname", e->hostname, "standby");
	expect_text("target", e->target_name, "pg-1");
	expect_text("node", endpoint_of(&w, "192.0.2.10")->node_name, "node-1");
	cr_assert_eq(endpoint_of(&w, "192.0.2.12")->ready, TRI_FALSE);
}

Test(cluster_mirror, follows_what_changes)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	/* Either may come first. */
	sandbox_apply_text(&w, ENDPOINTS("", "{addresses: [{ip: 192.0.2.1}], ports: [{port: 1}]}"));
	cr_assert_eq(n_slices(&w), 0);
	sandbox_apply_text(&w, SERVICE_TEXT(""));
	cr_assert(endpoint_of(&w, "192.0.2.1"));
	sandbox_apply_text(&w, ENDPOINTS("", "{addresses: [{ip: 192.0.2.2}], ports: [{port: 1}]}"));
	cr_assert_not(endpoint_of(&w, "192.0.2.1"));
	cr_assert(endpoint_of(&w, "192.0.2.2"));
	sandbox_apply_text(&w, SERVICE_TEXT(", selector: {a: b}"));
	cr_assert_not(endpoint_of(&w, "192.0.2.2"), "a selector wins");
	sandbox_apply_text(&w, SERVICE_TEXT(""));
	cr_assert(endpoint_of(&w, "192.0.2.2"));
	cr_assert_eq(sandbox_delete(&w, KIND_ENDPOINTS, "db"), 0, "%s", w.err.text);
	cr_assert_eq(n_slices(&w), 0);
}

Test(cluster_mirror, some_are_not_meant_to_be)
{
	static const char *const metas[] = {
		", labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}",
		", annotations: {control-plane.alpha.kubernetes.io/leader: '{}'}",
		", namespace: other",
	};

	for (size_t i = 0; i < sizeof(metas) / sizeof(*metas); i++) {
		own(sandbox_done) struct sandbox w = sandbox_new();
		own(free) char *text = NULL;

		cr_assert_gt(asprintf(&text, SERVICE_TEXT("") ENDPOINTS("%s",
			     "{addresses: [{ip: 192.0.2.1}], ports: [{port: 1}]}"), metas[i]), 0);
		sandbox_apply_text(&w, text);
		cr_assert_eq(n_slices(&w), 0, "%s", metas[i]);
	}
}

Test(cluster_mirror, families_and_many_addresses_are_slices_of_their_own)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(free) char *text = NULL;
	size_t size, v4 = 0, v6 = 0;
	FILE *f = open_memstream(&text, &size);

	fputs(SERVICE_TEXT("") "---\n{apiVersion: v1, kind: Endpoints, metadata: {name: db}, "
	      "subsets: [{ports: [{port: 1}], addresses: [{ip: '2001:db8::1'}", f);
	for (unsigned int i = 0; i < 250; i++)
		fprintf(f, ", {ip: 192.0.2.%u}", i);
	fputs("]}]}", f);
	fclose(f);
	sandbox_apply_text(&w, text);
	cr_assert_eq(n_slices(&w), 4);
	for (size_t i = 0; i < 4; i++) {
		const struct slice *s = slice_at(&w, i);

		cr_assert_leq(s->endpoints.n, 100);
		*(s->family == FAMILY_V4 ? &v4 : &v6) += s->endpoints.n;
	}
	cr_assert_eq(v4, 250);
	cr_assert_eq(v6, 1);
	sandbox_apply_text(&w, text);
	cr_assert_eq(w.changes.at[1].change, CHANGE_NONE);
}

Test(cluster_mirror, bad_endpoints_are_refused)
{
	static const struct {
		const char *subsets;
		const char *why;	/* NULL: accepted */
	} rows[] = {
		{ "", NULL },
		{ "{addresses: [{ip: 192.0.2.1}]}", NULL },
		{ "{notReadyAddresses: [{ip: '2001:db8::1'}], ports: [{port: 1}]}", NULL },
		{ "{ports: [{port: 1}]}", "subsets[0]: Required value: must specify `addresses` or "
		  "`notReadyAddresses`" },
		{ "{addresses: [{ip: 127.0.0.1}]}", "subsets[0].addresses[0].ip: Invalid value: "
		  "\"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)" },
		{ "{notReadyAddresses: [{ip: x}]}", "subsets[0].notReadyAddresses[0].ip: Invalid "
		  "value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" },
		{ "{addresses: [{ip: 1.1.1.1}], ports: [{port: 1}, {name: a, port: 2}]}",
		  "subsets[0].ports[0].name: Required value" },
		{ "{addresses: [{ip: 1.1.1.1}], ports: [{name: a}]}", "subsets[0].ports[0].port: "
		  "Invalid value: 0: must be between 1 and 65535, inclusive" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		own(objects_done) object_vec objects = { 0 };
		own(free) char *text = NULL;
		struct err e = { 0 };
		char want[512];

		cr_assert_gt(asprintf(&text, ENDPOINTS("", "%s"), rows[i].subsets), 0);
		cr_assert_eq(manifest_parse("m", text, strlen(text), NULL, &objects, &e), 0, "%s",
			     e.text);
		cr_assert_eq(object_default(objects.at[0], &e), 0);
		cr_expect_eq(object_validate(objects.at[0], &e), rows[i].why ? -EINVAL : 0, "%s: %s",
			     rows[i].subsets, e.text);
		snprintf(want, sizeof(want), "m:2: The Endpoints \"db\" is invalid: %s", rows[i].why);
		if (rows[i].why)
			cr_expect_str_eq(e.text, want);
	}
}
