/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/forwarding.h"

#include "cli/say.h"
#include "cluster/cluster.h"

/* Whether the kernel forwards packets that come in through the device. */
static bool device_forwards(const char *name, enum family family)
{
	own(file_close) FILE *f = NULL;
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding",
		 family == FAMILY_V4 ? "ipv4" : "ipv6", name);
	f = fopen(path, "re");
	return !f || fgetc(f) != '0';	/* not to be read: say nothing wrong */
}

static void family_warn(const text_vec *devices, enum family family, const char *sysctl)
{
	vec_each(name, devices) {
		if (device_forwards(*name, family))
			continue;
		say_warning("%s forwarding is off on %s: packets between the wire and pods, and "
			    "to backends on other nodes, will not pass; sysctl -w %s=1 turns it on",
			    family_name(family), *name, sysctl);
		return;		/* the sysctl is for all devices */
	}
}

void forwarding_warn(const text_vec *devices, struct datapath *dp)
{
	own(node_facts_done) struct node_facts facts = { 0 };
	struct cluster_config cfg = cluster_config_builtin();
	struct sluice_settings settings;
	bool has[FAMILY_COUNT] = { false };

	if (datapath_host_facts(dp, &cfg, &facts, &settings, NULL))
		return;
	vec_each(a, &facts.node_port_addrs)
		has[addr_family(a)] = true;
	if (has[FAMILY_V4])
		family_warn(devices, FAMILY_V4, "net.ipv4.ip_forward");
	if (has[FAMILY_V6])
		family_warn(devices, FAMILY_V6, "net.ipv6.conf.all.forwarding");
}
