/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Text → objects: what is understood, and the exact words for what is not. */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"

#define SVC "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"

static const char *message(const char *text, const struct manifest_options *opt)
{
	static struct err e;
	own(objects_done) object_vec objects = { 0 };
	int err;

	e = (struct err){ 0 };
	err = manifest_parse("web.yaml", text, strlen(text), opt, &objects, &e);
	cr_expect_eq(err, -e.code);
	cr_expect(!err || !objects.n, "nothing is left of a bad manifest");
	return e.text;
}

static const struct {
	const char *text;
	const char *want;
} bad[] = {
	/* not YAML */
	{ "a: [b", "web.yaml:2: did not find expected ',' or ']', while parsing a flow sequence "
	  "that began in line 1" },
	{ "a:\n\tb: c", "web.yaml:2: a tab cannot indent, use spaces, while scanning for the next "
	  "token" },
	{ "a: b\nc: \xff\n", "web.yaml:2: invalid leading UTF-8 octet" },
	{ "a: \"\\0\"", "web.yaml:1: a string with a NUL character" },
	{ "{\"a\": \"\\ud800\"}", "web.yaml:1: found invalid Unicode character escape code, while "
	  "parsing a quoted scalar" },
	{ "a: &a [*a]", "web.yaml:1: the alias \"a\" stands for what it is in" },
	{ "a: *b", "web.yaml:1: the alias \"b\" has no anchor" },
	{ "a: 1\nb: 2\n'a': 3", "web.yaml:3: the key \"a\" is here twice, first in line 1" },
	{ "{a: 1}: 2", "web.yaml:1: a key must be a string, not a map (templates have "
	  "to be rendered first)" },
	{ "metadata:\n  name: {{ .Release.Name }}", "web.yaml:2: a key must be a string, not a map "
	  "(templates have to be rendered first)" },
	{ "[a]: 2", "web.yaml:1: a key must be a string, not a list" },
	{ "x: &x [a]\n*x : 2", "web.yaml:1: a key must be a string, not a list" },
	{ "a: !!binary aGk=", "web.yaml:1: the tag \"tag:yaml.org,2002:binary\" is not supported "
	  "here" },
	{ "a: !!set {b}", "web.yaml:1: the tag \"tag:yaml.org,2002:set\" is not supported here" },
	{ "<<: [a]\nb: c", "web.yaml:1: << wants a map or a list of maps, not a string" },
	/* not an object */
	{ "- a", "web.yaml:1: an object must be a map, not a list" },
	{ "hello", "web.yaml:1: an object must be a map, not a string" },
	{ "---\n---\n42", "web.yaml:3: an object must be a map, not a number" },
	{ "kind: Service", "web.yaml:1: apiVersion: Required value" },
	{ "apiVersion: v1", "web.yaml:1: kind: Required value" },
	{ "apiVersion: 1\nkind: Service", "web.yaml:1: apiVersion: must be a string, not the "
	  "number "
	  "1: put it in quotes" },
	{ "apiVersion: v1\nkind: [Service]", "web.yaml:2: kind: must be a string, not a list" },
	{ "apiVersion: v1\nkind: List\nitems: {}", "web.yaml:3: items: must be a list, not a map" },
	{ "apiVersion: v1\nkind: List\nitems:\n- a", "web.yaml:4: an object must be a map, not a "
	  "string" },
	{ "apiVersion: v1\nkind: List\nitems:\n- {}", "web.yaml:4: apiVersion: Required value" },
	/* wrong types */
	{ SVC "spec: []", "web.yaml:4: spec: must be a map, not a list" },
	{ SVC "spec: {ports: 80}", "web.yaml:4: spec.ports: must be a list, not the number 80" },
	{ SVC "spec: {ports: [80]}", "web.yaml:4: spec.ports[0]: must be a map, not the number "
	  "80" },
	{ SVC "spec:\n  ports:\n  - port: http", "web.yaml:6: spec.ports[0].port: must be a number "
	  "between 1 and 65535, not the string \"http\"" },
	{ SVC "spec: {ports: [{port: '80'}]}", "web.yaml:4: spec.ports[0].port: must be a number "
	  "between 1 and 65535, not the string \"80\"" },
	{ SVC "spec: {ports: [{port: 65536}]}", "web.yaml:4: spec.ports[0].port: Invalid value: "
	  "65536: must be between 1 and 65535, inclusive" },
	{ SVC "spec: {ports: [{port: -1}]}", "web.yaml:4: spec.ports[0].port: Invalid value: "
	  "-1: must be between 1 and 65535, inclusive" },
	{ SVC "spec: {ports: [{port: 80.5}]}", "web.yaml:4: spec.ports[0].port: must be a number "
	  "between 1 and 65535, not the number 80.5" },
	{ SVC "spec: {ports: [{port: 99999999999999999999999}]}", "web.yaml:4: spec.ports[0].port: "
	  "Invalid value: 99999999999999999999999: must be between 1 and 65535, inclusive" },
	{ SVC "spec: {ports: [{port: true}]}", "web.yaml:4: spec.ports[0].port: must be a number "
	  "between 1 and 65535, not the boolean true" },
	{ SVC "spec: {ports: [{targetPort: true}]}", "web.yaml:4: spec.ports[0].targetPort: must "
	  "be "
	  "a number between 1 and 65535 or the name of a container port, not the boolean true" },
	{ SVC "spec: {ports: [{targetPort: 80.5}]}", "web.yaml:4: spec.ports[0].targetPort: must be "
	  "a number between 1 and 65535 or the name of a container port, not the number 80.5" },
	{ SVC "spec: {ports: [{targetPort: 70000}]}", "web.yaml:4: spec.ports[0].targetPort: "
	  "Invalid value: 70000: must be between 1 and 65535, inclusive" },
	{ SVC "spec: {ports: [{protocol: tcp}]}", "web.yaml:4: spec.ports[0].protocol: Unsupported "
	  "value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\"" },
	{ SVC "spec: {type: Headless}", "web.yaml:4: spec.type: Unsupported value: \"Headless\": "
	  "supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"" },
	{ SVC "spec: {sessionAffinity: Cookie}", "web.yaml:4: spec.sessionAffinity: Unsupported "
	  "value: \"Cookie\": supported values: \"ClientIP\", \"None\"" },
	{ SVC "spec: {sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}}", "web.yaml:4: "
	  "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater "
	  "than 0 and less than 86400" },
	{ SVC "spec: {sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}}", "web.yaml:4: "
	  "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be "
	  "greater than 0 and less than 86400" },
	{ SVC "spec: {publishNotReadyAddresses: 'true'}", "web.yaml:4: "
	  "spec.publishNotReadyAddresses:"
	  " must be true or false, not the string \"true\"" },
	{ SVC "spec: {ipFamilies: [IPv4, v6]}", "web.yaml:4: spec.ipFamilies[1]: Unsupported "
	  "value: "
	  "\"v6\": supported values: \"IPv4\", \"IPv6\"" },
	{ SVC "spec: {externalIPs: [1.5]}", "web.yaml:4: spec.externalIPs[0]: must be a string, "
	  "not "
	  "the number 1.5: put it in quotes" },
	{ SVC "spec: {selector: {app: yes}}", "web.yaml:4: spec.selector.app: must be a string, "
	  "not "
	  "the boolean yes: put it in quotes" },
	{ SVC "spec: {selector: {a/b: 1e3}}", "web.yaml:4: spec.selector[\"a/b\"]: must be a "
	  "string, "
	  "not the number 1e3: put it in quotes" },
	{ SVC "spec: {externalTrafficPolicy: Global}", "web.yaml:4: spec.externalTrafficPolicy: "
	  "Unsupported value: \"Global\": supported values: \"Cluster\", \"Local\"" },
	{ SVC "spec: {internalTrafficPolicy: local}", "web.yaml:4: spec.internalTrafficPolicy: "
	  "Unsupported value: \"local\": supported values: \"Cluster\", \"Local\"" },
	{ SVC "spec: {ipFamilyPolicy: DualStack}", "web.yaml:4: spec.ipFamilyPolicy: Unsupported "
	  "value: \"DualStack\": supported values: \"PreferDualStack\", \"RequireDualStack\", "
	  "\"SingleStack\"" },
	{ SVC "spec: {healthCheckNodePort: 65536}", "web.yaml:4: spec.healthCheckNodePort: Invalid "
	  "value: 65536: must be between 1 and 65535, inclusive" },
	{ SVC "spec: {sessionAffinityConfig: 7}", "web.yaml:4: spec.sessionAffinityConfig: must be a "
	  "map, not the number 7" },
	{ SVC "spec: {sessionAffinityConfig: {clientIP: [7]}}", "web.yaml:4: "
	  "spec.sessionAffinityConfig.clientIP: must be a map, not a list" },
	{ SVC "status: {loadBalancer: {ingress: [{ipMode: Nat}]}}", "web.yaml:4: "
	  "status.loadBalancer.ingress[0].ipMode: Unsupported value: \"Nat\": supported values: "
	  "\"Proxy\", \"VIP\"" },
	{ "apiVersion: v1\nkind: Pod\nmetadata: {creationTimestamp: yesterday}", "web.yaml:3: "
	  "metadata.creationTimestamp: must be a time like 2006-01-02T15:04:05Z, not the string "
	  "\"yesterday\"" },
	{ "apiVersion: v1\nkind: Pod\nstatus: {conditions: [{type: Ready, status: True}]}",
	  "web.yaml:3: status.conditions[0].status: must be a string, not the boolean True: put "
	  "it in "
	  "quotes" },
	{ "apiVersion: v1\nkind: Pod\nspec: {containers: [{}, {ports: [{containerPort: x}]}]}",
	  "web.yaml:3: spec.containers[1].ports[0].containerPort: must be a number between 1 and "
	  "65535, not the string \"x\"" },
	{ "apiVersion: v1\nkind: Pod\nstatus: {containerStatuses: [{ready: true}]}", "web.yaml:3: "
	  "status.containerStatuses[0].name: Required value" },
	{ "apiVersion: v1\nkind: Pod\nstatus: {containerStatuses: [{name: a, restartCount: -1}]}",
	  "web.yaml:3: status.containerStatuses[0].restartCount: must be a number between 0 and "
	  "2147483647" },
	{ "apiVersion: v1\nkind: Pod\nstatus: {containerStatuses: [{name: a, state: {waiting: x}}]}",
	  "web.yaml:3: status.containerStatuses[0].state.waiting: must be a map, not the string "
	  "\"x\"" },
	{ "apiVersion: v1\nkind: Pod\nstatus: {phase: Gone}", "web.yaml:3: status.phase: Unsupported "
	  "value: \"Gone\": supported values: \"Failed\", \"Pending\", \"Running\", \"Succeeded\", "
	  "\"Unknown\"" },
	{ "apiVersion: v1\nkind: Node\nstatus: {allocatable: {cpu: lots}}", "web.yaml:3: "
	  "status.allocatable.cpu: must be a number of processors like 4 or 3920m" },
	{ "apiVersion: v1\nkind: Node\nstatus: {allocatable: {cpu: -1}}", "web.yaml:3: "
	  "status.allocatable.cpu: must be a number of processors like 4 or 3920m" },
	{ "apiVersion: v1\nkind: Node\nstatus: {allocatable: {cpu: 1e300}}", "web.yaml:3: "
	  "status.allocatable.cpu: must be a number of processors like 4 or 3920m" },
	{ "apiVersion: v1\nkind: Node\nstatus: {addresses: [{type: 7}]}", "web.yaml:3: "
	  "status.addresses[0].type: must be a string, not the number 7: put it in quotes" },
};

Test(decode, bad_input_names_line_field_and_reason)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_str_eq(message(bad[i].text, NULL), bad[i].want);
}

/* All that is wrong, of all objects of a file, by line. */
Test(decode, everything_wrong_is_named)
{
	cr_expect_str_eq(message(
		"apiVersion: v1\nkind: Service\nmetadata:\n  name: 7\n  labels: {a: 1, b: x, c: true}\n"
		"spec:\n  type: Clusterip\n  ports:\n  - port: http\n    protocol: tcp\n"
		"  - {port: 70000, nodePort: -1, targetPort: [80]}\n  - 80\n"
		"  selector: [a]\n  ipFamilies: [IPv4, v6, 6]\n"
		"---\napiVersion: v1\nkind: Node\nspec: {podCIDRs: [7]}\n"
		"---\nhello\n"
		"---\napiVersion: v1\nkind: Pod\nstatus:\n  podIPs: [{ip: 1}, a]\n"
		"  conditions: [{type: Ready, status: True}]\n", NULL),
		"web.yaml:4: metadata.name: must be a string, not the number 7: put it in quotes\n"
		"web.yaml:5: metadata.labels.a: must be a string, not the number 1: put it in quotes\n"
		"web.yaml:5: metadata.labels.c: must be a string, not the boolean true: put it in quotes\n"
		"web.yaml:7: spec.type: Unsupported value: \"Clusterip\": supported values: "
		"\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"\n"
		"web.yaml:9: spec.ports[0].port: must be a number between 1 and 65535, not the string "
		"\"http\"\n"
		"web.yaml:10: spec.ports[0].protocol: Unsupported value: \"tcp\": supported values: "
		"\"SCTP\", \"TCP\", \"UDP\"\n"
		"web.yaml:11: spec.ports[1].port: Invalid value: 70000: must be between 1 and 65535, "
		"inclusive\n"
		"web.yaml:11: spec.ports[1].targetPort: must be a number between 1 and 65535 or the "
		"name of a container port, not a list\n"
		"web.yaml:11: spec.ports[1].nodePort: Invalid value: -1: must be between 1 and 65535, "
		"inclusive\n"
		"web.yaml:12: spec.ports[2]: must be a map, not the number 80\n"
		"web.yaml:13: spec.selector: must be a map, not a list\n"
		"web.yaml:14: spec.ipFamilies[1]: Unsupported value: \"v6\": supported values: \"IPv4\", "
		"\"IPv6\"\n"
		"web.yaml:14: spec.ipFamilies[2]: must be a string, not the number 6: put it in quotes\n"
		"web.yaml:18: spec.podCIDRs[0]: must be a string, not the number 7: put it in quotes\n"
		"web.yaml:20: an object must be a map, not a string\n"
		"web.yaml:25: status.podIPs[0].ip: must be a string, not the number 1: put it in quotes\n"
		"web.yaml:25: status.podIPs[1]: must be a map, not the string \"a\"\n"
		"web.yaml:26: status.conditions[0].status: must be a string, not the boolean True: put it "
		"in quotes");
}

/* What comes before the place where it stops to be YAML is told as well. */
Test(decode, wrong_values_then_no_yaml)
{
	cr_expect_str_eq(message(SVC "spec: []\n---\na: [b", NULL),
			 "web.yaml:4: spec: must be a map, not a list\n"
			 "web.yaml:7: did not find expected ',' or ']', while parsing a flow sequence "
			 "that began in line 6");
}

Test(decode, what_is_too_much_is_counted)
{
	own(free) char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *got;
	size_t lines = 1;

	fputs(SVC "spec:\n  ports:\n", f);
	for (unsigned int i = 0; i < 1000; i++)
		fputs("  - port: x\n", f);
	fclose(f);
	got = message(text, NULL);
	for (const char *p = got; (p = strchr(p, '\n')); p++)
		lines++;
	cr_expect_eq(lines, 21u, "20 and what more there is");
	cr_expect_str_eq(strrchr(got, '\n'), "\nand 980 more");
}

static void collect(void *arg, const char *text)
{
	texts_push(arg, text);
}

Test(decode, unknown_kinds_are_counted_or_refused)
{
	static const char text[] =
		"apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: "
		"Deployment\n"
		"---\napiVersion: serving.knative.dev/v1\nkind: Service\n";
	text_vec said = { 0 };
	const struct manifest_options warn = { .warn = collect, .warn_arg = &said };
	const struct manifest_options strict = { .strict = true };

	cr_expect_str_eq(message(text, &warn), "");
	cr_assert_eq(said.n, 2u);
	cr_expect_str_eq(said.at[0], "web.yaml: ignored 2 objects of kind \"Deployment\", "
	  "apiVersion "
			 "\"apps/v1\"");
	cr_expect_str_eq(said.at[1], "web.yaml: ignored 1 object of kind \"Service\", "
			 "apiVersion \"serving.knative.dev/v1\"");
	texts_done(&said);
	cr_expect_str_eq(message(text, &strict), "web.yaml:1: unknown kind \"Deployment\" of "
	  "apiVersion "
			 "\"apps/v1\": sluice knows Service, Endpoints, Pod and Node of v1 and EndpointSlice "
			 "of "
			 "discovery.k8s.io/v1\n"
			 "web.yaml:4: unknown kind \"Deployment\" of apiVersion \"apps/v1\": sluice knows "
			 "Service, Endpoints, Pod and Node of v1 and EndpointSlice of "
			 "discovery.k8s.io/v1\n"
			 "web.yaml:7: unknown kind \"Service\" of apiVersion "
			 "\"serving.knative.dev/v1\": sluice knows Service, Endpoints, Pod and Node of v1 "
			 "and EndpointSlice of discovery.k8s.io/v1");
}

/* A kind that was meant to be one of ours is no stranger: apply --prune would remove what it names. */
Test(decode, misspelt_kinds_are_refused)
{
	static const struct {
		const char *text;
		const char *want;
	} misspelt[] = {
		{ "apiVersion: v1\nkind: service\n", "web.yaml:1: no matches for kind \"service\" in "
		  "version \"v1\": sluice reads Service of v1" },
		{ "apiVersion: v2\nkind: Pod\n", "web.yaml:1: no matches for kind \"Pod\" in "
		  "version \"v2\": sluice reads Pod of v1" },
		{ "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\n",
		  "web.yaml:1: no matches for kind \"EndpointSlice\" in version "
		  "\"discovery.k8s.io/v1beta1\": sluice reads EndpointSlice of "
		  "discovery.k8s.io/v1" },
		{ "apiVersion: v1\nkind: EndpointSlice\n", "web.yaml:1: no matches for kind "
		  "\"EndpointSlice\" in version \"v1\": sluice reads EndpointSlice of "
		  "discovery.k8s.io/v1" },
		{ "apiVersion: discovery/v1\nkind: EndpointSlice\n", "web.yaml:1: no matches for "
		  "kind \"EndpointSlice\" in version \"discovery/v1\": sluice reads EndpointSlice "
		  "of discovery.k8s.io/v1" },
		{ "apiVersion: v1\nkind: Servce\n", "web.yaml:1: no matches for kind \"Servce\" in "
		  "version \"v1\": sluice reads Service of v1" },
	};

	for (size_t i = 0; i < sizeof(misspelt) / sizeof(*misspelt); i++)
		cr_expect_str_eq(message(misspelt[i].text, NULL), misspelt[i].want);
}

static struct object *one(const char *text, size_t len)
{
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	cr_assert_eq(manifest_parse("t", text, len, NULL, &objects, &e), 0, "%s", e.text);
	cr_assert_eq(objects.n, 1u);
	objects.n = 0;
	return objects.at[0];
}

Test(decode, numbers_as_yaml_writes_them)
{
	static const struct {
		const char *text;
		uint16_t want;
	} rows[] = {
		{ "80", 80 }, { "+80", 80 }, { "0x50", 80 }, { "0120", 80 }, { "0o120", 80 },
		{ "0b1010000", 80 }, { "8_0", 80 }, { "!!int '80'", 80 }, { "65535", 65535 },
		{ "-0", 0 }, { "null", 0 }, { "~", 0 }, { "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(free) char *text = NULL;
		own(object_free) struct object *o = NULL;

		cr_assert_gt(asprintf(&text, SVC "spec:\n  ports:\n  - port: "
		  "%s\n", rows[i].text), 0);
		o = one(text, strlen(text));
		cr_expect_eq(o->u.service.ports.at[0].port, rows[i].want, "%s", rows[i].text);
	}
}

Test(decode, line_ends_byte_order_marks_and_utf16)
{
	static const char crlf[] = "\xef\xbb\xbf" "apiVersion: v1\r\nkind: Node\r\nmetadata:\r\n"
				   "  name: n\r\n";
	static const char json[] = "\xef\xbb\xbf\r\n\t{\"apiVersion\":\"v1\",\r\n\t"
				   "\"kind\":\"Node\","
				   "\"metadata\":{\"name\":\"n\"}}";
	char utf16[256] = "\xff\xfe";
	size_t n = 2;
	own(object_free) struct object *a = one(crlf, strlen(crlf));
	own(object_free) struct object *b = NULL;

	for (const char *p = crlf + 3; *p; p++, n += 2)
		utf16[n] = *p;
	b = one(utf16, n);
	cr_expect_str_eq(a->meta->name, "n");
	cr_expect_str_eq(b->meta->name, "n");
	cr_expect_str_eq(message(json + 5, NULL), "", "leading blanks");
}

Test(decode, json_escapes_mean_what_json_says)
{
	static const char text[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\","
		"\"annotations\":{"
		"\"a\":\"\\ud83d\\ude00\\/\\u003c\\\\ud83d\",\"b\":\"x\xe2\x80\xa8 "
		"y\xc2\x85z\x7f\"}}}";
	own(object_free) struct object *o = one(text, strlen(text));

	cr_expect_str_eq(labels_find(&o->meta->annotations, "a"), "\xf0\x9f\x98\x80/<\\ud83d");
	cr_expect_str_eq(labels_find(&o->meta->annotations, "b"), "x\xe2\x80\xa8 y\xc2\x85z\x7f");
}

Test(decode, merge_keys_own_first_then_earlier)
{
	static const char text[] =
		"apiVersion: v1\nkind: Node\nmetadata:\n  name: n\n"
		"  annotations: &a {k: a, l: a}\n"
		"  labels:\n    m: own\n    <<: [*a, {l: b, m: b, o: b}]\n";
	own(object_free) struct object *o = one(text, strlen(text));
	const label_vec *l = &o->meta->labels;

	cr_expect_eq(l->n, 4u);
	cr_expect_str_eq(labels_find(l, "k"), "a");
	cr_expect_str_eq(labels_find(l, "l"), "a");
	cr_expect_str_eq(labels_find(l, "m"), "own");
	cr_expect_str_eq(labels_find(l, "o"), "b");
}

Test(decode, times)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "1970-01-01T00:00:01Z", 1 },
		{ "2024-02-29T23:59:60Z", 1709251200 },
		{ "2024-05-06T07:08:09.123456Z", 1714979289 },
		{ "2024-05-06T09:08:09+02:00", 1714979289 },
		{ "2024-05-06t01:38:09-05:30", 1714979289 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
		{ "2023-02-29T00:00:00Z", -1 }, { "2024-13-01T00:00:00Z", -1 },
		{ "2024-00-01T00:00:00Z", -1 }, { "2024-05-06 07:08:09Z", -1 },
		{ "2024-05-06T24:08:09Z", -1 }, { "2024-05-06T07:08:09", -1 },
		{ "2024-05-06T07:08:09.Z", -1 }, { "2024-05-06T07:08:09Zx", -1 },
		{ "1969-12-31T23:59:59Z", -1 }, { "9999-12-31T23:59:59-01:00", -1 }, { "x", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(objects_done) object_vec objects = { 0 };
		own(free) char *text = NULL;
		int n = asprintf(&text, "apiVersion: v1\nkind: Pod\nmetadata: {creationTimestamp: "
				 "\"%s\"}", rows[i].text);
		int err = manifest_parse("t", text, (size_t)n, NULL, &objects, NULL);

		cr_expect_eq(err, rows[i].want < 0 ? -EINVAL : 0, "%s", rows[i].text);
		if (!err)
			cr_expect_eq(objects.at[0]->meta->created, rows[i].want, "%s",
				     rows[i].text);
	}
}
