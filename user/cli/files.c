/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/files.h"

#include <string.h>
#include <sys/stat.h>

#include "cli/resource.h"
#include "cli/say.h"
#include "manifest/manifest.h"

/* One of "a.yaml,b.yaml", up to the comma; NULL when out of memory. The caller frees it. */
static char *first_of(const char *list, const char **ret_rest)
{
	size_t len = strcspn(list, ",");

	*ret_rest = list[len] ? list + len + 1 : NULL;
	return strndup(list, len);
}

static bool is_directory(const char *file)
{
	struct stat st;

	/* One that is not there: files_load() says so. */
	return strcmp(file, "-") && (stat(file, &st) || S_ISDIR(st.st_mode));
}

bool files_have_directory(const option_list *files)
{
	vec_each(list, files) {
		for (const char *rest = *list; rest;) {
			own(free) char *file = first_of(rest, &rest);

			if (file && is_directory(file))
				return true;
		}
	}
	return false;
}

/* What is wrong with each is gathered in @wrong; other failures end it. */
static int list_load(const char *list, const struct manifest_options *opt, object_vec *objects,
		     struct err *wrong, struct err *reterr)
{
	for (const char *rest = list; rest;) {
		own(free) char *file = first_of(rest, &rest);
		struct err one;
		int r = file ? manifest_load(file, opt, objects, err_clear(&one)) :
			       err_nomem(err_clear(&one));

		if (r && r != -EINVAL)
			return err_set(reterr, one.code, "%s", one.text);
		if (r)
			err_gather(wrong, &one);
	}
	return 0;
}

int files_load(const option_list *files, const char *ns, bool strict, object_vec *ret,
	       struct err *reterr)
{
	struct manifest_options opt = { .strict = strict, .warn = say_warning_text };
	own(objects_done) object_vec objects = { 0 };
	struct err wrong = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < files->n; i++)
		r = list_load(files->at[i], &opt, &objects, &wrong, reterr);
	if (!r && wrong.code)
		r = err_set(reterr, wrong.code, "%s", wrong.text);
	if (!r)
		r = objects_set_namespace(&objects, ns, reterr);
	if (r)
		return r;
	if (!objects.n)
		return err_set(reterr, ENODATA, "no objects in %s%s",
			       strcmp(files->at[0], "-") ? files->at[0] : "stdin",
			       files->n > 1 ? " and the other files" : "");

	*ret = objects;
	objects = (object_vec){ 0 };
	return 0;
}
