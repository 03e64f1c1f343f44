/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Shows that a bpf_timer collector lives without a process: started by a child that exits, it
 * fires on; the next child, with a program of another type, takes it over; without pins it is
 * gone. Usage: timer prove OBJECT [PERIOD_US [SLICE]]
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* As in collector.bpf.c. */
struct clock {
	struct bpf_timer timer;
	__u64 period_ns;
	__u32 slice;
	__u32 stop;
	__u64 fired;
	__u64 tokens;
	__u64 ns;
	__u64 max_ns;
	__u64 last;
	__u64 arm_failed;
};

struct key {
	__u32 word[4];
};

struct value {
	__u32 seen;
	__u32 pad[15];
};

#define N_TOKENS 100000
#define WATCH_SEC 2

struct how {
	const char *object;
	const char *dir;	/* in a bpffs, for the pins */
	const char *hook;
	__u64 period_us;
	__u32 slice;
};

static void die(const char *what)
{
	fprintf(stderr, "timer: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int map_of(struct bpf_object *obj, const char *name)
{
	return bpf_map__fd(bpf_object__find_map_by_name(obj, name));
}

static void fill(struct bpf_object *obj)
{
	int flows = map_of(obj, "bench_flows"), tokens = map_of(obj, "bench_tokens");
	struct value live = { .seen = 1 };

	for (__u32 i = 0; i < N_TOKENS; i++) {
		struct key k = { { i * 2654435761u, 7, 9, 0 } };

		bpf_map_update_elem(tokens, NULL, &k, 0);
		bpf_map_update_elem(flows, &k, &live, 0);
		k.word[3] = 1;
		bpf_map_update_elem(flows, &k, &live, 0);
	}
}

static struct bpf_program *program_only(struct bpf_object *obj, const char *hook)
{
	struct bpf_program *p, *wanted = NULL;
	char name[32];

	snprintf(name, sizeof(name), "start_%s", hook);
	bpf_object__for_each_program(p, obj) {
		bool is = !strcmp(bpf_program__name(p), name);

		bpf_program__set_autoload(p, is);
		if (is)
			wanted = p;
	}
	return wanted;
}

/* Reused if pinned already: that is what an upgrade does. */
static void maps_pin(struct bpf_object *obj, const char *dir)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, obj) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", dir, bpf_map__name(m));
		if (*bpf_map__name(m) == 'b' && bpf_map__set_pin_path(m, path))
			die("pin");
	}
}

static void program_run(const struct bpf_program *p, const char *hook)
{
	bool packet = strcmp(hook, "syscall");
	__u8 frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet ? frame : NULL,
		    .data_size_in = packet ? sizeof(frame) : 0);

	if (bpf_prog_test_run_opts(bpf_program__fd(p), &opts) || opts.retval) {
		fprintf(stderr, "start_%s returns %u: ", hook, opts.retval);
		die("test_run");
	}
}

/* In a child, which exits. */
static void start(const struct how *how)
{
	struct bpf_object *obj = bpf_object__open_file(how->object, NULL);
	struct clock c = { .fired = 0 };
	struct bpf_program *p;
	__u32 slot = 0;
	bool adopted;
	int clock;

	if (!obj)
		die(how->object);
	p = program_only(obj, how->hook);
	maps_pin(obj, how->dir);
	if (bpf_object__load(obj))
		die("load");
	clock = map_of(obj, "bench_clock");
	adopted = !bpf_map_lookup_elem(clock, &slot, &c) && c.period_ns;
	if (!adopted) {
		fill(obj);
		c.period_ns = how->period_us * 1000;
		c.slice = how->slice;
		/* Only before the timer runs: an update from user space would cancel it. */
		if (bpf_map_update_elem(clock, &slot, &c, 0))
			die("clock");
	}
	program_run(p, how->hook);
	printf("%-8s %s by process %d, which exits\n", how->hook,
	       adopted ? "taken over" : "started", getpid());
	fflush(stdout);
}

static void start_in_child(const struct how *how)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		start(how);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		die("child");
}

/* 0 if it fired. */
static int watch(int clock)
{
	struct clock c, d;
	__u32 slot = 0;

	if (bpf_map_lookup_elem(clock, &slot, &c))
		die("clock");
	sleep(WATCH_SEC);
	if (bpf_map_lookup_elem(clock, &slot, &d))
		die("clock");
	printf("         in %d s: %llu firings, %llu tokens, %.0f ns a token, slice mean %.1f us, longest ever %.1f us, not armed again %llu\n",
	       WATCH_SEC, d.fired - c.fired, d.tokens - c.tokens,
	       d.tokens == c.tokens ? 0.0
				    : (double)(d.ns - c.ns) / (double)(d.tokens - c.tokens),
	       d.fired == c.fired ? 0.0
				  : (double)(d.ns - c.ns) / (double)(d.fired - c.fired) / 1e3,
	       (double)d.max_ns / 1e3, d.arm_failed);
	return d.fired == c.fired;
}

static void pins_remove(const char *dir)
{
	static const char *const names[] = { "bench_clock", "bench_flows", "bench_tokens" };
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

/* How many programs of collector.bpf.c the kernel still has. */
static int programs_left(void)
{
	__u32 id = 0;
	int n = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len))
			n += !strncmp(info.name, "start_", 6);
		close(fd);
	}
	return n;
}

static int prove(struct how *how)
{
	static const char *const hooks[] = { "xdp", "tc", "syscall" };
	char path[256];
	int clock, still = 0;

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		how->hook = hooks[i];
		start_in_child(how);
		snprintf(path, sizeof(path), "%s/bench_clock", how->dir);
		clock = bpf_obj_get(path);
		if (clock < 0)
			die(path);
		still |= watch(clock);
		close(clock);
	}
	pins_remove(how->dir);
	sleep(1);
	printf("pins removed: %d programs left\n", programs_left());
	return still || programs_left();
}

int main(int argc, char **argv)
{
	char dir[64];
	struct how how = { .dir = dir, .period_us = 10000, .slice = 256 };

	if (argc < 3 || strcmp(argv[1], "prove")) {
		fprintf(stderr, "usage: timer prove OBJECT [PERIOD_US [SLICE]]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);	/* children have nothing of ours to flush */
	how.object = argv[2];
	if (argc > 3)
		how.period_us = strtoull(argv[3], NULL, 0);
	if (argc > 4)
		how.slice = (__u32)strtoul(argv[4], NULL, 0);
	snprintf(dir, sizeof(dir), "/sys/fs/bpf/sluice-bench-%d", getpid());
	if (mkdir(dir, 0700))
		die(dir);
	return prove(&how) ? EXIT_FAILURE : EXIT_SUCCESS;
}
