/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A trie finds the longest prefix, so a lookup alone does not tell whether a certain one is there:
 * each entry has its own length for its value.
 */
#include "datapath/ranges.h"

#include <string.h>

#include <bpf/bpf.h>

/* Bits of a key before the client's address, and of an IPv4 address before its own part. */
#define BITS_SERVICE 32u
#define BITS_MAPPED 96u

/* --- keys --------------------------------------------------------------------- */

static uint32_t bits_before(enum family f)
{
	return BITS_SERVICE + (f == FAMILY_V4 ? BITS_MAPPED : 0);
}

struct sluice_range_key range_key(const struct layout_range *r)
{
	return (struct sluice_range_key){
		.prefixlen = bits_before(addr_family(&r->cidr.base)) + r->cidr.bits,
		.service = r->service,
		.client = addr_wire(&r->cidr.base),
	};
}

int range_from_key(const struct sluice_range_key *k, struct layout_range *ret)
{
	struct addr base = addr_from_wire(&k->client);
	uint32_t before = bits_before(addr_family(&base));

	if (k->prefixlen < before || k->prefixlen > SLUICE_RANGE_BITS)
		return -EPROTO;
	*ret = (struct layout_range){ k->service, { base, (uint8_t)(k->prefixlen - before) } };
	return 0;
}

/* --- reading ------------------------------------------------------------------ */

typedef int range_fn(void *arg, const struct sluice_range_key *k);

/* Only we write the table, and we hold the lock: no entry moves while we read. */
static int ranges_walk(const struct maps *maps, range_fn *fn, void *arg, struct err *reterr)
{
	struct sluice_range_key at, next;
	bool first = true;

	while (bpf_map_get_next_key(maps->at[MAP_RANGES].fd, first ? NULL : &at, &next) == 0) {
		int r = fn(arg, &next);

		if (r < 0)
			return err_sys(reterr, -r, "cannot read map %s",
				       map_specs[MAP_RANGES].name);
		at = next;
		first = false;
	}
	return errno == ENOENT ? 0 : err_sys(reterr, errno, "cannot read map %s",
					     map_specs[MAP_RANGES].name);
}

static int range_push(void *arg, const struct sluice_range_key *k)
{
	struct layout_range range;
	int r = range_from_key(k, &range);

	return r ? r : vec_push((range_vec *)arg, range);
}

int ranges_read(const struct maps *maps, range_vec *ret, struct err *reterr)
{
	return ranges_walk(maps, range_push, ret, reterr);
}

static int range_count(void *arg, const struct sluice_range_key *k)
{
	++*(uint64_t *)arg;
	return 0;
}

int ranges_count(const struct maps *maps, uint64_t *ret, struct err *reterr)
{
	*ret = 0;
	return ranges_walk(maps, range_count, ret, reterr);
}

int ranges_read_some(const struct maps *maps, const struct image_service *svc, uint32_t row,
		     range_vec *ret, struct err *reterr)
{
	vec_each(cidr, &svc->ranges) {
		struct layout_range range = { row, *cidr };
		struct sluice_range_key k = range_key(&range);
		struct sluice_range found;

		if (bpf_map_lookup_elem(maps->at[MAP_RANGES].fd, &k, &found) < 0) {
			if (errno != ENOENT)
				return err_sys(reterr, errno, "cannot read map %s",
					       map_specs[MAP_RANGES].name);
			continue;
		}
		if (found.prefixlen == k.prefixlen && vec_push(ret, range) < 0)
			return err_nomem(reterr);
	}
	return 0;
}

/* --- writing ------------------------------------------------------------------ */

int range_put(const struct maps *maps, const struct layout_range *r, struct err *reterr)
{
	struct sluice_range_key k = range_key(r);
	struct sluice_range v = { .prefixlen = k.prefixlen };

	if (bpf_map_update_elem(maps->at[MAP_RANGES].fd, &k, &v, BPF_ANY) == 0)
		return 0;
	return err_sys(reterr, errno, "cannot write map %s", map_specs[MAP_RANGES].name);
}

int range_del(const struct maps *maps, const struct layout_range *r, struct err *reterr)
{
	struct sluice_range_key k = range_key(r);

	if (bpf_map_delete_elem(maps->at[MAP_RANGES].fd, &k) == 0 || errno == ENOENT)
		return 0;
	return err_sys(reterr, errno, "cannot write map %s", map_specs[MAP_RANGES].name);
}
