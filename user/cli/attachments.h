/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What commands need to speak of attached devices.
 */
#pragma once

#include "datapath/datapath.h"

static inline void attachments_done(attachment_vec *a)
{
	vec_done(a);
}
DEFINE_OWN_DONE(attachment_vec, attachments_done)

static inline const char *device_kind_name(enum sluice_device_kind k)
{
	return k == SLUICE_DEV_UPLINK ? "uplink" : "workload";
}

/* NULL: it cannot be known from here. */
static inline const char *attachment_xdp_name(const struct attachment *a)
{
	return a->gone ? NULL : xdp_mode_name(a->xdp);
}

static inline const char *attachment_tc_name(const struct attachment *a)
{
	static const char *const names[] = {
		[TC_MODE_OFF] = "off", [TC_MODE_TCX] = "tcx", [TC_MODE_CLSACT] = "clsact",
	};

	return a->gone ? NULL : names[a->tc];
}
