/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/files.h"

#include <string.h>
#include <sys/stat.h>

#include "cli/resource.h"
#include "cli/say.h"
#include "manifest/manifest.h"

bool files_have_directory(const option_list *files)
{
	struct stat st;

	vec_each(f, files) {
		/* One that is not there: files_load() says so. */
		if (strcmp(*f, "-") && (stat(*f, &st) || S_ISDIR(st.st_mode)))
			return true;
	}
	return false;
}

int files_load(const option_list *files, const char *ns, bool strict, object_vec *ret,
	       struct err *reterr)
{
	struct manifest_options opt = { .strict = strict, .warn = say_warning_text };
	own(objects_done) object_vec objects = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < files->n; i++)
		r = manifest_load(files->at[i], &opt, &objects, reterr);
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
