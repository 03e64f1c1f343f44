/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The checks as a table of paths. A path is asked over TCP and UDP, IPv4 and IPv6, until each
 * of its backends answered; every answer must come from one of them, and the source address
 * that the backend saw must be the one that Kubernetes promises.
 */
#include "cli/selftest_check.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/selftest_lab.h"
#include "cli/selftest_probe.h"

#define TIMEOUT_MS 1000
/* Four backends drawn evenly: one of them is missed by 128 tries once in 10^15. */
#define TRIES 128
#define ECHO_BYTES (1u << 20)

#define POD(name_, label, node, v4, v6)                                            \
	"---\n"                                                                    \
	"apiVersion: v1\n"                                                         \
	"kind: Pod\n"                                                              \
	"metadata: {name: " name_ ", labels: {" label "}}\n"                       \
	"spec: {nodeName: " node "}\n"                                             \
	"status:\n"                                                                \
	"  podIP: " v4 "\n"                                                        \
	"  podIPs: [{ip: " v4 "}, {ip: \"" v6 "\"}]\n"                             \
	"  conditions: [{type: Ready, status: \"True\"}]\n"

#define NODE(name_, n)                                                             \
	"---\n"                                                                    \
	"apiVersion: v1\n"                                                         \
	"kind: Node\n"                                                             \
	"metadata: {name: " name_ "}\n"                                            \
	"spec: {podCIDRs: [10.244." n ".0/24, \"fd00:10:244:" n "::/64\"]}\n"      \
	"status:\n"                                                                \
	"  addresses:\n"                                                           \
	"  - {type: InternalIP, address: 192.168.0.1" n "}\n"                      \
	"  - {type: InternalIP, address: \"2001:db8:1::1" n "\"}\n"

#define SERVICE(name_, selector, n, target, more)                                  \
	"---\n"                                                                    \
	"apiVersion: v1\n"                                                         \
	"kind: Service\n"                                                          \
	"metadata: {name: " name_ "}\n"                                            \
	"spec:\n"                                                                  \
	"  type: NodePort\n"                                                       \
	"  ipFamilyPolicy: RequireDualStack\n"                                     \
	"  clusterIP: 10.96.0." n "\n"                                            \
	"  clusterIPs: [10.96.0." n ", \"fd00:10:96::" n "\"]\n"                   \
	"  selector: {" selector "}\n"                                             \
	"  ports:\n"                                                               \
	"  - {name: tcp, port: 80, targetPort: " target ", nodePort: 300" n "}\n"  \
	"  - {name: udp, port: 80, targetPort: " target ", nodePort: 300" n ", "   \
	"protocol: UDP}\n" more

const char check_manifests[] =
	NODE("n1", "1")
	NODE("n2", "2")
	POD("n1p1", "app: web, only: one", "n1", "10.244.1.10", "fd00:10:244:1::10")
	POD("n1p2", "app: web", "n1", "10.244.1.11", "fd00:10:244:1::11")
	POD("n2p1", "app: web", "n2", "10.244.2.10", "fd00:10:244:2::10")
	POD("n2p2", "app: web", "n2", "10.244.2.11", "fd00:10:244:2::11")
	POD("host1", "app: host", "n1", "192.168.0.11", "2001:db8:1::11")
	POD("host2", "app: host", "n2", "192.168.0.12", "2001:db8:1::12")
	SERVICE("web", "app: web", "80", "8080", "")
	SERVICE("host", "app: host", "81", "9090", "")
	SERVICE("local", "app: web", "82", "8080", "  externalTrafficPolicy: Local\n")
	SERVICE("empty", "app: none", "83", "8080", "")
	SERVICE("one", "only: one", "84", "8080", "");

enum path_kind {
	TO_CLUSTER_IP,		/* n is the last part of the address; port 80 */
	TO_NODE_PORT,		/* 30000 + n of the node @via */
};

/* A way of a packet: the node @via translates it. */
struct path {
	const char *from;
	enum path_kind kind;
	const char *via;
	int n;
	const char *backends;	/* hosts; NULL: refused */
	bool keeps_source;	/* a node port that leaves the client's address */
};

#define PODS "n1p1 n1p2 n2p1 n2p2"

static const struct path paths[] = {
	{ "client", TO_NODE_PORT, "n1", 80, PODS, false },
	{ "client", TO_NODE_PORT, "n2", 80, PODS, false },
	{ "client", TO_NODE_PORT, "n1", 81, "n1 n2", false },
	{ "client", TO_NODE_PORT, "n1", 82, "n1p1 n1p2", true },
	{ "client", TO_NODE_PORT, "n2", 82, "n2p1 n2p2", true },
	{ "client", TO_NODE_PORT, "n1", 83, NULL, false },
	{ "n1p1", TO_CLUSTER_IP, "n1", 80, PODS, false },
	{ "n2p2", TO_CLUSTER_IP, "n2", 80, PODS, false },
	{ "n1p1", TO_CLUSTER_IP, "n1", 84, "n1p1", false },
	{ "n1p1", TO_CLUSTER_IP, "n1", 81, "n1 n2", false },
	{ "n1p1", TO_CLUSTER_IP, "n1", 83, NULL, false },
	{ "n1p1", TO_NODE_PORT, "n1", 80, PODS, false },
	{ "n1p1", TO_NODE_PORT, "n2", 80, PODS, false },
	{ "n1p2", TO_NODE_PORT, "n1", 82, PODS, true },
	{ "n1", TO_CLUSTER_IP, "n1", 80, PODS, false },
	{ "n2", TO_CLUSTER_IP, "n2", 81, "n1 n2", false },
	{ "n1", TO_CLUSTER_IP, "n1", 83, NULL, false },
	{ "n1", TO_NODE_PORT, "n1", 80, PODS, false },
	{ "n1", TO_NODE_PORT, "n1", 81, "n1 n2", false },
	{ "n1", TO_NODE_PORT, "n2", 80, PODS, false },
	{ "n2", TO_NODE_PORT, "n2", 82, PODS, false },
};

void tally_line(struct tally *t, const char *title, const char *why)
{
	t->checks++;
	t->failed += why != NULL;
	if (why)
		printf("FAIL  %s: %s\n", title, why);
	else
		printf("ok    %s\n", title);
	fflush(stdout);
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += n)
		if ((at == words || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

static unsigned int words_count(const char *words)
{
	unsigned int n = 1;

	for (; *words; words++)
		n += *words == ' ';
	return n;
}

/* Whose address the backend @who must see: see service-semantics, "Masquerade". */
static const char *path_source(const struct path *p, const char *who)
{
	bool masquerade = p->kind == TO_NODE_PORT && !p->keeps_source;

	if (!strcmp(who, p->via))	/* its own host socket: nothing to send back through */
		return p->from;
	if (masquerade || !strcmp(who, p->from))
		return p->via;
	return p->from;
}

/* In @ret, whose .to points to @addr. */
static void path_probe(const char *lab, const struct path *p, enum family family, bool udp,
		       char addr[static ADDR_TEXT_MAX], struct probe *ret)
{
	*ret = (struct probe){ .lab = lab, .from = p->from, .to = addr, .udp = udp,
			       .timeout_ms = TIMEOUT_MS };
	if (p->kind == TO_CLUSTER_IP) {
		snprintf(addr, ADDR_TEXT_MAX, family == FAMILY_V4 ? "10.96.0.%d" :
			 "fd00:10:96::%d", p->n);
		ret->port = 80;
	} else {
		snprintf(addr, ADDR_TEXT_MAX, "%s", lab_host_find(p->via)->addr[family]);
		ret->port = (uint16_t)(30000 + p->n);
	}
}

static int answer_check(const struct path *p, enum family family, const struct probe_answer *a,
			struct err *reterr)
{
	const char *want;

	if (!has_word(p->backends, a->who))
		return err_set(reterr, EBADMSG, "expected an answer of %s, got one of %s",
			       p->backends, a->who);
	want = lab_host_find(path_source(p, a->who))->addr[family];
	if (strcmp(a->peer, want))
		return err_set(reterr, EBADMSG, "expected %s to see %s, it saw %s", a->who, want,
			       a->peer);
	return 0;
}

static int path_reaches(const struct probe *probe, const struct path *p, enum family family,
			struct err *reterr)
{
	struct probe_answer a;
	char seen[64] = "";
	unsigned int missing = words_count(p->backends);

	for (int i = 0; missing && i < TRIES; i++) {
		int r = probe_ask(probe, &a, reterr) ?: answer_check(p, family, &a, reterr);

		if (r < 0) {
			err_prefix(reterr, "try %d", i + 1);
			return r;
		}
		if (has_word(seen, a.who))
			continue;
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s%s",
			 *seen ? " " : "", a.who);
		missing--;
	}
	if (missing)
		return err_set(reterr, EBADMSG, "expected answers of %s, got only %s in %d tries",
			       p->backends, seen, TRIES);
	return probe->udp ? 0 : probe_echo(probe, ECHO_BYTES, reterr);
}

static int path_refused(const struct probe *probe, struct err *reterr)
{
	struct probe_answer a;
	struct err e = { 0 };
	int r = probe_ask(probe, &a, &e);

	if (r == -ECONNREFUSED)
		return 0;
	if (!r)
		return err_set(reterr, EBADMSG, "expected a refusal, got an answer of %s", a.who);
	return err_set(reterr, EBADMSG, "expected a refusal, got: %s", e.text);
}

static void path_title(const struct path *p, const struct probe *probe, enum family family,
		       char *ret, size_t size)
{
	const char *proto = probe->udp ? "udp" : "tcp";
	char dest[64];

	if (p->kind == TO_CLUSTER_IP)
		snprintf(dest, sizeof(dest), family == FAMILY_V4 ? "ClusterIP %s:80/%s" :
			 "ClusterIP [%s]:80/%s", probe->to, proto);
	else
		snprintf(dest, sizeof(dest), "%s:%u/%s%d", p->via, probe->port, proto,
			 family == FAMILY_V4 ? 4 : 6);
	snprintf(ret, size, "%s → %s %s%s", p->from, dest, p->backends ? "reaches " : "is refused",
		 p->backends ?: "");
}

static void path_check(const char *lab, const struct path *p, enum family family, bool udp,
		       struct tally *t)
{
	char addr[ADDR_TEXT_MAX], title[160];
	struct probe probe;
	struct err e = { 0 };
	int r;

	path_probe(lab, p, family, udp, addr, &probe);
	path_title(p, &probe, family, title, sizeof(title));
	r = p->backends ? path_reaches(&probe, p, family, &e) : path_refused(&probe, &e);
	tally_line(t, title, r < 0 ? e.text : NULL);
}

void check_traffic(const char *lab, struct tally *t)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		for (int variant = 0; variant < 4; variant++)
			path_check(lab, &paths[i], variant & 1, variant >> 1, t);
}
