/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Links, addresses and routes are text for `ip -batch`: %L stands for the lab's name, %N for
 * the number of the node, %O for that of the other one, %4 and %6 for the host's addresses.
 * Sysctls and offloads are set by a thread that enters the namespace.
 */
#include "cli/selftest_lab.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/own.h"

const struct lab_host lab_hosts[] = {
	{ "client", { "203.0.113.10", "2001:db8:203::10" }, 0, false },
	{ "router", { "192.168.0.1", "2001:db8:1::1" }, 0, false },
	{ "n1", { "192.168.0.11", "2001:db8:1::11" }, 1, false },
	{ "n2", { "192.168.0.12", "2001:db8:1::12" }, 2, false },
	{ "n1p1", { "10.244.1.10", "fd00:10:244:1::10" }, 1, true },
	{ "n1p2", { "10.244.1.11", "fd00:10:244:1::11" }, 1, true },
	{ "n2p1", { "10.244.2.10", "fd00:10:244:2::10" }, 2, true },
	{ "n2p2", { "10.244.2.11", "fd00:10:244:2::11" }, 2, true },
	{ 0 },
};

static const char lab_links[] =
	"link add eth0 netns %L-client type veth peer name client netns %L-router\n"
	"link add eth0 netns %L-n1 type veth peer name n1 netns %L-router\n"
	"link add eth0 netns %L-n2 type veth peer name n2 netns %L-router\n"
	"link add eth0 netns %L-n1p1 type veth peer name veth-p1 netns %L-n1\n"
	"link add eth0 netns %L-n1p2 type veth peer name veth-p2 netns %L-n1\n"
	"link add eth0 netns %L-n2p1 type veth peer name veth-p1 netns %L-n2\n"
	"link add eth0 netns %L-n2p2 type veth peer name veth-p2 netns %L-n2\n";

/* Without a querier a snooping bridge would lose neighbour solicitations. */
static const char lab_router[] =
	"link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n"
	"link set lo up\n"
	"link set n1 master br0 up\n"
	"link set n2 master br0 up\n"
	"link set br0 up\n"
	"link set client up\n"
	"addr add %4/24 dev br0\n"
	"addr add %6/64 dev br0 nodad\n"
	"addr add 203.0.113.1/24 dev client\n"
	"addr add 2001:db8:203::1/64 dev client nodad\n";

static const char lab_client[] =
	"link set lo up\n"
	"link set eth0 up\n"
	"addr add %4/24 dev eth0\n"
	"addr add %6/64 dev eth0 nodad\n"
	"route add default via 203.0.113.1\n"
	"route add default via 2001:db8:203::1\n";

/* Proxy ARP answers for the pods' gateway, at once. */
static const char lab_node[] =
	"link set lo up\n"
	"link set eth0 up\n"
	"addr add %4/24 dev eth0\n"
	"addr add %6/64 dev eth0 nodad\n"
	"route add default via 192.168.0.1\n"
	"route add default via 2001:db8:1::1\n"
	"ntable change name arp_cache dev veth-p1 proxy_delay 0\n"
	"ntable change name arp_cache dev veth-p2 proxy_delay 0\n"
	"link set veth-p1 up\n"
	"link set veth-p2 up\n"
	"addr add fe80::1/64 dev veth-p1 nodad\n"
	"addr add fe80::1/64 dev veth-p2 nodad\n"
	"route add 10.244.%N.10 dev veth-p1\n"
	"route add 10.244.%N.11 dev veth-p2\n"
	"route add fd00:10:244:%N::10 dev veth-p1\n"
	"route add fd00:10:244:%N::11 dev veth-p2\n"
	"route add 10.244.%O.0/24 via 192.168.0.1%O\n"
	"route add fd00:10:244:%O::/64 via 2001:db8:1::1%O\n";

static const char lab_pod[] =
	"link set lo up\n"
	"link set eth0 up\n"
	"addr add %4/32 dev eth0\n"
	"addr add %6/128 dev eth0 nodad\n"
	"route add default via 169.254.1.1 dev eth0 onlink\n"
	"route add default via fe80::1 dev eth0\n";

struct lab_sysctl {
	const char *path;	/* below /proc/sys/net */
	const char *value;
	bool nodes_only;
	bool optional;		/* a module that may not be there */
};

/* Those of "default" and "all" go in before there are devices. */
static const struct lab_sysctl lab_sysctls[] = {
	{ .path = "ipv6/conf/all/disable_ipv6", .value = "0" },
	{ .path = "ipv6/conf/default/disable_ipv6", .value = "0" },
	{ .path = "ipv6/conf/all/accept_dad", .value = "0" },
	{ .path = "ipv6/conf/default/accept_dad", .value = "0" },
	{ .path = "ipv6/conf/default/router_solicitations", .value = "0" },
	{ .path = "ipv4/conf/all/rp_filter", .value = "0" },
	{ .path = "ipv4/conf/default/rp_filter", .value = "0" },
	{ .path = "ipv4/conf/all/rp_filter", .value = "1", .nodes_only = true },
	{ .path = "ipv4/conf/default/rp_filter", .value = "1", .nodes_only = true },
	{ .path = "ipv4/conf/default/proxy_arp", .value = "1", .nodes_only = true },
	{ .path = "bridge/bridge-nf-call-iptables", .value = "0", .optional = true },
	{ .path = "bridge/bridge-nf-call-ip6tables", .value = "0", .optional = true },
};

static const struct lab_sysctl lab_forwarding[] = {
	{ .path = "ipv4/ip_forward", .value = "1" },
	{ .path = "ipv6/conf/all/forwarding", .value = "1" },
};

/* --- small helpers -------------------------------------------------------------- */

const struct lab_host *lab_host_find(const char *name)
{
	for (const struct lab_host *h = lab_hosts; h->name; h++)
		if (!strcmp(h->name, name))
			return h;
	return NULL;
}

int lab_name_check(const char *lab, struct err *reterr)
{
	size_t n = strlen(lab);

	for (const char *c = lab; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
			return err_set(reterr, EINVAL, "a lab's name has letters, digits, "
				       "'-' and '.', not '%s'", lab);
	if (!n || n > LAB_NAME_MAX || !isalnum((unsigned char)lab[0]))
		return err_set(reterr, EINVAL, "a lab's name has 1-%d characters and begins "
			       "with a letter or digit", LAB_NAME_MAX);
	return 0;
}

static void netns_name(const char *lab, const char *host, char *ret, size_t size)
{
	snprintf(ret, size, "%s-%s", lab, host);
}

static void batch_expand(int fd, char what, const char *lab, const struct lab_host *h)
{
	switch (what) {
	case 'L':
		dprintf(fd, "%s", lab);
		break;
	case 'N':
		dprintf(fd, "%d", h->node);
		break;
	case 'O':
		dprintf(fd, "%d", 3 - h->node);
		break;
	case '4':
		dprintf(fd, "%s", h->addr[FAMILY_V4]);
		break;
	case '6':
		dprintf(fd, "%s", h->addr[FAMILY_V6]);
		break;
	}
}

/* @text with everything filled in, in a memory file; @h may be NULL if only %L occurs. */
static int batch_open(const char *text, const char *lab, const struct lab_host *h)
{
	int fd = memfd_create("batch", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (*text) {
		size_t n = strcspn(text, "%");

		dprintf(fd, "%.*s", (int)n, text);
		text += n;
		if (*text) {
			batch_expand(fd, text[1], lab, h);
			text += 2;
		}
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The first line of what a program said. */
static void first_line(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

/* Runs `ip`, with @in (which may be -1) as standard input. */
static int ip_run(const char *const argv[], int in, struct err *reterr)
{
	own(fd_close) int out = memfd_create("ip", MFD_CLOEXEC);
	char said[200];
	int status;
	pid_t pid;

	if (out < 0)
		return err_sys(reterr, errno, "memfd_create");
	pid = fork();
	if (pid < 0)
		return err_sys(reterr, errno, "fork");
	if (pid == 0) {
		if (in < 0)
			in = open("/dev/null", O_RDONLY | O_CLOEXEC);
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execvp("ip", (char *const *)argv);
		execv("/usr/sbin/ip", (char *const *)argv);
		execv("/sbin/ip", (char *const *)argv);
		dprintf(STDERR_FILENO, "%s", strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(reterr, errno, "waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	first_line(out, said, sizeof(said));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(reterr, ENOENT, "cannot run ip (package iproute2): %s", said);
	return err_set(reterr, EIO, "ip %s %s: %s", argv[1], argv[2], said);
}

static int batch_run(const char *lab, const struct lab_host *host, const char *text,
		     struct err *reterr)
{
	own(fd_close) int fd = batch_open(text, lab, host);
	char netns[LAB_NAME_MAX + 16];
	const char *in_netns[] = { "ip", "-n", netns, "-batch", "-", NULL };
	const char *here[] = { "ip", "-batch", "-", NULL };

	if (fd < 0)
		return err_sys(reterr, -fd, "memfd_create");
	if (!host)
		return ip_run(here, fd, reterr);
	netns_name(lab, host->name, netns, sizeof(netns));
	return ip_run(in_netns, fd, reterr);
}

/* --- entering ------------------------------------------------------------------- */

int lab_enter(const char *lab, const char *host, struct err *reterr)
{
	own(fd_close) int fd = -1;
	char path[LAB_NAME_MAX + 40];

	snprintf(path, sizeof(path), "/run/netns/%s-%s", lab, host);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(reterr, errno, "cannot open %s", path);
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_sys(reterr, errno, "cannot enter %s", path);
	return 0;
}

/* This thread's namespace: other threads of the process may be elsewhere. */
static int netns_here(struct err *reterr)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(reterr, errno, "cannot open /proc/thread-self/ns/net") : fd;
}

static int netns_back(int home, struct err *reterr)
{
	return setns(home, CLONE_NEWNET) < 0 ? err_sys(reterr, errno, "setns") : 0;
}

int lab_socket(const char *lab, const char *host, int domain, int type, struct err *reterr)
{
	own(fd_close) int home = netns_here(reterr);
	int fd, r;

	if (home < 0)
		return home;
	r = lab_enter(lab, host, reterr);
	if (r < 0)
		return r;
	fd = socket(domain, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fd = err_sys(reterr, errno, "socket");
	r = netns_back(home, reterr);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* --- settings of a namespace ----------------------------------------------------- */

static int sysctl_set(const struct lab_sysctl *s, struct err *reterr)
{
	own(fd_close) int fd = -1;
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", s->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && s->optional)
		return 0;
	if (fd < 0 || write(fd, s->value, strlen(s->value)) < 0)
		return err_sys(reterr, errno, "cannot set %s", path);
	return 0;
}

static int sysctls_set(const struct lab_host *h, struct err *reterr)
{
	bool node = h->node && !h->pod;
	bool forwards = node || !strcmp(h->name, "router");
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(lab_sysctls) / sizeof(*lab_sysctls); i++)
		if (node || !lab_sysctls[i].nodes_only)
			r = sysctl_set(&lab_sysctls[i], reterr);
	for (size_t i = 0; !r && forwards && i < sizeof(lab_forwarding) / sizeof(*lab_forwarding);
	     i++)
		r = sysctl_set(&lab_forwarding[i], reterr);
	return r;
}

static int ethtool_set(int fd, const char *dev, uint32_t cmd, uint32_t value,
		       struct err *reterr)
{
	struct ethtool_value v = { .cmd = cmd, .data = value };
	struct ifreq ifr = { .ifr_data = (char *)&v };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		return err_sys(reterr, errno, "cannot set offloads of %s", dev);
	return 0;
}

/* Without this a partial checksum goes out, which an XDP redirect would lose. */
static int wire_set(const char *lab, const char *host, const char *dev, struct err *reterr)
{
	own(fd_close) int fd = lab_socket(lab, host, AF_INET, SOCK_DGRAM, reterr);

	return fd < 0 ? fd : ethtool_set(fd, dev, ETHTOOL_STXCSUM, 0, reterr);
}

static int wires_set(const char *lab, struct err *reterr)
{
	static const char *const ends[][2] = {
		{ "client", "eth0" }, { "router", "client" }, { "router", "n1" },
		{ "router", "n2" },   { "n1", "eth0" },	      { "n2", "eth0" },
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(ends) / sizeof(*ends); i++)
		r = wire_set(lab, ends[i][0], ends[i][1], reterr);
	return r;
}

/*
 * A veth transmits with XDP_TX only towards a peer that has a program itself: veth_xdp_flush()
 * of Linux 5.13 to 6.18 wakes no other one, GRO or not, and the frames wait in the ring for
 * something else to pass. So the router's ends have a program that lets everything pass, in
 * several buffers too: without that a veth takes no MTU above one page's.
 */
static int ports_set(int prog_fd, struct err *reterr)
{
	static const char *const ports[] = { "n1", "n2" };

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		int r = bpf_xdp_attach((int)if_nametoindex(ports[i]), prog_fd, 0, NULL);

		if (r < 0)
			return err_sys(reterr, -r, "cannot attach XDP to the router's %s", ports[i]);
	}
	return 0;
}

static int router_set(const char *lab, int home, struct err *reterr)
{
	static const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	own(fd_close) int prog_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "lab_pass", "GPL", pass,
						  sizeof(pass) / sizeof(*pass), &opts);
	int r;

	if (prog_fd < 0)
		return err_sys(reterr, -prog_fd, "cannot load an XDP program");
	r = lab_enter(lab, "router", reterr);
	if (r < 0)
		return r;
	r = ports_set(prog_fd, reterr);
	return netns_back(home, reterr) ?: r;
}

/* --- the story ------------------------------------------------------------------- */

static int host_add(const char *lab, const struct lab_host *h, int home, struct err *reterr)
{
	char netns[LAB_NAME_MAX + 16];
	const char *add[] = { "ip", "netns", "add", netns, NULL };
	int r;

	netns_name(lab, h->name, netns, sizeof(netns));
	r = ip_run(add, -1, reterr);
	if (r < 0)
		return r;
	r = lab_enter(lab, h->name, reterr);
	if (r < 0)
		return r;
	r = sysctls_set(h, reterr);
	return netns_back(home, reterr) ?: r;
}

static const char *host_batch(const struct lab_host *h)
{
	if (h->pod)
		return lab_pod;
	if (h->node)
		return lab_node;
	return strcmp(h->name, "client") ? lab_router : lab_client;
}

static int lab_build(const char *lab, struct err *reterr)
{
	own(fd_close) int home = netns_here(reterr);
	int r = home < 0 ? home : 0;

	for (const struct lab_host *h = lab_hosts; !r && h->name; h++)
		r = host_add(lab, h, home, reterr);
	if (!r)
		r = batch_run(lab, NULL, lab_links, reterr);
	for (const struct lab_host *h = lab_hosts; !r && h->name; h++)
		r = batch_run(lab, h, host_batch(h), reterr);
	return r ?: wires_set(lab, reterr) ?: router_set(lab, home, reterr);
}

int lab_up(const char *lab, struct err *reterr)
{
	char first[LAB_NAME_MAX + 40];
	int r = lab_name_check(lab, reterr);

	if (r < 0)
		return r;
	snprintf(first, sizeof(first), "/run/netns/%s-%s", lab, lab_hosts[0].name);
	if (!access(first, F_OK))
		return err_set(reterr, EEXIST, "there is a lab '%s' already", lab);

	r = lab_build(lab, reterr);
	if (r < 0) {
		lab_down(lab, NULL);
		err_prefix(reterr, "cannot build the lab '%s'", lab);
	}
	return r;
}

int lab_down(const char *lab, struct err *reterr)
{
	int r = lab_name_check(lab, reterr);

	if (r < 0)
		return r;
	for (const struct lab_host *h = lab_hosts; h->name; h++) {
		char netns[LAB_NAME_MAX + 16];
		const char *del[] = { "ip", "netns", "del", netns, NULL };
		char path[sizeof(netns) + 16];

		netns_name(lab, h->name, netns, sizeof(netns));
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
		if (!access(path, F_OK))
			r = ip_run(del, -1, reterr) ?: r;
	}
	return r;
}
