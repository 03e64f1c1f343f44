/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/frontends.h"

#include <arpa/inet.h>
#include <string.h>

#include <bpf/bpf.h>

#include "datapath/batch.h"

/* --- keys --------------------------------------------------------------------- */

struct sluice_frontend4_key frontend_key4(const struct layout_frontend *f)
{
	struct sluice_frontend4_key k = { .port = htons(f->port), .proto = f->proto };

	memcpy(&k.addr, f->addr.b + 12, sizeof(k.addr));
	return k;
}

struct sluice_frontend6_key frontend_key6(const struct layout_frontend *f)
{
	struct sluice_frontend6_key k = { .port = htons(f->port), .proto = f->proto };

	memcpy(k.addr, f->addr.b, sizeof(k.addr));
	return k;
}

static struct layout_frontend from_key4(const struct sluice_frontend4_key *k,
					const struct sluice_frontend *value)
{
	struct layout_frontend f = {
		.addr.b = { [10] = 0xff, [11] = 0xff },
		.port = ntohs(k->port), .proto = k->proto, .value = *value,
	};

	memcpy(f.addr.b + 12, &k->addr, sizeof(k->addr));
	return f;
}

static struct layout_frontend from_key6(const struct sluice_frontend6_key *k,
					const struct sluice_frontend *value)
{
	struct layout_frontend f = {
		.port = ntohs(k->port), .proto = k->proto, .value = *value,
	};

	memcpy(f.addr.b, k->addr, sizeof(f.addr.b));
	return f;
}

/* --- reading ------------------------------------------------------------------ */

static int read4(void *arg, const void *keys, const void *values, uint32_t n)
{
	const struct sluice_frontend4_key *k = keys;
	const struct sluice_frontend *v = values;
	frontend_vec *all = arg;

	for (uint32_t i = 0; i < n; i++)
		if (vec_push(all, from_key4(&k[i], &v[i])) < 0)
			return -ENOMEM;
	return 0;
}

static int read6(void *arg, const void *keys, const void *values, uint32_t n)
{
	const struct sluice_frontend6_key *k = keys;
	const struct sluice_frontend *v = values;
	frontend_vec *all = arg;

	for (uint32_t i = 0; i < n; i++)
		if (vec_push(all, from_key6(&k[i], &v[i])) < 0)
			return -ENOMEM;
	return 0;
}

/* Only we write these tables, and we hold the lock: no row moves while we read. */
int frontends_read(const struct maps *maps, frontend_vec *ret, struct err *reterr)
{
	own(frontends_done) frontend_vec all = { 0 };
	int r = batch_walk(&maps->at[MAP_FRONTENDS4], map_specs[MAP_FRONTENDS4].name, 0, read4,
			   &all, reterr)
	    ?: batch_walk(&maps->at[MAP_FRONTENDS6], map_specs[MAP_FRONTENDS6].name, 0, read6,
			  &all, reterr);

	if (r < 0)
		return err_sys(reterr, -r, "cannot read the frontends");
	memcpy(ret, &all, sizeof(all));
	memset(&all, 0, sizeof(all));
	return 0;
}

/* Whether it is there: 1, 0 or -errno. */
static int read_one(const struct maps *maps, struct layout_frontend *f)
{
	struct sluice_frontend4_key k4 = frontend_key4(f);
	struct sluice_frontend6_key k6 = frontend_key6(f);
	bool v4 = addr_family(&f->addr) == FAMILY_V4;
	int fd = maps->at[v4 ? MAP_FRONTENDS4 : MAP_FRONTENDS6].fd;

	if (bpf_map_lookup_elem(fd, v4 ? (void *)&k4 : (void *)&k6, &f->value) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int read_if_there(const struct maps *maps, const struct image_frontend *fe, uint8_t proto,
			 frontend_vec *ret, struct err *reterr)
{
	struct layout_frontend f = { .addr = fe->addr, .port = fe->port, .proto = proto };
	int there = read_one(maps, &f);

	if (there < 0)
		return err_sys(reterr, -there, "cannot read the frontends");
	return there && vec_push(ret, f) < 0 ? err_nomem(reterr) : 0;
}

int frontends_read_some(const struct maps *maps, const struct image *img, frontend_vec *ret,
			struct err *reterr)
{
	int r = 0;

	vec_each(svc, &img->services) {
		vec_each(fe, &svc->frontends)
			r = r ?: read_if_there(maps, fe, svc->protocol, ret, reterr);
		vec_each(a, &svc->addrs)
			r = r ?: read_if_there(maps, a, 0, ret, reterr);
	}
	return r;
}

/* --- writing ------------------------------------------------------------------ */

/* One family's part of a run, as bpf(2) wants it. */
struct part {
	uint8_t *keys;
	struct sluice_frontend *values;
	uint32_t n;
};

static void part_done(struct part *p)
{
	free(p->keys);
	free(p->values);
}
DEFINE_OWN_DONE(struct part, part_done)

static int part_make(const struct layout_op *ops, size_t n, enum family family, size_t key_size,
		     struct part *p, struct err *reterr)
{
	p->keys = calloc(n, key_size);
	p->values = calloc(n, sizeof(*p->values));
	if (!p->keys || !p->values)
		return err_nomem(reterr);
	for (size_t i = 0; i < n; i++) {
		const struct layout_frontend *f = &ops[i].frontend;
		uint8_t *key = p->keys + p->n * key_size;

		if (addr_family(&f->addr) != family)
			continue;
		if (family == FAMILY_V4) {
			struct sluice_frontend4_key k = frontend_key4(f);

			memcpy(key, &k, sizeof(k));
		} else {
			struct sluice_frontend6_key k = frontend_key6(f);

			memcpy(key, &k, sizeof(k));
		}
		p->values[p->n++] = f->value;
	}
	return 0;
}

static enum map_id table_of(enum family f)
{
	return f == FAMILY_V4 ? MAP_FRONTENDS4 : MAP_FRONTENDS6;
}

int frontends_put(const struct maps *maps, const struct layout_op *ops, size_t n,
		  struct err *reterr)
{
	for (enum family f = FAMILY_V4; f < FAMILY_COUNT; f++) {
		const struct map *m = &maps->at[table_of(f)];
		own(part_done) struct part p = { 0 };
		int r = part_make(ops, n, f, m->key_size, &p, reterr)
		    ?: batch_put(m, map_specs[table_of(f)].name, p.keys, p.values, p.n, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}

int frontends_del(const struct maps *maps, const struct layout_op *ops, size_t n,
		  struct err *reterr)
{
	for (enum family f = FAMILY_V4; f < FAMILY_COUNT; f++) {
		const struct map *m = &maps->at[table_of(f)];
		own(part_done) struct part p = { 0 };
		int r = part_make(ops, n, f, m->key_size, &p, reterr)
		    ?: batch_del(m, map_specs[table_of(f)].name, p.keys, p.n, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}
