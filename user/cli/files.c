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

	/* One that is not there: files_read() says so. */
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

static int list_load(const char *list, const struct manifest_options *opt, object_vec *objects,
		     struct err *reterr)
{
	for (const char *rest = list; rest;) {
		own(free) char *file = first_of(rest, &rest);
		struct err e;
		int r = file ? manifest_load(file, opt, objects, err_clear(&e)) : -ENOMEM;

		if (r == -ENOMEM || (r && faults_add_file(opt->faults, e.text)))
			return err_nomem(reterr);
	}
	return 0;
}

static void unknown_say(const struct faults *unknown)
{
	for (size_t i = 0; i < unknown->kept; i++)
		say_warning("%s", unknown->at[i].text);
	if (unknown->n > unknown->kept)
		say_warning("and %zu more unknown field%s", unknown->n - unknown->kept,
			    unknown->n - unknown->kept == 1 ? "" : "s");
}

int files_read(const struct files_want *want, struct faults *faults, object_vec *ret,
	       struct err *reterr)
{
	own(faults_done) struct faults unknown = { 0 };
	struct manifest_options opt = { .strict = want->strict, .warn = say_warning_text,
					.faults = faults };
	own(objects_done) object_vec objects = { 0 };
	const option_list *files = want->files;
	int r = 0;

	if (want->check_fields)
		opt.unknown = want->strict ? faults : &unknown;
	for (size_t i = 0; !r && i < files->n; i++)
		r = list_load(files->at[i], &opt, &objects, reterr);
	unknown_say(&unknown);
	if (!r && objects_set_namespace(&objects, want->namespace, faults))
		r = err_nomem(reterr);
	if (r)
		return r;
	if (!objects.n && !faults->n)
		return err_set(reterr, ENODATA, "no objects in %s%s",
			       strcmp(files->at[0], "-") ? files->at[0] : "stdin",
			       files->n > 1 ? " and the other files" : "");

	*ret = objects;
	objects = (object_vec){ 0 };
	return 0;
}

int files_load(const struct files_want *want, object_vec *ret, struct err *reterr)
{
	own(objects_done) object_vec objects = { 0 };
	own(faults_done) struct faults faults = { 0 };
	int r = files_read(want, &faults, &objects, reterr) ?: faults_end(&faults, reterr);

	if (r)
		return r;
	*ret = objects;
	objects = (object_vec){ 0 };
	return 0;
}
