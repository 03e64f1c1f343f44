/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "manifest/decode.h"
#include "manifest/encode.h"

static const struct choice type_choices[] = {
	{ "ClusterIP", SERVICE_CLUSTER_IP }, { "ExternalName", SERVICE_EXTERNAL_NAME },
	{ "LoadBalancer", SERVICE_LOAD_BALANCER }, { "NodePort", SERVICE_NODE_PORT },
	{ NULL, 0 },
};

static const struct choice policy_choices[] = {
	{ "Cluster", POLICY_CLUSTER }, { "Local", POLICY_LOCAL }, { NULL, 0 },
};

static const struct choice family_policy_choices[] = {
	{ "PreferDualStack", IPFP_PREFER_DUAL }, { "RequireDualStack", IPFP_REQUIRE_DUAL },
	{ "SingleStack", IPFP_SINGLE }, { NULL, 0 },
};

static const struct choice affinity_choices[] = {
	{ "ClientIP", true + 1 }, { "None", false + 1 }, { NULL, 0 },
};

static const struct choice ip_mode_choices[] = {
	{ "Proxy", true + 1 }, { "VIP", false + 1 }, { NULL, 0 },
};

/* --- fields that are not one member ----------------------------------------------- */

static int type_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;
	unsigned int v = UINT32_MAX;
	int err = decode_choice(d, n, type_choices, &v);

	if (err || v == UINT32_MAX)
		return err;
	s->type = v;
	s->type_given = true;
	return 0;
}

static void type_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;

	if (!s->type_given && s->type == SERVICE_CLUSTER_IP)
		return;
	encode_text(j, "type", service_type_name(s->type));
}

/* A choice between false + 1 and true + 1. */
static int choice_decode(struct decoder *d, const struct doc_node *n,
			 const struct choice *choices, bool *ret)
{
	unsigned int v = 0;
	int err = decode_choice(d, n, choices, &v);

	if (!err && v)
		*ret = v - 1;
	return err;
}

static int affinity_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;

	return choice_decode(d, n, affinity_choices, &s->affinity_client_ip);
}

static void affinity_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;

	encode_text(j, "sessionAffinity", s->affinity_client_ip ? "ClientIP" : "None");
}

static int ip_mode_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct lb_ingress *in = at;

	in->mode_given = true;
	return choice_decode(d, n, ip_mode_choices, &in->proxy);
}

static void ip_mode_encode(const void *at, struct json_out *j)
{
	const struct lb_ingress *in = at;

	if (in->ip || in->proxy)
		encode_text(j, "ipMode", in->proxy ? "Proxy" : "VIP");
}

static int node_ports_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;
	bool allocate = true;
	int err = decode_bool(d, n, &allocate);

	s->no_lb_node_ports = !allocate;
	s->lb_node_ports_given = true;
	return err;
}

static void node_ports_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;

	if (s->type != SERVICE_LOAD_BALANCER && !s->lb_node_ports_given)
		return;
	json_key(j, "allocateLoadBalancerNodePorts");
	json_flag(j, !s->no_lb_node_ports);
}

static int selector_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;

	s->has_selector = true;
	return decode_labels(d, n, &s->selector);
}

static void selector_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;

	if (s->has_selector)
		encode_labels(j, "selector", &s->selector);
}

static int families_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;
	int err = decode_want(d, n, DOC_LIST);

	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);
		unsigned int v = 0;

		err = decode_choice(d, n->items[i], family_choices, &v);
		if (!err && !v)
			err = decode_error(d, n->items[i]->line, "Required value");
		if (!err && vec_push(&s->ip_families, v - 1) < 0)
			err = err_nomem(d->err);
		err = decode_go_on(err);
		decode_leave(d, mark);
	}
	return err;
}

static void families_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;

	if (!s->ip_families.n)
		return;
	json_key(j, "ipFamilies");
	json_open(j, '[');
	vec_each(f, &s->ip_families)
		json_text(j, family_name(*f));
	json_close(j, ']');
}

/* --- clusterIP and clusterIPs: one list, "None" is a flag ------------------------- */

/* "None" must be the only one: validation says so of what is left behind it. */
static int cluster_ips_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;
	text_vec *ips = &s->cluster_ips;
	int err = decode_texts(d, n, ips);

	s->cluster_ip = ips->n ? CLUSTER_IP_ABSENT : CLUSTER_IP_AGREES;
	s->headless = ips->n && !strcmp(ips->at[0], "None");
	if (!s->headless)
		return err;
	free(ips->at[0]);
	memmove(ips->at, ips->at + 1, --ips->n * sizeof(*ips->at));
	return err;
}

/* Comes after clusterIPs. */
static int cluster_ip_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;
	const char *first = s->headless ? "None" : s->cluster_ips.n ? s->cluster_ips.at[0] : NULL;
	const char *text = NULL;
	int err = decode_borrow(d, n, &text);

	if (err || !*text)
		return err;
	if (first) {
		s->cluster_ip = strcmp(first, text) ? CLUSTER_IP_DIFFERS : CLUSTER_IP_AGREES;
		return 0;
	}
	s->headless = !strcmp(text, "None");
	if (s->headless)
		return 0;
	return texts_push(&s->cluster_ips, text) < 0 ? err_nomem(d->err) : 0;
}

static void cluster_ips_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;
	char *none[] = { "None" };
	const text_vec none_vec = { .at = none, .n = 1 };

	encode_texts(j, "clusterIPs", s->headless ? &none_vec : &s->cluster_ips);
}

static void cluster_ip_encode(const void *at, struct json_out *j)
{
	const struct service *s = at;

	encode_text(j, "clusterIP", s->headless ? "None" : s->cluster_ips.n ? s->cluster_ips.at[0] : NULL);
}

/* --- targetPort: a number or a name ------------------------------------------------ */

static int target_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service_port *p = at;

	if (n->type == DOC_SCALAR && n->scalar == SCALAR_INT)
		return decode_port(d, n, &p->target.number);
	if (n->type != DOC_SCALAR || n->scalar != SCALAR_TEXT)
		return decode_wrong(d, n, "a number between 1 and 65535 or the name of a "
				    "container port");
	return *n->text ? decode_text(d, n, &p->target.name) : 0;
}

static void target_encode(const void *at, struct json_out *j)
{
	const struct service_port *p = at;

	encode_text(j, "targetPort", p->target.name);
	if (p->target.name || !p->target.number)
		return;
	json_key(j, "targetPort");
	json_number(j, p->target.number);
}

/* --- the tables ------------------------------------------------------------------- */

#define AT(member) .off = offsetof(struct service_port, member)

static const struct field port_fields[] = {
	{ "name", FIELD_TEXT, AT(name), .omit_empty = true, .never_null = true },
	{ "protocol", FIELD_CHOICE, AT(protocol), .choices = protocol_choices },
	{ "port", FIELD_PORT, AT(port) },
	{ "targetPort", FIELD_OTHER, .decode = target_decode, .encode = target_encode },
	{ "nodePort", FIELD_PORT, AT(node_port) },
	{ "appProtocol", FIELD_TEXT, AT(app_protocol) },
};
static const struct shape port_shape = SHAPE(port_fields, .size = sizeof(struct service_port));

static const struct other_field port_status_others[] = {
	OTHER("error"), OTHER("port"), OTHER("protocol"),
};
static const struct shape port_status_shape = { OTHERS(port_status_others) };

static const struct other_field ingress_others[] = {
	{ "ports", &port_status_shape },
};

#undef AT
#define AT(member) .off = offsetof(struct lb_ingress, member)

static const struct field ingress_fields[] = {
	{ "hostname", FIELD_TEXT, AT(hostname) },
	{ "ip", FIELD_TEXT, AT(ip) },
	{ "ipMode", FIELD_OTHER, .decode = ip_mode_decode, .encode = ip_mode_encode },
};
static const struct shape ingress_shape =
	SHAPE(ingress_fields, .size = sizeof(struct lb_ingress), OTHERS(ingress_others));

#undef AT
#define AT(member) .off = offsetof(struct service, member)

static const struct field client_ip_fields[] = {
	{ "timeoutSeconds", FIELD_SECONDS, AT(affinity_timeout_sec) },
};
static const struct shape client_ip_shape = SHAPE(client_ip_fields);

static const struct field affinity_fields[] = {
	{ "clientIP", FIELD_GROUP, .shape = &client_ip_shape },
};
static const struct shape affinity_shape = SHAPE(affinity_fields);

static int affinity_config_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct service *s = at;

	s->affinity_config_given = true;
	return decode_shape(d, &affinity_shape, n, at);
}

static void affinity_config_encode(const void *at, struct json_out *j)
{
	encode_group(j, "sessionAffinityConfig", &affinity_shape, at);
}

static const struct field spec_fields[] = {
	{ "type", FIELD_OTHER, .decode = type_decode, .encode = type_encode },
	{ "clusterIPs", FIELD_OTHER, .decode = cluster_ips_decode, .encode = cluster_ips_encode },
	{ "clusterIP", FIELD_OTHER, .decode = cluster_ip_decode, .encode = cluster_ip_encode },
	{ "ipFamilies", FIELD_OTHER, .decode = families_decode, .encode = families_encode },
	{ "ipFamilyPolicy", FIELD_CHOICE, AT(ip_family_policy), .choices = family_policy_choices },
	{ "ports", FIELD_LIST, AT(ports), .shape = &port_shape },
	{ "selector", FIELD_OTHER, .decode = selector_decode, .encode = selector_encode },
	{ "externalIPs", FIELD_TEXTS, AT(external_ips) },
	{ "externalName", FIELD_TEXT, AT(external_name) },
	{ "externalTrafficPolicy", FIELD_CHOICE, AT(external_policy), .choices = policy_choices },
	{ "internalTrafficPolicy", FIELD_CHOICE, AT(internal_policy), .choices = policy_choices },
	{ "healthCheckNodePort", FIELD_PORT, AT(health_check_node_port) },
	{ "loadBalancerClass", FIELD_TEXT, AT(lb_class) },
	{ "loadBalancerIP", FIELD_TEXT, AT(lb_ip) },
	{ "loadBalancerSourceRanges", FIELD_TEXTS, AT(lb_source_ranges) },
	{ "allocateLoadBalancerNodePorts", FIELD_OTHER,
	  .decode = node_ports_decode, .encode = node_ports_encode },
	{ "publishNotReadyAddresses", FIELD_BOOL, AT(publish_not_ready) },
	{ "sessionAffinity", FIELD_OTHER, .decode = affinity_decode, .encode = affinity_encode },
	{ "sessionAffinityConfig", FIELD_OTHER,
	  .decode = affinity_config_decode, .encode = affinity_config_encode },
	{ "trafficDistribution", FIELD_TEXT, AT(traffic_distribution) },
};
static const struct shape spec_shape = SHAPE(spec_fields);

static const struct field balancer_fields[] = {
	{ "ingress", FIELD_LIST, AT(lb_ingress), .shape = &ingress_shape },
};
static const struct shape balancer_shape = SHAPE(balancer_fields);

static const struct field status_fields[] = {
	{ "loadBalancer", FIELD_GROUP, .always = true, .shape = &balancer_shape },
};
static const struct other_field condition_others[] = {
	OTHER("lastTransitionTime"), OTHER("message"), OTHER("observedGeneration"),
	OTHER("reason"), OTHER("status"), OTHER("type"),
};
static const struct shape condition_shape = { OTHERS(condition_others) };

static const struct other_field status_others[] = {
	{ "conditions", &condition_shape },
};
static const struct shape status_shape = SHAPE(status_fields, OTHERS(status_others));

static const struct field service_fields[] = {
	{ "metadata", FIELD_GROUP, AT(meta), .shape = &meta_shape },
	{ "spec", FIELD_GROUP, .shape = &spec_shape },
	{ "status", FIELD_GROUP, .shape = &status_shape },
};
const struct shape service_shape = SHAPE(service_fields, OTHERS(type_others));
