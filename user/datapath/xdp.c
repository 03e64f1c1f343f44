/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/xdp.h"

#include <stdio.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/own.h"
#include "datapath/link.h"
#include "datapath/log.h"
#include "datapath/pins.h"

const char *xdp_mode_name(enum xdp_mode m)
{
	static const char *const names[] = {
		[XDP_MODE_AUTO] = "auto",
		[XDP_MODE_NATIVE] = "native",
		[XDP_MODE_GENERIC] = "generic",
		[XDP_MODE_OFF] = "off",
	};

	return (size_t)m < sizeof(names) / sizeof(*names) ? names[m] : "?";
}

static uint32_t mode_flags(enum xdp_mode m)
{
	return m == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

static bool pin_of(char path[static PIN_PATH_MAX], const char *dir)
{
	return pin_path(path, dir, "xdp") == 0;
}

enum xdp_mode xdp_mode_here(const char *dir, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, on);
	struct link_facts link;
	char path[PIN_PATH_MAX];

	if (!pin_of(path, dir) || link_facts(path, &link) < 0 || link.ifindex != ifindex)
		return XDP_MODE_OFF;
	/* An ifindex means nothing in another namespace; the program on the device does. */
	if (bpf_xdp_query((int)ifindex, 0, &on) < 0)
		return XDP_MODE_OFF;
	if (on.drv_prog_id == link.prog_id)
		return XDP_MODE_NATIVE;
	return on.skb_prog_id == link.prog_id ? XDP_MODE_GENERIC : XDP_MODE_OFF;
}

/*
 * bpf(2) tells an errno only. The same request over netlink has words for it, so ask again
 * there; should it work this time, take it back.
 */
static void driver_words(uint32_t ifindex, int prog_fd, uint32_t flags, char *ret, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = prog_fd);

	log_capture();
	if (bpf_xdp_attach((int)ifindex, prog_fd, flags | XDP_FLAGS_UPDATE_IF_NOEXIST,
			   NULL) == 0) {
		(void)bpf_xdp_detach((int)ifindex, flags, &opts);
		ret[0] = '\0';
		return;
	}
	log_kernel_message(log_text(), ret, size);
}

/* Of a device that is there; 0 if it cannot be told. */
static int mtu_of(uint32_t ifindex)
{
	own(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	if (fd < 0 || !if_indextoname(ifindex, ifr.ifr_name) || ioctl(fd, SIOCGIFMTU, &ifr) < 0)
		return 0;
	return ifr.ifr_mtu;
}

/* Many drivers refuse a large MTU with no more than "invalid argument". */
static void explain_bare(uint32_t ifindex, enum xdp_mode m, int code, struct note *why)
{
	int mtu = mtu_of(ifindex);

	if (mtu > ETH_DATA_LEN)
		note_add(why, "%s XDP: %s; with an MTU of %d the driver may not have it",
			 xdp_mode_name(m), strerror(code), mtu);
	else
		note_add(why, "%s XDP: %s", xdp_mode_name(m), strerror(code));
}

static void explain(uint32_t ifindex, enum xdp_mode m, int prog_fd, int code, struct note *why)
{
	char words[200];

	if (code == EBUSY || code == EEXIST) {
		note_add(why, "%s XDP: another XDP program is on the device", xdp_mode_name(m));
		return;
	}
	driver_words(ifindex, prog_fd, mode_flags(m), words, sizeof(words));
	if (words[0])
		note_add(why, "%s XDP: %s (%s)", xdp_mode_name(m), words, strerror(code));
	else if (code == EOPNOTSUPP && m == XDP_MODE_NATIVE)
		note_add(why, "native XDP: the driver does not have it");
	else
		explain_bare(ifindex, m, code, why);
}

/*
 * Only modes that were asked for; false if none works. AUTO is native or nothing: generic XDP
 * sees skbs whose checksums may be unfinished, without a word of it, so the program sends nothing
 * there; it would copy every frame for the sake of a few drops, and tc does those too.
 */
static bool try_modes(const char *path, uint32_t ifindex, enum xdp_mode want,
		      const char *not_native, int prog_fd, enum xdp_mode *ret, struct note *why)
{
	static const enum xdp_mode modes[] = { XDP_MODE_NATIVE, XDP_MODE_GENERIC };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		int r;

		if (modes[i] != (want == XDP_MODE_AUTO ? XDP_MODE_NATIVE : want))
			continue;
		if (want == XDP_MODE_AUTO && not_native) {
			note_add(why, "native XDP: %s", not_native);
			continue;
		}
		r = link_create(path, ifindex, prog_fd, BPF_XDP, mode_flags(modes[i]));
		if (r == 0) {
			*ret = modes[i];
			return true;
		}
		explain(ifindex, modes[i], prog_fd, -r, why);
	}
	return false;
}

int xdp_attach(const char *dir, uint32_t ifindex, enum xdp_mode want, const char *not_native,
	       int prog_fd, enum xdp_mode *ret, struct note *why, struct err *reterr)
{
	enum xdp_mode have = xdp_mode_here(dir, ifindex);
	char path[PIN_PATH_MAX];
	int r;

	if (!pin_of(path, dir))
		return err_set(reterr, ENAMETOOLONG, "path too long below %s", dir);
	if (have != XDP_MODE_OFF &&
	    (have == want || (want == XDP_MODE_AUTO && have == XDP_MODE_NATIVE && !not_native)) &&
	    link_update(path, ifindex, prog_fd) == 0) {
		*ret = have;
		return 0;
	}
	/*
	 * The kernel holds one mode a device at a time, so there is a gap, in which tc does
	 * all the work: it can.
	 */
	r = link_remove(path);
	if (r < 0)
		return err_sys(reterr, -r, "cannot remove %s", path);
	*ret = XDP_MODE_OFF;
	if (want == XDP_MODE_NATIVE && not_native)
		note_add(why, "native XDP: %s", not_native);
	if (want == XDP_MODE_OFF || try_modes(path, ifindex, want, not_native, prog_fd, ret, why))
		return 0;
	if (want == XDP_MODE_AUTO) {
		note_add(why, "going on with tc alone");
		return 0;
	}
	return err_set(reterr, EOPNOTSUPP, "%s", why->text);
}

int xdp_detach(const char *dir)
{
	char path[PIN_PATH_MAX];

	return pin_of(path, dir) ? link_remove(path) : -ENAMETOOLONG;
}
