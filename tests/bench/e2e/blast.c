/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * blast OBJECT CPU: loads the generator and the receivers and does what standard input says, one
 * command a line, each answered by a line that begins with "ok" or "error". When input ends,
 * everything is gone.
 *
 *	attach NETNS DEV	count what comes in there
 *	keep COUNT		and so many lines with the 60 bytes of a frame in hex
 *	forget			all of those
 *	use FIRST COUNT as-kept|mixed [A.B]
 *				sends these of them; each packet with a source of its own, in
 *				A.B.0.0/16, if that is given
 *	expect PROTO src|dst ADDR MASK PORT
 *	seen			in hex, one word each: source, destination, their ports
 *	send NETNS DEV COUNT quick|verify
 *				"ok NS GOOD OTHER BROKEN": ns a packet, without the time in which
 *				others had the CPU
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/e2e/blast.h"

#define BATCH 64		/* as NAPI takes them, so that no queue grows */
#define STRIDE 0x9e3779b1	/* 2^32 / the golden ratio: a frame is far from those before it */
#define NICE (-10)		/* others' work between two batches empties the caches */

/* What an older header does not have. */
#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

struct blast {
	struct bpf_object *obj;
	struct blast_ctl *ctl;
	struct blast_frame *frames;
	int generator;
	int counts;
	int seen;
	int cpus;
	unsigned int kept;	/* frames */
};

static int answer(int error, const char *about)
{
	if (error)
		printf("error %s: %s\n", about, strerror(error < 0 ? -error : error));
	else
		puts("ok");
	return error;
}

/* --- loading -------------------------------------------------------------------- */

static void *map_memory(const struct bpf_object *obj, const char *name, size_t size)
{
	int fd = bpf_object__find_map_fd_by_name(obj, name);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int program_fd(const struct bpf_object *obj, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, name));
}

static int blast_open(struct blast *b, const char *path)
{
	b->obj = bpf_object__open_file(path, NULL);
	if (!b->obj || bpf_object__load(b->obj))
		return -errno;
	b->ctl = map_memory(b->obj, "ctl", sizeof(*b->ctl));
	b->frames = map_memory(b->obj, "frames", BLAST_FRAMES * sizeof(*b->frames));
	b->generator = program_fd(b->obj, "blast");
	b->counts = bpf_object__find_map_fd_by_name(b->obj, "counts");
	b->seen = bpf_object__find_map_fd_by_name(b->obj, "seen");
	b->cpus = libbpf_num_possible_cpus();
	return b->ctl && b->frames && b->cpus > 0 ? 0 : -ENOMEM;
}

/* To stay there: the next command says where it wants to be. The device's index, or -errno. */
static int enter(const char *netns, const char *dev)
{
	char path[256];
	int fd, r, index;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	if (r)
		return r;
	index = (int)if_nametoindex(dev);
	return index ? index : -ENODEV;
}

/* --- commands ------------------------------------------------------------------- */

/* At tc too, where a packet comes that a redirect moved into the namespace. */
static int do_attach(struct blast *b, char *args)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, tc, .prog_fd = program_fd(b->obj, "receive_tc"));
	char netns[128], dev[32];
	int r;

	if (sscanf(args, "%127s %31s", netns, dev) != 2)
		return answer(EINVAL, "attach");
	hook.ifindex = enter(netns, dev);
	if (hook.ifindex < 0)
		return answer(hook.ifindex, args);
	r = bpf_xdp_attach(hook.ifindex, program_fd(b->obj, "receive_xdp"), XDP_FLAGS_DRV_MODE,
			   NULL) ?:
	    bpf_tc_hook_create(&hook) ?:
	    bpf_tc_attach(&hook, &tc);
	return answer(r, args);
}

static bool frame_read(struct blast_frame *ret)
{
	char line[2 * BLAST_FRAME + 2];

	if (!fgets(line, sizeof(line), stdin))
		return false;
	for (int i = 0; i < BLAST_FRAME; i++)
		if (sscanf(line + 2 * i, "%2hhx", &ret->bytes[i]) != 1)
			return false;
	return true;
}

static int do_keep(struct blast *b, char *args)
{
	unsigned int count;

	if (sscanf(args, "%u", &count) != 1 || count > BLAST_FRAMES - b->kept)
		return answer(ENOSPC, "keep");
	for (unsigned int i = 0; i < count; i++)
		if (!frame_read(&b->frames[b->kept++]))
			return answer(EINVAL, "keep");
	return answer(0, NULL);
}

static int do_forget(struct blast *b, char *args)
{
	b->kept = 0;
	b->ctl->frames = 0;
	return answer(0, NULL);
}

static int do_use(struct blast *b, char *args)
{
	unsigned char *net = (unsigned char *)&b->ctl->fresh_net;
	unsigned int first, count;
	char order[8];
	int n = sscanf(args, "%u %u %7s %hhu.%hhu", &first, &count, order, &net[0], &net[1]);

	if ((n != 3 && n != 5) || !count || count & (count - 1) || count > b->kept ||
	    first > b->kept - count)
		return answer(EINVAL, "use");
	b->ctl->first = first;
	b->ctl->frames = count;
	b->ctl->stride = strcmp(order, "mixed") ? 1 : STRIDE;
	b->ctl->fresh = n == 5;
	return answer(0, NULL);
}

static int do_expect(struct blast *b, char *args)
{
	char proto[4], which[4], addr[INET_ADDRSTRLEN], mask[INET_ADDRSTRLEN];
	unsigned short port;

	if (sscanf(args, "%3s %3s %15s %15s %hu", proto, which, addr, mask, &port) != 5 ||
	    inet_pton(AF_INET, addr, &b->ctl->addr) != 1 ||
	    inet_pton(AF_INET, mask, &b->ctl->mask) != 1)
		return answer(EINVAL, "expect");
	b->ctl->port = htons(port);
	b->ctl->proto = strcmp(proto, "udp") ? IPPROTO_TCP : IPPROTO_UDP;
	b->ctl->by_source = !strcmp(which, "src");
	return answer(0, NULL);
}

static int do_seen(struct blast *b, char *args)
{
	struct blast_tuple t;
	void *last = NULL;

	printf("ok");
	while (!bpf_map_get_next_key(b->seen, last, &t)) {
		printf(" %08x%08x%04x%04x", ntohl(t.src), ntohl(t.dst), ntohs(t.sport),
		       ntohs(t.dport));
		last = &t;
	}
	putchar('\n');
	return 0;
}

static void seen_clear(struct blast *b)
{
	struct blast_tuple t, next;
	bool more = !bpf_map_get_next_key(b->seen, NULL, &t);

	while (more) {	/* on from the last one, as from the first it is all empty buckets */
		more = !bpf_map_get_next_key(b->seen, &t, &next);
		bpf_map_delete_elem(b->seen, &t);
		t = next;
	}
}

static int counts_clear(struct blast *b)
{
	struct blast_count zero[b->cpus];
	__u32 key = 0;

	memset(zero, 0, sizeof(zero));
	return bpf_map_update_elem(b->counts, &key, zero, BPF_ANY);
}

static struct blast_count counts_sum(struct blast *b)
{
	struct blast_count each[b->cpus], sum = { 0 };
	__u32 key = 0;

	if (bpf_map_lookup_elem(b->counts, &key, each))
		return sum;
	for (int i = 0; i < b->cpus; i++) {
		sum.good += each[i].good;
		sum.other += each[i].other;
		sum.broken += each[i].broken;
	}
	return sum;
}

/* ns a packet, or -errno. */
static int send_frames(struct blast *b, int ifindex, unsigned int count)
{
	unsigned char frame[BLAST_FRAME] = { 0 };
	struct xdp_md md = { .data_end = BLAST_FRAME, .ingress_ifindex = (__u32)ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .ctx_in = &md, .ctx_size_in = sizeof(md), .repeat = (int)count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	if (bpf_prog_test_run_opts(b->generator, &opts))
		return -errno;
	return (int)opts.duration;
}

static int do_send(struct blast *b, char *args)
{
	char netns[128], dev[32], how[8];
	struct blast_count n;
	unsigned int count;
	int ifindex, ns;

	if (sscanf(args, "%127s %31s %u %7s", netns, dev, &count, how) != 4 || !count)
		return answer(EINVAL, "send");
	if (!b->ctl->frames)
		return answer(EINVAL, "nothing to send");
	b->ctl->verify = !strcmp(how, "verify");
	if (b->ctl->verify)
		seen_clear(b);
	ifindex = enter(netns, dev);
	if (ifindex < 0)
		return answer(ifindex, args);
	if (counts_clear(b))
		return answer(errno, "counts");
	ns = send_frames(b, ifindex, count);
	if (ns < 0)
		return answer(ns, args);
	n = counts_sum(b);
	printf("ok %d %llu %llu %llu\n", ns, n.good, n.other, n.broken);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct blast *b, char *args);
} commands[] = {
	{ "attach", do_attach },
	{ "keep", do_keep },
	{ "forget", do_forget },
	{ "use", do_use },
	{ "expect", do_expect },
	{ "seen", do_seen },
	{ "send", do_send },
};

static void obey(struct blast *b, char *line)
{
	size_t n = strcspn(line, " ");
	char *args = line + n + (line[n] == ' ');

	line[n] = 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(line, commands[i].name)) {
			commands[i].run(b, args);
			return;
		}
	answer(EINVAL, line);
}

int main(int argc, char **argv)
{
	struct blast b = { 0 };
	cpu_set_t cpu;
	char line[512];
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: blast OBJECT CPU\n");
		return 2;
	}
	CPU_ZERO(&cpu);
	CPU_SET(atoi(argv[2]), &cpu);
	r = sched_setaffinity(0, sizeof(cpu), &cpu) || setpriority(PRIO_PROCESS, 0, NICE) ?
		-errno : blast_open(&b, argv[1]);
	answer(r, argv[1]);
	fflush(stdout);
	while (!r && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		obey(&b, line);
		fflush(stdout);
	}
	bpf_object__close(b.obj);
	return r ? 1 : 0;
}
