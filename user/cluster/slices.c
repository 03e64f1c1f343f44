/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/slices.h"

#include <string.h>

static const char *service_of(const struct object *slice)
{
	return labels_find(&slice->meta->labels, LABEL_SERVICE_NAME) ?: "";
}

static int by_service(const void *va, const void *vb)
{
	const struct object *a = *(struct object *const *)va, *b = *(struct object *const *)vb;

	return strcmp(a->meta->namespace, b->meta->namespace)
		?: strcmp(service_of(a), service_of(b))
		?: strcmp(a->meta->name, b->meta->name);
}

int slices_init(struct slices *s, const struct snapshot *snap)
{
	size_t n;
	struct object **all = snapshot_kind(snap, KIND_SLICE, &n);

	*s = (struct slices){ 0 };
	if (vec_reserve(&s->sorted, n))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->sorted.at[s->sorted.n++] = all[i];
	if (n)
		qsort(s->sorted.at, n, sizeof(*s->sorted.at), by_service);
	return 0;
}

void slices_done(struct slices *s)
{
	vec_done(&s->sorted);
}

static int order(const struct object *slice, const struct object *service)
{
	return strcmp(slice->meta->namespace, service->meta->namespace)
		?: strcmp(service_of(slice), service->meta->name);
}

struct object **slices_find(const struct slices *s, const struct object *service, size_t *ret_n)
{
	size_t lo = 0, hi = s->sorted.n, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (order(s->sorted.at[mid], service) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < s->sorted.n && !order(s->sorted.at[end], service); end++)
		;
	*ret_n = end - lo;
	return *ret_n ? s->sorted.at + lo : NULL;
}
