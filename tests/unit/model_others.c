/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Rules of EndpointSlices, Pods, Nodes and of metadata. */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"

/* Validates the one object of @text: "" or what is wrong with it. */
static const char *verdict(const char *text)
{
	static struct err e;
	own(objects_done) object_vec objects = { 0 };

	e = (struct err){ 0 };
	if (manifest_parse("x", text, strlen(text), NULL, &objects, &e) < 0)
		return e.text;
	cr_assert_eq(objects.n, 1u);
	object_default(objects.at[0], &e);
	object_validate(objects.at[0], &e);
	return e.text;
}

#define SLICE "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s}, "
#define BAD_SLICE "x:1: The EndpointSlice \"s\" is invalid: "
#define POD "{apiVersion: v1, kind: Pod, metadata: {name: p}, "
#define BAD_POD "x:1: The Pod \"p\" is invalid: "
#define NODE "{apiVersion: v1, kind: Node, metadata: {name: n}, "
#define BAD_NODE "x:1: The Node \"n\" is invalid: "
#define BAD_META "x:1: The Node \"n\" is invalid: metadata."
#define IP_RULE "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

static const struct {
	const char *text;
	const char *want;
} rows[] = {
	{ SLICE "addressType: IPv4}", "" },
	{ SLICE "addressType: IPv4, endpoints: null, ports: null}", "" },
	{ SLICE "addressType: FQDN, endpoints: [{addresses: [a.example.com]}]}", "" },
	{ SLICE "endpoints: []}", "x:1: addressType: Required value" },
	{ SLICE "addressType: ''}", "x:1: addressType: Required value" },
	{ SLICE "addressType: IPv5}", "x:1: addressType: Unsupported value: \"IPv5\": supported "
	  "values: \"FQDN\", \"IPv4\", \"IPv6\"" },
	{ SLICE "addressType: IPv4, endpoints: [{}]}",
	  BAD_SLICE "endpoints[0].addresses: Required value: must contain at least 1 address" },
	{ SLICE "addressType: IPv4, endpoints: [{addresses: [1.1.1.1]}, {addresses: ['::2']}]}",
	  BAD_SLICE "endpoints[1].addresses[0]: Invalid value: \"::2\": must be a valid IPv4 "
	  "address" },
	{ SLICE "addressType: IPv6, endpoints: [{addresses: [1.1.1.1]}]}",
	  BAD_SLICE "endpoints[0].addresses[0]: Invalid value: \"1.1.1.1\": must be a valid IPv6 "
	  "address" },
	{ SLICE "addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}]}",
	  BAD_SLICE "endpoints[0].addresses[0]: Invalid value: \"127.0.0.1\": may not be in the "
	  "loopback range (127.0.0.0/8, ::1/128)" },
	{ SLICE "addressType: IPv4, ports: [{port: 1}, {port: 2}]}",
	  BAD_SLICE "ports[1].name: Duplicate value: \"\"" },
	{ SLICE "addressType: IPv4, ports: [{port: 70000}]}",
	  "x:1: ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive" },
	{ SLICE "addressType: IPv4, endpoints: [{addresses: [1.1.1.1], nodeName: N}]}",
	  BAD_SLICE "endpoints[0].nodeName: Invalid value: \"N\": a lowercase RFC 1123 subdomain "
	  "must "
	  "consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
	  "an "
	  "alphanumeric character (e.g. 'example.com', regex used for validation is "
	  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')" },

	{ POD "status: {podIP: ''}}", "" },
	{ POD "status: {podIP: x}}",
	  BAD_POD "status.podIPs[0]: Invalid value: \"x\": " IP_RULE },
	{ POD "spec: {containers: [{ports: [{containerPort: 0}]}]}}",
	  BAD_POD "spec.containers.ports.containerPort: Invalid value: 0: must be between 1 and "
	  "65535, inclusive" },
	{ POD "spec: {containers: [{ports: [{containerPort: 1, name: '1'}]}]}}",
	  BAD_POD "spec.containers.ports.name: Invalid value: \"1\": must contain at least one "
	  "letter (a-z)" },

	{ NODE "spec: {podCIDR: 10.0.0.0/24}}", "" },
	{ NODE "spec: {podCIDRs: [10.0.0.0]}}", BAD_NODE "spec.podCIDRs[0]: Invalid value: "
	  "\"10.0.0.0\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)" },
	{ NODE "status: {addresses: [{type: InternalIP, address: n}, {type: Hostname}]}}",
	  BAD_NODE "status.addresses: Invalid value: \"n\": " IP_RULE },

	{ "{apiVersion: v1, kind: Node, metadata: {}}",
	  "x:1: The Node \"\" is invalid: metadata.name: Required value: a name is required" },
	{ "{apiVersion: v1, kind: Node}",
	  "x:1: The Node \"\" is invalid: metadata.name: Required value: a name is required" },
	{ "{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}",
	  "x:1: The Pod \"\" is invalid: metadata.name: Required value: generateName is not "
	  "supported, give a name" },
	{ "{apiVersion: v1, kind: Node, metadata: {name: n, labels: {'/a': b}}}",
	  BAD_META "labels: Invalid value: \"/a\": prefix part must be non-empty" },
	{ "{apiVersion: v1, kind: Node, metadata: {name: n, labels: {a/: b}}}",
	  BAD_META "labels: Invalid value: \"a/\": name part must be non-empty" },
	{ "{apiVersion: v1, kind: Node, metadata: {name: n, labels: {A.b/c: d}}}",
	  BAD_META "labels: Invalid value: \"A.b/c\": prefix part must be a lowercase RFC 1123 "
	  "subdomain" },
	{ "{apiVersion: v1, kind: Node, metadata: {name: n, annotations: {A.b/c: 'any %s thing'}}}",
	  "" },
	{ "{apiVersion: v1, kind: Node, metadata: {name: n, labels: {a: -b}}}",
	  BAD_META "labels: Invalid value: \"-b\": a valid label must be an empty string or "
	  "consist "
	  "of alphanumeric characters, '-', '_' or '.', and must start and end with an "
	  "alphanumeric "
	  "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
	  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')" },
};

Test(validate, slices_pods_nodes_and_metadata)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(verdict(rows[i].text), rows[i].want);
}

Test(validate, endpoints_are_bounded_as_in_the_api)
{
	own(free) char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, SLICE "addressType: IPv4, endpoints: [");
	for (int i = 0; i < 1001; i++)
		fprintf(f, "{addresses: [10.0.%d.%d]},", i / 250, i % 250 + 1);
	fprintf(f, "]}");
	fclose(f);
	cr_expect_str_eq(verdict(text), BAD_SLICE "endpoints: Too many: 1001: must have at most "
			 "1000 items");
}

Test(slice_default, port_gets_the_empty_name_and_addresses_their_canonical_text)
{
	static const char text[] = SLICE "addressType: IPv4, ports: [{port: 53}], "
				   "endpoints: [{addresses: [10.180.00.001]}]}";
	own(objects_done) object_vec objects = { 0 };
	struct slice *s;

	cr_assert_eq(manifest_parse("x", text, strlen(text), NULL, &objects, NULL), 0);
	s = &objects.at[0]->u.slice;
	cr_expect_null(s->ports.at[0].name);
	object_default(objects.at[0], NULL);
	cr_expect_str_eq(s->ports.at[0].name, "");
	cr_expect_eq(s->ports.at[0].protocol, PROTO_TCP);
	cr_expect_str_eq(s->endpoints.at[0].addresses.at[0], "10.180.0.1");
}
