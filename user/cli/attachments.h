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

static inline const char *attachment_tc_name(const struct attachment *a)
{
	return a->tcx ? "tcx" : "clsact";
}
