/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice selftest: two nodes in network namespaces, each with an instance of its own that is
 * driven by this same binary, as a person would by hand.
 *
 * A worker does the work, so that whatever becomes of it, its parent takes everything away.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/own.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "cli/selftest_check.h"
#include "cli/selftest_lab.h"
#include "cli/selftest_server.h"

enum mode {
	MODE_ALL,
	MODE_NATIVE,
	MODE_GENERIC,
	MODE_OFF,
	MODE_COUNT,
};

enum lab_action {
	LAB_NONE,
	LAB_UP,
	LAB_SERVE,
	LAB_DOWN,
};

static const char *const mode_names[] = { "all", "native", "generic", "off", NULL };
static const char *const lab_actions[] = { "none", "up", "serve", "down", NULL };

struct selftest_opts {
	int mode;
	int lab;
};

static const char *const nodes[] = { "n1", "n2" };
#define N_NODES (sizeof(nodes) / sizeof(nodes[0]))

/* --- this binary, on a node ------------------------------------------------------- */

static void instance_name(const char *lab, const char *node, char *ret, size_t size)
{
	snprintf(ret, size, "%s-%s", lab, node);
}

/* In the child: never returns. */
static void sluice_exec(const char *lab, const char *node, const char *const argv[], int in,
			int out)
{
	struct err e = { 0 };

	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (dup2(in, STDIN_FILENO) < 0 || lab_enter(lab, node, &e) < 0) {
		dprintf(STDERR_FILENO, "%s", e.text);
		_exit(EXIT_FAILURE);
	}
	execv("/proc/self/exe", (char *const *)argv);
	dprintf(STDERR_FILENO, "cannot run /proc/self/exe: %s", strerror(errno));
	_exit(EXIT_FAILURE);
}

/* What a command said, on one line. */
static void output_read(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
	n = (ssize_t)strlen(ret);
	while (n > 0 && ret[n - 1] == '\n')
		ret[--n] = '\0';
	for (char *c = ret; *c; c++)
		if (*c == '\n')
			*c = '|';
}

/* `sluice --instance LAB-NODE WORDS...` on the node with @input; @said: its output. */
static int sluice_run(const char *lab, const char *node, const char *const words[],
		      const char *input, char *said, size_t said_size)
{
	own(fd_close) int in = memfd_create("in", MFD_CLOEXEC);
	own(fd_close) int out = memfd_create("out", MFD_CLOEXEC);
	char instance[LAB_NAME_MAX + 8];
	const char *argv[16] = { "sluice", "--instance", instance };
	int status = -1;
	pid_t pid;

	snprintf(said, said_size, "cannot run sluice");
	if (in < 0 || out < 0)
		return EXIT_FAILURE;
	if (input && write(in, input, strlen(input)) != (ssize_t)strlen(input))
		return EXIT_FAILURE;
	lseek(in, 0, SEEK_SET);
	instance_name(lab, node, instance, sizeof(instance));
	for (size_t i = 3; *words && i < 15; i++)
		argv[i] = *words++;

	pid = fork();
	if (pid == 0)
		sluice_exec(lab, node, argv, in, out);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return EXIT_FAILURE;
	output_read(out, said, said_size);
	if (WIFSIGNALED(status)) {
		snprintf(said, said_size, "ended by signal %d", WTERMSIG(status));
		return EXIT_FAILURE;
	}
	return WEXITSTATUS(status);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A check: the command succeeds, and its output has @want in it unless that is NULL. */
static void node_check(const char *lab, const char *node, const char *const words[],
		       const char *input, const char *want, struct tally *t)
{
	char said[8192], title[200], why[700];
	int status = sluice_run(lab, node, words, input, said, sizeof(said));
	size_t n = (size_t)snprintf(title, sizeof(title), "%s: sluice", node);

	for (; *words && n < sizeof(title); words++)
		n += (size_t)snprintf(title + n, sizeof(title) - n, " %s", *words);
	if (status)
		snprintf(why, sizeof(why), "expected success, got exit status %d: %.500s", status,
			 said);
	else if (want && !strstr(said, want))
		snprintf(why, sizeof(why), "expected \"%s\" in: %.500s", want, said);
	else
		why[0] = '\0';
	tally_line(t, title, *why ? why : NULL);
}

/* --- the worker ------------------------------------------------------------------- */

static void node_start(const char *lab, const char *node, const char *mode, struct tally *t)
{
	node_check(lab, node, WORDS("attach", "eth0", "--xdp", mode, "--node", node), NULL, NULL,
		   t);
	node_check(lab, node, WORDS("attach", "--workload", "veth*"), NULL, NULL, t);
	node_check(lab, node, WORDS("apply", "-f", "-"), check_manifests, "service/web", t);
	node_check(lab, node, WORDS("apply", "-f", "-"), check_manifests, "service/web unchanged",
		   t);
}

static void mode_check(const char *lab, const char *mode, struct tally *t)
{
	unsigned int failed = t->failed;

	printf("\nxdp %s\n", mode);
	for (size_t i = 0; i < N_NODES; i++)
		node_start(lab, nodes[i], mode, t);
	if (t->failed == failed)
		check_traffic(lab, t);
	else
		printf("      without that, traffic is not tried\n");
	for (size_t i = 0; i < N_NODES; i++) {
		node_check(lab, nodes[i], WORDS("stats"), NULL, "web", t);
		node_check(lab, nodes[i], WORDS("detach", "--all"), NULL, NULL, t);
	}
}

/* The servers, ready to answer. They end with the worker. */
static int server_start(const char *lab, struct err *reterr)
{
	int ready[2];
	char line[16];
	ssize_t n;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(reterr, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		server_run(lab, ready[1], &e);
		_exit(say_failure(&e));
	}
	close(ready[1]);
	n = pid > 0 ? read(ready[0], line, sizeof(line)) : -1;
	close(ready[0]);
	return n > 0 ? 0 : err_set(reterr, EIO, "the lab's servers do not start");
}

static int selftest_work(const char *lab, int mode)
{
	struct tally t = { 0 };
	struct err e = { 0 };

	if (lab_up(lab, &e) < 0 || server_start(lab, &e) < 0)
		return say_failure(&e);
	printf("client 203.0.113.10 ── router ─┬─ n1 192.168.0.11 ── n1p1, n1p2 (10.244.1.0/24)\n"
	       "                               └─ n2 192.168.0.12 ── n2p1, n2p2 (10.244.2.0/24)\n");
	for (int m = MODE_NATIVE; m < MODE_COUNT; m++)
		if (mode == MODE_ALL || mode == m)
			mode_check(lab, mode_names[m], &t);
	printf("\n%u checks, %u failed\n", t.checks, t.failed);
	return t.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- its parent ------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void selftest_clean(const char *lab, const char *state)
{
	struct err e = { 0 };

	char said[200];

	for (size_t i = 0; i < N_NODES; i++)
		sluice_run(lab, nodes[i], WORDS("detach", "--all"), NULL, said, sizeof(said));
	nftw(state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (lab_down(lab, &e) < 0)
		say_warning("%s", e.text);
}

/* Waits for the worker; a signal that asks us to end asks the worker first. */
static int worker_wait(pid_t worker, const sigset_t *signals)
{
	int status, sig;

	while (waitpid(worker, &status, WNOHANG) == 0) {
		sig = sigwaitinfo(signals, NULL);
		if (sig > 0 && sig != SIGCHLD)
			kill(worker, SIGKILL);
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	say_error("selftest: ended by signal %d", WTERMSIG(status));
	return EXIT_FAILURE;
}

static int selftest_run(int mode)
{
	sigset_t signals, before;
	char state[] = "/tmp/sluice-selftest-XXXXXX";
	char lab[32];
	int status;
	pid_t worker;

	/* State of its own: nothing is ever written beside that of the host's instances. */
	if (!mkdtemp(state) || setenv("SLUICE_STATE_DIR", state, 1)) {
		say_error("cannot make %s: %s", state, strerror(errno));
		return EXIT_FAILURE;
	}
	snprintf(lab, sizeof(lab), "selftest-%d", getpid());
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(NULL);
	worker = fork();
	if (worker == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		status = selftest_work(lab, mode);
		fflush(NULL);
		_exit(status);
	}
	signal(SIGPIPE, SIG_IGN);	/* a reader that left must not keep us from cleaning */
	if (worker < 0)
		say_error("cannot start: %s", strerror(errno));
	status = worker < 0 ? EXIT_FAILURE : worker_wait(worker, &signals);
	selftest_clean(lab, state);
	return status;
}

static int lab_run(int action, const char *lab)
{
	struct err e = { 0 };
	int r = lab_name_check(lab, &e);

	if (!r && action == LAB_UP)
		r = lab_up(lab, &e);
	else if (!r && action == LAB_SERVE)
		r = server_run(lab, STDOUT_FILENO, &e);
	else if (!r)
		r = lab_down(lab, &e);
	return r < 0 ? say_failure(&e) : EXIT_SUCCESS;
}

static int cmd_selftest(const struct cmd_context *ctx, int argc, char **argv)
{
	const struct selftest_opts *o = ctx->opts;

	if (argc != (o->lab != LAB_NONE))
		return say_usage(ctx, o->lab ? "--lab takes one name" : "takes no operand");
	if (geteuid()) {
		say_error("selftest makes network namespaces and loads programs: it needs root");
		return EXIT_FAILURE;
	}
	return o->lab ? lab_run(o->lab, argv[0]) : selftest_run(o->mode);
}

static const struct option_row selftest_options[] = {
	{ .name = "xdp", .arg = "MODE", .help = "native, generic, off, or all one after the other "
						"(default)",
	  OPTION_CHOICE(struct selftest_opts, mode, mode_names) },
	{ .name = "lab", .arg = "ACTION", .help = "only the lab: up NAME builds it, serve NAME runs "
						  "its servers, down NAME removes it",
	  OPTION_CHOICE(struct selftest_opts, lab, lab_actions) },
	{ 0 },
};

const struct command command_selftest = {
	.name = "selftest",
	.args = "[NAME]",
	.summary = "try everything in a little cluster of network namespaces",
	.details = "Builds a client, a router and two nodes with two pods each, attaches to both\n"
		   "nodes, applies manifests and sends traffic. One line a check; exit status 1\n"
		   "if one failed. Touches nothing outside its own namespaces and instances.\n",
	.options = selftest_options,
	.opts_size = sizeof(struct selftest_opts),
	.run = cmd_selftest,
};
