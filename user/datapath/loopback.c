/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/loopback.h"

#include "datapath/linkdir.h"
#include "datapath/sysctl.h"

int loopback_renew(struct datapath *dp, bool wanted, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	int r = linkdirs_read(&dp->pins, &dirs, reterr);

	if (r < 0)
		return r;
	vec_each(d, &dirs)
		if (d->role == ROLE_LOOPBACK && d->here)
			return sysctl_route_localnet(dp->instance, wanted, reterr);
	return 0;
}
