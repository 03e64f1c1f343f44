/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/record.h"

#include <linux/in.h>
#include <string.h>

static const char *const hooks[] = {
	[HOOK_XDP] = "XDP", [HOOK_UPLINK_IN] = "UPLINK_IN", [HOOK_UPLINK_OUT] = "UPLINK_OUT",
	[HOOK_WORKLOAD_IN] = "WORKLOAD_IN", [HOOK_WORKLOAD_OUT] = "WORKLOAD_OUT",
	[HOOK_LO_OUT] = "LO_OUT",
};
static const char *const devices[] = { "LO", "UP0", "UP1", "LXC0", "LXC1" };

/* ---- values ------------------------------------------------------------------------- */

static void addr_write(FILE *out, const struct sluice_addr *a, bool v6)
{
	static const struct host *const all[] = {
		&client_a, &client_b, &pod_a, &pod_b, &node, &node_up1, &pod_far, &pod_remote,
		&pod_remote_2, &pod_remote_3, &pod_narrow, &pod_silent, &pod_lost, &vip, &vip_2,
		&stranger, &localhost, &unallocated, &unrouted, &neighbour,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!rule_same_addr(&all[i]->ip[v6], a, v6))
			continue;
		fprintf(out, "%s.ip[%d]", all[i]->name, v6);
		return;
	}
	for (unsigned i = 0; i < CONFIG_SERVICES; i++) {
		struct sluice_addr ip = config_cluster_ip(i, v6);

		if (!rule_same_addr(&ip, a, v6))
			continue;
		fprintf(out, "config_cluster_ip(%u, %d)", i, v6);
		return;
	}
	fprintf(out, "{ { 0x%xu, 0x%xu, 0x%xu, 0x%xu } }", a->ip6[0], a->ip6[1], a->ip6[2], a->ip6[3]);
}

static void mac_write(FILE *out, const char *field, const __u8 *mac)
{
	fprintf(out, "\t\t.%s = { 0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x },\n", field, mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static unsigned conn_number(const struct model *m, const struct conn *c)
{
	return (unsigned)(c - m->conns.at);
}

static void number_write(FILE *out, const char *field, __u32 v)
{
	if (v)
		fprintf(out, " .%s = %u,", field, v);
}

/* ---- packets ------------------------------------------------------------------------ */

static bool is_damaged(const struct shot *s)
{
	return s->error || s->echo || s->cut || s->poke[0].off || s->poke[1].off || s->ext;
}

static void bytes_write(FILE *out, const struct frame *f)
{
	fprintf(out, "\tin = (struct frame){ %u, {", f->len);
	for (__u32 i = 0; i < f->len; i++)
		fprintf(out, "%s0x%02x,", i % 14 ? " " : "\n\t\t", f->bytes[i]);
	fprintf(out, "\n\t} };\n");
}

void record_shot(FILE *out, const struct model *m, const struct shot *s, const struct conn *c,
		 const struct frame *in)
{
	struct packet p = shot_packet(s, c);
	/* The datapath chose it: so it is known only when the test runs. */
	bool chosen = c && s->direction == REPLY && c->to.sport != c->ask.sport;

	if (is_damaged(s)) {
		if (chosen)
			fprintf(out, "\t/* source port chosen for connection %u: %u */\n",
				conn_number(m, c), c->to.sport);
		bytes_write(out, in);
		return;
	}
	fprintf(out, "\tp = (struct packet){\n");
	mac_write(out, "smac", p.smac);
	mac_write(out, "dmac", p.dmac);
	fprintf(out, "\t\t.v6 = %d, .proto = %s, .ttl = %u, .src = ", p.v6,
		p.proto == IPPROTO_TCP ? "IPPROTO_TCP" : p.proto == IPPROTO_UDP ? "IPPROTO_UDP" :
		"IPPROTO_SCTP", p.ttl);
	addr_write(out, &p.src, p.v6);
	fprintf(out, ", .dst = ");
	addr_write(out, &p.dst, p.v6);
	if (chosen)
		fprintf(out, ",\n\t\t.sport = %u, .dport = port[%u],", p.sport, conn_number(m, c));
	else
		fprintf(out, ",\n\t\t.sport = %u, .dport = %u,", p.sport, p.dport);
	number_write(out, "flags", p.flags);
	number_write(out, "seq", p.seq);
	number_write(out, "ack", p.ack);
	number_write(out, "tcp_nops", p.tcp_nops);
	number_write(out, "payload", p.payload);
	number_write(out, "padding", p.padding);
	number_write(out, "fragment", p.fragment);
	number_write(out, "ip_id", p.ip_id);
	number_write(out, p.proto == IPPROTO_UDP ? "udp_no_csum" : "sctp_no_csum", p.udp_no_csum);
	fprintf(out, "\n\t};\n\tin = frame_build(&p);\n");
}

static const char *fate(enum hook hook, __u32 action)
{
	static const char *const xdp[] = { "?", "DROPPED", "PASSED", "SENT_BACK", "SENT_AWAY" };

	if (hook == HOOK_XDP)
		return xdp[action % 5];
	return action == (__u32)-1 ? "PASSED" : action == 2 ? "DROPPED" : "SENT_AWAY";
}

static void mac_copy_write(FILE *out, const char *field, const __u8 *mac)
{
	fprintf(out, "\tmemcpy(p.%s, (__u8[]){ %u, %u, %u, %u, %u, %u }, 6);\n", field, mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* What is expected of the packet that fails. */
static void expectation_write(FILE *out, const struct record *r, const struct outcome *o)
{
	struct wire w = wire_read(&o->frame);

	if (o->resized || is_damaged(r->shot) || w.kind != WIRE_PORTS)
		return;
	if (o->opens)
		w.t = o->conn.to;
	fprintf(out, "\tp.src = (struct sluice_addr)");
	addr_write(out, &w.t.src, w.t.v6);
	fprintf(out, ";\n\tp.dst = (struct sluice_addr)");
	addr_write(out, &w.t.dst, w.t.v6);
	if (o->any_port)
		fprintf(out, ";\n\tp.sport = frame_u16(&out, packet_l4_off(&p));\n");
	else
		fprintf(out, ";\n\tp.sport = %u;\n", w.t.sport);
	fprintf(out, "\tp.dport = %u;\n\tp.ttl = %u;\n", w.t.dport,
		o->opens ? w.ttl - o->conn.leg[ASK].routed : w.ttl);
	mac_copy_write(out, "dmac", o->frame.bytes);
	mac_copy_write(out, "smac", o->frame.bytes + 6);
	fprintf(out, "\texpect_packet(dp, out, p);\n");
}

void record_run(FILE *out, const struct model *m, const struct record *r)
{
	const struct outcome *o = &m->outcomes[r->outcome];

	if (r->failed && m->n_outcomes > 1)
		fprintf(out, "\t/* one of %u outcomes, by the choice of the endpoint: */\n",
			m->n_outcomes);
	fprintf(out, "\tout = dp_run(dp, (&(struct arrival){ .hook = HOOK_%s, .dev = DEV_%s,%s%s",
		hooks[r->at->hook], devices[r->at->dev],
		r->at->forwarded_from ? " .forwarded_from = DEV_UP1," : "",
		o->resized ? " .answered = true," : "");
	if (r->at->gso_segs)
		fprintf(out, " .gso_segs = %u, .gso_size = %u,", r->at->gso_segs, r->at->gso_size);
	fprintf(out, " }), in, %s);\n", fate(r->at->hook, o->action));
	if (r->failed)
		expectation_write(out, r, o);
	else if (o->opens && m->conns.n && !is_damaged(r->shot))
		fprintf(out, "\tport[%u] = frame_u16(&out, packet_l4_off(&p));\n", m->conns.n - 1);
}

/* ---- the rest ----------------------------------------------------------------------- */

void record_begin(FILE *out, const struct model_case *c)
{
	static const char *const pods[] = { "PODS_BY_DEVICE", "PODS_BY_CIDR", "PODS_NOBODY" };
	static const char *const node_ports[] = { "NODE_PORTS_PRIMARY", "NODE_PORTS_SECOND",
						  "NODE_PORTS_ALL" };
	static const char *const cidrs[] = { "CIDR_NONE", "CIDR_CLUSTER", "CIDR_HOME" };
	const struct config_node *n = &c->configs[0].node;

	fprintf(out, "Test(found, seed_%llu)\n{\n", (unsigned long long)c->seed);
	fprintf(out, "\tstruct dp *dp = model_dp_open();\n\tstruct apply *apply = apply_open(dp);\n"
		     "\tstruct places places;\n\tstruct frame in, out;\n\tstruct packet p;\n"
		     "\t__u16 port[%u];	/* chosen for each connection */\n\n\t(void)port;\n",
		CASE_EVENTS);
	if (!c->answers)
		fprintf(out, "\tmodel_answers_off(dp);\n");
	fprintf(out, "\tmodel_node_set(apply, &(struct config_node){ %d, %d, %d, %d, %s, { %s, %s },\n"
		     "\t\t%s });\n",
		n->no_echo, n->masquerade_all, n->localhost, n->few_ports, pods[n->pods], cidrs[n->cidr[0]],
		cidrs[n->cidr[1]], node_ports[n->node_ports]);
}

void record_config(FILE *out, const char *yaml)
{
	fprintf(out, "\tapply_yaml(apply,");
	while (*yaml) {
		size_t n = strcspn(yaml, "\n");

		fprintf(out, "\n\t\t\"");
		for (size_t i = 0; i < n; i++)
			fprintf(out, yaml[i] == '"' ? "\\\"" : "%c", yaml[i]);
		fprintf(out, "\\n\"");
		yaml += n + (yaml[n] == '\n');
	}
	fprintf(out, ", &places);\n");
}

void record_end(FILE *out, const char *wrong)
{
	fprintf(out, "\t/*\n");
	while (*wrong) {
		size_t n = strcspn(wrong, "\n");

		fprintf(out, "\t * %.*s\n", (int)n, wrong);
		wrong += n + (wrong[n] == '\n');
	}
	fprintf(out, "\t */\n\tapply_close(apply);\n\tdp_close(dp);\n}\n");
}
