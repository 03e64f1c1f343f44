/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Defaults and refusals of Services, one row each: the spec, and what comes of it. */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"
#include "support/canonical.h"

/* A Service "web" with this spec and, if not NULL, annotations and status (flow style). */
static struct object *annotated(const char *annotations, const char *spec, const char *status)
{
	own(objects_done) object_vec objects = { 0 };
	own(free) char *text = NULL;
	struct err e = { 0 };
	int n = asprintf(&text, "apiVersion: v1\nkind: Service\nmetadata: {name: web, "
			 "annotations: {%s}}\nspec: {%s}\nstatus: {%s}\n",
			 annotations ? annotations : "", spec, status ? status : "");

	cr_assert_gt(n, 0);
	cr_assert_eq(manifest_parse("web.yaml", text, (size_t)n, NULL, &objects, &e), 0,
		     "%s: %s", spec, e.text);
	cr_assert_eq(objects.n, 1u);
	objects.n = 0;
	return objects.at[0];
}

static struct object *service(const char *spec, const char *status)
{
	return annotated(NULL, spec, status);
}

/* @why: behind "is invalid:"; NULL, it is valid. Takes @o. */
static void judged(struct object *taken, const char *spec, const char *why)
{
	own(object_free) struct object *o = taken;
	struct err e = { 0 };
	char want[1024];
	int err;

	cr_assert_eq(object_default(o, &e), 0);
	err = object_validate(o, &e);
	if (!why) {
		cr_expect_eq(err, 0, "%s: %s", spec, e.text);
		return;
	}
	snprintf(want, sizeof(want), "web.yaml:1: The Service \"web\" is invalid:%s%s",
		 *why == '\n' ? "" : " ", why);
	cr_expect_eq(err, -EINVAL, "accepted: %s", spec);
	cr_expect_str_eq(e.text, want);
}

static void refused(const char *spec, const char *status, const char *why)
{
	judged(service(spec, status), spec, why);
}

#define NAME_RULE                                                                  \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "  \
	"'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "   \
	"'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

#define SUBDOMAIN_RULE                                                             \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "  \
	"'-' or '.', and must start and end with an alphanumeric character (e.g. "            \
	"'example.com', regex used for validation is "                                        \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

#define RANGE "must be between 1 and 65535, inclusive"

Test(service_validate, ports)
{
	static const struct {
		const char *spec;
		const char *why;
	} rows[] = {
		{ "ports: [{port: 80}]", NULL },
		{ "ports: [{port: 3868, protocol: SCTP}]", NULL },
		{ "ports: [{port: 80, targetPort: http}]", NULL },
		{ "", "spec.ports: Required value" },
		{ "ports: []", "spec.ports: Required value" },
		{ "clusterIP: None", NULL },
		{ "ports: [{port: 65535, targetPort: 65535}]", NULL },
		{ "ports: [{port: 80, targetPort: 0}]", NULL },
		{ "ports: [{port: 80, protocol: UDP, name: a}, {port: 80, name: b}, {port: 80, name: "
		  "c, protocol: SCTP}]", NULL },
		{ "ports: [{port: 80, appProtocol: kubernetes.io/h2c}]", NULL },
		{ "ports: [{port: 0}]", "spec.ports[0].port: Invalid value: 0: " RANGE },
		{ "ports: [{name: a}]", "spec.ports[0].port: Invalid value: 0: " RANGE },
		{ "ports: [{port: 80}, {port: 81}]", "\n* spec.ports[0].name: Required value"
		  "\n* spec.ports[1].name: Required value" },
		{ "ports: [{port: 80, name: a}, {port: 81}]",
		  "spec.ports[1].name: Required value" },
		{ "ports: [{port: 80, name: a}, {port: 81, name: a}]",
		  "spec.ports[1].name: Duplicate value: \"a\"" },
		{ "ports: [{port: 80, name: A}]",
		  "spec.ports[0].name: Invalid value: \"A\": " NAME_RULE },
		{ "ports: [{port: 80, name: a}, {port: 80, name: b}]",
		  "spec.ports[1]: Duplicate value: {\"protocol\":\"TCP\",\"port\":80}" },
		{ "ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]", NULL },
		{ "ports: [{port: 80, targetPort: '80'}]", "spec.ports[0].targetPort: Invalid "
		  "value: \"80\": must contain at least one letter (a-z)" },
		{ "ports: [{port: 80, targetPort: this-is-too-long}]", "spec.ports[0].targetPort: "
		  "Invalid value: \"this-is-too-long\": must be no more than 15 characters" },
		{ "ports: [{port: 80, targetPort: a--b}]", "spec.ports[0].targetPort: Invalid "
		  "value: \"a--b\": must not contain consecutive hyphens" },
		{ "ports: [{port: 80, targetPort: -a}]", "spec.ports[0].targetPort: Invalid "
		  "value: \"-a\": must not begin or end with a hyphen" },
		{ "ports: [{port: 80, targetPort: Http}]", "spec.ports[0].targetPort: Invalid "
		  "value: \"Http\": must contain only alpha-numeric characters (a-z, 0-9), and "
		  "hyphens (-)" },
		{ "ports: [{port: 80, nodePort: 30000}]", "spec.ports[0].nodePort: Forbidden: may "
		  "not be used when `type` is 'ClusterIP'" },
		{ "type: NodePort, ports: [{port: 1, nodePort: 30000, name: a}, {port: 2, "
		  "nodePort: 30000, name: b}]", "spec.ports[1].nodePort: Duplicate value: 30000" },
		{ "type: NodePort, ports: [{port: 1, nodePort: 30000, name: a}, {port: 1, "
		  "nodePort: 30000, name: b, protocol: UDP}]", NULL },
		{ "type: LoadBalancer, ports: [{port: 10250}]", "spec.ports[0]: Invalid value: "
		  "10250: may not expose port 10250 externally since it is used by kubelet" },
		{ "ports: [{port: 80, appProtocol: 'a b'}]", "spec.ports[0].appProtocol: Invalid "
		  "value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or "
		  "'.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
		  "'my.name',  or '123-abc', regex used for validation is "
		  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(rows[i].spec, NULL, rows[i].why);
}

/* Everything at once, in the API server's order; a list that is too long says how much more. */
Test(service_validate, several_complaints)
{
	own(object_free) struct object *o = NULL;
	struct err e = { 0 };
	char ports[8000] = "ports: [";
	size_t n = strlen(ports);
	unsigned int more = 0;

	refused("type: ExternalName, clusterIP: None, ports: [{port: 80, nodePort: 0, targetPort: a--b}, "
		"{port: 80, name: b}], externalTrafficPolicy: Local, trafficDistribution: Far", NULL,
		"\n* spec.clusterIPs: Forbidden: may not be set for ExternalName services"
		"\n* spec.externalName: Required value"
		"\n* spec.ports[0].name: Required value"
		"\n* spec.ports[0].targetPort: Invalid value: \"a--b\": must not contain consecutive "
		"hyphens"
		"\n* spec.ports[1]: Duplicate value: {\"protocol\":\"TCP\",\"port\":80}"
		"\n* spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for "
		"externally-accessible services"
		"\n* spec.trafficDistribution: Unsupported value: \"Far\": supported values: "
		"\"PreferClose\", \"PreferSameNode\", \"PreferSameZone\"");

	for (size_t i = 0; i < 300; i++)
		n += (size_t)snprintf(ports + n, sizeof(ports) - n, "{port: %zu}, ", i + 1);
	snprintf(ports + n, sizeof(ports) - n, "]");
	o = service(ports, NULL);
	cr_assert_eq(object_default(o, NULL), 0);
	cr_assert_eq(object_validate(o, &e), -EINVAL);
	cr_assert_lt(strlen(e.text), sizeof(e.text) - 1);
	cr_assert_eq(sscanf(strrchr(e.text, '\n'), "\n* and %u more", &more), 1, "%s", e.text);
	n = 0;
	for (const char *at = e.text; (at = strstr(at, "\n* spec.")); at++)
		n++;
	cr_expect_eq(n + more, 300u);
}

#define P "ports: [{port: 80}], "
#define LB P "type: LoadBalancer, "
#define MULTIPLE(field)                                                            \
	"Invalid value: \"SingleStack\": must be RequireDualStack or PreferDualStack when "  \
	"multiple `" field "` are specified"
#define NOT_EXTERNAL "Forbidden: may not be set for ExternalName services"

Test(service_validate, addresses)
{
	static const struct {
		const char *spec;
		const char *why;
	} rows[] = {
		{ P "clusterIP: 10.0.0.1", NULL },
		{ P "ipFamilyPolicy: PreferDualStack, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 'fd00::1'], "
		  "ipFamilies: [IPv4, IPv6]", NULL },
		{ P "ipFamilyPolicy: RequireDualStack, clusterIP: 'fd00::1', clusterIPs: ['fd00::1', "
		  "10.0.0.1]", NULL },
		{ P "ipFamilyPolicy: SingleStack, clusterIP: 'fd00::1', ipFamilies: [IPv6]", NULL },
		{ "clusterIP: None, ipFamilies: [IPv4, IPv6]", NULL },
		{ "clusterIP: None, ipFamilies: [IPv4, IPv6], selector: {a: b}", "spec.ipFamilyPolicy: "
		  MULTIPLE("ipFamilies") },
		{ P "clusterIP: 10.0.0", "spec.clusterIPs[0]: Invalid value: \"10.0.0\": must be a "
		  "valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" },
		{ P "ipFamilyPolicy: RequireDualStack, clusterIP: 1.1.1.1, clusterIPs: [1.1.1.1, 'a::', 2.2.2.2]",
		  "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\", \"a::\", \"2.2.2.2\"}: may "
		  "only hold up to 2 values" },
		{ P "ipFamilyPolicy: RequireDualStack, clusterIP: 1.1.1.1, clusterIPs: [1.1.1.1, x]", "spec.clusterIPs[1]: "
		  "Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
		  "2001:db8::ffff)" },
		{ P "ipFamilyPolicy: RequireDualStack, clusterIP: 1.1.1.1, clusterIPs: [1.1.1.1, 1.1.1.2]",
		  "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\", \"1.1.1.2\"}: may specify no "
		  "more than one IP for each IP family" },
		{ P "ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv4, IPv4]",
		  "spec.ipFamilies[1]: Duplicate value: \"IPv4\"" },
		{ P "clusterIP: 1.1.1.1, ipFamilies: [IPv6]", "spec.clusterIPs[0]: Invalid "
		  "value: \"1.1.1.1\": expected an IPv6 value as indicated by `ipFamilies[0]`" },
		{ P "ipFamilyPolicy: SingleStack, clusterIP: 1.1.1.1, clusterIPs: [1.1.1.1, 'a::']",
		  "spec.ipFamilyPolicy: " MULTIPLE("clusterIPs") },
		{ P "clusterIP: 1.1.1.1, clusterIPs: [1.1.1.1, 'a::']", "spec.ipFamilyPolicy: " MULTIPLE("clusterIPs") },
		{ P "ipFamilyPolicy: SingleStack, ipFamilies: [IPv4, IPv6]",
		  "spec.ipFamilyPolicy: " MULTIPLE("ipFamilies") },
		{ P "clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1]", NULL },
		{ P "clusterIP: '', clusterIPs: []", NULL },
		{ "clusterIP: None, clusterIPs: [None]", NULL },
		{ P "clusterIPs: [1.1.1.1]", "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\"}: "
		  "must be empty when `clusterIP` is not specified" },
		{ P "clusterIP: '', clusterIPs: [None]", "spec.clusterIPs: Invalid value: "
		  "[]string{\"None\"}: must be empty when `clusterIP` is not specified" },
		{ P "clusterIPs: ['']", "\n* spec.clusterIPs: Invalid value: []string{\"\"}: must be "
		  "empty when `clusterIP` is not specified\n* spec.clusterIPs[0]: Invalid value: \"\": "
		  "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" },
		{ P "clusterIP: 1.1.1.1, clusterIPs: [1.1.1.2]", "spec.clusterIPs: Invalid value: "
		  "[]string{\"1.1.1.2\"}: first value must match `clusterIP`" },
		{ P "clusterIP: 'a::', clusterIPs: [1.1.1.1, 'a::'], ipFamilyPolicy: PreferDualStack",
		  "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\", \"a::\"}: first value must "
		  "match `clusterIP`" },
		{ P "clusterIP: 1.1.1.1, clusterIPs: [None]", "spec.clusterIPs: Invalid value: "
		  "[]string{\"None\"}: first value must match `clusterIP`" },
		{ P "clusterIP: None, clusterIPs: [1.1.1.1]", "spec.clusterIPs: Invalid value: "
		  "[]string{\"1.1.1.1\"}: first value must match `clusterIP`" },
		{ "clusterIP: None, clusterIPs: [None, 1.1.1.1]", "spec.clusterIPs: Invalid value: "
		  "[]string{\"None\", \"1.1.1.1\"}: 'None' must be the first and only value" },
		{ P "clusterIP: 1.1.1.1, clusterIPs: [1.1.1.1, None], ipFamilyPolicy: RequireDualStack",
		  "spec.clusterIPs[1]: Invalid value: \"None\": must be a valid IP address, (e.g. "
		  "10.9.8.7 or 2001:db8::ffff)" },
		{ P "clusterIP: 172.030.000.041", NULL },
		{ P "clusterIP: 172.30.0.0x1", "spec.clusterIPs[0]: Invalid value: \"172.30.0.0x1\": "
		  "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" },
		{ P "type: NodePort, clusterIP: None", "spec.clusterIPs[0]: Invalid value: "
		  "\"None\": "
		  "may not be set to 'None' for NodePort services" },
		{ LB "clusterIP: None", "spec.clusterIPs[0]: Invalid value: \"None\": may not be "
		  "set "
		  "to 'None' for LoadBalancer services" },
		{ P "externalIPs: [192.0.2.1, '2001:db8::1']", NULL },
		{ P "externalIPs: [a]", "spec.externalIPs[0]: Invalid value: \"a\": must be a "
		  "valid "
		  "IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" },
		{ P "externalIPs: [1.1.1.1, 127.0.0.1]", "spec.externalIPs[1]: Invalid value: "
		  "\"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)" },
		{ P "externalIPs: [0.0.0.0]", "spec.externalIPs[0]: Invalid value: \"0.0.0.0\": "
		  "may "
		  "not be unspecified (0.0.0.0)" },
		{ P "externalIPs: ['fe80::1']", "spec.externalIPs[0]: Invalid value: \"fe80::1\": "
		  "may "
		  "not be in the link-local range (169.254.0.0/16, fe80::/10)" },
		{ P "externalIPs: [224.0.0.9]", "spec.externalIPs[0]: Invalid value: "
		  "\"224.0.0.9\": "
		  "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)" },
		{ P "externalIPs: [239.0.0.9]", NULL },
		{ P "externalIPs: ['::']", "spec.externalIPs[0]: Invalid value: \"::\": may not be "
		  "unspecified (::)" },
		{ P "externalIPs: ['::1']", "spec.externalIPs[0]: Invalid value: \"::1\": may not be in "
		  "the loopback range (127.0.0.0/8, ::1/128)" },
		{ P "externalIPs: [169.254.0.1]", "spec.externalIPs[0]: Invalid value: \"169.254.0.1\": "
		  "may not be in the link-local range (169.254.0.0/16, fe80::/10)" },
		{ P "externalIPs: ['ff02::9']", "spec.externalIPs[0]: Invalid value: \"ff02::9\": may "
		  "not be in the link-local multicast range (224.0.0.0/24, ff02::/10)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(rows[i].spec, NULL, rows[i].why);
}

Test(service_validate, external_name)
{
	static const struct {
		const char *spec;
		const char *why;
	} rows[] = {
		{ "externalName: db.example.com", NULL },
		{ "externalName: db.example.com.", NULL },
		{ "externalName: 10.0.0.1", NULL },
		{ "externalName: .", "spec.externalName: Required value" },
		{ "externalName: a, externalIPs: [1.1.1.1]", NULL },
		{ "externalName: a, externalIPs: [x]", "spec.externalIPs[0]: Invalid value: \"x\": must "
		  "be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" },
		{ "", "spec.externalName: Required value" },
		{ "externalName: ''", "spec.externalName: Required value" },
		{ "externalName: a, clusterIP: None", "spec.clusterIPs: " NOT_EXTERNAL },
		{ "externalName: a, clusterIP: 1.1.1.1", "spec.clusterIPs: " NOT_EXTERNAL },
		{ "externalName: a, ipFamilies: [IPv4]", "spec.ipFamilies: " NOT_EXTERNAL },
		{ "externalName: a, ipFamilyPolicy: SingleStack",
		  "spec.ipFamilyPolicy: " NOT_EXTERNAL },
		{ "externalName: a_b", "spec.externalName: Invalid value: \"a_b\": " SUBDOMAIN_RULE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char spec[256];

		snprintf(spec, sizeof(spec), "type: ExternalName, %s", rows[i].spec);
		refused(spec, NULL, rows[i].why);
	}
}

#define ONLY_LB "Forbidden: may only be used when `type` is 'LoadBalancer'"

Test(service_validate, balancer_and_policies)
{
	static const struct {
		const char *spec;
		const char *status;
		const char *why;
	} rows[] = {
		{ LB "loadBalancerSourceRanges: [' 10.0.0.0/8 ']", NULL, NULL },
		{ LB "loadBalancerSourceRanges: [10.0.0.0]", NULL,
		  "spec.loadBalancerSourceRanges[0]: Invalid value: \"10.0.0.0\": must be a valid "
		  "CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)" },
		{ P "loadBalancerSourceRanges: [10.0.0.0/8]", NULL,
		  "spec.loadBalancerSourceRanges: " ONLY_LB },
		{ P "loadBalancerClass: a", NULL, "spec.loadBalancerClass: " ONLY_LB },
		{ LB "loadBalancerClass: a/b/c", NULL, "spec.loadBalancerClass: Invalid value: "
		  "\"a/b/c\": a qualified name must be 'name' or 'prefix/name'" },
		{ P "allocateLoadBalancerNodePorts: true", NULL,
		  "spec.allocateLoadBalancerNodePorts: " ONLY_LB },
		{ P "allocateLoadBalancerNodePorts: false", NULL,
		  "spec.allocateLoadBalancerNodePorts: " ONLY_LB },
		{ P, "loadBalancer: {ingress: [{ip: 1.2.3.4}]}", "status.loadBalancer.ingress: "
		  "Forbidden: may only be used when `spec.type` is 'LoadBalancer'" },
		{ LB, "loadBalancer: {ingress: [{ip: 1.2.3.4, ipMode: Proxy}]}", NULL },
		{ LB, "loadBalancer: {ingress: [{ip: x}]}", "status.loadBalancer.ingress[0].ip: "
		  "Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
		  "2001:db8::ffff)" },
		{ LB, "loadBalancer: {ingress: [{hostname: 1.2.3.4}]}",
		  "status.loadBalancer.ingress[0].hostname: Invalid value: \"1.2.3.4\": must be a "
		  "DNS name, not an IP address" },
		{ LB, "loadBalancer: {ingress: [{hostname: a, ipMode: Proxy}]}",
		  "status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` "
		  "is not set" },
		{ LB, "loadBalancer: {ingress: [{ip: '', ipMode: VIP}]}",
		  "status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` "
		  "is not set" },
		{ LB, "loadBalancer: {ingress: [{ip: 1.2.3.4}, {ip: 'a::', ipMode: VIP}]}", NULL },
		{ LB, "loadBalancer: {ingress: [{hostname: a_b}]}",
		  "status.loadBalancer.ingress[0].hostname: Invalid value: \"a_b\": " SUBDOMAIN_RULE },
		{ P "externalTrafficPolicy: Local", NULL, "spec.externalTrafficPolicy: Invalid "
		  "value: \"Local\": may only be set for externally-accessible services" },
		{ P "externalIPs: [1.1.1.1], externalTrafficPolicy: Local", NULL, NULL },
		{ LB "healthCheckNodePort: 30000, externalTrafficPolicy: Local", NULL, NULL },
		{ LB "healthCheckNodePort: 30000", NULL, "spec.healthCheckNodePort: Invalid value: "
		  "30000: may only be set when `type` is 'LoadBalancer' and "
		  "`externalTrafficPolicy` is 'Local'" },
		{ P "sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}", NULL,
		  "spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is "
		  "None" },
		{ P "sessionAffinity: None, sessionAffinityConfig: {}", NULL,
		  "spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is "
		  "None" },
		{ P "sessionAffinityConfig: {clientIP: {}}", NULL,
		  "spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is "
		  "None" },
		{ P "sessionAffinity: None, sessionAffinityConfig: null", NULL, NULL },
		{ P "sessionAffinity: ClientIP, sessionAffinityConfig: {}", NULL, NULL },
		{ P "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {}}", NULL, NULL },
		{ P "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: "
		  "1}}", NULL, NULL },
		{ P "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: "
		  "{timeoutSeconds: 86400}}", NULL, NULL },
		{ P "sessionAffinity: ClientIP", NULL, NULL },
		{ P "internalTrafficPolicy: Local", NULL, NULL },
		{ P "type: NodePort, externalTrafficPolicy: Local", NULL, NULL },
		{ LB "loadBalancerClass: example.com/internal", NULL, NULL },
		{ LB "allocateLoadBalancerNodePorts: false", NULL, NULL },
		{ LB, "loadBalancer: {ingress: [{hostname: a.example.com}]}", NULL },
		{ P "trafficDistribution: PreferClose", NULL, NULL },
		{ P "trafficDistribution: PreferSameZone", NULL, NULL },
		{ P "trafficDistribution: PreferSameNode", NULL, NULL },
		{ P "trafficDistribution: Far", NULL, "spec.trafficDistribution: Unsupported "
		  "value: "
		  "\"Far\": supported values: \"PreferClose\", \"PreferSameNode\", "
		  "\"PreferSameZone\"" },
		{ P "selector: {'a/b/c': d}", NULL, "spec.selector: Invalid value: \"a/b/c\": a "
		  "qualified name must be 'name' or 'prefix/name'" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(rows[i].spec, rows[i].status, rows[i].why);
}

#define HINTS "service.kubernetes.io/topology-aware-hints"
#define MODE "service.kubernetes.io/topology-mode"
#define REMOVAL "sluice/on-endpoint-removal"
#define RANGES "service.beta.kubernetes.io/load-balancer-source-ranges"
#define CIDR_RULE "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

Test(service_validate, annotations)
{
	static const struct {
		const char *annotations;
		const char *spec;
		const char *why;
	} rows[] = {
		{ MODE ": Auto, " HINTS ": Auto", P, NULL },
		{ MODE ": Auto", P, NULL },
		{ REMOVAL ": keep", P, NULL },
		{ REMOVAL ": reset", P, NULL },
		{ REMOVAL ": now", P, "metadata.annotations[" REMOVAL "]: Unsupported value: "
		  "\"now\": supported values: \"keep\", \"reset\"" },
		{ MODE ": Auto, " HINTS ": Disabled", P, "metadata.annotations[" MODE "]: Invalid "
		  "value: \"Auto\": must match annotations[" HINTS "] when both are specified" },
		{ RANGES ": '10.0.0.0/8, 192.0.2.0/24'", LB, NULL },
		{ RANGES ": ' '", LB, NULL },
		{ RANGES ": '10.0.0.0/8,10.0.0.1'", LB, "metadata.annotations[" RANGES "]: Invalid "
		  "value: \"10.0.0.1\": " CIDR_RULE },
		{ RANGES ": 10.0.0.0/8", P, "metadata.annotations[" RANGES "]: " ONLY_LB },
		/* The field stands above the annotation. */
		{ RANGES ": x", LB "loadBalancerSourceRanges: [10.0.0.0/8]", NULL },
		{ "'a b': c", P, "metadata.annotations: Invalid value: \"a b\": name part must "
		  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
		  "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
		  "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judged(annotated(rows[i].annotations, rows[i].spec, NULL), rows[i].annotations,
		       rows[i].why);
}

Test(service_validate, names)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "web", true }, { "1web", true }, { "a-b-0", true }, { "w", true },
		{ "", false }, { "Web", false }, { "web-", false }, { "-web", false },
		{ "a.b", false }, { "a_b", false }, { "w\xc3\xa9" "b", false },
		{ "a23456789012345678901234567890123456789012345678901234567890123", true },
		{ "a234567890123456789012345678901234567890123456789012345678901234", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(object_free) struct object *o = service("ports: [{port: 80}]", NULL);

		free(o->meta->name);
		o->meta->name = strdup(rows[i].name);
		object_default(o, NULL);
		cr_expect_eq(object_validate(o, NULL), rows[i].ok ? 0 : -EINVAL, "%s",
			     rows[i].name);
	}
}

static void name_refused(const char *name, const char *why)
{
	own(object_free) struct object *o = service("ports: [{port: 80}]", NULL);
	struct err e = { 0 };
	char want[1024];

	free(o->meta->name);
	o->meta->name = strdup(name);
	cr_assert_eq(object_default(o, NULL), 0);
	snprintf(want, sizeof(want), "web.yaml:1: The Service \"%s\" is invalid: metadata.name: %s",
		 name, why);
	cr_expect_eq(object_validate(o, &e), -EINVAL);
	cr_expect_str_eq(e.text, want);
}

Test(service_validate, what_is_wrong_with_names)
{
	name_refused("", "Required value: a name is required");
	name_refused("Web", "Invalid value: \"Web\": " NAME_RULE);
	name_refused("a234567890123456789012345678901234567890123456789012345678901234",
		     "Invalid value: \"a2345678901234567890123456789012345678901234567890123456789"
		     "01234\": must be no more than 63 characters");
	refused("ports: [{port: 80, name: "
		"a23456789012345678901234567890123456789012345678901234567890123}]", NULL, NULL);
	refused("ports: [{port: 80, name: "
		"a234567890123456789012345678901234567890123456789012345678901234}]", NULL,
		"spec.ports[0].name: Invalid value: \"a2345678901234567890123456789012345678901234567"
		"8901234567890123" "4\": must be no more than 63 characters");
}

Test(service_default, fills_in_what_the_api_server_does)
{
	static const struct {
		const char *spec;
		const char *json;	/* the spec afterwards */
	} rows[] = {
		{ "ports: [{port: 80}]",
		  "{\"internalTrafficPolicy\":\"Cluster\","
		  "\"ports\":[{\"port\":80,\"protocol\":\"TCP\",\"targetPort\":80}],"
		  "\"sessionAffinity\":\"None\",\"type\":\"ClusterIP\"}" },
		{ "clusterIP: None",
		  "{\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"],"
		  "\"internalTrafficPolicy\":\"Cluster\","
		  "\"sessionAffinity\":\"None\",\"type\":\"ClusterIP\"}" },
		{ "clusterIP: None, selector: {}",
		  "{\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"],"
		  "\"internalTrafficPolicy\":\"Cluster\","
		  "\"selector\":{},\"sessionAffinity\":\"None\",\"type\":\"ClusterIP\"}" },
		{ "type: ExternalName, externalName: a",
		  "{\"externalName\":\"a\",\"sessionAffinity\":\"None\","
		  "\"type\":\"ExternalName\"}" },
		{ "type: LoadBalancer, sessionAffinity: ClientIP, clusterIPs: [010.0.0.1, 'A::0']",
		  "{\"allocateLoadBalancerNodePorts\":true,\"clusterIP\":\"10.0.0.1\","
		  "\"clusterIPs\":[\"10.0.0.1\",\"a::\"],\"externalTrafficPolicy\":\"Cluster\","
		  "\"internalTrafficPolicy\":\"Cluster\","
		  "\"sessionAffinity\":\"ClientIP\","
		  "\"sessionAffinityConfig\":{\"clientIP\":{\"timeoutSeconds\":10800}},"
		  "\"type\":\"LoadBalancer\"}" },
		{ "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}, "
		  "ipFamilyPolicy: SingleStack, ipFamilies: [IPv6], clusterIP: None",
		  "{\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"],"
		  "\"internalTrafficPolicy\":\"Cluster\",\"ipFamilies\":[\"IPv6\"],"
		  "\"ipFamilyPolicy\":\"SingleStack\",\"sessionAffinity\":\"ClientIP\","
		  "\"sessionAffinityConfig\":{\"clientIP\":{\"timeoutSeconds\":5}},"
		  "\"type\":\"ClusterIP\"}" },
		{ "externalIPs: ['2001:DB8::0']",
		  "{\"externalIPs\":[\"2001:db8::\"],\"externalTrafficPolicy\":\"Cluster\","
		  "\"internalTrafficPolicy\":\"Cluster\","
		  "\"sessionAffinity\":\"None\",\"type\":\"ClusterIP\"}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(object_free) struct object *o = service(rows[i].spec, NULL);
		own(free) char *json = NULL;
		own(free) char *want = NULL;

		cr_assert_eq(object_default(o, NULL), 0);
		json = canonical_json(o);
		cr_assert_gt(asprintf(&want, "{\"apiVersion\":\"v1\",\"kind\":\"Service\","
				      "\"metadata\":{\"name\":\"web\",\"namespace\":\"default\"},"
				      "\"spec\":%s,\"status\":{\"loadBalancer\":{}}}",
				      rows[i].json), 0);
		cr_expect_str_eq(json, want);
	}
}
