/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How many of something an object may have: the last number that is accepted, and the next. */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"

#define SLICE                                                                      \
	"{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}, "             \
	"addressType: IPv4, "
#define SERVICE "{apiVersion: v1, kind: Service, metadata: {name: e}, spec: {"
#define ENDPOINTS "{apiVersion: v1, kind: Endpoints, metadata: {name: e}, subsets: [{"
#define NODE "{apiVersion: v1, kind: Node, metadata: {name: e, "

/* The object of @head, @n times @item, of which the printf arguments are its number, and @tail. */
static void expect(const char *head, const char *item, unsigned int n, const char *tail,
		   const char *want)
{
	own(objects_done) object_vec objects = { 0 };
	own(free) char *text = NULL;
	struct err e = { 0 };
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *why;

	fputs(head, f);
	for (unsigned int i = 1; i <= n; i++)
		for (const char *p = item; *p; p++)
			*p == '#' ? fprintf(f, "%u", i) : fputc(*p, f);
	fputs(tail, f);
	fclose(f);
	cr_assert_eq(manifest_parse("m", text, len, NULL, &objects, &e), 0, "%s", e.text);
	cr_assert_eq(objects.n, 1);
	cr_assert_eq(object_default(objects.at[0], &e), 0);
	cr_expect_eq(object_validate(objects.at[0], &e), *want ? -EINVAL : 0);
	why = strstr(e.text, "is invalid: ");
	cr_expect_str_eq(why ? why + strlen("is invalid: ") : e.text, want);
}

Test(model_bounds, ports)
{
	static const char port[] = "{name: p#, port: #}, ";
	static const char wrong[] = "ports: Too many: 1001: must have at most 1000 items";

	expect(SERVICE "ports: [", port, 1000, "]}}", "");
	expect(SERVICE "ports: [", port, 1001, "]}}",
	       "spec.ports: Too many: 1001: must have at most 1000 items");
	expect(SLICE "endpoints: [], ports: [", port, 1000, "]}", "");
	expect(SLICE "endpoints: [], ports: [", port, 1001, "]}", wrong);
	expect(ENDPOINTS "addresses: [{ip: 10.0.0.1}], ports: [", port, 1000, "]}]}", "");
	expect(ENDPOINTS "addresses: [{ip: 10.0.0.1}], ports: [", port, 1001, "]}]}",
	       "subsets[0].ports: Too many: 1001: must have at most 1000 items");
}

Test(model_bounds, endpoints)
{
	expect(SLICE "endpoints: [", "{addresses: [10.0.0.1]}, ", 1000, "]}", "");
	expect(SLICE "endpoints: [", "{addresses: [10.0.0.1]}, ", 1001, "]}",
	       "endpoints: Too many: 1001: must have at most 1000 items");
}

Test(model_bounds, addresses_of_an_endpoint)
{
	expect(SLICE "endpoints: [{addresses: [", "10.0.0.#, ", 100, "]}]}", "");
	expect(SLICE "endpoints: [{addresses: [", "10.0.0.#, ", 101, "]}]}",
	       "endpoints[0].addresses: Too many: 101: must have at most 100 items");
}

Test(model_bounds, hints_of_an_endpoint)
{
	static const char head[] = SLICE "endpoints: [{addresses: [10.0.0.1], hints: {forZones: [";
	static const char nodes[] = SLICE "endpoints: [{addresses: [10.0.0.1], hints: {forNodes: [";

	expect(head, "{name: z#}, ", 8, "]}}]}", "");
	expect(head, "{name: z#}, ", 9, "]}}]}",
	       "endpoints[0].hints.forZones: Too many: 9: must have at most 8 items");
	expect(nodes, "{name: n#}, ", 8, "]}}]}", "");
	expect(nodes, "{name: n#}, ", 9, "]}}]}",
	       "endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items");
}

/* Keys and values together. */
Test(model_bounds, annotations)
{
	own(free) char *value = malloc(256 * 1024);

	memset(value, 'v', 256 * 1024);
	value[256 * 1024 - 1] = '\0';
	expect(NODE "annotations: {k: ", value, 1, "}}}", "");
	expect(NODE "annotations: {kk: ", value, 1, "}}}",
	       "metadata.annotations: Too long: may not be more than 262144 bytes");
}
