/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/dir.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static void dir_close_at(DIR **d)
{
	if (*d)
		closedir(*d);
}

void dir_names_done(dir_names *names)
{
	vec_each(name, names)
		free(*name);
	vec_done(names);
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int dir_read(const char *path, dir_names *ret)
{
	own(dir_names_done) dir_names names = { 0 };
	own(dir_close) DIR *d = opendir(path);

	if (!d)
		return -errno;
	for (;;) {
		own(free) char *copy = NULL;
		struct dirent *e;

		errno = 0;
		e = readdir(d);
		if (!e)
			break;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		copy = strdup(e->d_name);
		if (!copy || vec_reserve(&names, 1) < 0)
			return -ENOMEM;
		names.at[names.n++] = TAKE(copy);
	}
	if (errno)
		return -errno;
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), name_cmp);
	*ret = names;
	memset(&names, 0, sizeof(names));
	return 0;
}
