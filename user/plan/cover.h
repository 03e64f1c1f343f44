/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The longest prefix that has all addresses that were added, of one family.
 */
#pragma once

#include "base/addr.h"
#include "sluice/prefix.h"

struct cover {
	struct addr first;
	struct addr last;
	bool any;		/* nothing added: no prefix */
};

void cover_add(struct cover *c, const struct addr *first, const struct addr *last);
void cover_add_cidr(struct cover *c, const struct cidr *cidr);
/* What a prefix already has; nothing if it is none. */
void cover_add_net4(struct cover *c, const union sluice_net4 *net);
void cover_add_net6(struct cover *c, const struct sluice_net6 *net);

union sluice_net4 cover_net4(const struct cover *c);
struct sluice_net6 cover_net6(const struct cover *c);
