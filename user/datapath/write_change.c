/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Planning a change of few services: which rows of the tables it needs to see, and whether the
 * tables are what it takes them for.
 */
#include <errno.h>
#include <string.h>

#include "datapath/work.h"

int work_open_change(struct work *w)
{
	const struct image *img = w->to->image;
	size_t backends = 0;

	vec_each(s, &img->services)
		backends += s->backends.n;
	return rows_open_part(&w->dp->maps, img->services.n, backends, &w->rows, w->reterr);
}

/* The services of both images, sorted, each once. */
static int ids_collect(struct work *w)
{
	const struct image *images[] = { w->change->before, w->to->image };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		vec_each(s, &images[i]->services)
			if (vec_push(&w->scope.ids, (struct layout_id){ { s->id[0], s->id[1] } }))
				return err_nomem(w->reterr);
	}
	if (w->scope.ids.n)
		qsort(w->scope.ids.at, w->scope.ids.n, sizeof(*w->scope.ids.at), layout_id_cmp);
	vec_each(id, &w->scope.ids)
		if (!n || layout_id_cmp(&w->scope.ids.at[n - 1], id))
			w->scope.ids.at[n++] = *id;
	w->scope.ids.n = n;
	return 0;
}

static int frontend_cmp(const void *a, const void *b)
{
	const struct layout_frontend *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);

	return c ? c : x->port != y->port ? (int)x->port - y->port : (int)x->proto - y->proto;
}

/* What both images have of the tables; each once. */
static int frontends_collect(struct work *w)
{
	frontend_vec *all = &w->frontends;
	size_t n = 0;
	int r = frontends_read_some(&w->dp->maps, w->change->before, all, w->reterr)
	    ?: frontends_read_some(&w->dp->maps, w->to->image, all, w->reterr);

	if (r < 0)
		return r;
	if (all->n)
		qsort(all->at, all->n, sizeof(*all->at), frontend_cmp);
	vec_each(f, all)
		if (!n || frontend_cmp(&all->at[n - 1], f))
			all->at[n++] = *f;
	all->n = n;
	return 0;
}

static const struct image_service *service_find(const struct image *img, const void *id)
{
	/* Sorted by id, which is what layout_id_cmp() looks at first. */
	size_t low = 0, high = img->services.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = layout_id_cmp(img->services.at[mid].id, id);

		if (!c)
			return &img->services.at[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* What the image before the change has of the table: by @maps_hold(), that is all there is. */
static int ranges_collect(struct work *w)
{
	for (uint32_t row = 1; row < w->rows.services.n; row++) {
		const struct sluice_service *s = rows_service(&w->rows, row);
		const struct image_service *before;
		int r;

		if (!(s->flags & SLUICE_SVC_RANGES))
			continue;
		before = service_find(w->change->before, s->id);
		r = before ? ranges_read_some(&w->dp->maps, before, row, &w->ranges, w->reterr) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int stale(struct work *w)
{
	return err_set(w->reterr, ESTALE, "the maps hold something else than was stored before");
}

/* None of them may lead to a service that nobody said would change. */
static bool frontends_are_ours(const struct work *w)
{
	vec_each(f, &w->frontends) {
		if (f->value.service >= w->rows.services.n ||
		    !layout_scope_has(&w->scope, rows_service(&w->rows, f->value.service)->id))
			return false;
	}
	return true;
}

static bool maps_hold(const struct work *w, struct datapath_stamp stamp)
{
	const struct sluice_note *now = rows_note(&w->rows);

	return now->objects && now->objects == stamp.objects && now->host == stamp.host &&
	       !memcmp(rows_settings(&w->rows), &w->to->settings, sizeof(w->to->settings));
}

/* What the note counted, less what is in sight: whether that can be. */
static bool others_count(struct work *w)
{
	const struct sluice_note *now = rows_note(&w->rows);
	struct table_counts *o = &w->others;
	size_t seen[FAMILY_COUNT] = { 0 };

	vec_each(f, &w->frontends)
		seen[addr_family(&f->addr)]++;
	if (!now->counted || now->ranges < w->ranges.n)
		return false;
	o->ranges = now->ranges - w->ranges.n;
	for (int i = 0; i < FAMILY_COUNT; i++) {
		if (now->frontends[i] < seen[i])
			return false;
		o->frontends[i] = now->frontends[i] - seen[i];
	}
	return true;
}

int work_plan_change(struct work *w)
{
	struct layout_view view;
	int r;

	if (!maps_hold(w, w->change->was))
		return stale(w);
	r = ids_collect(w) ?: frontends_collect(w) ?: ranges_collect(w);
	if (r < 0)
		return r;
	if (!frontends_are_ours(w) || !others_count(w))
		return stale(w);
	view = work_view(w);
	view.scope = &w->scope;
	view.other_ranges = w->others.ranges;
	memcpy(view.other_frontends, w->others.frontends, sizeof(view.other_frontends));
	return layout_make(w->to->image, &view, &w->plan, w->reterr);
}

