/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * packet DEV FLOWS SERVICES RUN: what a packet costs the XDP program of sluice on DEV. UDP flows
 * to 10.96.16.1 and the SERVICES - 1 addresses behind it, port 80, from a client that no other
 * run has: each is opened, answered and confirmed, then all of them go on in turn, so that no
 * packet finds what the one before left in the caches. Prints the medians of ns a packet,
 * "new established", timed by the kernel, less what it takes to time a frame that is not IP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "sluice/settings.h"

#define FIRST_SERVICE 0x0a601001u	/* 10.96.16.1 */
#define FIRST_CLIENT 0xc6336401u	/* 198.51.100.1 */
#define SERVICE_PORT 80
#define FLOWS_MAX 50000	/* of one client */
#define PASSES 4
#define MAPS_MAX 64

struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	char payload[18];
} __attribute__((packed));

struct bench {
	int prog;
	uint32_t ifindex;
	size_t n;
	struct packet *at;	/* by flow: what the client sends */
};

static uint16_t ip_check(const struct packet *p)
{
	const uint8_t *at = (const uint8_t *)p + sizeof(p->eth);
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(p->ip); i += 2) {
		uint16_t word;

		memcpy(&word, at + i, sizeof(word));
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* UDP without a checksum, which IPv4 allows. */
static void packet_make(struct packet *p, uint32_t src, uint16_t sport, uint32_t dst,
			uint16_t dport)
{
	static const uint8_t us[] = { 2, 0, 0, 0, 0, 1 }, router[] = { 2, 0, 0, 0, 1, 0xfe };

	memset(p, 0, sizeof(*p));
	memcpy(p->eth.h_dest, us, sizeof(us));
	memcpy(p->eth.h_source, router, sizeof(router));
	p->eth.h_proto = htons(ETH_P_IP);
	p->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(*p) - sizeof(p->eth)), .saddr = src, .daddr = dst,
	};
	p->ip.check = ip_check(p);
	p->udp = (struct udphdr){
		.source = sport, .dest = dport,
		.len = htons(sizeof(p->udp) + sizeof(p->payload)),
	};
}

/* Runs the program on @in; the verdict, or -errno. */
static int packet_run(const struct bench *b, const struct packet *in, struct packet *out,
		      uint32_t *ret_ns)
{
	struct xdp_md ctx = { .data_end = sizeof(*in), .ingress_ifindex = b->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = sizeof(*in),
		    .data_out = out, .data_size_out = sizeof(*out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);
	int r = bpf_prog_test_run_opts(b->prog, &opts);

	*ret_ns = opts.duration;
	return r < 0 ? r : (int)opts.retval;
}

static bool is_sent(int verdict)
{
	return verdict == XDP_TX || verdict == XDP_REDIRECT;
}

static int ns_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(uint32_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), ns_cmp);
	return n % 2 ? ns[n / 2] : (ns[n / 2 - 1] + ns[n / 2]) / 2.0;
}

/* Opens flow @i, answers it and confirms it. What the first packet took goes to *@ret_ns. */
static int flow_open(const struct bench *b, size_t i, uint32_t *ret_ns)
{
	struct packet out, answer;
	uint32_t ns;

	if (!is_sent(packet_run(b, &b->at[i], &out, ret_ns)))
		return -1;
	packet_make(&answer, out.ip.daddr, out.udp.dest, out.ip.saddr, out.udp.source);
	return is_sent(packet_run(b, &answer, &out, &ns)) &&
	       is_sent(packet_run(b, &b->at[i], &out, &ns)) ? 0 : -1;
}

static int measure_new(const struct bench *b, uint32_t *ns, double *ret)
{
	for (size_t i = 0; i < b->n; i++) {
		if (flow_open(b, i, &ns[i]) == 0)
			continue;
		fprintf(stderr, "packet: flow %zu is not translated\n", i);
		return -1;
	}
	*ret = median(ns, b->n);
	return 0;
}

/* All packets in turn, several times. */
static int measure_turns(const struct bench *b, bool sent, uint32_t *ns, double *ret)
{
	struct packet out;

	for (size_t i = 0; i < PASSES * b->n; i++) {
		if (is_sent(packet_run(b, &b->at[i % b->n], &out, &ns[i])) == sent)
			continue;
		fprintf(stderr, "packet: flow %zu took another way\n", i % b->n);
		return -1;
	}
	*ret = median(ns, PASSES * b->n);
	return 0;
}

static void flows_make(struct bench *b, uint32_t stride, uint32_t services, uint32_t run)
{
	for (size_t i = 0; i < b->n; i++) {
		uint32_t service = (uint32_t)((uint64_t)i * stride % services);

		packet_make(&b->at[i], htonl(FIRST_CLIENT + run),
			    htons(10000 + i), htonl(FIRST_SERVICE + service), htons(SERVICE_PORT));
	}
}

/* Not even IP, so no table is looked at: what timing one packet costs. */
static int measure_floor(struct bench *b, uint32_t *ns, double *ret)
{
	for (size_t i = 0; i < b->n; i++)
		b->at[i].eth.h_proto = htons(ETH_P_802_EX1);
	return measure_turns(b, false, ns, ret);
}

/*
 * Once a second the program leaves a packet to tc, which asks the kernel for the neighbour. There
 * is no tc here: never.
 */
static int neighbours_off(const struct bench *b)
{
	uint32_t ids[MAPS_MAX], len = sizeof(struct bpf_prog_info), row = 0;
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids };

	if (bpf_obj_get_info_by_fd(b->prog, &info, &len))
		return -1;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++) {
		int fd = bpf_map_get_fd_by_id(ids[i]);
		struct bpf_map_info map = { 0 };
		struct sluice_settings s;

		len = sizeof(map);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &map, &len) ||
		    strncmp(map.name, "sluice_settings", sizeof(map.name) - 1)) {
			close(fd);
			continue;
		}
		if (bpf_map_lookup_elem(fd, &row, &s))
			return -1;
		s.neigh_sec = 0;
		return bpf_map_update_elem(fd, &row, &s, BPF_ANY);
	}
	return -1;
}

static int xdp_find(const char *dev, struct bench *b)
{
	uint32_t id = 0;

	b->ifindex = if_nametoindex(dev);
	if (!b->ifindex || bpf_xdp_query_id((int)b->ifindex, 0, &id) < 0 || !id) {
		fprintf(stderr, "packet: no XDP program on %s\n", dev);
		return -1;
	}
	b->prog = bpf_prog_get_fd_by_id(id);
	return b->prog < 0 ? -1 : neighbours_off(b);
}

int main(int argc, char **argv)
{
	struct bench b = { .n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0 };
	uint32_t services = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
	uint32_t run = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	double floor = 0, new = 0, established = 0;
	uint32_t *ns;

	if (!b.n || b.n > FLOWS_MAX || !services) {
		fprintf(stderr, "usage: packet DEV FLOWS SERVICES RUN\n");
		return 2;
	}
	b.at = calloc(b.n, sizeof(*b.at));
	ns = calloc(PASSES * b.n, sizeof(*ns));
	if (!b.at || !ns || xdp_find(argv[1], &b) || measure_floor(&b, ns, &floor))
		return 1;
	flows_make(&b, 7919, services, run);	/* a prime: neighbours in time are none in memory */
	if (measure_new(&b, ns, &new) || measure_turns(&b, true, ns, &established))
		return 1;
	printf("%.1f %.1f\n", new - floor, established - floor);
	free(b.at);
	free(ns);
	return 0;
}
