/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/devices.h"

#include <fnmatch.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

DEFINE_OWN(struct if_nameindex, if_freenameindex)

static bool texts_have(const text_vec *texts, const char *text)
{
	vec_each(t, texts) {
		if (!strcmp(*t, text))
			return true;
	}
	return false;
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int name_add(text_vec *to, const char *name, struct err *reterr)
{
	if (texts_have(to, name))
		return 0;
	return texts_push(to, name) ? err_nomem(reterr) : 0;
}

/* *@ret_n: how many match, new or not. */
static int pattern_expand(const char *pattern, const text_vec *except, text_vec *to,
			  size_t *ret_n, struct err *reterr)
{
	own(if_freenameindex) struct if_nameindex *all = if_nameindex();
	int r = 0;

	if (!all)
		return err_sys(reterr, errno, "cannot list the devices");
	for (const struct if_nameindex *i = all; !r && i->if_index; i++) {
		if (!strcmp(i->if_name, "lo") || texts_have(except, i->if_name) ||
		    fnmatch(pattern, i->if_name, 0))
			continue;
		r = name_add(to, i->if_name, reterr);
		(*ret_n)++;
	}
	return r;
}

int devices_match(const char *pattern, const text_vec *except, text_vec *ret, struct err *reterr)
{
	size_t before = ret->n, n = 0;
	int r;

	if (!strpbrk(pattern, "*?[")) {
		if (!if_nametoindex(pattern))
			return err_set(reterr, ENODEV, "no device %s in this network namespace",
				       pattern);
		return name_add(ret, pattern, reterr);
	}

	r = pattern_expand(pattern, except, ret, &n, reterr);
	if (r)
		return r;
	if (!n)
		return err_set(reterr, ENOENT, "no device of this network namespace matches '%s'",
			       pattern);
	qsort(ret->at + before, ret->n - before, sizeof(*ret->at), text_cmp);
	return 0;
}
