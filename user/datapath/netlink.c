/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/netlink.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>

#include "base/own.h"

#define BUFFER_SIZE 32768

/* A dump that a change interrupted must be made again; more often than this is a storm. */
#define TRIES_MAX 20

static void mnl_close(struct mnl_socket *s)
{
	if (s)
		mnl_socket_close(s);
}
DEFINE_OWN(struct mnl_socket, mnl_close)

/* Sends @req, hands every answer to @cb. 0 or -errno; -EINTR: a dump was interrupted. */
static int ask(struct nlmsghdr *req, mnl_cb_t cb, void *arg)
{
	own(mnl_close) struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	own(free) char *buf = malloc(BUFFER_SIZE);
	unsigned int port;
	ssize_t n;
	int more;

	if (!buf)
		return -ENOMEM;
	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	port = mnl_socket_get_portid(s);
	req->nlmsg_seq = 1;
	req->nlmsg_flags |= NLM_F_REQUEST;
	/* An answer to a single question ends with an acknowledgement, a dump with DONE. */
	if (!(req->nlmsg_flags & NLM_F_DUMP))
		req->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(s, req, req->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(s, buf, BUFFER_SIZE);
		if (n < 0)
			return -errno;
		more = mnl_cb_run(buf, (size_t)n, 1, port, cb, arg);
	} while (more > 0);
	return more < 0 ? -errno : 0;
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	return h;
}

/* --- devices ------------------------------------------------------------------ */

/* IFLA_LINKINFO holds, among others, the name of the kind of a virtual device. */
static void kind_of(const struct nlattr *linkinfo, struct netlink_device *dev)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, linkinfo)
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(dev->kind, sizeof(dev->kind), "%s", mnl_attr_get_str(a));
}

static int device_cb(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct netlink_device *dev = arg;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	dev->ifindex = (uint32_t)m->ifi_index;
	dev->type = m->ifi_type;
	dev->flags = m->ifi_flags;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == IFLA_ADDRESS &&
		    mnl_attr_get_payload_len(a) == sizeof(dev->mac))
			memcpy(dev->mac, mnl_attr_get_payload(a), sizeof(dev->mac));
		if (mnl_attr_get_type(a) == IFLA_LINKINFO)
			kind_of(a, dev);
	}
	return MNL_CB_OK;
}

int netlink_device(const char *ifname, struct netlink_device *ret, struct err *reterr)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = request(buf, RTM_GETLINK, 0);
	struct netlink_device dev = { 0 };
	struct ifinfomsg *m;
	int r;

	if (!*ifname || strlen(ifname) >= IF_NAMESIZE)
		return err_set(reterr, ENODEV, "there is no device %s", ifname);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(h, IFLA_IFNAME, ifname);
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = ask(h, device_cb, &dev);
	if (r == -ENODEV || (!r && !dev.ifindex))
		return err_set(reterr, ENODEV, "there is no device %s", ifname);
	if (r < 0)
		return err_sys(reterr, -r, "cannot look at device %s", ifname);
	memcpy(dev.name, ifname, strlen(ifname) + 1);
	*ret = dev;
	return 0;
}

struct upper_search {
	uint32_t ifindex;
	const char *kind;
	bool found;
};

static int upper_cb(const struct nlmsghdr *h, void *arg)
{
	struct netlink_device dev = { 0 };
	struct upper_search *s = arg;
	uint32_t lower = 0;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(a) == IFLA_LINK_NETNSID)
			return MNL_CB_OK;	/* on a device of another namespace */
		if (mnl_attr_get_type(a) == IFLA_LINK &&
		    mnl_attr_get_payload_len(a) == sizeof(lower))
			lower = mnl_attr_get_u32(a);
		if (mnl_attr_get_type(a) == IFLA_LINKINFO)
			kind_of(a, &dev);
	}
	s->found |= lower == s->ifindex && strcmp(dev.kind, s->kind) == 0;
	return MNL_CB_OK;
}

bool netlink_has_upper(uint32_t ifindex, const char *kind)
{
	char buf[128] __attribute__((aligned(8)));
	struct upper_search s = { .ifindex = ifindex, .kind = kind };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES_MAX; i++) {
		struct nlmsghdr *h = request(buf, RTM_GETLINK, NLM_F_DUMP);
		struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->ifi_family = AF_UNSPEC;
		mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		r = ask(h, upper_cb, &s);
	}
	return s.found || r < 0;
}

/* --- addresses ---------------------------------------------------------------- */

static bool addr_of(const struct nlattr *a, uint8_t family, struct addr *ret)
{
	size_t n = family == AF_INET ? 4 : 16;

	if (mnl_attr_get_payload_len(a) != n)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (family == AF_INET)
		memset(ret->b + 10, 0xff, 2);
	memcpy(ret->b + 16 - n, mnl_attr_get_payload(a), n);
	return true;
}

static int addr_cb(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct netlink_addr row = { 0 };
	netlink_addr_vec *addrs = arg;
	bool local = false;
	bool found = false;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return MNL_CB_OK;
	row.ifindex = m->ifa_index;
	row.scope = m->ifa_scope;
	row.flags = m->ifa_flags;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFA_FLAGS && mnl_attr_get_payload_len(a) == sizeof(uint32_t))
			row.flags = mnl_attr_get_u32(a);
		/* On a point-to-point device IFA_ADDRESS is the peer's. */
		if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local))
			found |= addr_of(a, m->ifa_family, &row.addr);
		local |= type == IFA_LOCAL;
	}
	if (found && vec_push(addrs, row) < 0) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

int netlink_addrs(netlink_addr_vec *ret, struct err *reterr)
{
	char buf[128] __attribute__((aligned(8)));
	netlink_addr_vec addrs = { 0 };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES_MAX; i++) {
		struct nlmsghdr *h = request(buf, RTM_GETADDR, NLM_F_DUMP);

		addrs.n = 0;
		mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
		r = ask(h, addr_cb, &addrs);
	}
	if (r < 0) {
		vec_done(&addrs);
		return err_sys(reterr, -r, "cannot list this host's addresses");
	}
	memcpy(ret, &addrs, sizeof(addrs));
	return 0;
}

static int addr_rank(const struct netlink_addr *a, enum family f)
{
	if (f == FAMILY_V4)
		return a->flags & IFA_F_SECONDARY ? 1 : 2;
	/* For IPv6 the secondary bit is the temporary one. */
	if (a->flags & (IFA_F_DADFAILED | IFA_F_TEMPORARY))
		return 0;
	return a->flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE) ? 1 : 2;
}

const struct addr *netlink_addr_choose(const netlink_addr_vec *addrs, uint32_t ifindex,
				       enum family f)
{
	const struct addr *best = NULL;
	int best_rank = 0;

	vec_each(a, addrs) {
		if (a->scope != RT_SCOPE_UNIVERSE || addr_family(&a->addr) != f ||
		    addr_is_loopback(&a->addr) || (ifindex && a->ifindex != ifindex))
			continue;
		if (addr_rank(a, f) > best_rank) {
			best = &a->addr;
			best_rank = addr_rank(a, f);
		}
	}
	return best;
}

/* --- the way out -------------------------------------------------------------- */

static int route_cb(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE || m->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == RTA_OIF)
			*(uint32_t *)arg = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

/*
 * One question for some far address (nothing is sent to it) instead of a dump of all routes:
 * a router may have a million, and policy rules count too.
 */
uint32_t netlink_default_device(enum family f)
{
	char buf[128] __attribute__((aligned(8)));
	struct nlmsghdr *h = request(buf, RTM_GETROUTE, 0);
	uint8_t far[16];
	uint32_t ifindex = 0;
	struct rtmsg *m;

	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = f == FAMILY_V4 ? AF_INET : AF_INET6;
	m->rtm_dst_len = f == FAMILY_V4 ? 32 : 128;
	inet_pton(m->rtm_family, f == FAMILY_V4 ? "1.1.1.1" : "2606:4700:4700::1111", far);
	mnl_attr_put(h, RTA_DST, f == FAMILY_V4 ? 4 : 16, far);
	return ask(h, route_cb, &ifindex) < 0 ? 0 : ifindex;
}

/* --- tc ----------------------------------------------------------------------- */

struct tc_search {
	int ifindex;
	bool found;
};

static int qdisc_cb(const struct nlmsghdr *h, void *arg)
{
	const struct tcmsg *m = mnl_nlmsg_get_payload(h);
	struct tc_search *s = arg;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWQDISC || m->tcm_ifindex != s->ifindex)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == TCA_KIND &&
		    strcmp(mnl_attr_get_str(a), "clsact") == 0)
			s->found = true;
	return MNL_CB_OK;
}

static int filter_cb(const struct nlmsghdr *h, void *arg)
{
	struct tc_search *s = arg;

	s->found |= h->nlmsg_type == RTM_NEWTFILTER;
	return MNL_CB_OK;
}

static int tc_dump(uint16_t type, uint32_t ifindex, uint32_t parent, mnl_cb_t cb, bool *found)
{
	char buf[128] __attribute__((aligned(8)));
	struct tc_search s = { .ifindex = (int)ifindex };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES_MAX; i++) {
		struct nlmsghdr *h = request(buf, type, NLM_F_DUMP);
		struct tcmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->tcm_family = AF_UNSPEC;
		m->tcm_ifindex = (int)ifindex;
		m->tcm_parent = parent;
		r = ask(h, cb, &s);
	}
	*found |= s.found;
	return r;
}

bool netlink_has_clsact(uint32_t ifindex)
{
	bool found = false;

	(void)tc_dump(RTM_GETQDISC, ifindex, 0, qdisc_cb, &found);
	return found;
}

bool netlink_has_filters(uint32_t ifindex)
{
	bool found = false;

	if (tc_dump(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		    filter_cb, &found) < 0 ||
	    tc_dump(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
		    filter_cb, &found) < 0)
		return true;
	return found;
}
