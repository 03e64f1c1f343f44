/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/link.h"

#include <string.h>

#include <bpf/bpf.h>

#include "base/own.h"

static int facts_of(int fd, struct link_facts *ret)
{
	struct bpf_link_info info;
	uint32_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	ret->id = info.id;
	ret->prog_id = info.prog_id;
	/* The TCX member, unknown to older headers, also begins with the ifindex. */
	ret->ifindex = info.xdp.ifindex;
	return 0;
}

int link_facts(const char *path, struct link_facts *ret)
{
	own(fd_close) int fd = bpf_obj_get(path);

	return fd < 0 ? -errno : facts_of(fd, ret);
}

int link_update(const char *path, uint32_t ifindex, int prog_fd)
{
	own(fd_close) int fd = bpf_obj_get(path);
	struct link_facts facts;
	int r;

	if (fd < 0)
		return -errno;
	r = facts_of(fd, &facts);
	if (r < 0)
		return r;
	if (facts.ifindex != ifindex)
		return -ENOLINK;
	return bpf_link_update(fd, prog_fd, NULL) < 0 ? -errno : 0;
}

/*
 * A kill between the two calls leaves nothing: without a pin the link goes with its only
 * file descriptor.
 */
int link_create(const char *path, uint32_t ifindex, int prog_fd, int type, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	own(fd_close) int fd = -1;

	fd = bpf_link_create(prog_fd, (int)ifindex, (enum bpf_attach_type)type,
			     flags ? &opts : NULL);
	if (fd < 0)
		return -errno;
	if (bpf_obj_pin(fd, path) < 0) {
		int code = errno;

		(void)bpf_link_detach(fd);
		return -code;
	}
	return 0;
}

int link_remove(const char *path)
{
	own(fd_close) int fd = bpf_obj_get(path);

	/* Unlinking alone detaches later, from a work queue. ENOLINK: the device is gone. */
	if (fd >= 0)
		(void)bpf_link_detach(fd);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
